/**
 * Who is assigned which role, from when to when. What a user holds in the end, inherited roles included, belongs to
 * `user-roles`; which assignments are refused because roles exclude each other, to
 * `separation-of-duty`.
 */
import type { EventDeclaration } from '@genauth/contract';
import type * as z from 'zod';
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
import type { TargetKind } from './store.ts';

export { roleAssigned, roleUnassigned } from './contract.ts';

const when = 'before';
const emits = [roleUnassigned, roleSubjectRemoved];

/** What a deletion ends: the assignments to whatever it is about. */
function removes<Data extends z.ZodType>(
  to: EventDeclaration<Data>,
  kind: TargetKind,
  idsOf: (deleted: z.input<Data>) => string | readonly string[],
): Reaction {
  return reaction({ to, when, emits, react: (data, context) => removeSubjects(context, kind, data.flatMap(idsOf)) });
}

/** What a deleted role was assigned to is said by its own deletion; what it was assigned itself, here. */
const reactions: readonly Reaction[] = [
  ...[userResigned, userArchived, userBecamePublic].map((to) =>
    reaction({ to, emits: [roleUnassigned], react: unassignWhoLeft }),
  ),
  removes(userDeleted, 'USER', ({ user }) => user.userId),
  removes(groupDeleted, 'GROUP', ({ group }) => group.id),
  removes(roleDeleted, 'ROLE', ({ role }) => role.id),
  removes(departmentDeleted, 'DEPARTMENT', ({ nodes }) => nodes.map(({ id }) => id)),
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
