/**
 * Organizations: independent trees in a user pool. An organization is its root department and a code; everything else about
 * the tree belongs to `department-tree` and `departments`.
 */
import type { Scope } from '../../platform/database/database.ts';
import { newId } from '../../platform/ids.ts';
import { defineModule, type Module } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import { insertDepartment } from '../department-tree/index.ts';
import * as contract from './contract.ts';
import { createOrganizationHandlers } from './service.ts';
import { insertOrganization } from './store.ts';

export { organizationDeleted } from './contract.ts';
export { insertOrganization } from './store.ts';

export function organizations(seal: Seal): Module {
  return defineModule('organizations', contract, createOrganizationHandlers(seal));
}

/** The organization every new user pool starts with. */
export async function createFirstOrganization(scope: Scope): Promise<void> {
  const id = newId();
  await insertOrganization(scope, id, 'root');
  await insertDepartment(scope, {
    id,
    organizationId: id,
    parentId: null,
    code: 'root',
    openDepartmentId: null,
    name: 'root',
    nameI18n: null,
    description: null,
    isVirtualNode: false,
  });
}
