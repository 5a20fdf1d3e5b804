/**
 * Who may use which public account: users by themselves, and members of groups, roles and posts. Departments belong to
 * `public-account-departments`. Links end when either side leaves.
 */
import { defineModule, type Module, reaction } from '../../platform/module.ts';
import { publicAccountArchived, publicAccountResigned, publicAccountUnbound } from '../public-accounts/index.ts';
import { userArchived, userBecamePersonal, userBecamePublic, userResigned } from '../users/index.ts';
import * as contract from './contract.ts';
import { createPublicAccountMembersService, endLinksOfAccountsGone, endLinksOfWhoLeft } from './service.ts';

export function publicAccountMembers(dependencies: Parameters<typeof createPublicAccountMembersService>[0]): Module {
  const emits = [publicAccountUnbound];
  return defineModule('public-account-members', contract, createPublicAccountMembersService(dependencies), {
    reactions: [
      ...[userResigned, userArchived, userBecamePublic].map((to) => reaction({ to, emits, react: endLinksOfWhoLeft })),
      ...[publicAccountResigned, publicAccountArchived, userBecamePersonal].map((to) =>
        reaction({ to, emits, react: endLinksOfAccountsGone }),
      ),
    ],
  });
}
