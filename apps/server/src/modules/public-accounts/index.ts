/**
 * Public accounts: accounts that several people share. Everything users can do one by one, done to accounts of the other kind,
 * and the ways from one kind to the other. Who may use an account belongs to `public-account-members` and
 * `public-account-departments`.
 */
import { defineModule, type Module } from '../../platform/module.ts';
import * as contract from './contract.ts';
import { createPublicAccountsService } from './service.ts';

export {
  publicAccountArchived,
  publicAccountBound,
  publicAccountDeleted,
  publicAccountDepartmentsChanged,
  publicAccountErrors,
  publicAccountResigned,
  publicAccountUnbound,
} from './contract.ts';

export function publicAccounts(dependencies: Parameters<typeof createPublicAccountsService>[0]): Module {
  return defineModule('public-accounts', contract, createPublicAccountsService(dependencies));
}
