import { type Scope, statement } from '../../platform/database/database.ts';
import { isViolationOf } from '../../platform/violations.ts';
import type { StoredCustomData } from '../custom-values/index.ts';
import type { StoredPassword } from '../passwords/index.ts';
import { type AccountKind, newUserColumns, type UserRow, userColumns } from '../user-directory/index.ts';
import { toSearchTexts } from '../user-texts/index.ts';

/** What callers may say of a user, as it is stored. */
export interface UserValues {
  readonly status: UserRow['status'];
  readonly workStatus: UserRow['workStatus'];
  readonly statusChangedAt: string | null;
  readonly username: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly phoneCountryCode: string | null;
  readonly externalId: string | null;
  readonly emailVerified: boolean;
  readonly phoneVerified: boolean;
  readonly identityNumberSealed: Buffer | null;
  readonly identityNumberDigest: Buffer | null;
  readonly resetPasswordOnNextLogin: boolean;
  readonly name: string | null;
  readonly nickname: string | null;
  readonly photo: string | null;
  readonly gender: UserRow['gender'];
  readonly profile: Readonly<Record<string, string | undefined>>;
}

/** A user about to be made or changed; without a password, one who exists keeps his. */
export interface WrittenUser extends UserValues {
  readonly id: string;
  readonly password: StoredPassword | undefined;
  /** Of one who exists it is changed by itself. */
  readonly customData?: StoredCustomData;
}

/** The columns of `UserValues`, with their types: users travel as JSON, so that one statement takes any number of them. */
const valueTypes = {
  status: 'text',
  work_status: 'text',
  status_changed_at: 'timestamptz',
  username: 'text',
  email: 'text',
  phone: 'text',
  phone_country_code: 'text',
  external_id: 'text',
  email_verified: 'boolean',
  phone_verified: 'boolean',
  identity_number_sealed: 'bytea',
  identity_number_digest: 'bytea',
  reset_password_on_next_login: 'boolean',
  name: 'text',
  nickname: 'text',
  photo: 'text',
  gender: 'text',
  profile: 'jsonb',
};
const passwordTypes = {
  password_hash: 'text',
  password_salt: 'text',
  password_security_level: 'smallint',
  password_last_set_at: 'timestamptz',
};

function listOf(types: Readonly<Record<string, string>>, write: (column: string, type: string) => string): string {
  return Object.entries(types)
    .map(([column, type]) => write(column, type))
    .join(', ');
}

type JsonRecord = Readonly<Record<string, unknown>>;

function toValueColumns(values: UserValues): JsonRecord {
  return {
    status: values.status,
    work_status: values.workStatus,
    status_changed_at: values.statusChangedAt,
    username: values.username,
    email: values.email,
    phone: values.phone,
    phone_country_code: values.phoneCountryCode,
    external_id: values.externalId,
    email_verified: values.emailVerified,
    phone_verified: values.phoneVerified,
    identity_number_sealed: toHex(values.identityNumberSealed),
    identity_number_digest: toHex(values.identityNumberDigest),
    reset_password_on_next_login: values.resetPasswordOnNextLogin,
    name: values.name,
    nickname: values.nickname,
    photo: values.photo,
    gender: values.gender,
    profile: values.profile,
  } satisfies Record<keyof typeof valueTypes, unknown>;
}

function toHex(bytes: Buffer | null): string | null {
  return bytes === null ? null : `\\x${bytes.toString('hex')}`;
}

function toPasswordColumns({ hash, salt, securityLevel }: StoredPassword, now: string): JsonRecord {
  return {
    password_hash: hash,
    password_salt: salt,
    password_security_level: securityLevel,
    password_last_set_at: now,
  } satisfies Record<keyof typeof passwordTypes, unknown>;
}

function toColumns({ id, password, customData = {}, ...values }: WrittenUser, now: string): JsonRecord {
  return {
    id,
    ...toValueColumns(values),
    ...(password === undefined ? {} : toPasswordColumns(password, now)),
    ...toTextColumns(values),
    custom_data: customData,
  };
}

function toTextColumns(values: UserValues): JsonRecord {
  const { common, other } = toSearchTexts(values);
  return { common, other } satisfies Record<keyof typeof textTypes, unknown>;
}

const writtenTypes = { id: 'text', ...valueTypes, ...passwordTypes, custom_data: 'jsonb' };
/** What keywords are looked for in stands in a table of its own, `user_search`. */
const textTypes = { common: 'text', other: 'text' };
const given = `given as (
  select * from jsonb_to_recordset($1::jsonb)
    as given (${listOf({ ...writtenTypes, ...textTypes }, (column, type) => `${column} ${type}`)})
)`;

/** Where users come from: V3's words. */
export interface UserSource {
  readonly type: UserRow['sourceType'];
  readonly registered: 'import:manual' | 'import:excel';
}

export const byHand: UserSource = { type: 'adminCreated', registered: 'import:manual' };
export const byImport: UserSource = { type: 'excel', registered: 'import:excel' };

/** A user with an identifier that is taken is left out of the answer; whoever is about to take it is waited for. */
const insert = statement<
  UserRow,
  [users: string, now: string, registerSource: string, kind: AccountKind, sourceType: UserRow['sourceType']]
>(`
  with ${given}, made as (
    insert into users (user_pool_id, kind, source_type, created_at, updated_at, register_source, ${listOf(writtenTypes, (column) => column)})
    select current_setting('genauth.user_pool_id'), $4, $5, $2::timestamptz, $2::timestamptz, array[$3],
      ${listOf(writtenTypes, (column) => `given.${column}`)}
    from given
    on conflict do nothing
    returning ${newUserColumns}
  ), texts as (
    insert into user_search (user_pool_id, user_id, common, other)
    select current_setting('genauth.user_pool_id'), id, given.common, given.other from given join made using (id)
  )
  select * from made
`);

/** Makes users, and answers those that could be made. */
export function insertUsers(
  scope: Scope,
  users: readonly WrittenUser[],
  now: string,
  kind: AccountKind,
  source: UserSource = byHand,
): Promise<UserRow[]> {
  const columns = users.map((user) => toColumns(user, now));
  return insert(scope, JSON.stringify(columns), now, source.registered, kind, source.type);
}

/** Identifiers that only one user of a pool can have, under the names callers know them by. */
export type UniqueField = 'username' | 'email' | 'phone' | 'externalId';

const takenField = statement<{ position: number; field: UniqueField }, [users: string]>(`
  select given.position::integer - 1 as position, taken.field
  from rows from (
    jsonb_to_recordset($1::jsonb) as (id text, username text, email text, phone text, phone_country_code text, external_id text)
  ) with ordinality as given (id, username, email, phone, phone_country_code, external_id, position)
  cross join lateral (
    select other.username, other.email, other.phone, other.phone_country_code, other.external_id from users other
    where other.user_pool_id = current_setting('genauth.user_pool_id') and other.id <> given.id
      and (other.username = given.username or other.email = given.email or other.external_id = given.external_id
        or (other.phone = given.phone and other.phone_country_code = given.phone_country_code))
  ) as other
  cross join lateral (values
    (1, 'username', other.username = given.username),
    (2, 'email', other.email = given.email),
    (3, 'phone', other.phone = given.phone and other.phone_country_code = given.phone_country_code),
    (4, 'externalId', other.external_id = given.external_id)
  ) as taken (rank, field, is_taken)
  where taken.is_taken
  order by given.position, taken.rank
  limit 1
`);

/** The first of these users with an identifier that somebody else has already, and which. */
export async function findTakenField(
  scope: Scope,
  users: readonly (UserValues & { readonly id: string })[],
): Promise<{ position: number; field: UniqueField } | undefined> {
  const identifiers = users.map(({ id, username, email, phone, phoneCountryCode, externalId }) => ({
    id,
    username,
    email,
    phone,
    phone_country_code: phoneCountryCode,
    external_id: externalId,
  }));
  const [row] = await takenField(scope, JSON.stringify(identifiers));
  return row;
}

const uniqueIndexes: Readonly<Record<string, UniqueField>> = {
  users_username: 'username',
  users_email: 'email',
  users_phone: 'phone',
  users_external_id: 'externalId',
};

/** The identifier an update found taken, if that is why it failed. */
export function takenFieldOf(error: unknown): UniqueField | undefined {
  const index = Object.keys(uniqueIndexes).find((name) => isViolationOf(error, name));
  return index === undefined ? undefined : uniqueIndexes[index];
}

/** Locked in the order of ids, so that two commands about the same users never wait for each other in a circle. */
const lock = statement<UserRow, [ids: readonly string[], kind: AccountKind]>(`
  select ${userColumns} from users
  where users.user_pool_id = current_setting('genauth.user_pool_id') and users.id = any($1) and users.kind = $2
  order by users.id for no key update of users
`);

/** The users there are among these, whom nobody else changes until the transaction ends. */
export function lockUsers(scope: Scope, ids: readonly string[], kind: AccountKind): Promise<UserRow[]> {
  return lock(scope, ids, kind);
}

const clear = statement<Record<never, never>, [users: string]>(`
  update users set
    username = case when given.fields ? 'username' then null else users.username end,
    email = case when given.fields ? 'email' then null else users.email end,
    phone = case when given.fields ? 'phone' then null else users.phone end,
    phone_country_code = case when given.fields ? 'phone' then null else users.phone_country_code end,
    external_id = case when given.fields ? 'externalId' then null else users.external_id end
  from jsonb_to_recordset($1::jsonb) as given (id text, fields jsonb)
  where users.user_pool_id = current_setting('genauth.user_pool_id') and users.id = given.id
`);

/**
 * Takes identifiers from users, who are locked and about to be written, so that others can have them: unique indexes look at
 * each row as it is written.
 */
export async function clearIdentifiers(
  scope: Scope,
  users: readonly { readonly id: string; readonly fields: readonly UniqueField[] }[],
): Promise<void> {
  if (users.length > 0) await clear(scope, JSON.stringify(users));
}

const update = statement<UserRow, [users: string, now: string]>(`
  with ${given}, texts as (
    insert into user_search (user_pool_id, user_id, common, other)
    select current_setting('genauth.user_pool_id'), id, common, other from given
    on conflict (user_pool_id, user_id) do update set common = excluded.common, other = excluded.other
    where user_search.common <> excluded.common or user_search.other <> excluded.other
  )
  update users set updated_at = $2, ${listOf(valueTypes, (column) => `${column} = given.${column}`)},
    ${listOf(
      passwordTypes,
      (column) => `${column} = case when given.password_hash is null then users.${column} else given.${column} end`,
    )}
  from given
  where users.user_pool_id = current_setting('genauth.user_pool_id') and users.id = given.id
  returning ${userColumns}
`);

/** Replaces everything callers may say of these users, who are locked. */
export function updateUsers(scope: Scope, users: readonly WrittenUser[], now: string): Promise<UserRow[]> {
  return update(scope, JSON.stringify(users.map((user) => toColumns(user, now))), now);
}

/** Locked in the order of ids, so that two deletions of the same users never wait for each other in a circle. */
const lockDoomed = statement<UserRow, [ids: readonly string[], kind: AccountKind]>(`
  select ${userColumns} from users
  where users.user_pool_id = current_setting('genauth.user_pool_id') and users.id = any($1) and users.kind = $2
  order by users.id for update of users
`);

/** The users there are among these, to whom nobody can give anything any more unless the transaction fails. */
export function lockUsersToDelete(scope: Scope, ids: readonly string[], kind: AccountKind): Promise<UserRow[]> {
  return lockDoomed(scope, ids, kind);
}

const remove = statement<Record<never, never>, [ids: readonly string[]]>(
  `delete from users where user_pool_id = current_setting('genauth.user_pool_id') and id = any($1)`,
);

/** Deletes users who are locked, with what refers to them. */
export async function deleteUsers(scope: Scope, ids: readonly string[]): Promise<void> {
  await remove(scope, ids);
}
