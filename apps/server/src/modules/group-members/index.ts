/**
 * Who belongs to which group, seen from both sides. The groups themselves are the matter of `groups`. Everybody's membership
 * is a row of the table `group_members`, whatever the type of the group; other modules may join it in their SQL.
 */
import { defineModule, type Module, reaction } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import { userArchived, userBecamePublic, userDeleted, userResigned } from '../users/index.ts';
import * as contract from './contract.ts';
import { createGroupMemberHandlers, leaveAllGroups } from './service.ts';

export { groupMemberAdded, groupMemberRemoved } from './contract.ts';
export { listMembersOfGroups } from './store.ts';

const emits = [contract.groupMemberRemoved];

const leaving = [
  ...[userResigned, userArchived, userBecamePublic].map((to) => reaction({ to, emits, react: leaveAllGroups })),
  reaction({ to: userDeleted, when: 'before', emits, react: leaveAllGroups }),
];

export function groupMembers(seal: Seal): Module {
  return defineModule('group-members', contract, createGroupMemberHandlers(seal), { reactions: leaving });
}
