/**
 * Management tokens: bought with an access key, signed with the instance's keys. Keys themselves belong to `access-keys`;
 * tokens of end users will belong to the protocols.
 */
import { defineModule, type Module } from '../../platform/module.ts';
import * as contract from './contract.ts';
import { createTokensService } from './service.ts';

export { openManagementTokens } from './service.ts';

export function tokens(dependencies: Parameters<typeof createTokensService>[0]): Module {
  return defineModule('tokens', contract, createTokensService(dependencies));
}
