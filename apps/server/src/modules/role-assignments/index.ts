/**
 * Who is assigned which role, from when to when. What a user holds in the end, inherited roles included, belongs to
 * `user-roles`; which assignments are refused because roles exclude each other, to
 * `separation-of-duty`.
 */
import { defineModule, type Module, type Reaction, reaction } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import { departmentDeleted } from '../departments/index.ts';
import { groupDeleted } from '../groups/index.ts';
import { organizationDeleted } from '../organizations/index.ts';
import { roleDeleted } from '../roles/index.ts';
import { userArchived, userBecamePublic, userDeleted, userResigned } from '../users/index.ts';
import * as contract from './contract.ts';
import { roleSubjectRemoved, roleUnassigned } from './contract.ts';
import { createRoleAssignmentHandlers, removeSubjects, unassignWhoLeft } from './service.ts';

export { roleAssigned, roleUnassigned } from './contract.ts';

const when = 'before';
const emits = [roleUnassigned, roleSubjectRemoved];

/** What a deleted role was assigned to is said by its own deletion; what it was assigned itself, here. */
const reactions: readonly Reaction[] = [
  ...[userResigned, userArchived, userBecamePublic].map((to) =>
    reaction({ to, emits: [roleUnassigned], react: unassignWhoLeft }),
  ),
  reaction({
    to: userDeleted,
    when,
    emits,
    react: (data, context) =>
      removeSubjects(
        context,
        'USER',
        data.map(({ user }) => user.userId),
      ),
  }),
  reaction({
    to: groupDeleted,
    when,
    emits,
    react: (data, context) =>
      removeSubjects(
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
      removeSubjects(
        context,
        'ROLE',
        data.map(({ role }) => role.id),
      ),
  }),
  reaction({
    to: departmentDeleted,
    when,
    emits,
    react: (data, context) =>
      removeSubjects(
        context,
        'DEPARTMENT',
        data.flatMap(({ nodes }) => nodes.map(({ id }) => id)),
      ),
  }),
  reaction({
    to: organizationDeleted,
    when,
    emits,
    async react(data, context) {
      for (const { organization } of data) {
        await removeSubjects(context, 'DEPARTMENT', { organizationId: organization.id });
      }
    },
  }),
];

export function roleAssignments(seal: Seal): Module {
  return defineModule('role-assignments', contract, createRoleAssignmentHandlers(seal), { reactions });
}
