import type { ImplementedOperation } from '../platform/module.ts';
import { type InputSchema, inputSchemaOf } from './input-schema.ts';
import { type SampleWorld, sampleSecret } from './sample-world.ts';

type Input = Readonly<Record<string, unknown>>;

/** The group of the sample world. */
const group = () => ({ code: 'developers' });

/**
 * What the names of fields and their examples do not say. Given fields come beside the required ones; `undefined` leaves
 * a required one out. Only for what cannot be said in the contract (`examples`) or once for all (`sample-world.ts`).
 */
const overrides: Readonly<Record<string, (world: SampleWorld) => Input>> = {
  getManagementToken: ({ pool }) => ({ accessKeyId: pool.id, accessKeySecret: pool.secret }),
  // Codes and user names that exist already would be refused.
  createOrganization: () => ({ organizationName: 'Globex', organizationCode: 'globex' }),
  createDepartment: () => ({ name: 'Sales', code: 'sales' }),
  getDepartment: ({ values }) => ({ departmentId: values['departmentId'] }),
  deleteDepartment: ({ values }) => ({ departmentId: values['emptyDepartmentId'] }),
  // One of several optional fields must be there.
  createUser: () => ({ username: 'linus', salt: undefined }),
  createUsersBatch: () => ({ list: [{ username: 'barbara', password: sampleSecret }] }),
  isUserExists: () => ({ username: 'ada' }),
  assignRole: ({ values }) => ({ code: 'cashier', targets: usersAsTargets(values) }),
  assignRoleBatch: ({ values }) => ({ roles: [{ code: 'cashier' }], targets: usersAsTargets(values) }),
  revokeRole: ({ values }) => ({ targets: usersAsTargets(values) }),
  revokeRoleBatch: ({ values }) => ({ targets: usersAsTargets(values) }),
  setRoleMutualExclusion: () => ({ roles: [{ code: 'manager' }, { code: 'cashier' }] }),
  removeRoleMutualExclusion: () => ({ roles: [{ code: 'manager' }, { code: 'cashier' }] }),
  createRole: () => ({ code: 'auditor' }),
  createRolesBatch: () => ({ list: [{ code: 'auditor' }] }),
  getGroup: group,
  updateGroup: () => ({ ...group(), description: 'Who builds it' }),
  deleteGroupsBatch: () => ({ codeList: ['developers'] }),
  addGroupMembers: group,
  removeGroupMembers: group,
  listGroupMembers: group,
  getGroupAuthorizedResources: group,
  evaluateDynamicGroup: () => ({ code: 'named' }),
  uploadUserImportChunk: () => ({ content: Buffer.from(sampleSecret).toString('base64') }),
  startUserImport: ({ values }) => ({ importId: values['startedImportId'] }),
  updateUser: () => ({ nickname: 'Countess' }),
  createPost: () => ({ code: 'tester', name: 'Tester' }),
  // The field is optional; without it nothing is asked for.
  getPostById: ({ values }) => ({ idList: values['idList'] }),
  createPublicAccount: () => ({ username: 'lobby', salt: undefined }),
  createPublicAccountsBatch: () => ({ list: [{ username: 'lobby', password: sampleSecret }] }),
  getPublicAccount: publicAccount,
  getPublicAccountBatch: publicAccounts,
  updatePublicAccount: (world) => ({ ...publicAccount(world), nickname: 'Front desk' }),
  updatePublicAccountBatch: (world) => ({ list: [{ ...publicAccount(world), nickname: 'Front desk' }] }),
  deletePublicAccountsBatch: publicAccounts,
  resignPublicAccountBatch: publicAccounts,
  changeIntoPersonalAccount: publicAccount,
  // Not the user that most samples are about.
  changeIntoPublicAccount: ({ values }) => ({ userId: [values['userIds']].flat()[1] }),
  getPublicAccountDepartments: publicAccount,
  setPublicAccountOfDepartments: publicAccount,
  getPublicAccountRoles: publicAccount,
  getPublicAccountsOfRole: () => ({ roleId: 'manager' }),
  bindPublicAccountOfRoles: (world) => ({ ...publicAccount(world), roleIds: ['manager'] }),
  unbindPublicAccountOfRoles: (world) => ({ ...publicAccount(world), roleIds: ['manager'] }),
  getGroupsOfPublicAccount: publicAccount,
  getPublicAccountOfGroups: publicAccount,
  unbindPublicAccountOfGroups: publicAccount,
  getPostOfPublicUser: publicAccount,
  setPublicAccountOfnPost: publicAccount,
  unbindPublicAccountOfPost: publicAccount,
  setCustomFields: () => ({ list: [{ targetType: 'USER', key: 'hobby' }] }),
  deleteCustomFields: () => ({ list: [{ targetType: 'USER', key: 'school' }] }),
  setCustomData: ({ values }) => ({
    targetType: 'USER',
    targetIdentifier: values['userId'],
    list: [{ key: 'school', value: 'pku' }],
  }),
  getCustomData: ({ values }) => ({ targetType: 'USER', targetIdentifier: values['userId'] }),
};

/** What V3 calls a user is a public account in these operations. */
function publicAccount({ values }: SampleWorld): Input {
  return { userId: values['publicAccountId'] };
}

function publicAccounts({ values }: SampleWorld): Input {
  return { userIds: values['publicAccountIds'] };
}

function usersAsTargets(values: SampleWorld['values']) {
  return [values['userIds']].flat().map((targetIdentifier) => ({ targetType: 'USER', targetIdentifier }));
}

/** A valid input of an operation in a sample world: its required fields, and what `overrides` adds. */
export function sampleInput({ name, operation }: ImplementedOperation, world: SampleWorld): Record<string, unknown> {
  const { properties = {}, required = [] } = inputSchemaOf(operation);
  const given = overrides[name]?.(world) ?? {};
  const input: Record<string, unknown> = {};
  for (const field of required) {
    if (field in given) continue;
    const value = sampleValue(field, properties[field] ?? {}, world);
    if (value === undefined) throw new Error(howToAddASample(name, field));
    input[field] = value;
  }
  for (const [field, schema] of Object.entries(properties)) {
    if (schema.writeOnly === true && schema.type === 'string' && !(field in input)) input[field] = sampleSecret;
  }
  return Object.fromEntries(Object.entries({ ...input, ...given }).filter(([, value]) => value !== undefined));
}

/** What to do when an operation has no valid sample; a suite that guessed would prove nothing. */
export function howToAddASample(operation: string, field: string): string {
  return (
    `${operation}: no sample for ${field}. Give the field an example in its contract (\`doc\`), or make what it names in ` +
    'testing/sample-world.ts, or say what only this operation needs in testing/sample-input.ts.'
  );
}

/** A value for one place of an input: by its name, else by its default, its example, or its parts. */
export function sampleValue(field: string, schema: InputSchema, world: SampleWorld): unknown {
  const known = world.values[field];
  if (known !== undefined) return known;
  if (schema.default !== undefined) return schema.default;
  if (schema.writeOnly === true && schema.type === 'string') return sampleSecret;
  if (schema.properties !== undefined) return sampleObject(schema, world);
  if (schema.type === 'array' && schema.items?.properties !== undefined) {
    const element = sampleObject(schema.items, world);
    return element === undefined ? undefined : [element];
  }
  return schema.examples?.[0] ?? schema.enum?.[0];
}

function sampleObject(schema: InputSchema, world: SampleWorld): Record<string, unknown> | undefined {
  const object: Record<string, unknown> = {};
  for (const field of schema.required ?? []) {
    const value = sampleValue(field, schema.properties?.[field] ?? {}, world);
    if (value === undefined) return undefined;
    object[field] = value;
  }
  return object;
}
