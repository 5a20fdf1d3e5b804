/**
 * Lists and searches of users. What filters mean is in `user-filters`, what keywords mean in `user-texts`. Members of one department are listed by `department-members`.
 */
import { defineModule, type Module } from '../../platform/module.ts';
import * as contract from './contract.ts';
import { createUserSearchService } from './service.ts';

export { createUserSearchService } from './service.ts';

export function userSearch(dependencies: Parameters<typeof createUserSearchService>[0]): Module {
  return defineModule('user-search', contract, createUserSearchService(dependencies));
}
