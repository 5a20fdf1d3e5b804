/**
 * Departments of users, seen from the user, and the ways other modules change memberships. The same memberships seen from
 * the department belong to `department-members`.
 */
import { defineModule, type Module } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import * as contract from './contract.ts';
import { createUserDepartmentHandlers } from './service.ts';

export { addMemberships, departmentMemberships, type Membership } from './service.ts';

export function userDepartments(seal: Seal): Module {
  return defineModule('user-departments', contract, createUserDepartmentHandlers(seal));
}
