/**
 * Groups: creating, reading, changing and deleting them. Who belongs to them is the matter of `group-members`; what both
 * share, of `group-directory`.
 */
import { defineModule, type Module } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import * as contract from './contract.ts';
import { createGroupHandlers } from './service.ts';

export { groupDeleted } from './contract.ts';

export function groups(seal: Seal): Module {
  return defineModule('groups', contract, createGroupHandlers(seal));
}
