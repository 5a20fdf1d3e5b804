/**
 * Departments: the nodes of an organization's tree. Members belong to `department-members`, search to `department-search`,
 * whole trees at once to `department-imports`.
 */
import { defineModule, type Module } from '../../platform/module.ts';
import * as contract from './contract.ts';
import { departmentHandlers } from './service.ts';

export { departmentMoved } from './contract.ts';

export const departments: Module = defineModule('departments', contract, departmentHandlers);
