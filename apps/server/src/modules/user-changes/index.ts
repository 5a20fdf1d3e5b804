/**
 * Changing users: updating, resigning, archiving and deleting them, and who is archived. What hangs on a user (groups,
 * roles, positions) reacts to the events of `users`; only departments are left here, for their locks come first.
 */
import { defineModule, type Module } from '../../platform/module.ts';
import * as contract from './contract.ts';
import { createUserChangesService } from './service.ts';

export { updateUser } from './contract.ts';
export { createUserChange, createUserChangesService } from './service.ts';

export function userChanges(dependencies: Parameters<typeof createUserChangesService>[0]): Module {
  return defineModule('user-changes', contract, createUserChangesService(dependencies));
}
