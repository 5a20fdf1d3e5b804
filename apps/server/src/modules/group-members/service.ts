import type { Scope } from '../../platform/database/database.ts';
import type { CommandContext, Handlers } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import {
  type GroupRow,
  groupErrors,
  requireGroup,
  requireHeldGroup,
  toEventGroup,
  toGroupDto,
} from '../group-directory/index.ts';
import { requireUserId, toUserDto, userErrors, withRequested } from '../user-directory/index.ts';
import type * as contract from './contract.ts';
import { groupMemberAdded, groupMemberRemoved } from './contract.ts';
import {
  deleteMembers,
  deleteMembershipsOf,
  type FormerMember,
  insertMembers,
  listGroupsOfUser,
  listMembers,
  lockUsers,
} from './store.ts';

export const createGroupMemberHandlers = (seal: Seal): Handlers<typeof contract> => ({
  async addGroupMembers({ code, userIds }, context) {
    const { scope, emit, audit, now } = context;
    const group = await requireStaticGroup(scope, code);
    const users = await lockUsers(scope, userIds);
    if (users.length < new Set(userIds).size) throw userErrors.notFound();
    if (users.some(({ status }) => hasLeft(status))) throw groupErrors.userLeft();
    const added = new Set(await insertMembers(scope, group.id, userIds, new Date(now).toISOString()));
    const joined = users.filter(({ id }) => added.has(id)).map(toEventUser);
    if (joined.length > 0) emit(groupMemberAdded, { group: toEventGroup(group), users: joined });
    audit({ target: group.id, after: { added: [...added] } });
    return { success: true };
  },

  async removeGroupMembers({ code, userIds }, { scope, emit, audit }) {
    const group = await requireStaticGroup(scope, code);
    await lockUsers(scope, userIds);
    const removed = await deleteMembers(scope, group.id, userIds);
    if (removed.length > 0) emit(groupMemberRemoved, { group: toEventGroup(group), users: removed.map(toEventUser) });
    audit({ target: group.id, before: { removed: removed.map(({ id }) => id) } });
    return { success: true };
  },

  async listGroupMembers({ code, page, limit, ...flags }, { scope }) {
    const group = await requireGroup(scope, code);
    const { totalCount, list } = await listMembers(scope, group.id, {
      withDepartmentIds: flags.withDepartmentIds,
      limit,
      offset: (page - 1) * limit,
    });
    return { totalCount, list: (await withRequested(seal, scope, list, flags)).map((row) => toUserDto(row, flags)) };
  },

  async getUserGroups({ userId, userIdType }, { scope }) {
    const groups = await listGroupsOfUser(scope, await requireUserId(scope, userId, userIdType));
    return { totalCount: groups.length, list: groups.map((row) => toGroupDto(row)) };
  },
});

async function requireStaticGroup(scope: Scope, code: string): Promise<GroupRow> {
  const group = await requireHeldGroup(scope, code);
  if (group.type === 'dynamic') throw groupErrors.membersFollowRule();
  return group;
}

/** Resigned and archived users belong to no group. */
function hasLeft(status: string): boolean {
  return status === 'Resigned' || status === 'Archived';
}

function toEventUser({ id, username, email }: FormerMember): FormerMember {
  return { id, username, email };
}

/** Ends every membership of these users: one event a group. */
export async function leaveAllGroups(
  data: readonly { readonly user: { readonly userId: string } }[],
  { scope, emit }: CommandContext,
): Promise<void> {
  const userIds = data.map(({ user }) => user.userId);
  const ended = Map.groupBy(await deleteMembershipsOf(scope, userIds), ({ id }) => id);
  for (const memberships of ended.values()) {
    const [first] = memberships;
    if (first === undefined) continue;
    const users = memberships.map(({ userId, username, email }) => ({ id: userId, username, email }));
    emit(groupMemberRemoved, { group: toEventGroup(first), users });
  }
}
