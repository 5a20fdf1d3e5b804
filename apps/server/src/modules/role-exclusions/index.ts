/**
 * Roles that exclude each other: which they are, and the refusal of assignments that would bring them together.
 */
import { defineModule, type Module } from '../../platform/module.ts';
import * as contract from './contract.ts';
import { roleExclusionHandlers } from './service.ts';

export { refuseExclusive } from './service.ts';
export { lockRoleGraph } from './store.ts';

export const roleExclusions: Module = defineModule('role-exclusions', contract, roleExclusionHandlers);
