/**
 * Departments that public accounts are linked to, seen from both sides: their members may use the account. Other links belong to
 * `public-account-members`.
 */
import { defineModule, type Module } from '../../platform/module.ts';
import * as contract from './contract.ts';
import { createPublicAccountDepartmentsService } from './service.ts';

export { departmentLinks } from './service.ts';
export { type LockedAccount, lockAccounts } from './store.ts';

export function publicAccountDepartments(
  dependencies: Parameters<typeof createPublicAccountDepartmentsService>[0],
): Module {
  return defineModule('public-account-departments', contract, createPublicAccountDepartmentsService(dependencies));
}
