/**
 * Departments: the nodes of an organization's tree. Members belong to `department-members`, search to `department-search`,
 * whole trees at once to `department-imports`.
 */
import { defineModule, type Module } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import * as contract from './contract.ts';
import { createDepartmentHandlers } from './service.ts';

export { departmentDeleted, departmentMoved } from './contract.ts';

export { showDepartments } from './service.ts';

export function departments(seal: Seal): Module {
  return defineModule('departments', contract, createDepartmentHandlers(seal));
}
