/**
 * Static separation of duty, as ANSI INCITS 359 has it: no subject holds two roles that exclude each other. Which roles do is
 * said to `role-exclusions`; here every command that could bring two of them together is verified before it commits. Whoever
 * assigns roles, joins users to departments and groups or moves departments knows nothing of it.
 */
import { defineModule, type Module } from '../../platform/module.ts';
import * as contract from './contract.ts';
import { verifyExclusions, verifySeparation } from './service.ts';

export { listGroupsAtRisk } from './store.ts';

export const separationOfDuty: Module = defineModule(
  'separation-of-duty',
  contract,
  {},
  {
    constraints: [
      { declaration: contract.separation, verify: verifySeparation },
      { declaration: contract.exclusions, verify: verifyExclusions },
    ],
  },
);
