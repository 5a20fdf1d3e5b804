import { type RawBuilder, sql } from 'kysely';
import { type Scope, statement } from '../../platform/database/database.ts';

/** Whether an account is one person's, or shared by several: a public account. */
export type AccountKind = 'personal' | 'public';

/** A user with what every answer about him says. */
export interface UserRow {
  readonly id: string;
  readonly status: 'Suspended' | 'Resigned' | 'Activated' | 'Archived' | 'Deactivated';
  readonly workStatus: 'Closed' | 'Active';
  readonly username: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly phoneCountryCode: string | null;
  readonly externalId: string | null;
  readonly emailVerified: boolean;
  readonly phoneVerified: boolean;
  readonly identityNumberSealed: Buffer | null;
  /** Tells whether two are equal; see `toIdentityNumberDigest`. */
  readonly identityNumberDigest: Buffer | null;
  readonly passwordLastSetAt: string | null;
  readonly passwordSecurityLevel: number | null;
  readonly resetPasswordOnNextLogin: boolean;
  readonly name: string | null;
  readonly nickname: string | null;
  readonly photo: string | null;
  readonly gender: 'M' | 'F' | 'U';
  readonly profile: Readonly<Record<string, string | undefined>>;
  readonly sourceType: 'excel' | 'register' | 'adminCreated' | 'sync';
  readonly sourceId: string | null;
  readonly registerSource: readonly string[];
  readonly loginsCount: number;
  readonly lastLoginAt: string | null;
  readonly lastLoginIp: string | null;
  readonly lastLoginApp: string | null;
  readonly lastMfaAt: string | null;
  readonly statusChangedAt: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly mainDepartmentId: string | null;
  /** Only there when selected with `departmentIdsColumn`. */
  readonly departmentIds?: readonly string[];
  /** Only there when added with `addRelations`. */
  readonly postIds?: readonly string[];
  readonly identities?: readonly IdentityRow[];
  /** Only there when added with `withRequested`. */
  readonly customData?: Readonly<Record<string, string | number | boolean>>;
}

/** An account of a user at an identity source. */
export interface IdentityRow {
  readonly id: string;
  readonly userId: string;
  readonly extIdpId: string;
  readonly provider: string;
  readonly type: string;
  readonly userIdInIdp: string;
  readonly userInfoInIdp: Readonly<Record<string, unknown>>;
  readonly originConnIds: readonly string[];
}

/** The main department of the alias `users`: people are members of theirs, public accounts are linked to it. */
export const mainDepartmentId = `
  case users.kind
    when 'public' then (select main.department_id from public_account_departments main
      where main.user_pool_id = users.user_pool_id and main.public_account_id = users.id and main.is_main)
    else (select main.department_id from department_members main
      where main.user_pool_id = users.user_pool_id and main.user_id = users.id and main.is_main)
  end
`;

function columnsWith(mainDepartment: string): string {
  return `
  users.id, users.status, users.work_status as "workStatus", users.username, users.email, users.phone,
  users.phone_country_code as "phoneCountryCode", users.external_id as "externalId",
  users.email_verified as "emailVerified", users.phone_verified as "phoneVerified",
  users.identity_number_sealed as "identityNumberSealed", users.identity_number_digest as "identityNumberDigest",
  users.password_last_set_at as "passwordLastSetAt",
  users.password_security_level as "passwordSecurityLevel",
  users.reset_password_on_next_login as "resetPasswordOnNextLogin",
  users.name, users.nickname, users.photo, users.gender, users.profile, users.source_type as "sourceType",
  users.source_id as "sourceId", users.register_source as "registerSource", users.logins_count as "loginsCount",
  users.last_login_at as "lastLoginAt", users.last_login_ip as "lastLoginIp", users.last_login_app as "lastLoginApp",
  users.last_mfa_at as "lastMfaAt", users.status_changed_at as "statusChangedAt",
  users.created_at as "createdAt", users.updated_at as "updatedAt",
  ${mainDepartment} as "mainDepartmentId"
`;
}

/** Select list of a `UserRow`, for the alias `users`. */
export const userColumns = columnsWith(mainDepartmentId);

/** The same where users have just been made: they have no department yet, and to get ready to ask takes long. */
export const newUserColumns = columnsWith('null');

/** A further column, for reads that want all departments: in the order the user joined them. */
export const departmentIdsColumn = `
  case users.kind
    when 'public' then array(select link.department_id from public_account_departments link
      where link.user_pool_id = users.user_pool_id and link.public_account_id = users.id
      order by link.linked_at, link.department_id)
    else array(select member.department_id from department_members member
      where member.user_pool_id = users.user_pool_id and member.user_id = users.id
      order by member.joined_at, member.department_id)
  end as "departmentIds"
`;

/** A condition on the alias `users`, for searches. */
export type UserCondition = RawBuilder<boolean>;

/** In the order of the ids given. */
function usersByIds(columns: string) {
  return statement<UserRow, [ids: readonly string[], kind: AccountKind]>(`
    select ${columns} from unnest($1::text[]) with ordinality as given (id, position)
    join users on users.user_pool_id = current_setting('genauth.user_pool_id') and users.id = given.id
      and users.kind = $2
    order by given.position
  `);
}

const rowsByIds = usersByIds(userColumns);
const rowsWithDepartmentIdsByIds = usersByIds(`${userColumns}, ${departmentIdsColumn}`);

/** The users of these ids that there are, in the order of the ids. */
export async function listUsersByIds(
  scope: Scope,
  ids: readonly string[],
  withDepartmentIds: boolean,
  kind: AccountKind = 'personal',
): Promise<UserRow[]> {
  if (ids.length === 0) return [];
  return (withDepartmentIds ? rowsWithDepartmentIdsByIds : rowsByIds)(scope, ids, kind);
}

const postIds = statement<{ userId: string; postIds: readonly string[] }, [userIds: readonly string[]]>(`
  select user_id as "userId", array_agg(post_id order by joined_at, post_id) as "postIds"
  from (
    select user_id, post_id, joined_at from post_members
    where user_pool_id = current_setting('genauth.user_pool_id') and user_id = any($1)
    union all
    select public_account_id, post_id, linked_at from public_account_posts
    where user_pool_id = current_setting('genauth.user_pool_id') and public_account_id = any($1)
  ) as held
  group by user_id
`);

const identities = statement<IdentityRow, [userIds: readonly string[]]>(`
  select identity.id, identity.user_id as "userId", identity.ext_idp_id as "extIdpId", source.provider, identity.type,
    identity.user_id_in_idp as "userIdInIdp", identity.user_info_in_idp as "userInfoInIdp",
    identity.origin_conn_ids as "originConnIds"
  from identities identity
  join identity_sources source on source.user_pool_id = identity.user_pool_id and source.id = identity.ext_idp_id
  where identity.user_pool_id = current_setting('genauth.user_pool_id') and identity.user_id = any($1)
  order by identity.user_id, identity.id
`);

/** The accounts of these users at identity sources, each user's in the order they were linked. */
export function listIdentities(scope: Scope, userIds: readonly string[]): Promise<IdentityRow[]> {
  return identities(scope, userIds);
}

/** An account at an identity source as far as it is known; what is left out may be anything. */
export interface IdentityFilter {
  readonly extIdpId?: string | null | undefined;
  readonly provider?: string | null | undefined;
  readonly type?: string | null | undefined;
  readonly userIdInIdp?: string | null | undefined;
}

/** A condition on `users`: has one of these accounts. */
export function identityCondition(filters: readonly IdentityFilter[]): UserCondition {
  const accounts = filters.map(({ extIdpId, provider, type, userIdInIdp }) => {
    const conditions = [
      ...(extIdpId ? [sql`identity.ext_idp_id = ${extIdpId}`] : []),
      ...(provider ? [sql`source.provider = ${provider}`] : []),
      ...(type ? [sql`identity.type = ${type}`] : []),
      ...(userIdInIdp ? [sql`identity.user_id_in_idp = ${userIdInIdp}`] : []),
    ];
    return conditions.length === 0 ? sql`true` : sql`(${sql.join(conditions, sql` and `)})`;
  });
  if (accounts.length === 0) return sql<boolean>`false`;
  return sql<boolean>`users.id in (
    select identity.user_id from identities identity
    join identity_sources source on source.user_pool_id = identity.user_pool_id and source.id = identity.ext_idp_id
    where identity.user_pool_id = current_setting('genauth.user_pool_id') and (${sql.join(accounts, sql` or `)})
  )`;
}

/** Where it stands what users have several of: of people, and of public accounts. */
const relations = {
  departmentIds: [
    { table: 'department_members', user: 'user_id', related: 'department_id' },
    { table: 'public_account_departments', user: 'public_account_id', related: 'department_id' },
  ],
  postIdList: [
    { table: 'post_members', user: 'user_id', related: 'post_id' },
    { table: 'public_account_posts', user: 'public_account_id', related: 'post_id' },
  ],
} as const;

export type Relation = keyof typeof relations;

/**
 * Conditions on `users`: has one of these departments or posts, or any at all, and has none of them. Each in the words that
 * PostgreSQL joins by, which `not` and `or` around them would keep it from.
 */
export function relationConditions(
  relation: Relation,
  ids?: readonly string[],
): { readonly has: UserCondition; readonly lacks: UserCondition } {
  const rows = relations[relation].map(({ table, user, related }) => {
    const ofThese = ids === undefined ? sql`` : sql`and ${sql.ref(related)} = any(${sql.val(ids)}::text[])`;
    const from = sql`from ${sql.table(table)} where user_pool_id = current_setting('genauth.user_pool_id') ${ofThese}`;
    return {
      select: sql`select ${sql.ref(user)} ${from}`,
      none: sql`not exists (select ${from} and ${sql.ref(user)} = users.id)`,
    };
  });
  return {
    has: sql<boolean>`users.id in (${sql.join(
      rows.map(({ select }) => select),
      sql` union all `,
    )})`,
    lacks: sql<boolean>`(${sql.join(
      rows.map(({ none }) => none),
      sql` and `,
    )})`,
  };
}

/** The same users, with their posts and identities where asked for. */
export async function addRelations(
  scope: Scope,
  users: readonly UserRow[],
  { withPost = false, withIdentities = false }: { readonly withPost?: boolean; readonly withIdentities?: boolean },
): Promise<readonly UserRow[]> {
  if (!withPost && !withIdentities) return users;
  const ids = users.map(({ id }) => id);
  const posts = new Map((withPost ? await postIds(scope, ids) : []).map((row) => [row.userId, row.postIds]));
  const accounts = Map.groupBy(withIdentities ? await listIdentities(scope, ids) : [], ({ userId }) => userId);
  return users.map((user) => ({
    ...user,
    ...(withPost ? { postIds: posts.get(user.id) ?? [] } : {}),
    ...(withIdentities ? { identities: accounts.get(user.id) ?? [] } : {}),
  }));
}

const idsByIdentity = statement<
  { id: string },
  [extIdpIds: readonly string[], userIdsInIdp: readonly string[], kind: AccountKind]
>(`
  select found.id from unnest($1::text[], $2::text[]) with ordinality as given (ext_idp_id, user_id_in_idp, position)
  cross join lateral (
    select users.id from identities identity
    join users on users.user_pool_id = identity.user_pool_id and users.id = identity.user_id and users.kind = $3
    where identity.user_pool_id = current_setting('genauth.user_pool_id') and identity.ext_idp_id = given.ext_idp_id
      and identity.user_id_in_idp = given.user_id_in_idp
    order by identity.id
    limit 1
  ) as found
  order by given.position
`);

/** Of two users whose accounts differ in their type alone, the one who was linked first. */
export async function findIdsByIdentity(
  scope: Scope,
  accounts: readonly { readonly extIdpId: string; readonly userIdInIdp: string }[],
  kind: AccountKind,
): Promise<string[]> {
  const rows = await idsByIdentity(
    scope,
    accounts.map(({ extIdpId }) => extIdpId),
    accounts.map(({ userIdInIdp }) => userIdInIdp),
    kind,
  );
  return rows.map(({ id }) => id);
}

/** The ways to find a user by something that is his alone. */
const uniqueColumns = { user_id: 'id', external_id: 'external_id', email: 'email', username: 'username' } as const;

/** In the order of the values given. */
function idsBy(column: string) {
  return statement<{ id: string }, [values: readonly string[], kind: AccountKind]>(`
    select users.id from unnest($1::text[]) with ordinality as given (value, position)
    join users on users.user_pool_id = current_setting('genauth.user_pool_id') and users.${column} = given.value
      and users.kind = $2
    order by given.position
  `);
}

const idsByColumn = {
  user_id: idsBy(uniqueColumns.user_id),
  external_id: idsBy(uniqueColumns.external_id),
  email: idsBy(uniqueColumns.email),
  username: idsBy(uniqueColumns.username),
};

export async function findIdsBy(
  scope: Scope,
  column: keyof typeof uniqueColumns,
  values: readonly string[],
  kind: AccountKind,
): Promise<string[]> {
  return (await idsByColumn[column](scope, values, kind)).map(({ id }) => id);
}

/** A phone number as given in a look-up. Without a country code, it may be a number of several countries. */
export interface PhoneToFind {
  readonly phone: string;
  readonly countryCode: string | null;
}

/** The same digits may be a number in two countries: the default country's goes first, then the oldest account's. */
const idsByPhone = statement<
  { id: string },
  [phones: readonly string[], countryCodes: readonly (string | null)[], defaultCountryCode: string, kind: AccountKind]
>(`
  select found.id from unnest($1::text[], $2::text[]) with ordinality as given (phone, country_code, position)
  cross join lateral (
    select users.id from users
    where users.user_pool_id = current_setting('genauth.user_pool_id') and users.phone = given.phone
      and (given.country_code is null or users.phone_country_code = given.country_code) and users.kind = $4
    order by users.phone_country_code <> $3, users.id
    limit 1
  ) as found
  order by given.position
`);

export async function findIdsByPhone(
  scope: Scope,
  phones: readonly PhoneToFind[],
  defaultCountryCode: string,
  kind: AccountKind,
): Promise<string[]> {
  const rows = await idsByPhone(
    scope,
    phones.map(({ phone }) => phone),
    phones.map(({ countryCode }) => countryCode),
    defaultCountryCode,
    kind,
  );
  return rows.map(({ id }) => id);
}

/**
 * Some users of the pool, after `from`: at most 128, sixteen in a row from eight places, since who came at the same time is
 * alike. Their rows of a table in which `id` is a user's. A place is a landmark, or, where there is none, a time: ids begin with
 * eleven digits of it.
 */
export function sampleOf(table: 'users' | 'user_search', id: string): string {
  const ofPool = `user_pool_id = current_setting('genauth.user_pool_id')`;
  // The start by itself (`offset 0`): within the condition it would not be looked up in the index, since functions may tell what they see.
  const time = (text: string) => `('x' || lpad(left(${text}, 11), 16, '0'))::bit(64)::bigint`;
  return `
    generate_series(0, 7) as place,
    (select ${time(`min(${id})`)} as low, ${time(`max(${id})`)} as high from ${table} where ${ofPool}) as bounds,
    lateral (
      select coalesce(
        (
          select user_id from user_landmarks where ${ofPool} and at >= place / 8.0 and at < (place + 1) / 8.0
          order by at limit 1
        ),
        lpad(to_hex(bounds.low + (bounds.high - bounds.low) * place / 8), 11, '0')
      ) as id
      offset 0
    ) as start,
    lateral (select * from ${table} where ${ofPool} and ${id} >= start.id order by ${id} limit 16) as ${table}
  `;
}
