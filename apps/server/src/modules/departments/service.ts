import type { Scope } from '../../platform/database/database.ts';
import { requestErrors } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { CommandContext, Handlers } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import { isViolationOf } from '../../platform/violations.ts';
import { changeCustomData, listCustomData, prepareCustomData } from '../custom-values/index.ts';
import {
  type DepartmentReference,
  type DepartmentRow,
  departmentCustomDataChanged,
  departmentTreeErrors,
  depthOf,
  findDepartmentById,
  givenTranslations,
  insertDepartment,
  isBelowOrSame,
  isCode,
  maxDepth,
  moveSubtree,
  requireDepartment,
  requireLockedDepartment,
  requireNoTenant,
  rootAlias,
  setLeaders,
  toDepartmentDto,
  toEventNode,
  updateDepartmentRow,
} from '../department-tree/index.ts';
import { postsOfDepartments, setPostsOfDepartment } from '../posts/index.ts';
import type * as contract from './contract.ts';
import {
  departmentCreated,
  departmentDeleted,
  departmentErrors,
  departmentMoved,
  departmentTreeChanged,
  departmentUpdated,
} from './contract.ts';
import { deleteEmptyDepartment, listChildren, listSubtree, lockDepartmentToDelete } from './store.ts';

export const createDepartmentHandlers = (seal: Seal): Handlers<typeof contract> => ({
  async getDepartment({ organizationCode, departmentId, departmentCode, departmentIdType, ...input }, { scope }) {
    const named = departmentId
      ? { departmentId, departmentIdType }
      : { departmentId: departmentCode ?? '', departmentIdType: 'code' as const };
    if (named.departmentId === '') throw departmentErrors.idMissing();
    if (organizationCode !== undefined) {
      const department = await requireDepartment(scope, { ...input, ...named, organizationCode });
      return show(seal, scope, department, input);
    }
    requireNoTenant(input.tenantId);
    // Every other kind of id is unique in its organization only.
    if (named.departmentIdType !== 'department_id' || named.departmentId === rootAlias) {
      throw requestErrors.fieldMissing({ field: 'organizationCode' });
    }
    return show(seal, scope, await requireDepartmentById(scope, named.departmentId), input);
  },

  async getDepartmentById({ departmentId, tenantId, ...flags }, { scope }) {
    requireNoTenant(tenantId);
    return show(seal, scope, await requireDepartmentById(scope, departmentId), flags);
  },

  async createDepartment(input, context) {
    const { organizationCode, parentDepartmentId, departmentIdType, tenantId, name, openDepartmentId, i18n } = input;
    if (organizationCode !== '' && organizationCode.trim() === '') {
      throw departmentErrors.organizationCodeInvalid({ code: organizationCode });
    }
    const { scope, emit, audit } = context;
    const code = requireCode(input.code);
    const [customData = []] = await prepareCustomData(scope, 'DEPARTMENT', [input.customData]);
    const reference = { organizationCode, departmentId: parentDepartmentId, departmentIdType, tenantId };
    const parent = await requireLockedDepartment(scope, reference, 'shared');
    if (depthOf(parent) >= maxDepth) throw departmentErrors.tooDeep();
    const id = newId(context.now);
    await naming({ code, openDepartmentId }, () =>
      insertDepartment(scope, {
        id,
        organizationId: parent.organizationId,
        parentId: parent.id,
        code: code ?? null,
        openDepartmentId: openDepartmentId || null,
        name,
        nameI18n: givenTranslations(i18n, i18n?.name) ?? null,
        description: input.description ?? null,
        isVirtualNode: input.isVirtualNode ?? false,
      }),
    );
    if (input.postIdList?.length) await setPostsOfDepartment(scope, id, input.postIdList);
    const change = await changeCustomData(seal, scope, 'DEPARTMENT', id, customData, context.now);
    const department = await requireDepartmentById(scope, id);
    const shown = await show(seal, scope, department, { withPost: true });
    emit(departmentCreated, { node: toEventNode(department), parentNode: toEventNode(parent) });
    audit({ target: id, after: { ...shown, ...(change && { customData: change.updates }) } });
    return shown;
  },

  async updateDepartment(input, context) {
    const { departmentIdType, organizationCode, tenantId, parentDepartmentId, leaderUserIds, i18n } = input;
    const { scope, emit, audit } = context;
    const code = requireCode(input.code);
    const [customData = []] = await prepareCustomData(scope, 'DEPARTMENT', [input.customData]);
    const nameI18n = givenTranslations(i18n, i18n?.name);
    const before = await requireLockedDepartment(scope, input, parentDepartmentId ? 'exclusive' : 'shared');
    const shownBefore = await show(seal, scope, before, { withPost: true });
    const change = await changeCustomData(seal, scope, 'DEPARTMENT', before.id, customData, context.now);
    await naming({ code, openDepartmentId: undefined }, () =>
      updateDepartmentRow(scope, before.id, {
        ...(code === undefined ? {} : { code }),
        ...(input.name ? { name: input.name } : {}),
        ...(input.description === undefined ? {} : { description: input.description }),
        ...(nameI18n === undefined ? {} : { nameI18n }),
        ...(input.status === undefined || input.status === null ? {} : { status: input.status }),
      }),
    );
    if (leaderUserIds) {
      const [userId] = await setLeaders(scope, before.id, leaderUserIds);
      if (userId !== undefined) throw departmentTreeErrors.leaderNotFound({ userId });
    }
    if (input.postIdList) await setPostsOfDepartment(scope, before.id, input.postIdList);
    const target = { organizationCode, departmentId: parentDepartmentId ?? '', departmentIdType, tenantId };
    const parent = parentDepartmentId ? await move(before, target, context) : undefined;
    const after = await requireDepartmentById(scope, before.id);
    const node = toEventNode(after);
    if (parent !== undefined) {
      emit(departmentMoved, { node, parentNode: toEventNode(parent), previousParentId: before.parentId ?? '' });
      emit(departmentTreeChanged, { modifyNodes: [node] });
    }
    emit(departmentUpdated, { node });
    if (change !== undefined) emit(departmentCustomDataChanged, { node, updates: change.updates });
    const shown = await show(seal, scope, after, { withPost: true });
    audit({
      target: before.id,
      before: { ...shownBefore, ...(change && { customData: change.origin }) },
      after: { ...shown, ...(change && { customData: change.updates }) },
    });
    return shown;
  },

  async updateNodeStatus({ departmentId, status }, { scope, emit, audit }) {
    const before = await requireDepartmentById(scope, departmentId);
    await updateDepartmentRow(scope, departmentId, { status });
    const after = await requireDepartmentById(scope, departmentId);
    emit(departmentUpdated, { node: toEventNode(after) });
    audit({ before: { status: before.status }, after: { status } });
    return toDepartmentDto(after);
  },

  async deleteDepartment(reference, { scope, emit, before, audit }) {
    // Alone in the tree: nobody can be putting a department or a member into the one that goes.
    const department = await requireLockedDepartment(scope, reference, 'exclusive');
    if (department.parentId === null) throw departmentErrors.isRoot();
    await lockDepartmentToDelete(scope, department.id);
    await before(departmentDeleted, { nodes: [toEventNode(department)] });
    if (!(await deleteEmptyDepartment(scope, department.id))) throw departmentErrors.notEmpty();
    emit(departmentDeleted, { nodes: [toEventNode(department)] });
    audit({ target: department.id, before: toDepartmentDto(department) });
    return { success: true };
  },

  async listChildrenDepartments({ excludeVirtualNode, onlyVirtualNode, status, ...input }, { scope }) {
    const parent = await requireDepartment(scope, input);
    // Neither virtual nor not virtual: nothing is left.
    if (excludeVirtualNode && onlyVirtualNode) return { totalCount: 0, list: [] };
    const isVirtualNode = onlyVirtualNode ? true : excludeVirtualNode ? false : null;
    const children = await listChildren(scope, parent.id, status ?? null, isVirtualNode);
    return { totalCount: children.length, list: await showDepartments(seal, scope, children, input) };
  },

  async getAllDepartments(input, { scope }) {
    const start = await requireDepartment(scope, input);
    const list = parentsFirst(start, await listSubtree(scope, start));
    return { totalCount: list.length, list: await showDepartments(seal, scope, list, input) };
  },

  async getParentDepartment(input, { scope }) {
    const { parentId } = await requireDepartment(scope, input);
    const parent = parentId === null ? undefined : await findDepartmentById(scope, parentId);
    return parent === undefined ? null : show(seal, scope, parent, input);
  },
});

/** What the flags of a read add to a department. */
interface DepartmentFlags {
  readonly withCustomData?: boolean;
  readonly flatCustomData?: boolean;
  readonly withPost?: boolean;
}

/** Departments with what these flags ask for: one statement for each flag. */
export async function showDepartments(
  seal: Seal,
  scope: Scope,
  departments: readonly DepartmentRow[],
  { withCustomData, flatCustomData, withPost }: DepartmentFlags,
) {
  const ids = departments.map(({ id }) => id);
  const postsOf = withPost ? await postsOfDepartments(scope, ids) : undefined;
  const withData = withCustomData || flatCustomData;
  const customDataOf = withData ? await listCustomData(seal, scope, 'DEPARTMENT', ids) : undefined;
  return departments.map((department) => {
    const posts = postsOf?.(department.id);
    const customData = customDataOf?.(department.id);
    return flatCustomData
      ? { ...customData, ...toDepartmentDto(department, { posts }) }
      : toDepartmentDto(department, { posts, customData });
  });
}

async function show(seal: Seal, scope: Scope, department: DepartmentRow, flags: DepartmentFlags) {
  const [shown = toDepartmentDto(department)] = await showDepartments(seal, scope, [department], flags);
  return shown;
}

async function requireDepartmentById(scope: Scope, id: string): Promise<DepartmentRow> {
  const department = await findDepartmentById(scope, id);
  if (department === undefined) throw departmentTreeErrors.departmentNotFound();
  return department;
}

/**
 * Moves a department with everything below it; the tree is locked for this transaction alone. Answers the new parent, or
 * nothing when it is where it was.
 */
async function move(
  department: DepartmentRow,
  target: DepartmentReference,
  { scope }: CommandContext,
): Promise<DepartmentRow | undefined> {
  const parent = await requireDepartment(scope, target);
  if (parent.id === department.parentId) return undefined;
  if (department.parentId === null) throw departmentErrors.isRoot();
  if (isBelowOrSame(parent, department)) throw departmentErrors.movedBelowItself();
  if (!(await moveSubtree(scope, department, parent))) throw departmentErrors.tooDeep();
  return parent;
}

/** An empty code clears; an illegal one is refused with the text of the live service. */
function requireCode(code: string | null | undefined): string | null | undefined {
  if (code === undefined || code === null) return code;
  if (code === '') return null;
  if (!isCode(code)) throw departmentErrors.codeInvalid({ code });
  return code;
}

/** Runs a write and gives the name of the unique value it ran into. */
async function naming(
  { code, openDepartmentId }: { code: string | null | undefined; openDepartmentId: string | null | undefined },
  write: () => Promise<void>,
): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (isViolationOf(error, 'departments_code')) throw departmentErrors.codeTaken({ code: code ?? '' });
    if (isViolationOf(error, 'departments_open_department_id')) {
      throw departmentErrors.openDepartmentIdTaken({ openDepartmentId: openDepartmentId ?? '' });
    }
    throw error;
  }
}

/** Every parent before its children, siblings in the order they come. */
function parentsFirst(start: DepartmentRow, rows: readonly DepartmentRow[]): DepartmentRow[] {
  const children = Map.groupBy(rows, ({ parentId }) => parentId);
  const ordered: DepartmentRow[] = [];
  // A stack instead of recursion: a tree of 64 levels is fine either way.
  const waiting = rows.filter(({ id }) => id === start.id);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    ordered.push(next);
    for (const child of (children.get(next.id) ?? []).toReversed()) waiting.push(child);
  }
  return ordered;
}
