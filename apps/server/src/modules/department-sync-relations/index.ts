/**
 * Which departments are synchronized with which source, under which id there. Making the links is the work of
 * synchronization itself; finding a department by such an id belongs to `department-tree`.
 */
import { defineModule, type Module } from '../../platform/module.ts';
import * as contract from './contract.ts';
import { departmentSyncRelationHandlers } from './service.ts';

export const departmentSyncRelations: Module = defineModule(
  'department-sync-relations',
  contract,
  departmentSyncRelationHandlers,
);
