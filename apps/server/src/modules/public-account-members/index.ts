/**
 * Who may use which public account: users by themselves, and members of groups, roles and posts. Departments belong to
 * `public-account-departments`. Links of every kind end here when either side leaves or is deleted.
 */
import { defineModule, type Module, reaction } from '../../platform/module.ts';
import { departmentDeleted } from '../departments/index.ts';
import { groupDeleted } from '../groups/index.ts';
import { organizationDeleted } from '../organizations/index.ts';
import { postDeleted } from '../posts/index.ts';
import {
  publicAccountArchived,
  publicAccountDeleted,
  publicAccountResigned,
  publicAccountUnbound,
} from '../public-accounts/index.ts';
import { roleDeleted } from '../roles/index.ts';
import { userArchived, userBecamePersonal, userBecamePublic, userDeleted, userResigned } from '../users/index.ts';
import * as contract from './contract.ts';
import { createPublicAccountMembersService, endLinksOf, endLinksOfAccountsGone, endLinksOfWhoLeft } from './service.ts';

const emits = [publicAccountUnbound];
const when = 'before';

const reactions = [
  ...[userResigned, userArchived, userBecamePublic].map((to) => reaction({ to, emits, react: endLinksOfWhoLeft })),
  ...[publicAccountResigned, publicAccountArchived, userBecamePersonal].map((to) =>
    reaction({ to, emits, react: endLinksOfAccountsGone }),
  ),
  reaction({ to: userDeleted, when, emits, react: endLinksOfWhoLeft }),
  reaction({ to: publicAccountDeleted, when, emits, react: endLinksOfAccountsGone }),
  reaction({
    to: groupDeleted,
    when,
    emits,
    react: (data, context) =>
      endLinksOf(
        context,
        'GROUP',
        data.map(({ group }) => group.id),
      ),
  }),
  reaction({
    to: roleDeleted,
    when,
    emits,
    react: (data, context) =>
      endLinksOf(
        context,
        'ROLE',
        data.map(({ role }) => role.id),
      ),
  }),
  reaction({
    to: postDeleted,
    when,
    emits,
    react: (data, context) =>
      endLinksOf(
        context,
        'POST',
        data.map(({ post }) => post.id),
      ),
  }),
  reaction({
    to: departmentDeleted,
    when,
    emits,
    react: (data, context) =>
      endLinksOf(
        context,
        'DEPARTMENT',
        data.flatMap(({ nodes }) => nodes.map(({ id }) => id)),
      ),
  }),
  reaction({
    to: organizationDeleted,
    when,
    emits,
    react: (data, context) =>
      endLinksOf(
        context,
        'ORGANIZATION',
        data.map(({ organization }) => organization.id),
      ),
  }),
];

export function publicAccountMembers(dependencies: Parameters<typeof createPublicAccountMembersService>[0]): Module {
  return defineModule('public-account-members', contract, createPublicAccountMembersService(dependencies), {
    reactions,
  });
}
