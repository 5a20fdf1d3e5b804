/**
 * Roles that exclude each other: which they are, and what follows for the roles that come with them. That nobody comes to hold
 * two of them is the matter of `separation-of-duty`.
 */
import { defineModule, type Module, reaction } from '../../platform/module.ts';
import { roleDeleted } from '../roles/index.ts';
import * as contract from './contract.ts';
import { endExclusionsOfDeleted, roleExclusionHandlers } from './service.ts';

export { roleExclusionAdded, roleExclusionErrors } from './contract.ts';
export { listForbiddenBeside, listImplying, lockRoleGraph } from './store.ts';

export const roleExclusions: Module = defineModule('role-exclusions', contract, roleExclusionHandlers, {
  reactions: [
    reaction({
      to: roleDeleted,
      when: 'before',
      emits: [contract.roleExclusionRemoved],
      react: endExclusionsOfDeleted,
    }),
  ],
});
