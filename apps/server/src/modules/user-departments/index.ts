/**
 * Departments of users, seen from the user, and the ways other modules change memberships. The same memberships seen from
 * the department belong to `department-members`.
 */
import { defineModule, type Module } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import * as contract from './contract.ts';
import { createUserDepartmentHandlers } from './service.ts';

export { userDepartmentErrors } from './contract.ts';
export {
  addMemberships,
  chooseMainDepartment,
  departmentMemberships,
  departmentsOfAccount,
  type Membership,
  mergeDuplicates,
  resolveDepartments,
} from './service.ts';
export { type JoinableDepartment, listAndHoldDepartments } from './store.ts';

export function userDepartments(seal: Seal): Module {
  return defineModule('user-departments', contract, createUserDepartmentHandlers(seal));
}
