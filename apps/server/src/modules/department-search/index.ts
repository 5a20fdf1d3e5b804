/**
 * Finding departments of an organization by what is known of them. Walking the tree belongs to `departments`.
 */
import { defineModule, type Module } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import * as contract from './contract.ts';
import { createDepartmentSearchHandlers } from './service.ts';

export function departmentSearch(seal: Seal): Module {
  return defineModule('department-search', contract, createDepartmentSearchHandlers(seal));
}
