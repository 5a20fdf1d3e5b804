/**
 * Finding departments of an organization by what is known of them. Walking the tree belongs to `departments`.
 */
import { defineModule, type Module } from '../../platform/module.ts';
import * as contract from './contract.ts';
import { departmentSearchHandlers } from './service.ts';

export const departmentSearch: Module = defineModule('department-search', contract, departmentSearchHandlers);
