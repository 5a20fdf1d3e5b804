import type { EventDeclaration, InputOf } from '@genauth/contract';
import type { Scope } from '../../platform/database/database.ts';
import { requestErrors } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { type CommandContext, type Handlers, prepared } from '../../platform/module.ts';
import { isInternational, parsePhoneNumber } from '../../platform/phone-numbers.ts';
import type { Seal } from '../../platform/seal.ts';
import { claimUniqueValues, encodeCustomData, prepareCustomData, showCustomData } from '../custom-values/index.ts';
import { linkIdentities } from '../identities/index.ts';
import type { Passwords, StoredPassword } from '../passwords/index.ts';
import {
  type AccountKind,
  findUserIds,
  identityNumberContext,
  listUsersByIds,
  profileFields,
  toIdentityNumberDigest,
  toStoredEmail,
  toUserDto,
  type UserCondition,
  type UserFlags,
  type UserIdType,
  type UserRow,
  userErrors,
  withRequested,
} from '../user-directory/index.ts';
import type * as contract from './contract.ts';
import { type DepartmentIdType, userEvents, userWriteErrors } from './contract.ts';
import {
  byHand,
  findTakenField,
  insertUsers,
  type UniqueField,
  type UserSource,
  type UserValues,
  type WrittenUser,
} from './store.ts';

/** One department of a filter. */
export interface DepartmentFilter {
  readonly organizationCode: string;
  readonly departmentId: string;
  readonly departmentIdType: DepartmentIdType;
  readonly includeChildrenDepartments: boolean;
}

/** A user and the departments he is to join. */
export interface DepartmentJoin {
  readonly userId: string;
  readonly departmentIds: readonly string[];
}

/** What users need of departments, which know users and not the other way round. */
export interface DepartmentMemberships {
  /** Joins users to departments inside a command, each to his; unknown department → 404. */
  join(context: CommandContext, joins: readonly DepartmentJoin[], departmentIdType: DepartmentIdType): Promise<void>;
  /** Ends every membership of these users. Locks trees, then users: to be called before users are locked otherwise. */
  leaveAll(context: CommandContext, userIds: readonly string[]): Promise<void>;
  /** A condition on `users.id`: member of one of these departments. Unknown department → 404. */
  condition(scope: Scope, departments: readonly DepartmentFilter[]): Promise<UserCondition>;
}

/** Accounts of one kind, and what is announced of them. */
export interface Accounts {
  readonly kind: AccountKind;
  readonly events: { readonly [Name in keyof typeof userEvents]: EventDeclaration<(typeof userEvents)[Name]['data']> };
}

export const personalAccounts: Accounts = { kind: 'personal', events: userEvents };

interface UsersDependencies {
  readonly accounts?: Accounts;
  readonly seal: Seal;
  readonly passwords: Passwords;
  readonly departments: Pick<DepartmentMemberships, 'join'>;
}

/** What is said of a new user. */
export type NewUserInput = InputOf<typeof contract.createUsersBatch>['list'][number];
type CreateOptions = InputOf<typeof contract.createUser>['options'];

/** What is said of a user at any time. */
export type UserInput = Omit<
  NewUserInput,
  'password' | 'salt' | 'tenantIds' | 'otp' | 'departmentIds' | 'metadataSource' | 'identities'
>;

/** Users as they were inserted. */
interface MadeUsers {
  readonly rows: readonly UserRow[];
  /** Whether some have departments, of which the rows do not know. */
  readonly haveJoined: boolean;
}

/** How users are made inside a command, any number of them, each with the password prepared for him: all or none. */
export function createUserCreation({
  seal,
  departments,
  accounts = personalAccounts,
}: Omit<UsersDependencies, 'passwords'>) {
  return async (
    inputs: readonly NewUserInput[],
    passwords: readonly (StoredPassword | undefined)[],
    options: CreateOptions,
    context: CommandContext,
    /** Names one in errors: `list.3.`. */
    prefixOf: (index: number) => string,
    source: UserSource = byHand,
  ): Promise<MadeUsers> => {
    const { scope, emit } = context;
    const now = new Date(context.now).toISOString();
    refuseMessages(options?.sendNotification);
    for (const input of inputs) refuseUnavailable(input);
    const customData = await prepareCustomData(
      scope,
      'USER',
      inputs.map((input) => input.customData),
      { prefixOf },
    );
    const users: WrittenUser[] = [];
    for (const [index, input] of inputs.entries()) {
      const id = newId(context.now);
      const values = await applyInput(nobody, input, prefixOf(index), sealOfUser(seal, scope, id));
      requireIdentifier(values, prefixOf(index));
      users.push({
        ...values,
        id,
        // Of the archived it is asked since when.
        statusChangedAt: values.status === 'Archived' ? now : null,
        resetPasswordOnNextLogin: options?.resetPasswordOnFirstLogin ?? false,
        password: passwords[index],
        customData: encodeCustomData(seal, scope, id, customData[index] ?? []),
      });
    }
    const made = new Map((await insertUsers(scope, users, now, accounts.kind, source)).map((row) => [row.id, row]));
    const refused = users.findIndex(({ id }) => !made.has(id));
    const taken = users[refused];
    if (taken !== undefined) throw await alreadyExists(scope, taken, prefixOf(refused));
    const rows = users.flatMap(({ id }) => made.get(id) ?? []);
    await linkAccounts(context, seal, users, inputs, prefixOf);
    const claims = users.map(({ id }, index) => ({ targetId: id, prepared: customData[index] ?? [] }));
    await claimUniqueValues(seal, scope, 'USER', claims);
    context.audit({ after: users.map(toAuditNote) });
    emit(accounts.events.created, ...rows.map((row) => ({ user: toUserDto(row) })));

    const joins = users.flatMap(({ id }, index) => {
      const departmentIds = inputs[index]?.departmentIds ?? [];
      return departmentIds.length === 0 ? [] : [{ userId: id, departmentIds }];
    });
    if (joins.length > 0) await departments.join(context, joins, options?.departmentIdType ?? 'department_id');
    return { rows, haveJoined: joins.length > 0 };
  };
}

/** Links the accounts that new users come with. */
async function linkAccounts(
  { scope, now }: CommandContext,
  seal: Seal,
  users: readonly WrittenUser[],
  inputs: readonly NewUserInput[],
  prefixOf: (index: number) => string,
): Promise<void> {
  const given = users.map(({ id }, index) => ({ userId: id, identities: inputs[index]?.identities ?? [] }));
  const taken = await linkIdentities(scope, seal, given, now);
  if (taken === undefined) return;
  throw userWriteErrors.alreadyExists({ field: `${prefixOf(taken.user)}identities.${taken.identity}` });
}

export function createUsersService(dependencies: UsersDependencies): Handlers<typeof contract> {
  const { seal, passwords, accounts = personalAccounts } = dependencies;
  const { kind } = accounts;
  const makeUsers = createUserCreation(dependencies);
  const createUsers = async (...parameters: Parameters<typeof makeUsers>): Promise<readonly UserRow[]> => {
    const { rows, haveJoined } = await makeUsers(...parameters);
    const [, , , { scope }] = parameters;
    const ids = rows.map(({ id }) => id);
    return haveJoined ? listUsersByIds(scope, ids, false, accounts.kind) : rows;
  };
  const show = (scope: Scope, rows: readonly UserRow[], flags?: UserFlags) =>
    rows.map((row) => toUserDto(row, flags, { seal, userPoolId: scope.userPoolId }));

  return {
    createUser: prepared(
      ({ options, ...input }, turn) => passwords.toStored([input], options, () => '', turn),
      async ({ options, ...input }, context, stored) => {
        const rows = await createUsers([input], stored, options, context, () => '');
        const [user] = show(context.scope, rows);
        if (user === undefined) throw userErrors.notFound();
        context.audit({ target: user.userId });
        return user;
      },
    ),

    createUsersBatch: prepared(
      ({ list, options }, turn) => passwords.toStored(list, options, prefixOfItem, turn),
      async ({ list, options }, context, stored) => {
        const rows = await createUsers(list, stored, options, context, prefixOfItem);
        return show(context.scope, rows);
      },
    ),

    async getUser({ userId, userIdType, ...flags }, { scope }) {
      const [user] = show(scope, await readUsers(seal, scope, kind, [userId], userIdType, flags), flags);
      if (user === undefined) throw userErrors.notFound();
      return user;
    },

    async getUserBatch({ userIds, userIdType, ...flags }, { scope }) {
      return show(scope, await readUsers(seal, scope, kind, userIds, userIdType, flags), flags);
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
  };
}

function prefixOfItem(index: number): string {
  return `list.${index}.`;
}

/** The input keeps custom data to itself, for what of it is encrypted. */
function toAuditNote({ id, customData = {} }: WrittenUser) {
  return { userId: id, ...(Object.keys(customData).length === 0 ? {} : { customData: showCustomData(customData) }) };
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
  identityNumberDigest: null,
  resetPasswordOnNextLogin: false,
  name: null,
  nickname: null,
  photo: null,
  gender: 'U',
  profile: {},
};

/** The user after what the caller says of him. What is absent stays; null and empty clear. */
export async function applyInput(
  before: UserValues,
  input: UserInput,
  prefix: string,
  sealIdentityNumber: ReturnType<typeof sealOfUser>,
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
    ...identityNumberAfter(before, input, sealIdentityNumber),
    resetPasswordOnNextLogin: before.resetPasswordOnNextLogin,
    name: text(input.name, before.name),
    nickname: text(input.nickname, before.nickname),
    photo: text(input.photo, before.photo),
    gender: input.gender === undefined ? before.gender : (input.gender ?? 'U'),
    profile,
  };
}

type SealedIdentityNumber = Pick<UserValues, 'identityNumberSealed' | 'identityNumberDigest'>;

function identityNumberAfter(
  { identityNumberSealed, identityNumberDigest }: UserValues,
  { identityNumber }: UserInput,
  seal: ReturnType<typeof sealOfUser>,
): SealedIdentityNumber {
  const before = { identityNumberSealed, identityNumberDigest };
  if (identityNumber === undefined) return before;
  return identityNumber ? seal(identityNumber, before) : { identityNumberSealed: null, identityNumberDigest: null };
}

const profileNames = Object.keys(profileFields) as (keyof typeof profileFields)[];

async function applyPhone(
  before: UserValues,
  input: Pick<UserInput, 'phone' | 'phoneCountryCode'>,
  prefix: string,
): Promise<Pick<UserValues, 'phone' | 'phoneCountryCode'>> {
  if (input.phone === undefined && input.phoneCountryCode === undefined) return before;
  const phone = input.phone === undefined ? before.phone : input.phone || null;
  if (phone === null) return { phone: null, phoneCountryCode: null };
  const known = isInternational(phone) ? null : before.phoneCountryCode;
  const parsed = await parsePhoneNumber(phone, input.phoneCountryCode === undefined ? known : input.phoneCountryCode);
  if (parsed === undefined) throw requestErrors.fieldMalformed({ field: `${prefix}phone` });
  return { phone: parsed.phone, phoneCountryCode: parsed.countryCode };
}

/** Seals identity numbers of one user. The same number stays sealed as it was, so that who repeats it changes nothing. */
export function sealOfUser(seal: Seal, scope: Scope, userId: string) {
  const context = identityNumberContext(scope.userPoolId, userId);
  return (plain: string, before: SealedIdentityNumber): SealedIdentityNumber => {
    const { identityNumberSealed: sealed } = before;
    if (sealed !== null && seal.open(sealed, context) === plain) return before;
    return {
      identityNumberSealed: seal.seal(plain, context),
      identityNumberDigest: toIdentityNumberDigest(seal, scope.userPoolId, plain),
    };
  };
}

/** Every user is known by a username, a phone or an email; `prefix` names him in the error. */
export function requireIdentifier({ username, phone, email }: UserValues, prefix: string): void {
  if (username === null && phone === null && email === null) throw userWriteErrors.identifierMissing({ prefix });
}

/** Refuses what refers to things that cannot be made yet, each in the words it will have when it is unknown. */
export function refuseUnavailable(input: Partial<NewUserInput>): void {
  const [dataKey] = Object.keys(input.metadataSource ?? {});
  if (dataKey !== undefined) throw userWriteErrors.metadataNotDefined({ key: dataKey });
  const [tenantId] = input.tenantIds ?? [];
  if (tenantId !== undefined) throw userWriteErrors.tenantNotFound({ tenantId });
  // Go sends an empty one for what was not given.
  if (input.otp?.secret) throw userWriteErrors.oneTimePasswordUnavailable();
}

/** Messages can be asked for, but there is no service to send them yet: better refused than silently dropped. */
export function refuseMessages(notification: Readonly<Record<string, unknown>> | null | undefined): void {
  const { appId: _appId, ...wanted } = notification ?? {};
  if (Object.values(wanted).some(Boolean)) throw userWriteErrors.messageServiceNotConfigured();
}

async function alreadyExists(scope: Scope, user: WrittenUser, prefix: string) {
  // Whoever had it may be gone by now; then the field the user himself is known by is as good as any.
  const known: UniqueField = user.username ? 'username' : user.email ? 'email' : 'phone';
  const { field = known } = (await findTakenField(scope, [user])) ?? {};
  return userWriteErrors.alreadyExists({ field: `${prefix}${field}` });
}

async function readUsers(
  seal: Seal,
  scope: Scope,
  kind: AccountKind,
  userIds: readonly string[],
  type: UserIdType,
  flags: UserFlags,
): Promise<readonly UserRow[]> {
  // System ids need no look-up before the look-up.
  const ids = type === 'user_id' ? [...new Set(userIds)] : await findUserIds(scope, userIds, type, kind);
  const users = await listUsersByIds(scope, ids, flags.withDepartmentIds ?? false, kind);
  return withRequested(seal, scope, users, flags);
}
