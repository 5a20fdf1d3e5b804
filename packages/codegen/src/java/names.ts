import type { Field, Model, Operation, Type } from '../model.ts';
import { toPascalCase, toSnakeCase } from '../names.ts';

const keywords = new Set(
  'abstract assert boolean break byte case catch char class const continue default do double else enum extends final finally float for goto if implements import instanceof int interface long native new package private protected public return short static strictfp super switch synchronized this throw throws transient try void volatile while true false null'.split(
    ' ',
  ),
);

/** Classes for the parameters of a GET that were published under another name than their method's. */
const publishedRequests: Readonly<Record<string, string>> = {
  detailAuthSubject: 'GetSubjectAuthDetailDto',
  extIdpConnStateByApps: 'ExtIdpConnAppsDto',
  findIpList: 'IpListDto',
  findRiskListPolicy: 'RiskListPolicyDto',
  findUserList: 'UserListDto',
  getAccessKeyList: 'ListAccessKeyDto',
  getOrganizationsBatch: 'GetOrganizationBatchDto',
  getPostOfPublicUser: 'GetPostOfPublicAccountDto',
  getPublicAccountDepartments: 'GetDepartmentsOfPublicAccountDto',
  getPublicAccountRoles: 'GetRolesOfPublicAccountDto',
  getRelationValue: 'GetRowRelationDto',
  getUserLoggedinIdentities: 'GetUserLoggedInIdentitiesDto',
  getUserMfaStatus: 'GetMfaStatusDto',
  getVerifyConfigApp: 'VerifyConfigAppDto',
  listAsaAccount: 'ListAsaAccountsDto',
  listCustFields: 'ListCustomFieldsDto',
  listDataPolices: 'ListDataPoliciesDto',
  listInviteTennatUserRecords: 'ListInviteTenantUserRecordsDto',
  listMultipleTenantAdmin: 'ListMultipleTenantAdminsDto',
  listOperateAll: 'AllOperateDto',
  listSimpleDataPolices: 'ListSimpleDataPoliciesDto',
  listUsersLegacy: 'ListUsersDto',
  listWhitelists: 'ListWhitelistDto',
  postList: 'ListPostDto',
  queryLdapLog: 'GetLdapServerLogDto',
  queryLdapSubEntries: 'GetLdapSubEntriesDto',
};

/** The class of an operation's input; nothing for an operation without one. */
export function requestClass({ schemas }: Pick<Model, 'schemas'>, operation: Operation): string | undefined {
  if (operation.inputName !== undefined) return operation.inputName;
  if (operation.fields.length === 0) return undefined;
  const name = publishedRequests[operation.name] ?? `${toPascalCase(operation.name)}Dto`;
  // A schema of the document keeps its name.
  return schemas.has(name) ? name.replace(/Dto$/, 'RequestDto') : name;
}

/** `UserIds`, also of `user_ids` and `zh-CN` (`ZhCN`): what follows `get` and `set`. */
export function propertyName(wireName: string): string {
  return wireName
    .split(/[^A-Za-z0-9]+/)
    .map(toPascalCase)
    .join('');
}

/** The name of a variable. */
export function variableName(wireName: string): string {
  const property = propertyName(wireName);
  const name = property.charAt(0).toLowerCase() + property.slice(1);
  if (keywords.has(name)) return `${name}Value`;
  return /^[0-9]/.test(name) ? `_${name}` : name;
}

/** `DEPARTMENT_ID` */
export function constantName(value: string | number | boolean): string {
  const name = toSnakeCase(String(value)).toUpperCase();
  return /^[A-Z]/.test(name) ? name : `_${name}`;
}

/** How a field is declared: its class, and its enumeration where it has one. */
export interface JavaType {
  readonly text: string;
  readonly enumeration?: { readonly name: string; readonly values: readonly string[] };
}

const largestInteger = 2 ** 31 - 1;

/** The type of a field. The enumerations of queries were published as text, and stay it. */
export function javaType(field: Field, isQuery: boolean): JavaType {
  const { type } = field;
  if ((type.kind === 'integer' || type.kind === 'number') && isLong(field)) return { text: 'Long' };
  const values = enumeratedTexts(type.kind === 'array' ? type.items : type);
  if (isQuery || values === undefined) return { text: plainType(type) };
  const name = propertyName(field.name);
  return { text: type.kind === 'array' ? `List<${name}>` : name, enumeration: { name, values } };
}

/** Milliseconds since 1970 do not fit into an Integer, and nobody bounds them. */
function isLong({ name, bounds: { maximum }, example }: Field): boolean {
  if (maximum !== undefined) return maximum > largestInteger;
  return (typeof example === 'number' && example > largestInteger) || /(Time|At|Start|End)$/.test(name);
}

function enumeratedTexts(type: Type): string[] | undefined {
  if (type.kind !== 'enum') return undefined;
  const texts = type.values.filter((value) => typeof value === 'string');
  return texts.length === type.values.length && new Set(texts.map(constantName)).size === texts.length
    ? texts
    : undefined;
}

function plainType(type: Type): string {
  switch (type.kind) {
    case 'string':
      return 'String';
    case 'integer':
      return 'Integer';
    case 'number':
      return 'Double';
    case 'boolean':
      return 'Boolean';
    case 'enum':
      return typeof type.values[0] === 'number'
        ? 'Integer'
        : typeof type.values[0] === 'boolean'
          ? 'Boolean'
          : 'String';
    case 'array':
      return `List<${plainType(type.items)}>`;
    case 'ref':
      return type.name;
    case 'map':
      // As published: a map of anything is any object, so that a class of the caller's own may stand there too.
      return type.values.kind === 'any' ? 'Object' : `Map<String, ${plainType(type.values)}>`;
    case 'union':
      // A count that was published as a boolean, by mistake, is a number all the same.
      return type.members.every(({ kind }) => kind === 'integer' || kind === 'boolean') ? 'Integer' : 'Object';
    case 'object':
    case 'any':
      return 'Object';
  }
}
