import { type Scope, statement } from '../../platform/database/database.ts';
import { type AccountKind, type UserRow, userColumns } from '../user-directory/index.ts';

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
  readonly resetPasswordOnNextLogin: boolean;
  readonly name: string | null;
  readonly nickname: string | null;
  readonly photo: string | null;
  readonly gender: UserRow['gender'];
  readonly profile: Readonly<Record<string, string | undefined>>;
}

/** A password as it is stored. */
export interface StoredPassword {
  readonly hash: string;
  /** Of a password hashed elsewhere; our own hashes carry their salt. */
  readonly salt: string | null;
  /** 1 low, 2 medium, 3 high; unknown of a password hashed elsewhere. */
  readonly securityLevel: number | null;
}

/** A user about to be made. */
export interface NewUser extends UserValues {
  readonly id: string;
  readonly password: StoredPassword | undefined;
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
    identity_number_sealed:
      values.identityNumberSealed === null ? null : `\\x${values.identityNumberSealed.toString('hex')}`,
    reset_password_on_next_login: values.resetPasswordOnNextLogin,
    name: values.name,
    nickname: values.nickname,
    photo: values.photo,
    gender: values.gender,
    profile: values.profile,
  } satisfies Record<keyof typeof valueTypes, unknown>;
}

function toPasswordColumns({ hash, salt, securityLevel }: StoredPassword, now: string): JsonRecord {
  return {
    password_hash: hash,
    password_salt: salt,
    password_security_level: securityLevel,
    password_last_set_at: now,
  } satisfies Record<keyof typeof passwordTypes, unknown>;
}

const newUserTypes = { id: 'text', ...valueTypes, ...passwordTypes };

/** A user with an identifier that is taken is left out of the answer; whoever is about to take it is waited for. */
const insert = statement<UserRow, [users: string, now: string, registerSource: string, kind: AccountKind]>(`
  insert into users (user_pool_id, kind, created_at, updated_at, register_source, ${listOf(newUserTypes, (column) => column)})
  select current_setting('genauth.user_pool_id'), $4, $2::timestamptz, $2::timestamptz, array[$3],
    ${listOf(newUserTypes, (column) => `given.${column}`)}
  from jsonb_to_recordset($1::jsonb) as given (${listOf(newUserTypes, (column, type) => `${column} ${type}`)})
  on conflict do nothing
  returning ${userColumns}
`);

/** Makes users, and answers those that could be made. */
export function insertUsers(
  scope: Scope,
  users: readonly NewUser[],
  now: string,
  kind: AccountKind,
): Promise<UserRow[]> {
  const columns = users.map(({ id, password, ...values }) => ({
    id,
    ...toValueColumns(values),
    ...(password === undefined ? {} : toPasswordColumns(password, now)),
  }));
  return insert(scope, JSON.stringify(columns), now, 'import:manual', kind);
}

/** Identifiers that only one user of a pool can have, under the names callers know them by. */
export type UniqueField = 'username' | 'email' | 'phone' | 'externalId';

const takenField = statement<
  { field: UniqueField },
  [
    username: string | null,
    email: string | null,
    phone: string | null,
    countryCode: string | null,
    externalId: string | null,
  ]
>(`
  select taken.field from users
  cross join lateral (values
    (1, 'username', users.username = $1),
    (2, 'email', users.email = $2),
    (3, 'phone', users.phone = $3 and users.phone_country_code = $4),
    (4, 'externalId', users.external_id = $5)
  ) as taken (position, field, is_taken)
  where users.user_pool_id = current_setting('genauth.user_pool_id') and taken.is_taken and (users.username = $1
    or users.email = $2 or (users.phone = $3 and users.phone_country_code = $4) or users.external_id = $5)
  order by taken.position
  limit 1
`);

/** Which of these identifiers some user has already. */
export async function findTakenField(scope: Scope, values: UserValues): Promise<UniqueField | undefined> {
  const { username, email, phone, phoneCountryCode, externalId } = values;
  const [row] = await takenField(scope, username, email, phone, phoneCountryCode, externalId);
  return row?.field;
}

/** The unique indexes an update can run into. */
export const uniqueIndexes: Readonly<Record<UniqueField, string>> = {
  username: 'users_username',
  email: 'users_email',
  phone: 'users_phone',
  externalId: 'users_external_id',
};

const lock = statement<UserRow, [id: string, kind: AccountKind]>(`
  select ${userColumns} from users
  where users.user_pool_id = current_setting('genauth.user_pool_id') and users.id = $1
    and users.kind = $2
  for no key update of users
`);

/** The user, who nobody else changes until the transaction ends. */
export async function lockUser(scope: Scope, id: string, kind: AccountKind): Promise<UserRow | undefined> {
  const [row] = await lock(scope, id, kind);
  return row;
}

const update = statement<UserRow, [id: string, values: string, now: string]>(`
  update users set updated_at = $3, ${listOf(valueTypes, (column) => `${column} = given.${column}`)}
  from jsonb_to_record($2::jsonb) as given (${listOf(valueTypes, (column, type) => `${column} ${type}`)})
  where users.user_pool_id = current_setting('genauth.user_pool_id') and users.id = $1
  returning ${userColumns}
`);

const updatePassword = statement<Record<never, never>, [id: string, password: string]>(`
  update users set ${listOf(passwordTypes, (column) => `${column} = given.${column}`)}
  from jsonb_to_record($2::jsonb) as given (${listOf(passwordTypes, (column, type) => `${column} ${type}`)})
  where users.user_pool_id = current_setting('genauth.user_pool_id') and users.id = $1
`);

/** Replaces everything callers may say of a user who is locked; his password only if there is a new one. */
export async function updateUserRow(
  scope: Scope,
  id: string,
  values: UserValues,
  password: StoredPassword | undefined,
  now: string,
): Promise<UserRow[]> {
  if (password !== undefined) await updatePassword(scope, id, JSON.stringify(toPasswordColumns(password, now)));
  return update(scope, id, JSON.stringify(toValueColumns(values)), now);
}

/** Locked in the order of ids, so that two deletions of the same users never wait for each other in a circle. */
const remove = statement<UserRow, [ids: readonly string[], kind: AccountKind]>(`
  with doomed as (
    select id from users where user_pool_id = current_setting('genauth.user_pool_id') and id = any($1)
      and kind = $2
    order by id for update
  )
  delete from users using doomed
  where users.user_pool_id = current_setting('genauth.user_pool_id') and users.id = doomed.id
  returning ${userColumns}
`);

/** Deletes users with what refers to them, and answers those there were. */
export function deleteUsers(scope: Scope, ids: readonly string[], kind: AccountKind): Promise<UserRow[]> {
  return remove(scope, ids, kind);
}
