/**
 * Imports of users as callers see them: the file comes in pieces, then a job works it off. What the job does belongs to
 * `user-import-runs`, how rows of a file are read to `user-import-rows`.
 */
import { defineModule, type Module } from '../../platform/module.ts';
import * as contract from './contract.ts';
import { userImportHandlers } from './service.ts';

export { importUsersKind } from './service.ts';
export { deleteIdleFiles, deleteOldImports, findImport, type ImportOptions, type ImportRow } from './store.ts';

export const userImports: Module = defineModule('user-imports', contract, userImportHandlers);
