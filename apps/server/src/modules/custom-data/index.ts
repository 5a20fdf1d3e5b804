/**
 * Custom data of users, roles, groups and departments, set and read by itself. It also comes and goes with the operations of
 * its owners; what all of them stand on is `custom-values`.
 */
import { defineModule, type Module } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import * as contract from './contract.ts';
import { createCustomDataHandlers } from './service.ts';

export function customData(seal: Seal): Module {
  return defineModule('custom-data', contract, createCustomDataHandlers(seal));
}
