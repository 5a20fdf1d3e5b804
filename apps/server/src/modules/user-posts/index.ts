/**
 * Posts of users: who holds which, and that nobody keeps one who left. The posts themselves belong to `posts`.
 */
import { defineModule, type Module, reaction } from '../../platform/module.ts';
import { userArchived, userBecamePublic, userDeleted, userResigned } from '../users/index.ts';
import * as contract from './contract.ts';
import { postMemberRemoved } from './contract.ts';
import { leaveAllPosts, userPostHandlers } from './service.ts';

const emits = [postMemberRemoved];

export const userPosts: Module = defineModule('user-posts', contract, userPostHandlers, {
  reactions: [
    ...[userResigned, userArchived, userBecamePublic].map((to) => reaction({ to, emits, react: leaveAllPosts })),
    reaction({ to: userDeleted, when: 'before', emits, react: leaveAllPosts }),
  ],
});
