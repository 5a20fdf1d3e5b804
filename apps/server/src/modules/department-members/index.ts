/**
 * Members of departments, seen from the department. The same memberships seen from the user belong to `user-departments`.
 */
import { defineModule, type Module } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import * as contract from './contract.ts';
import { createDepartmentMemberHandlers } from './service.ts';

export { departmentMemberAdded, userDepartmentsChanged } from './contract.ts';
export { type LockedUser, listOrganizationIds, lockUsers } from './store.ts';

export function departmentMembers(seal: Seal): Module {
  return defineModule('department-members', contract, createDepartmentMemberHandlers(seal));
}
