import { type Operation, operationsOf, toOpenApi } from '@genauth/contract';
import * as accessKeys from './modules/access-keys/contract.ts';
import * as departments from './modules/departments/contract.ts';
import * as organizations from './modules/organizations/contract.ts';
import * as tokens from './modules/tokens/contract.ts';

/** The contracts in the order of the reference: it is the order of menus. */
const managementContracts = [organizations, departments, accessKeys, tokens];

/** Every management operation, by name. */
export function managementOperations(): [name: string, operation: Operation][] {
  return managementContracts.flatMap(operationsOf);
}

/** The published documents: path in the repository and text. */
export function documents(): { path: string; text: string }[] {
  const management = toOpenApi(managementOperations(), {
    title: 'GenAuth management API',
    version: '3.0.0',
    description:
      'Wire-compatible with the V3 management API. Answers come with HTTP 200 and tell success by `statusCode`; only 429 and failures of the infrastructure use the HTTP status.',
  });
  return [{ path: 'openapi/management.json', text: `${JSON.stringify(management, null, 2)}\n` }];
}
