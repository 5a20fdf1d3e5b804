/**
 * Roles: what they are, and whether they take effect. Who is assigned one belongs to `role-assignments`, which roles nobody
 * may hold together to `role-exclusions`, what a user holds in the end to `user-roles`.
 */
import { defineModule, type Module } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import * as contract from './contract.ts';
import { createRoleHandlers } from './service.ts';

export { roleAssigned, roleDeleted, roleErrors, roleUpdated } from './contract.ts';
export {
  announceDisabledRoles,
  requireHeldRoles,
  requireNamespace,
  requireRole,
  requireRoles,
  toRoleDto,
  toTime,
  toTimestamp,
} from './service.ts';
export {
  findRoles,
  hasNotEnded,
  isEnabled,
  isInForce,
  type RoleReference,
  type RoleRow,
  roleColumns,
} from './store.ts';

export function roles(seal: Seal): Module {
  return defineModule('roles', contract, createRoleHandlers(seal));
}
