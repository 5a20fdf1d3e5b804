import type * as z from 'zod';
import type { Scope } from '../../platform/database/database.ts';
import { newId } from '../../platform/ids.ts';
import type { CommandContext, Handlers } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import { isViolationOf } from '../../platform/violations.ts';
import { changeCustomData, listCustomData, prepareCustomData } from '../custom-values/index.ts';
import {
  type DepartmentRow,
  departmentCustomDataChanged,
  departmentTreeErrors,
  givenTranslations,
  insertDepartment,
  isCode,
  requireLockedOrganization,
  requireNoTenant,
  setLeaders,
  toEventNode,
  updateDepartmentRow,
} from '../department-tree/index.ts';
import { postsOfDepartments, setPostsOfDepartment } from '../posts/index.ts';
import type * as contract from './contract.ts';
import {
  type OrganizationDto,
  organizationCreated,
  organizationDeleted,
  organizationErrors,
  organizationTreeChanged,
  organizationUpdated,
} from './contract.ts';
import {
  deleteOrganizationTree,
  findRoot,
  findRootById,
  insertOrganization,
  listRoots,
  listRootsByCodes,
  lockTreeToDelete,
  updateOrganizationCode,
} from './store.ts';

export const createOrganizationHandlers = (seal: Seal): Handlers<typeof contract> => ({
  async getOrganization({ organizationCode: code, tenantId, ...flags }, { scope }) {
    requireNoTenant(tenantId);
    const root = await findRoot(scope, code);
    if (root === undefined) throw departmentTreeErrors.organizationNotFound({ code });
    const [organization] = await show(seal, scope, [root], flags);
    if (organization === undefined) throw departmentTreeErrors.organizationNotFound({ code });
    return organization;
  },

  async getOrganizationsBatch({ organizationCodeList, tenantId, ...flags }, { scope }) {
    requireNoTenant(tenantId);
    const roots = await listRootsByCodes(scope, [...new Set(organizationCodeList)]);
    return show(seal, scope, roots, flags);
  },

  async listOrganizations({ page, limit, fetchAll, status, tenantId, ...flags }, { scope }) {
    requireNoTenant(tenantId);
    const filter = { status: status ?? null, keywords: null };
    const { totalCount, list } = await listRoots(
      scope,
      filter,
      fetchAll ? null : limit,
      fetchAll ? 0 : (page - 1) * limit,
    );
    return { totalCount, list: await show(seal, scope, list, flags) };
  },

  async searchOrganizations({ keywords, page, limit, tenantId, ...flags }, { scope }) {
    requireNoTenant(tenantId);
    const { totalCount, list } = await listRoots(scope, { status: null, keywords }, limit, (page - 1) * limit);
    return { totalCount, list: await show(seal, scope, list, flags) };
  },

  async createOrganization(input, context) {
    const { organizationName: name, i18n, openDepartmentId, description, tenantId } = input;
    requireNoTenant(tenantId);
    const id = newId(context.now);
    // The live service accepts an empty code; what it makes of it is not documented, so the id serves as code.
    const code = input.organizationCode === '' ? id : requireCode(input.organizationCode);
    const { scope, emit, audit } = context;
    const [customData = []] = await prepareCustomData(scope, 'DEPARTMENT', [input.customData]);
    await naming({ code, openDepartmentId }, async () => {
      await insertOrganization(scope, id, code);
      await insertDepartment(scope, {
        id,
        organizationId: id,
        parentId: null,
        code,
        openDepartmentId: openDepartmentId || null,
        name,
        nameI18n: givenTranslations(i18n, i18n?.organizationName) ?? null,
        description: description ?? null,
        isVirtualNode: false,
      });
    });
    if (input.postIdList?.length) await setPostsOfDepartment(scope, id, input.postIdList);
    const change = await changeCustomData(seal, scope, 'DEPARTMENT', id, customData, context.now);
    const root = await requireRoot(context, id, code);
    const organization = await showWithPosts(scope, root);
    emit(organizationCreated, toEventData(root));
    audit({ target: id, after: { ...organization, ...(change && { customData: change.updates }) } });
    return organization;
  },

  async updateOrganization(input, context) {
    const { organizationCode, organizationNewCode, organizationName, i18n, tenantId, leaderUserIds } = input;
    const { scope, emit, audit } = context;
    const [customData = []] = await prepareCustomData(scope, 'DEPARTMENT', [input.customData]);
    const { id } = await requireLockedOrganization(scope, organizationCode, tenantId, 'shared');
    const before = await requireRoot(context, id, organizationCode);
    const shownBefore = await showWithPosts(scope, before);
    const change = await changeCustomData(seal, scope, 'DEPARTMENT', id, customData, context.now);
    const code = organizationNewCode ? requireCode(organizationNewCode) : undefined;
    const nameI18n = givenTranslations(i18n, i18n?.organizationName);
    await naming({ code, openDepartmentId: input.openDepartmentId }, async () => {
      if (code !== undefined) await updateOrganizationCode(scope, id, code);
      await updateDepartmentRow(scope, id, {
        ...(code === undefined ? {} : { code }),
        ...(organizationName ? { name: organizationName } : {}),
        ...(input.description === undefined ? {} : { description: input.description }),
        ...(input.openDepartmentId === undefined ? {} : { openDepartmentId: input.openDepartmentId || null }),
        ...(nameI18n === undefined ? {} : { nameI18n }),
      });
    });
    if (leaderUserIds) {
      const [userId] = await setLeaders(scope, id, leaderUserIds);
      if (userId !== undefined) throw departmentTreeErrors.leaderNotFound({ userId });
    }
    if (input.postIdList) await setPostsOfDepartment(scope, id, input.postIdList);
    const after = await requireRoot(context, id, code ?? organizationCode);
    const shown = await showWithPosts(scope, after);
    emit(organizationUpdated, toEventData(after));
    emit(organizationTreeChanged, toEventData(after));
    if (change !== undefined) emit(departmentCustomDataChanged, { node: toEventNode(after), updates: change.updates });
    audit({
      target: id,
      before: { ...shownBefore, ...(change && { customData: change.origin }) },
      after: { ...shown, ...(change && { customData: change.updates }) },
    });
    return shown;
  },

  async deleteOrganization({ organizationCode, tenantId }, context) {
    const { scope, emit, before, audit } = context;
    const { id } = await requireLockedOrganization(scope, organizationCode, tenantId, 'exclusive');
    const root = await requireRoot(context, id, organizationCode);
    await lockTreeToDelete(scope, id);
    await before(organizationDeleted, toEventData(root));
    await deleteOrganizationTree(scope, id);
    emit(organizationDeleted, toEventData(root));
    audit({ target: id, before: toOrganizationDto(root) });
    return { success: true };
  },

  async updateOrganizationStatus({ rootNodeId, status }, context) {
    const { scope, emit, audit } = context;
    const before = await findRootById(scope, rootNodeId);
    if (before === undefined) throw departmentTreeErrors.departmentNotFound();
    const isEnabled = status === undefined || status === true || status === 'true';
    await updateDepartmentRow(scope, rootNodeId, { status: isEnabled });
    emit(organizationUpdated, toEventData(before));
    audit({ before: { status: before.status }, after: { status: isEnabled } });
    return { success: true };
  },
});

function requireCode(code: string): string {
  if (!isCode(code)) throw organizationErrors.codeInvalid({ code });
  return code;
}

/** Runs writes and gives the name of the unique value they ran into. */
async function naming(
  { code, openDepartmentId }: { code: string | undefined; openDepartmentId: string | null | undefined },
  write: () => Promise<void>,
): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (isViolationOf(error, 'organizations_code') || isViolationOf(error, 'departments_code')) {
      throw organizationErrors.codeTaken({ code: code ?? '' });
    }
    if (isViolationOf(error, 'departments_open_department_id')) {
      throw organizationErrors.openDepartmentIdTaken({ openDepartmentId: openDepartmentId ?? '' });
    }
    throw error;
  }
}

/** Gone when another command deleted the organization while this one waited for its tree. */
async function requireRoot({ scope }: CommandContext, id: string, code: string): Promise<DepartmentRow> {
  const root = await findRootById(scope, id);
  if (root === undefined) throw departmentTreeErrors.organizationNotFound({ code });
  return root;
}

function toEventData(root: DepartmentRow) {
  return {
    organization: { id: root.id, code: root.organizationCode, name: root.name },
    rootNode: toEventNode(root),
  };
}

async function show(
  seal: Seal,
  scope: Scope,
  roots: readonly DepartmentRow[],
  { withPost, withCustomData }: { readonly withPost?: boolean; readonly withCustomData?: boolean },
) {
  const ids = roots.map(({ id }) => id);
  const postsOf = withPost ? await postsOfDepartments(scope, ids) : undefined;
  const customDataOf = withCustomData ? await listCustomData(seal, scope, 'DEPARTMENT', ids) : undefined;
  return roots.map((root) =>
    toOrganizationDto(root, { posts: postsOf?.(root.id), customData: customDataOf?.(root.id) }),
  );
}

/** What the commands that change it answer. */
async function showWithPosts(scope: Scope, root: DepartmentRow) {
  const postsOf = await postsOfDepartments(scope, [root.id]);
  return toOrganizationDto(root, { posts: postsOf(root.id) });
}

/** The root department, in the words V3 has for an organization. Its status is a text there. */
function toOrganizationDto(
  root: DepartmentRow,
  {
    posts,
    customData,
  }: {
    readonly posts?: readonly { readonly id: string }[] | undefined;
    readonly customData?: Record<string, unknown> | undefined;
  } = {},
): z.input<typeof OrganizationDto> {
  return {
    organizationCode: root.organizationCode,
    organizationName: root.name,
    description: root.description,
    createdAt: root.createdAt,
    updatedAt: root.updatedAt,
    departmentId: root.id,
    openDepartmentId: root.openDepartmentId,
    hasChildren: root.hasChildren,
    leaderUserIds: [...root.leaderUserIds],
    membersCount: root.membersCount,
    isVirtualNode: root.isVirtualNode,
    i18n: root.nameI18n === null ? null : { organizationName: root.nameI18n },
    tenantId: null,
    status: String(root.status),
    ...(customData === undefined ? {} : { customData }),
    ...(posts === undefined ? {} : { postIdList: posts.map(({ id }) => id) }),
  };
}
