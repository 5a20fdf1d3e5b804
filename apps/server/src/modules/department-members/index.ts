/**
 * Members of departments, seen from the department. The same memberships seen from the user belong to `user-departments`.
 */
import { defineModule, type Module } from '../../platform/module.ts';
import * as contract from './contract.ts';
import { departmentMemberHandlers } from './service.ts';

export { userDepartmentsChanged } from './contract.ts';
export { type LockedUser, lockUsers } from './store.ts';

export const departmentMembers: Module = defineModule('department-members', contract, departmentMemberHandlers);
