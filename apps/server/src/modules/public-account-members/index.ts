/**
 * Who may use which public account: users by themselves, and members of groups, roles and posts. Departments belong to
 * `public-account-departments`. Links of every kind end here when either side leaves or is deleted.
 */
import type { EventDeclaration } from '@genauth/contract';
import type * as z from 'zod';
import { defineModule, type Module, type Reaction, reaction } from '../../platform/module.ts';
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

/** What a deletion ends: the links of whatever it is about. */
function endsLinks<Data extends z.ZodType>(
  to: EventDeclaration<Data>,
  type: Parameters<typeof endLinksOf>[1],
  idsOf: (deleted: z.input<Data>) => string | readonly string[],
): Reaction {
  return reaction({ to, when, emits, react: (data, context) => endLinksOf(context, type, data.flatMap(idsOf)) });
}

const reactions = [
  ...[userResigned, userArchived, userBecamePublic].map((to) => reaction({ to, emits, react: endLinksOfWhoLeft })),
  ...[publicAccountResigned, publicAccountArchived, userBecamePersonal].map((to) =>
    reaction({ to, emits, react: endLinksOfAccountsGone }),
  ),
  reaction({ to: publicAccountDeleted, when, emits, react: endLinksOfAccountsGone }),
  endsLinks(userDeleted, 'USER', ({ user }) => user.userId),
  endsLinks(groupDeleted, 'GROUP', ({ group }) => group.id),
  endsLinks(roleDeleted, 'ROLE', ({ role }) => role.id),
  endsLinks(postDeleted, 'POST', ({ post }) => post.id),
  endsLinks(departmentDeleted, 'DEPARTMENT', ({ nodes }) => nodes.map(({ id }) => id)),
  endsLinks(organizationDeleted, 'ORGANIZATION', ({ organization }) => organization.id),
];

export function publicAccountMembers(dependencies: Parameters<typeof createPublicAccountMembersService>[0]): Module {
  return defineModule('public-account-members', contract, createPublicAccountMembersService(dependencies), {
    reactions,
  });
}
