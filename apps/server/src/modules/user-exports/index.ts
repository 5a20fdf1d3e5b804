/**
 * Exports of users: which users and which fields is noted once, with an audit row; the file is made part by part when it is
 * read, and kept nowhere.
 */
import { defineModule, type Module } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import { createUser, type DepartmentMemberships } from '../users/index.ts';
import * as contract from './contract.ts';
import { createUserExportHandlers } from './service.ts';

export { deleteOldExports } from './store.ts';

/** What a user has and a cell can hold. */
const notExported = new Set(['customData', 'metadataSource', 'identities', 'postIdList', 'departmentIds', 'tenantId']);
const fields = new Set(Object.keys(createUser.output.shape).filter((name) => !notExported.has(name)));
/** Those whoever makes a user may say; the identity number is masked, which would not do for an import. */
const usualFields = [...fields].filter((name) => name in createUser.input.shape && name !== 'identityNumber');

export function userExports(dependencies: {
  readonly seal: Seal;
  readonly departments: Pick<DepartmentMemberships, 'condition'>;
}): Module {
  const handlers = createUserExportHandlers({ ...dependencies, fields, usualFields });
  return defineModule('user-exports', contract, handlers);
}
