/** What anybody may know of this instance: its version, its addresses and the keys passwords are encrypted for. */
import { defineModule, type Module } from '../../platform/module.ts';
import * as contract from './contract.ts';
import { createSystemService } from './service.ts';

export function system(dependencies: Parameters<typeof createSystemService>[0]): Module {
  return defineModule('system', contract, createSystemService(dependencies));
}
