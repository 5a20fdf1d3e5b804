/**
 * Who is assigned which role, from when to when. What a user holds in the end, inherited roles included, belongs to
 * `user-roles`; which assignments are refused because roles exclude each other, to `role-exclusions`.
 */
import { defineModule, type Module, reaction } from '../../platform/module.ts';
import { userArchived, userResigned } from '../users/index.ts';
import * as contract from './contract.ts';
import { roleAssignmentHandlers, unassignWhoLeft } from './service.ts';

export { roleAssigned, roleUnassigned } from './contract.ts';

export const roleAssignments: Module = defineModule('role-assignments', contract, roleAssignmentHandlers, {
  reactions: [userResigned, userArchived].map((left) =>
    reaction({
      to: left,
      emits: [contract.roleUnassigned],
      react: (data, context) =>
        unassignWhoLeft(
          data.map(({ user }) => user.userId),
          context,
        ),
    }),
  ),
});
