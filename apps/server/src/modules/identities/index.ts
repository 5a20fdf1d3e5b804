/**
 * Identities: the accounts users have at identity sources. The sources themselves are known by their ids and providers
 * alone. Looking users up by an identity, and showing identities with a user, belongs to `user-directory`.
 */
import { defineModule, type Module } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import * as contract from './contract.ts';
import { createIdentitiesService } from './service.ts';

export { linkIdentities } from './service.ts';

export function identities(seal: Seal): Module {
  return defineModule('identities', contract, createIdentitiesService(seal));
}
