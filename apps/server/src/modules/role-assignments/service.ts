import { newId } from '../../platform/ids.ts';
import type { CommandContext, Handlers, QueryContext } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import { departmentTreeErrors } from '../department-tree/index.ts';
import { groupErrors } from '../group-directory/index.ts';
import { lockRoleGraph } from '../role-exclusions/index.ts';
import {
  findRoles,
  type RoleReference,
  type RoleRow,
  requireHeldRoles,
  requireRole,
  requireRoles,
  toTime,
  toTimestamp,
} from '../roles/index.ts';
import { type AccountKind, listUsersByIds, toUserDto, userErrors, withRequested } from '../user-directory/index.ts';
import { listHolders } from '../user-roles/index.ts';
import type * as contract from './contract.ts';
import { roleAssigned, roleAssignmentErrors, roleSubjectRemoved, roleUnassigned } from './contract.ts';
import {
  deleteAssignments,
  type EndedAssignment,
  endAssignmentsTo,
  findTargetDepartments,
  findTargetGroups,
  holdTargetDepartments,
  isCircular,
  listAssignments,
  listDepartments,
  listDirectMembers,
  lockTargetGroups,
  lockTargetUsers,
  saveAssignments,
  type Target,
  type TargetKind,
  type Validity,
} from './store.ts';

export const createRoleAssignmentHandlers = (seal: Seal): Handlers<typeof contract> => ({
  async assignRole({ code, namespace, targets, enableTime, endTime }, context) {
    const validity = { enableTime: toTime(enableTime) ?? null, endTime: toTime(endTime) ?? null };
    // Both are ISO 8601 of the same length, so they compare as texts.
    if (validity.endTime !== null && validity.endTime <= (validity.enableTime ?? '')) {
      throw roleAssignmentErrors.periodEmpty();
    }
    return assign(context, [{ code, namespace }], targets, validity);
  },

  async assignRoleBatch({ roles, targets }, context) {
    return assign(context, roles, targets, { enableTime: null, endTime: null });
  },

  async revokeRole({ code, namespace, targets }, context) {
    return revoke(context, [{ code, namespace }], targets);
  },

  async revokeRoleBatch({ roles, targets }, context) {
    return revoke(context, roles, targets);
  },

  async listRoleMembers({ page, limit, code, namespace, includeInherited, ...flags }, context) {
    const { scope } = context;
    const role = await requireRole(context, { code, namespace });
    const wanted = toPage(page, limit, context);
    if (includeInherited) {
      const { totalCount, ids } = await listHolders(scope, [role.id], wanted);
      const holders = await withRequested(
        seal,
        scope,
        await listUsersByIds(scope, ids, flags.withDepartmentIds),
        flags,
      );
      return { totalCount, list: holders.map((row) => toUserDto(row, flags)) };
    }
    const { totalCount, list } = await listDirectMembers(scope, role.id, flags.withDepartmentIds, wanted);
    return { totalCount, list: (await withRequested(seal, scope, list, flags)).map((row) => toUserDto(row, flags)) };
  },

  async listRoleDepartments({ code, namespace, page, limit }, context) {
    const role = await requireRole(context, { code, namespace });
    const { totalCount, list } = await listDepartments(context.scope, role.id, toPage(page, limit, context));
    return {
      totalCount,
      list: list.map(({ id, code: departmentCode, name, description, includeDescendants }) => ({
        id,
        code: departmentCode ?? '',
        name,
        description: description ?? '',
        includeChildrenDepartments: includeDescendants,
      })),
    };
  },

  async listRoleAssignments({ roleCode, namespaceCode, targetType, query, page, limit }, context) {
    const { scope } = context;
    const role = await requireRole(context, { code: roleCode, namespace: namespaceCode });
    const filter = { kinds: targetType?.length ? targetType.map(toKind) : null, query: query || null };
    const { totalCount, list } = await listAssignments(scope, role.id, filter, toPage(page, limit, context));
    return {
      totalCount,
      data: list.map((row) => ({
        roleId: role.id,
        status: row.isInForce && role.status === 'ENABLE' ? ('ENABLE' as const) : ('DISABLE' as const),
        enableTime: row.enableTime,
        endTime: row.endTime,
        userPoolId: scope.userPoolId,
        roleName: role.name,
        roleCode: role.code,
        description: role.description,
        createdAt: row.createdAt,
        updatedAt: row.updatedAt,
        targetType: row.targetType,
        targetIdentifier: row.targetIdentifier,
        targetName: row.targetName,
        targetNamespace: row.targetNamespace,
        includeChildrenDepartments: row.includeDescendants,
      })),
    };
  },
});

function toPage(page: number, limit: number, { now }: QueryContext) {
  return { now: toTimestamp(now), limit, offset: (page - 1) * limit };
}

/** V3 says `ORG` for a department where it lists assignments. */
function toKind(targetType: TargetKind | 'ORG'): TargetKind {
  return targetType === 'ORG' ? 'DEPARTMENT' : targetType;
}

/** A target as callers name it. */
interface NamedTarget {
  readonly targetType: TargetKind | 'ORG';
  readonly targetIdentifier: string;
  readonly namespace?: string | undefined;
  readonly includeChildrenDepartments: boolean;
}

/** Targets by kind and name, each once; what is said last of one counts. */
function byKind(targets: readonly NamedTarget[], fallbackNamespace: string) {
  const named = (kind: TargetKind) =>
    new Map(
      targets
        .filter(({ targetType }) => toKind(targetType) === kind)
        .map((target) => [target.targetIdentifier, target] as const),
    );
  return {
    users: named('USER'),
    departments: named('DEPARTMENT'),
    groups: named('GROUP'),
    // Codes of roles are unique in their namespace only.
    roles: targets
      .filter(({ targetType }) => targetType === 'ROLE')
      .map(({ targetIdentifier, namespace }) => ({
        code: targetIdentifier,
        namespace: namespace || fallbackNamespace,
      })),
  };
}

async function assign(
  context: CommandContext,
  references: readonly RoleReference[],
  named: readonly NamedTarget[],
  validity: Validity,
) {
  const { scope } = context;
  const now = toTimestamp(context.now);
  if (named.some(({ targetType }) => targetType === 'ROLE')) await lockRoleGraph(scope);
  const roles = await requireRoles(context, references);
  const targets = await requireTargets(context, roles, named, 'personal');
  await saveAll(context, roles, targets, validity, now);
  return { success: true };
}

/** A role as a target lives where the assigned one does, unless it says otherwise. */
function fallbackNamespaceOf([first]: readonly RoleRow[]): string {
  return first?.namespace ?? '';
}

/** The targets, all of them there, and nobody else assigns them anything until the transaction ends; the roles stay, too. */
async function requireTargets(
  context: CommandContext,
  roles: readonly RoleRow[],
  named: readonly NamedTarget[],
  kind: AccountKind,
): Promise<Target[]> {
  const { scope } = context;
  const names = byKind(named, fallbackNamespaceOf(roles));
  const targets: Target[] = [];
  // All of them at once, for they are held in one order: who deletes some of them waits, and never for each other.
  const held = await requireHeldRoles(context, [...roles, ...names.roles]);
  const isNamed = ({ namespace, code }: RoleReference) =>
    names.roles.some((one) => one.namespace === namespace && one.code === code);
  for (const { id } of held.filter(isNamed)) targets.push({ kind: 'ROLE', key: id, id, includeDescendants: true });

  const groups = new Map((await lockTargetGroups(scope, [...names.groups.keys()])).map((row) => [row.code, row]));
  for (const code of names.groups.keys()) {
    const group = groups.get(code);
    if (group === undefined) throw groupErrors.notFound({ code });
    targets.push({ kind: 'GROUP', key: group.id, id: group.id, includeDescendants: true });
  }

  const departments = await holdTargetDepartments(scope, [...names.departments.keys()]);
  if (departments.length < names.departments.size) throw departmentTreeErrors.departmentNotFound();
  for (const { id, number } of departments) {
    const includeDescendants = names.departments.get(id)?.includeChildrenDepartments ?? true;
    targets.push({ kind: 'DEPARTMENT', key: number, id, includeDescendants });
  }

  const users = await lockTargetUsers(scope, [...names.users.keys()], kind);
  if (users.length < names.users.size) throw userErrors.notFound();
  if (users.some(({ status }) => status === 'Resigned' || status === 'Archived')) {
    throw roleAssignmentErrors.userNotEmployed();
  }
  for (const { id } of users) targets.push({ kind: 'USER', key: id, id, includeDescendants: true });
  return targets;
}

const kinds: readonly TargetKind[] = ['ROLE', 'GROUP', 'DEPARTMENT', 'USER'];

async function saveAll(
  context: CommandContext,
  roles: readonly RoleRow[],
  targets: readonly Target[],
  validity: Validity,
  now: string,
): Promise<void> {
  const { scope } = context;
  const roleIds = roles.map(({ id }) => id);
  const changes: Change[] = [];
  for (const [kind, ofKind] of Map.groupBy(targets, (target) => target.kind)) {
    const assignments = roleIds.flatMap((roleId) =>
      ofKind.map((target) => ({ id: newId(context.now), roleId, target })),
    );
    const byKey = new Map(ofKind.map((target) => [target.key, target]));
    for (const { roleId, key } of await saveAssignments(scope, kind, assignments, validity, now)) {
      const target = byKey.get(key);
      if (target !== undefined) changes.push({ roleId, kind, id: target.id });
    }
  }
  const holderRoleIds = targets.filter(({ kind }) => kind === 'ROLE').map(({ id }) => id);
  if (holderRoleIds.length > 0 && (await isCircular(scope, roleIds, holderRoleIds))) {
    throw roleAssignmentErrors.circular();
  }
  announce(context, roleAssigned, roles, changes);
}

async function revoke(context: CommandContext, references: readonly RoleReference[], named: readonly NamedTarget[]) {
  const { scope } = context;
  // Without a lock: taking something away brings nothing together.
  const roles = await requireRoles(context, references);
  const names = byKind(named, fallbackNamespaceOf(roles));
  const holders = await findRoles(scope, names.roles, toTimestamp(context.now));
  const groups = await findTargetGroups(scope, [...names.groups.keys()]);
  const departments = await findTargetDepartments(scope, [...names.departments.keys()]);
  const idByKey: Record<TargetKind, Map<string | number, string>> = {
    ROLE: new Map(holders.map(({ id }) => [id, id])),
    GROUP: new Map(groups.map(({ id }) => [id, id])),
    DEPARTMENT: new Map(departments.map(({ id, number }) => [number, id])),
    USER: new Map([...names.users.keys()].map((id) => [id, id])),
  };
  const roleIds = roles.map(({ id }) => id);
  const changes: Change[] = [];
  for (const kind of kinds) {
    const ids = idByKey[kind];
    if (ids.size === 0) continue;
    for (const { roleId, key } of await deleteAssignments(scope, kind, roleIds, [...ids.keys()])) {
      changes.push({ roleId, kind, id: ids.get(key) ?? String(key) });
    }
  }
  announce(context, roleUnassigned, roles, changes);
  return { success: true };
}

/** One assignment that began, changed or ended. */
interface Change {
  readonly roleId: string;
  readonly kind: TargetKind;
  readonly id: string;
}

/** One event a role, with everything that got or lost it. */
function announce(
  { emit, audit }: CommandContext,
  event: typeof roleAssigned | typeof roleUnassigned,
  roles: readonly { readonly id: string; readonly code: string; readonly namespace: string }[],
  changes: readonly Change[],
): void {
  const ofRole = Map.groupBy(changes, ({ roleId }) => roleId);
  const announced = roles.flatMap(({ id, code, namespace }) => {
    const all = ofRole.get(id);
    if (all === undefined) return [];
    const idsOf = (kind: TargetKind) => all.filter((one) => one.kind === kind).map((one) => one.id);
    return [
      {
        role: { id, code, namespace },
        userIds: idsOf('USER'),
        groupIds: idsOf('GROUP'),
        nodeIds: idsOf('DEPARTMENT'),
        roleIds: idsOf('ROLE'),
      },
    ];
  });
  emit(event, ...announced);
  const [only, ...others] = roles;
  audit({
    ...(only !== undefined && others.length === 0 ? { target: only.id } : {}),
    ...(event === roleAssigned ? { after: announced } : { before: announced }),
  });
}

const listOf = { USER: 'userIds', GROUP: 'groupIds', DEPARTMENT: 'nodeIds', ROLE: 'roleIds' } as const;

/** Of subjects one event names. */
const mostNamed = 500;

/** What ended: one event a role, several for one with very many subjects. */
function announceEnded({ emit }: CommandContext, kind: TargetKind, ended: readonly EndedAssignment[]): void {
  for (const ofRole of Map.groupBy(ended, ({ id }) => id).values()) {
    for (let start = 0; start < ofRole.length; start += mostNamed) {
      const [first, ...others] = ofRole.slice(start, start + mostNamed);
      if (first === undefined) continue;
      const named = { userIds: [], groupIds: [], nodeIds: [], roleIds: [] };
      const ids = [first, ...others].map(({ subjectId }) => subjectId);
      emit(roleUnassigned, { role: toReference(first), ...named, [listOf[kind]]: ids });
    }
  }
}

function toReference({ id, code, namespace }: EndedAssignment) {
  return { id, code, namespace };
}

/** Ends every assignment of users who left. What hangs on departments and groups ends with their memberships. */
export async function unassignWhoLeft(
  data: readonly { readonly user: { readonly userId: string } }[],
  context: CommandContext,
): Promise<void> {
  const userIds = data.map(({ user }) => user.userId);
  announceEnded(context, 'USER', await endAssignmentsTo.USER(context.scope, userIds));
}

/** Ends every assignment to subjects that are about to be deleted, and then names each of them that had some. */
export async function removeSubjects(
  context: CommandContext,
  kind: TargetKind,
  subjects: readonly string[] | { readonly organizationId: string },
): Promise<void> {
  const ended = await ('organizationId' in subjects
    ? endAssignmentsTo.ORGANIZATION(context.scope, subjects.organizationId)
    : endAssignmentsTo[kind](context.scope, subjects));
  announceEnded(context, kind, ended);
  for (const [id, ofSubject] of Map.groupBy(ended, ({ subjectId }) => subjectId)) {
    context.emit(roleSubjectRemoved, { subject: { type: kind, id }, roles: ofSubject.map(toReference) });
  }
}
