/**
 * Definitions of custom fields. What the definitions mean for values belongs to `custom-values`, the operations on values to
 * `custom-data`, the fields every user has to `user-base-fields`.
 */
import { defineModule, type Module } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import * as contract from './contract.ts';
import { createCustomFieldHandlers } from './service.ts';

export { customFieldDeleted } from './contract.ts';
export { pageOfFields } from './service.ts';

export function customFields(seal: Seal): Module {
  return defineModule('custom-fields', contract, createCustomFieldHandlers(seal));
}
