import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { EventDeclaration, InputOf } from '@genauth/contract';
import type { Scope } from '../../platform/database/database.ts';
import { requestErrors } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { CommandContext, Handlers } from '../../platform/module.ts';
import type { PasswordHasher } from '../../platform/password.ts';
import { defaultPhoneCountryCode, parsePhoneNumber } from '../../platform/phone-numbers.ts';
import type { Seal } from '../../platform/seal.ts';
import { isViolationOf } from '../../platform/violations.ts';
import {
  findUserIds,
  identityNumberContext,
  listUsersByIds,
  profileFields,
  requireUserId,
  toStoredEmail,
  toUserDto,
  type UserCondition,
  type UserFlags,
  type UserIdType,
  type UserRow,
  userErrors,
} from '../user-directory/index.ts';
import type * as contract from './contract.ts';
import {
  type DepartmentIdType,
  userArchived,
  userBlocked,
  userCreated,
  userDeleted,
  userPasswordChanged,
  userResigned,
  userUnarchived,
  userUnblocked,
  userUpdated,
  userWriteErrors,
} from './contract.ts';
import {
  deleteUsers,
  findTakenField,
  insertUsers,
  lockUser,
  type NewUser,
  type StoredPassword,
  type UniqueField,
  type UserValues,
  uniqueIndexes,
  updateUserRow,
} from './store.ts';

/** One department of a filter. */
export interface DepartmentFilter {
  readonly organizationCode: string;
  readonly departmentId: string;
  readonly departmentIdType: DepartmentIdType;
  readonly includeChildrenDepartments: boolean;
}

/** What users need of departments, which know users and not the other way round. */
export interface DepartmentMemberships {
  /** Joins users to departments inside a command; unknown department → 404. */
  join(
    context: CommandContext,
    userIds: readonly string[],
    departmentIds: readonly string[],
    departmentIdType: DepartmentIdType,
  ): Promise<void>;
  /** Ends every membership of these users. Locks trees, then users: to be called before users are locked otherwise. */
  leaveAll(context: CommandContext, userIds: readonly string[]): Promise<void>;
  /** A condition on `users.id`: member of one of these departments. Unknown department → 404. */
  condition(scope: Scope, departments: readonly DepartmentFilter[]): Promise<UserCondition>;
}

interface UsersDependencies {
  readonly seal: Seal;
  readonly passwords: PasswordHasher;
  readonly departments: Pick<DepartmentMemberships, 'join' | 'leaveAll'>;
}

/** What is said of a new user. */
export type NewUserInput = InputOf<typeof contract.createUsersBatch>['list'][number];
type CreateOptions = InputOf<typeof contract.createUser>['options'];
type UpdateInput = Omit<InputOf<typeof contract.updateUser>, 'userId' | 'options'>;

/** How users are made inside a command: all or none. `prefixOf` names an item in errors. */
export function createUserCreation({ seal, passwords, departments }: UsersDependencies) {
  return async (
    inputs: readonly NewUserInput[],
    options: CreateOptions,
    context: CommandContext,
    prefixOf: (index: number) => string,
  ): Promise<UserRow[]> => {
    const { scope, emit } = context;
    const now = new Date(context.now).toISOString();
    refuseMessages(options?.sendNotification);
    refuseEncryption(options?.passwordEncryptType);
    for (const input of inputs) refuseUnavailable(input);
    const users: NewUser[] = [];
    for (const [index, input] of inputs.entries()) {
      const id = newId(context.now);
      const values = await applyInput(nobody, input, prefixOf(index), toSealed(seal, scope, id));
      requireIdentifier(values, prefixOf(index));
      // One after the other, and before the first row: hashing takes longer than everything else here together.
      const password = await toStoredPassword(input, options, passwords);
      users.push({
        ...values,
        id,
        resetPasswordOnNextLogin: options?.resetPasswordOnFirstLogin ?? false,
        password,
      });
    }
    const made = new Map((await insertUsers(scope, users, now, 'personal')).map((row) => [row.id, row]));
    const refused = users.findIndex(({ id }) => !made.has(id));
    const taken = users[refused];
    if (taken !== undefined) throw await alreadyExists(scope, taken, prefixOf(refused));
    const rows = users.flatMap(({ id }) => made.get(id) ?? []);
    emit(userCreated, ...rows.map((row) => ({ user: toUserDto(row) })));

    const joins = groupByDepartments(inputs, users);
    for (const { departmentIds, userIds } of joins) {
      await departments.join(context, userIds, departmentIds, options?.departmentIdType ?? 'department_id');
    }
    return joins.length === 0
      ? rows
      : listUsersByIds(
          scope,
          users.map(({ id }) => id),
          false,
        );
  };
}

export function createUsersService(dependencies: UsersDependencies): Handlers<typeof contract> {
  const { seal, passwords, departments } = dependencies;
  const createUsers = createUserCreation(dependencies);
  const show = (scope: Scope, rows: readonly UserRow[], flags?: UserFlags) =>
    rows.map((row) => toUserDto(row, flags, { seal, userPoolId: scope.userPoolId }));

  return {
    async createUser({ options, ...input }, context) {
      const rows = await createUsers([input], options, context, () => '');
      const [user] = show(context.scope, rows);
      if (user === undefined) throw userErrors.notFound();
      context.audit({ target: user.userId });
      return user;
    },

    async createUsersBatch({ list, options }, context) {
      const rows = await createUsers(list, options, context, (index) => `list.${index}.`);
      context.audit({ after: rows.map(({ id }) => ({ userId: id })) });
      return show(context.scope, rows);
    },

    async getUser({ userId, userIdType, ...flags }, { scope }) {
      const [user] = show(scope, await readUsers(scope, [userId], userIdType, flags), flags);
      if (user === undefined) throw userErrors.notFound();
      return user;
    },

    async getUserBatch({ userIds, userIdType, ...flags }, { scope }) {
      return show(scope, await readUsers(scope, userIds, userIdType, flags), flags);
    },

    async isUserExists({ username, email, phone, externalId }, { scope }) {
      const given = (
        [
          ['username', username],
          ['email', email],
          ['phone', phone],
          ['external_id', externalId],
        ] as const
      ).filter(([, value]) => value);
      if (given.length === 0) throw requestErrors.fieldMalformed({ field: 'username, email, phone, externalId' });
      for (const [type, value] of given) {
        // Identifiers are unique over both kinds of accounts, and whoever asks is about to use one.
        for (const kind of ['personal', 'public'] as const) {
          if ((await findUserIds(scope, [value ?? ''], type, kind)).length > 0) return { exists: true };
        }
      }
      return { exists: false };
    },

    async updateUser({ userId, options, ...input }, context) {
      const { scope, emit, audit } = context;
      refuseMessages(options?.sendPasswordResetedNotification);
      refuseEncryption(options?.passwordEncryptType);
      refuseUnavailable({ ...input, metadataSource: input.metadata });
      const id = await requireUserId(scope, userId, options?.userIdType ?? 'user_id');
      const password = await toStoredPassword(input, options, passwords);
      const [asFound] = await listUsersByIds(scope, [id], false);
      if (input.status && isGone(input.status)) await departments.leaveAll(context, [id]);
      const locked = await lockUser(scope, id, 'personal');
      if (locked === undefined) throw userErrors.notFound();
      // Who leaves all departments has lost the main one by now; that is part of what changes.
      const before = { ...locked, mainDepartmentId: asFound?.mainDepartmentId ?? locked.mainDepartmentId };

      const now = new Date(context.now).toISOString();
      const changed = await applyInput(before, input, '', toSealed(seal, scope, id));
      requireIdentifier(changed, '');
      const mustReset = options?.resetPasswordOnNextLogin || options?.resetPasswordOnFirstLogin;
      const values = {
        ...changed,
        statusChangedAt: changed.status === before.status ? before.statusChangedAt : now,
        resetPasswordOnNextLogin: mustReset || (before.resetPasswordOnNextLogin && password === undefined),
      };
      audit({ target: id });
      if (password === undefined && isDeepStrictEqual({ ...before, ...values }, before)) {
        return toUserDto(before, {}, { seal, userPoolId: scope.userPoolId });
      }
      const [after] = await namingTaken(() => updateUserRow(scope, id, values, password, now));
      if (after === undefined) throw userErrors.notFound();

      const { origin, updates } = difference(before, after);
      audit({ before: origin, after: updates });
      const user = toUserDto(after);
      emit(userUpdated, { user, updates });
      if (password !== undefined) emit(userPasswordChanged, { user });
      for (const event of statusEvents(before.status, after.status)) emit(event, { user });
      return toUserDto(after, {}, { seal, userPoolId: scope.userPoolId });
    },

    async deleteUsersBatch({ userIds, options }, context) {
      const { scope, emit, audit } = context;
      const ids = await findUserIds(scope, userIds, options?.userIdType ?? 'user_id');
      // Rather than by the foreign key alone: memberships end under the locks that keep counts exact.
      const asFound = new Map((await listUsersByIds(scope, ids, false)).map((row) => [row.id, row]));
      await departments.leaveAll(context, ids);
      const deleted = await deleteUsers(scope, ids, 'personal');
      emit(userDeleted, ...deleted.map((row) => ({ user: toUserDto(asFound.get(row.id) ?? row) })));
      const [only, ...others] = deleted;
      audit({
        ...(only !== undefined && others.length === 0 ? { target: only.id } : {}),
        before: deleted.map(({ id, username, email }) => ({ userId: id, username, email })),
      });
      return { success: true };
    },
  };
}

/** What a new user starts from. */
const nobody: UserValues = {
  status: 'Activated',
  workStatus: 'Active',
  statusChangedAt: null,
  username: null,
  email: null,
  phone: null,
  phoneCountryCode: null,
  externalId: null,
  emailVerified: false,
  phoneVerified: false,
  identityNumberSealed: null,
  resetPasswordOnNextLogin: false,
  name: null,
  nickname: null,
  photo: null,
  gender: 'U',
  profile: {},
};

/** Resigned and archived users belong to no department. */
function isGone(status: UserValues['status']): boolean {
  return status === 'Resigned' || status === 'Archived';
}

/** The user after what the caller says of him. What is absent stays; null and empty clear. */
async function applyInput(
  before: UserValues,
  input: UpdateInput,
  prefix: string,
  sealIdentityNumber: (plain: string) => Buffer,
): Promise<UserValues> {
  const text = (given: string | null | undefined, stored: string | null) =>
    given === undefined ? stored : given || null;
  const email = input.email === undefined ? before.email : toStoredEmail(input.email ?? '') || null;
  const { phone, phoneCountryCode } = await applyPhone(before, input, prefix);
  const isSamePhone = phone === before.phone && phoneCountryCode === before.phoneCountryCode;
  const status = input.status ?? before.status;
  const profile: Record<string, string> = {};
  for (const name of profileNames) {
    const value = text(input[name], before.profile[name] ?? null);
    if (value !== null) profile[name] = value;
  }
  return {
    status,
    workStatus: status === 'Resigned' ? 'Closed' : status === 'Activated' ? 'Active' : before.workStatus,
    statusChangedAt: before.statusChangedAt,
    username: text(input.username, before.username),
    email,
    phone,
    phoneCountryCode,
    externalId: text(input.externalId, before.externalId),
    // A new address has to be verified anew, unless the administrator vouches for it.
    emailVerified: email !== null && (input.emailVerified ?? (before.emailVerified && email === before.email)),
    phoneVerified: phone !== null && (input.phoneVerified ?? (before.phoneVerified && isSamePhone)),
    identityNumberSealed:
      input.identityNumber === undefined
        ? before.identityNumberSealed
        : input.identityNumber
          ? sealIdentityNumber(input.identityNumber)
          : null,
    resetPasswordOnNextLogin: before.resetPasswordOnNextLogin,
    name: text(input.name, before.name),
    nickname: text(input.nickname, before.nickname),
    photo: text(input.photo, before.photo),
    gender: input.gender === undefined ? before.gender : (input.gender ?? 'U'),
    profile,
  };
}

const profileNames = Object.keys(profileFields) as (keyof typeof profileFields)[];

async function applyPhone(
  before: UserValues,
  input: Pick<UpdateInput, 'phone' | 'phoneCountryCode'>,
  prefix: string,
): Promise<Pick<UserValues, 'phone' | 'phoneCountryCode'>> {
  if (input.phone === undefined && input.phoneCountryCode === undefined) return before;
  const phone = input.phone === undefined ? before.phone : input.phone || null;
  const code = input.phoneCountryCode === undefined ? before.phoneCountryCode : input.phoneCountryCode;
  if (phone === null) return { phone: null, phoneCountryCode: null };
  const parsed = await parsePhoneNumber(phone, code || defaultPhoneCountryCode);
  if (parsed === undefined) throw requestErrors.fieldMalformed({ field: `${prefix}phone` });
  return { phone: parsed.phone, phoneCountryCode: parsed.countryCode };
}

function toSealed(seal: Seal, scope: Scope, userId: string) {
  return (plain: string) => seal.seal(plain, identityNumberContext(scope.userPoolId, userId));
}

function requireIdentifier({ username, phone, email }: UserValues, prefix: string): void {
  if (username === null && phone === null && email === null) throw userWriteErrors.identifierMissing({ prefix });
}

/** The password to store, or none when none is given or wanted. */
async function toStoredPassword(
  { password, salt }: { readonly password?: string | null | undefined; readonly salt?: string | null | undefined },
  options: { readonly keepPassword?: boolean; readonly autoGeneratePassword: boolean } | null | undefined,
  passwords: PasswordHasher,
): Promise<StoredPassword | undefined> {
  if (password && options?.keepPassword) return { hash: password, salt: salt || null, securityLevel: null };
  // A password nobody has seen: it can be reset, or told by a message once there is a message service.
  const plain = password || (options?.autoGeneratePassword ? randomBytes(15).toString('base64url') : undefined);
  if (plain === undefined) return undefined;
  return { hash: await passwords.hash(plain), salt: null, securityLevel: securityLevelOf(plain) };
}

/** 1 low, 2 medium, 3 high: how many of digits, letters and other characters there are among at least six. */
function securityLevelOf(password: string): number {
  if (password.length < 6) return 1;
  const kinds = [/\d/, /\p{L}/u, /[^\d\p{L}]/u];
  return kinds.filter((kind) => kind.test(password)).length;
}

/** Refuses what refers to things that cannot be made yet, each in the words it will have when it is unknown. */
function refuseUnavailable(input: Partial<NewUserInput>): void {
  const [customKey] = Object.keys(input.customData ?? {});
  if (customKey !== undefined) throw userErrors.customFieldNotDefined({ key: customKey });
  const [dataKey] = Object.keys(input.metadataSource ?? {});
  if (dataKey !== undefined) throw userWriteErrors.metadataNotDefined({ key: dataKey });
  const [tenantId] = input.tenantIds ?? [];
  if (tenantId !== undefined) throw userWriteErrors.tenantNotFound({ tenantId });
  const [identity] = input.identities ?? [];
  if (identity !== undefined) throw userWriteErrors.identitySourceNotFound({ extIdpId: identity.extIdpId });
  // Go sends an empty one for what was not given.
  if (input.otp?.secret) throw userWriteErrors.oneTimePasswordUnavailable();
}

/** Messages can be asked for, but there is no service to send them yet: better refused than silently dropped. */
function refuseMessages(notification: Readonly<Record<string, unknown>> | null | undefined): void {
  const { appId: _appId, ...wanted } = notification ?? {};
  if (Object.values(wanted).some(Boolean)) throw userWriteErrors.messageServiceNotConfigured();
}

/** Without a published key nobody can have encrypted anything for us. */
function refuseEncryption(type: 'none' | 'rsa' | 'sm2' | undefined): void {
  if (type === 'rsa' || type === 'sm2') throw requestErrors.fieldMalformed({ field: 'options.passwordEncryptType' });
}

/** Users who join the same departments do so together. */
function groupByDepartments(inputs: readonly NewUserInput[], users: readonly NewUser[]) {
  const groups = new Map<string, { departmentIds: readonly string[]; userIds: string[] }>();
  for (const [index, { departmentIds }] of inputs.entries()) {
    const user = users[index];
    if (!departmentIds?.length || user === undefined) continue;
    const key = JSON.stringify(departmentIds);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { departmentIds, userIds: [user.id] });
    else group.userIds.push(user.id);
  }
  return [...groups.values()];
}

async function alreadyExists(scope: Scope, user: NewUser, prefix: string) {
  // Whoever had it may be gone by now; then the field the user himself is known by is as good as any.
  const known: UniqueField = user.username ? 'username' : user.email ? 'email' : 'phone';
  const field = (await findTakenField(scope, user)) ?? known;
  return userWriteErrors.alreadyExists({ field: `${prefix}${field}` });
}

async function namingTaken<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    for (const [field, index] of Object.entries(uniqueIndexes)) {
      if (isViolationOf(error, index)) throw userWriteErrors.alreadyExists({ field });
    }
    throw error;
  }
}

async function readUsers(
  scope: Scope,
  userIds: readonly string[],
  type: UserIdType,
  { withDepartmentIds = false }: UserFlags,
): Promise<UserRow[]> {
  // System ids need no look-up before the look-up.
  const ids = type === 'user_id' ? [...new Set(userIds)] : await findUserIds(scope, userIds, type);
  return listUsersByIds(scope, ids, withDepartmentIds);
}

/** The fields that differ, before and after, as callers know them. */
function difference(before: UserRow, after: UserRow) {
  const origin: Record<string, unknown> = {};
  const updates: Record<string, unknown> = {};
  const old: Readonly<Record<string, unknown>> = toUserDto(before);
  for (const [name, value] of Object.entries(toUserDto(after))) {
    if (name === 'updatedAt' || isDeepStrictEqual(value, old[name])) continue;
    origin[name] = old[name];
    updates[name] = value;
  }
  return { origin, updates };
}

function statusEvents(
  before: UserRow['status'],
  after: UserRow['status'],
): EventDeclaration<typeof userBlocked.data>[] {
  if (before === after) return [];
  const isBlocked = (status: UserRow['status']) => status === 'Suspended' || status === 'Deactivated';
  return [
    ...(isBlocked(after) && !isBlocked(before) ? [userBlocked] : []),
    ...(isBlocked(before) && after === 'Activated' ? [userUnblocked] : []),
    ...(after === 'Archived' ? [userArchived] : []),
    ...(before === 'Archived' ? [userUnarchived] : []),
    ...(after === 'Resigned' ? [userResigned] : []),
  ];
}
