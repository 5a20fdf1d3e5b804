/**
 * Access keys: the pairs of id and secret that management clients sign with or buy tokens for. The global pair of a user
 * pool belongs to the pool; here it is only looked up. Tokens themselves belong to `tokens`.
 */
import { defineModule, type Module } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import * as contract from './contract.ts';
import { type AccessKeyDirectory, createAccessKeysService } from './service.ts';

export { type AccessKeyDirectory, createAccessKeyDirectory } from './service.ts';

export function accessKeys(seal: Seal, forget: AccessKeyDirectory['forget']): Module {
  return defineModule('access-keys', contract, createAccessKeysService(seal, forget));
}
