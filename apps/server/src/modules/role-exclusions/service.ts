import type { CommandContext, Handlers } from '../../platform/module.ts';
import { type RoleRow, requireHeldRoles, requireRole, requireRoles, toRoleDto, toTimestamp } from '../roles/index.ts';
import type * as contract from './contract.ts';
import { roleExclusionAdded, roleExclusionErrors, roleExclusionRemoved } from './contract.ts';
import {
  deleteExclusionsAmong,
  deleteExclusionsOf,
  insertExclusions,
  listExclusions,
  listForbiddenBeside,
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
    await lockRoleGraph(scope);
    const rows = await requireHeldRoles(context, roles);
    const ids = rows.map(({ id }) => id);
    if (ids.length < 2) throw roleExclusionErrors.tooFew();
    emit(roleExclusionAdded, ...toEventPairs(await insertExclusions(scope, pairsOf(ids), now), rows));
    audit({ after: { roleIds: ids } });
    return { success: true };
  },

  async removeRoleMutualExclusion({ roles }, context) {
    const { scope, audit, emit } = context;
    await lockRoleGraph(scope);
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

/** The role that stays is free again, and those who know of the pair have to hear of it. */
export async function endExclusionsOfDeleted(
  data: readonly { readonly role: { readonly id: string } }[],
  { scope, emit }: CommandContext,
): Promise<void> {
  const pairs = await deleteExclusionsOf(
    scope,
    data.map(({ role }) => role.id),
  );
  emit(roleExclusionRemoved, ...pairs);
}

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
