/**
 * Groups: creating, reading, changing and deleting them. Who belongs to them is the matter of `group-members`; what both
 * share, of `group-directory`.
 */
import { defineModule, type Module } from '../../platform/module.ts';
import * as contract from './contract.ts';
import { groupHandlers } from './service.ts';

export { groupDeleted } from './contract.ts';

export const groups: Module = defineModule('groups', contract, groupHandlers);
