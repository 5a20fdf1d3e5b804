import { consequencesOf, type Operation, operationsOf, toOpenApi } from '@genauth/contract';
import * as accessKeys from './modules/access-keys/contract.ts';
import * as customData from './modules/custom-data/contract.ts';
import * as customFields from './modules/custom-fields/contract.ts';
import * as departmentImports from './modules/department-imports/contract.ts';
import * as departmentMembers from './modules/department-members/contract.ts';
import * as departmentSearch from './modules/department-search/contract.ts';
import * as departmentSyncRelations from './modules/department-sync-relations/contract.ts';
import * as departments from './modules/departments/contract.ts';
import * as dynamicGroups from './modules/dynamic-groups/contract.ts';
import * as groupMembers from './modules/group-members/contract.ts';
import * as groups from './modules/groups/contract.ts';
import * as identities from './modules/identities/contract.ts';
import * as jobs from './modules/jobs/contract.ts';
import * as organizations from './modules/organizations/contract.ts';
import * as passwords from './modules/passwords/contract.ts';
import * as posts from './modules/posts/contract.ts';
import * as publicAccountDepartments from './modules/public-account-departments/contract.ts';
import * as publicAccountMembers from './modules/public-account-members/contract.ts';
import * as publicAccounts from './modules/public-accounts/contract.ts';
import * as roleAssignments from './modules/role-assignments/contract.ts';
import * as roleExclusions from './modules/role-exclusions/contract.ts';
import * as roles from './modules/roles/contract.ts';
import * as separationOfDuty from './modules/separation-of-duty/contract.ts';
import * as system from './modules/system/contract.ts';
import * as tokens from './modules/tokens/contract.ts';
import * as userBaseFields from './modules/user-base-fields/contract.ts';
import * as userChanges from './modules/user-changes/contract.ts';
import * as userDepartments from './modules/user-departments/contract.ts';
import * as userExports from './modules/user-exports/contract.ts';
import * as userImports from './modules/user-imports/contract.ts';
import * as userPosts from './modules/user-posts/contract.ts';
import * as userRoles from './modules/user-roles/contract.ts';
import * as userSearch from './modules/user-search/contract.ts';
import * as users from './modules/users/contract.ts';
import { credentialErrors, requestErrors } from './platform/errors.ts';

/** The contracts in the order of the reference: it is the order of menus. */
const managementContracts = [
  organizations,
  departments,
  departmentMembers,
  departmentSearch,
  departmentImports,
  departmentSyncRelations,
  users,
  userChanges,
  identities,
  passwords,
  userSearch,
  userDepartments,
  userRoles,
  userImports,
  userExports,
  roles,
  roleAssignments,
  roleExclusions,
  groups,
  groupMembers,
  dynamicGroups,
  posts,
  userPosts,
  publicAccounts,
  publicAccountDepartments,
  publicAccountMembers,
  customFields,
  userBaseFields,
  customData,
  accessKeys,
  tokens,
  jobs,
];

/** Where the menu of the reference mixes what different modules do; everything else follows in the order of contracts. */
const menu = [
  'getOrganization',
  'getOrganizationsBatch',
  'listOrganizations',
  'createOrganization',
  'updateOrganization',
  'deleteOrganization',
  'searchOrganizations',
  'updateOrganizationStatus',
  'getDepartment',
  'createDepartment',
  'updateDepartment',
  'deleteDepartment',
  'searchDepartments',
  'searchDepartmentsList',
  'listChildrenDepartments',
  'listDepartmentMembers',
  'listDepartmentMemberIds',
  'searchDepartmentMembers',
  'addDepartmentMembers',
  'removeDepartmentMembers',
  'getParentDepartment',
  'isUserInDepartment',
];

/** Every management operation, by name, in the order of menus. */
function managementOperations(): [name: string, operation: Operation][] {
  const operations = managementContracts.flatMap(operationsOf);
  const listed = operations
    .filter(([name]) => menu.includes(name))
    .sort(([a], [b]) => menu.indexOf(a) - menu.indexOf(b));
  return [...listed, ...operations.filter(([name]) => !menu.includes(name))];
}

/** The published documents: path in the repository and text. */
export function documents(): { path: string; text: string }[] {
  const common = [...Object.values(requestErrors), ...Object.values(credentialErrors)];
  const management = toOpenApi(
    managementOperations(),
    {
      title: 'GenAuth management API',
      version: '3.0.0',
      description:
        'Wire-compatible with the V3 management API. Answers come with HTTP 200 and tell success by `statusCode`; only 429 and failures of the infrastructure use the HTTP status.',
    },
    common,
    Object.values(separationOfDuty),
    managementContracts.flatMap(consequencesOf),
  );
  const authentication = toOpenApi(
    operationsOf(system),
    {
      title: 'GenAuth authentication API',
      version: '3.0.0',
      description: 'Wire-compatible with the V3 authentication API: what applications and end users call.',
    },
    common,
  );
  return [
    { path: 'openapi/management.json', text: `${JSON.stringify(management, null, 2)}\n` },
    { path: 'openapi/authentication.json', text: `${JSON.stringify(authentication, null, 2)}\n` },
  ];
}
