/**
 * Roles: what they are, and whether they take effect. Who is assigned one is no concern of theirs.
 */
import { defineModule, type Module } from '../../platform/module.ts';
import * as contract from './contract.ts';
import { roleHandlers } from './service.ts';

export { requireRole, toRoleDto } from './service.ts';

export const roles: Module = defineModule('roles', contract, roleHandlers);
