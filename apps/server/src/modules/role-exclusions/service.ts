import type { Scope } from '../../platform/database/database.ts';
import type { Handlers } from '../../platform/module.ts';
import { type RoleRow, requireHeldRoles, requireRole, requireRoles, toRoleDto, toTimestamp } from '../roles/index.ts';
import type * as contract from './contract.ts';
import { roleExclusionAdded, roleExclusionErrors, roleExclusionRemoved } from './contract.ts';
import {
  deleteExclusionsAmong,
  findAssignedBoth,
  findDepartmentWith,
  findGroupWith,
  findUserWith,
  insertExclusions,
  listExclusions,
  listForbiddenBeside,
  listImplying,
  lockRoleGraph,
  type Pair,
} from './store.ts';

export const roleExclusionHandlers: Handlers<typeof contract> = {
  async checkMutualExclusion({ roles }, context) {
    const ids = (await requireRoles(context, roles)).map(({ id }) => id);
    const forbidden = new Set(await listForbiddenBeside(context.scope, ids, toTimestamp(context.now)));
    return { existMutuallyExclusive: ids.some((id) => forbidden.has(id)) };
  },

  async setRoleMutualExclusion({ roles }, context) {
    const { scope, audit, emit } = context;
    const now = toTimestamp(context.now);
    await lockRoleGraph(scope, 'exclusive');
    const rows = await requireHeldRoles(context, roles);
    const ids = rows.map(({ id }) => id);
    if (ids.length < 2) throw roleExclusionErrors.tooFew();
    const pairs = pairsOf(ids);
    for (const [id, other] of pairs) await refuseHeldTogether(scope, id, other, now);
    emit(roleExclusionAdded, ...toEventPairs(await insertExclusions(scope, pairs, now), rows));
    audit({ after: { roleIds: ids } });
    return { success: true };
  },

  async removeRoleMutualExclusion({ roles }, context) {
    const { scope, audit, emit } = context;
    await lockRoleGraph(scope, 'exclusive');
    const rows = await requireHeldRoles(context, roles);
    const ids = rows.map(({ id }) => id);
    if (ids.length < 2) throw roleExclusionErrors.tooFew();
    emit(roleExclusionRemoved, ...toEventPairs(await deleteExclusionsAmong(scope, ids), rows));
    audit({ before: { roleIds: ids } });
    return { success: true };
  },

  async listRoleMutualExclusions({ page, limit, code, namespace }, context) {
    const { scope, now } = context;
    const roleId = code ? (await requireRole(context, { code, namespace })).id : null;
    const { totalCount, members } = await listExclusions(scope, roleId, toTimestamp(now), limit, (page - 1) * limit);
    const list = [];
    for (let at = 0; at < members.length; at += 2) {
      const pair = members.slice(at, at + 2);
      list.push({ roles: pair.map((role) => toRoleDto(role)), createdAt: pair[0]?.createdAt ?? toTimestamp(now) });
    }
    return { totalCount, list };
  },
};

/** Every two of these. */
function pairsOf<One>(ones: readonly One[]): (readonly [One, One])[] {
  return ones.flatMap((one, index) => ones.slice(index + 1).map((other) => [one, other] as const));
}

/** Pairs as events tell of them, in the order of the call. */
function toEventPairs(pairs: readonly Pair[], roles: readonly RoleRow[]) {
  return pairsOf(roles)
    .filter((two) => pairs.some((pair) => two.every(({ id }) => pair.includes(id))))
    .map((two) => ({ roles: two.map(({ id, code, namespace }) => ({ id, code, namespace })) }));
}

/**
 * INCITS 359 (role-based access control) has a constraint hold from the moment it is made: nobody may have both roles
 * already, and no role may bring both with it.
 */
async function refuseHeldTogether(scope: Scope, id: string, other: string, now: string): Promise<void> {
  const some = await listImplying(scope, [id], now);
  const others = await listImplying(scope, [other], now);
  const both = some.find((role) => others.includes(role));
  if (both !== undefined) {
    throw roleExclusionErrors.heldTogether({ targetType: 'ROLE', targetIdentifier: both });
  }
  const found = await findAssignedBoth(scope, some, others, now);
  if (found !== undefined) {
    throw roleExclusionErrors.heldTogether({ targetType: found.targetType, targetIdentifier: found.id });
  }
}

/** What was just assigned: roles, and to whom. */
export interface NewAssignments {
  readonly roleIds: readonly string[];
  readonly userIds: readonly string[];
  readonly groupIds: readonly string[];
  readonly departmentNumbers: readonly number[];
  readonly holderRoleIds: readonly string[];
}

/**
 * Refuses assignments, made already in this transaction, that give a target roles which exclude each other. Users are judged
 * by all that reaches them; departments by what is assigned to them, above them and, as far as they pass it on, below them;
 * groups and roles by their own. Members of departments and groups are not looked at one by one: there may be a million.
 */
export async function refuseExclusive(
  scope: Scope,
  { roleIds, userIds, groupIds, departmentNumbers, holderRoleIds }: NewAssignments,
  now: string,
): Promise<void> {
  const forbidden = await listForbiddenBeside(scope, roleIds, now);
  if (forbidden.length === 0) return;
  const refuse = (targetType: string, found: string | undefined) => {
    if (found !== undefined) throw roleExclusionErrors.exclusive({ targetType, targetIdentifier: found });
  };
  if (userIds.length > 0) refuse('USER', await findUserWith(scope, userIds, forbidden, now));
  if (groupIds.length > 0) refuse('GROUP', await findGroupWith(scope, groupIds, forbidden, now));
  if (departmentNumbers.length > 0) {
    refuse('DEPARTMENT', await findDepartmentWith(scope, departmentNumbers, forbidden, roleIds, now));
  }
  if (holderRoleIds.length === 0) return;
  // Whoever has one of these holds the new role from now on.
  const holders = await listImplying(scope, holderRoleIds, now);
  refuse(
    'ROLE',
    holders.find((id) => forbidden.includes(id)),
  );
  const found = await findAssignedBoth(scope, holders, forbidden, now);
  if (found !== undefined) refuse(found.targetType, found.id);
}
