/**
 * The roles a user holds in the end: his own and what he inherits from departments, groups and other roles. Assigning them
 * belongs to `role-assignments`.
 */
import { defineModule, type Module } from '../../platform/module.ts';
import * as contract from './contract.ts';
import { userRoleHandlers } from './service.ts';

export { endOfReach, held, listHolders, rolesReaching } from './store.ts';

export const userRoles: Module = defineModule('user-roles', contract, userRoleHandlers);
