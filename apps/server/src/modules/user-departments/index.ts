/**
 * Departments of users, seen from the user, and the ways other modules change memberships. The same memberships seen from
 * the department belong to `department-members`.
 */
import { defineModule, type Module } from '../../platform/module.ts';
import * as contract from './contract.ts';
import { userDepartmentHandlers } from './service.ts';

export { addMemberships, departmentMemberships, type Membership } from './service.ts';

export const userDepartments: Module = defineModule('user-departments', contract, userDepartmentHandlers);
