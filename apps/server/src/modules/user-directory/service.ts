import type * as z from 'zod';
import type { Scope } from '../../platform/database/database.ts';
import { requestErrors } from '../../platform/errors.ts';
import { defaultPhoneCountryCode, parsePhoneQuery } from '../../platform/phone-numbers.ts';
import type { Seal } from '../../platform/seal.ts';
import { foldText } from '../../platform/text-folding.ts';
import { findTargetsByCustomField, listCustomData } from '../custom-values/index.ts';
import { type IdentityDto, type UserDto, type UserIdType, userErrors } from './contract.ts';
import {
  type AccountKind,
  addRelations,
  findIdsBy,
  findIdsByIdentity,
  findIdsByPhone,
  type IdentityRow,
  type UserRow,
} from './store.ts';

/** Email addresses are compared without regard to case, so they are stored and looked up in lower case. */
export function toStoredEmail(email: string): string {
  return email.trim().toLowerCase();
}

/** The ids of the users these values name, in the order given, each once. Values that name nobody are left out. */
export async function findUserIds(
  scope: Scope,
  values: readonly string[],
  type: UserIdType,
  kind: AccountKind = 'personal',
): Promise<string[]> {
  return [...new Set(await lookUp(scope, values, type, kind))];
}

async function lookUp(scope: Scope, values: readonly string[], type: UserIdType, kind: AccountKind): Promise<string[]> {
  switch (type) {
    case 'user_id':
    case 'external_id':
    case 'username':
      return findIdsBy(scope, type, values, kind);
    case 'email':
      return findIdsBy(scope, type, values.map(toStoredEmail), kind);
    case 'phone': {
      const queries = await Promise.all(values.map(parsePhoneQuery));
      return findIdsByPhone(scope, queries.flat(), defaultPhoneCountryCode, kind);
    }
    case 'identity': {
      const pairs = values.map(requireKeyAndValue);
      const accounts = pairs.map(([extIdpId, userIdInIdp]) => ({ extIdpId, userIdInIdp }));
      return findIdsByIdentity(scope, accounts, kind);
    }
    case 'sync_relation':
      // Sync relations cannot be made yet, so nobody has one.
      values.forEach(requireKeyAndValue);
      return [];
    case 'custom_field':
      // Of a user of the other kind the id is found, and goes no further.
      return findIdsBy(
        scope,
        'user_id',
        [...(await findTargetsByCustomField(scope, 'USER', values, 'userId')).values()],
        kind,
      );
  }
}

/** The parts of `<key>:<value>`. */
function requireKeyAndValue(text: string): [key: string, value: string] {
  const at = text.indexOf(':');
  if (at <= 0 || at === text.length - 1) throw requestErrors.fieldMalformed({ field: 'userId' });
  return [text.slice(0, at), text.slice(at + 1)];
}

/** The id of the user this value names. Of another user pool, or of another kind, he is not found. */
export async function requireUserId(
  scope: Scope,
  value: string,
  type: UserIdType,
  kind: AccountKind = 'personal',
): Promise<string> {
  const [id] = await findUserIds(scope, [value], type, kind);
  if (id === undefined) throw userErrors.notFound();
  return id;
}

/** What a user's sealed identity number is bound to. */
export function identityNumberContext(userPoolId: string, userId: string): string {
  return `users/${userPoolId}/${userId}/identity_number`;
}

/**
 * What stands for an identity number where users are looked for: keyed, so that nobody without the instance key can try
 * numbers on it. Blanks, hyphens and case make no difference.
 */
export function toIdentityNumberDigest(seal: Seal, userPoolId: string, plain: string): Buffer {
  return seal.digest(foldText(plain).replace(/[\s-]/g, ''), `users/${userPoolId}/identity_number`);
}

/** What the flags of a read add to a user. */
export interface UserFlags {
  readonly withCustomData?: boolean;
  readonly flatCustomData?: boolean;
  readonly withPost?: boolean;
  readonly withIdentities?: boolean;
  readonly withDepartmentIds?: boolean;
}

/** The same users with what these flags ask for beside the row itself: one statement for each flag. */
export async function withRequested(
  seal: Seal,
  scope: Scope,
  users: readonly UserRow[],
  flags: UserFlags,
): Promise<readonly UserRow[]> {
  const rows = await addRelations(scope, users, flags);
  if (!flags.withCustomData && !flags.flatCustomData) return rows;
  const customDataOf = await listCustomData(
    seal,
    scope,
    'USER',
    users.map(({ id }) => id),
  );
  return rows.map((row) => ({ ...row, customData: customDataOf(row.id) }));
}

/** Opens sealed identity numbers of one user pool. */
export interface IdentityNumberReader {
  readonly seal: Seal;
  readonly userPoolId: string;
}

/**
 * A user as V3 shows him. The identity number is there only for whoever brings the means to open it: answers to his
 * administrators show it, events and audit rows do not.
 */
export function toUserDto(
  row: UserRow,
  flags: UserFlags = {},
  identityNumbers?: IdentityNumberReader,
): z.input<typeof UserDto> {
  const { profile } = row;
  return {
    // First, so that a built-in field which came after a custom one of its name wins.
    ...(flags.flatCustomData ? row.customData : {}),
    userId: row.id,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    status: row.status,
    workStatus: row.workStatus,
    externalId: row.externalId,
    email: row.email,
    phone: row.phone,
    phoneCountryCode: row.phoneCountryCode,
    username: row.username,
    name: row.name,
    nickname: row.nickname,
    photo: row.photo,
    loginsCount: row.loginsCount,
    lastLogin: row.lastLoginAt,
    lastIp: row.lastLoginIp,
    gender: row.gender,
    emailVerified: row.emailVerified,
    phoneVerified: row.phoneVerified,
    passwordLastSetAt: row.passwordLastSetAt,
    birthdate: profile['birthdate'] ?? null,
    country: profile['country'] ?? null,
    province: profile['province'] ?? null,
    city: profile['city'] ?? null,
    address: profile['address'] ?? null,
    streetAddress: profile['streetAddress'] ?? null,
    postalCode: profile['postalCode'] ?? null,
    company: profile['company'] ?? null,
    browser: profile['browser'] ?? null,
    device: profile['device'] ?? null,
    givenName: profile['givenName'] ?? null,
    familyName: profile['familyName'] ?? null,
    middleName: profile['middleName'] ?? null,
    profile: profile['profile'] ?? null,
    preferredUsername: profile['preferredUsername'] ?? null,
    website: profile['website'] ?? null,
    zoneinfo: profile['zoneinfo'] ?? null,
    locale: profile['locale'] ?? null,
    formatted: profile['formatted'] ?? null,
    region: profile['region'] ?? null,
    userSourceType: row.sourceType,
    userSourceId: row.sourceId,
    lastLoginApp: row.lastLoginApp,
    mainDepartmentId: row.mainDepartmentId,
    lastMfaTime: row.lastMfaAt,
    passwordSecurityLevel: row.passwordSecurityLevel,
    resetPasswordOnNextLogin: row.resetPasswordOnNextLogin,
    registerSource: [...row.registerSource],
    departmentIds: flags.withDepartmentIds && row.departmentIds ? [...row.departmentIds] : undefined,
    identities: flags.withIdentities ? (row.identities ?? []).map(toIdentityDto) : undefined,
    identityNumber: identityNumbers === undefined ? undefined : readIdentityNumber(row, identityNumbers),
    customData: flags.withCustomData && !flags.flatCustomData ? { ...row.customData } : undefined,
    postIdList: flags.withPost ? [...(row.postIds ?? [])] : undefined,
    statusChangedAt: row.statusChangedAt,
    tenantId: null,
    signedUp: row.createdAt,
  };
}

/** An identity as V3 shows it. */
export function toIdentityDto(row: IdentityRow): z.input<typeof IdentityDto> {
  return {
    identityId: row.id,
    extIdpId: row.extIdpId,
    // Only what the contract lists is ever stored.
    provider: row.provider as z.input<typeof IdentityDto>['provider'],
    type: row.type,
    userIdInIdp: row.userIdInIdp,
    userInfoInIdp: { ...row.userInfoInIdp },
    originConnIds: [...row.originConnIds],
  };
}

function readIdentityNumber(row: UserRow, { seal, userPoolId }: IdentityNumberReader): string | null {
  const { identityNumberSealed } = row;
  return identityNumberSealed === null
    ? null
    : seal.open(identityNumberSealed, identityNumberContext(userPoolId, row.id));
}
