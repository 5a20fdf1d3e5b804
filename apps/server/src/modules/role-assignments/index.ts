/**
 * Who is assigned which role, from when to when. What a user holds in the end, inherited roles included, belongs to
 * `user-roles`; which assignments are refused because roles exclude each other, to
 * `separation-of-duty`.
 */
import { defineModule, type Module, reaction } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import { userArchived, userBecamePublic, userResigned } from '../users/index.ts';
import * as contract from './contract.ts';
import { createRoleAssignmentHandlers, unassignWhoLeft } from './service.ts';

export { roleAssigned, roleUnassigned } from './contract.ts';

const reactions = [userResigned, userArchived, userBecamePublic].map((left) =>
  reaction({
    to: left,
    emits: [contract.roleUnassigned],
    react: (data, context) =>
      unassignWhoLeft(
        data.map(({ user }) => user.userId),
        context,
      ),
  }),
);

export function roleAssignments(seal: Seal): Module {
  return defineModule('role-assignments', contract, createRoleAssignmentHandlers(seal), { reactions });
}
