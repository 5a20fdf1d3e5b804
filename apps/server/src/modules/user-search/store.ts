import { type RawBuilder, sql } from 'kysely';
import type { Scope } from '../../platform/database/database.ts';
import {
  type AccountKind,
  listUsersByIds,
  mainDepartmentId,
  type UserCondition,
  type UserRow,
} from '../user-directory/index.ts';

/** What a field holds, so that values can be checked before they reach the database. */
export type FieldKind =
  | 'text'
  | 'email'
  | 'number'
  | 'integer'
  | 'time'
  | 'boolean'
  | 'list'
  | 'sealed'
  | readonly string[];

interface SearchField {
  readonly kind: FieldKind;
  readonly isNullable: boolean;
  readonly expression: RawBuilder<unknown>;
}

function column(name: string, kind: FieldKind = 'text'): SearchField {
  return { kind, isNullable: false, expression: sql`users.${sql.id(name)}` };
}

function nullable(name: string, kind: FieldKind = 'text'): SearchField {
  return { ...column(name, kind), isNullable: true };
}

function profile(name: string): SearchField {
  return { kind: 'text', isNullable: true, expression: sql`(users.profile ->> ${sql.lit(name)})` };
}

/** The fields of users that can be searched, under the names callers know them by. */
const searchFields: ReadonlyMap<string, SearchField> = new Map(
  Object.entries({
    id: column('id'),
    userId: column('id'),
    createdAt: column('created_at', 'time'),
    updatedAt: column('updated_at', 'time'),
    signedUp: column('created_at', 'time'),
    status: column('status', ['Suspended', 'Resigned', 'Activated', 'Archived', 'Deactivated']),
    workStatus: column('work_status', ['Closed', 'Active']),
    statusChangedAt: nullable('status_changed_at', 'time'),
    externalId: nullable('external_id'),
    email: nullable('email', 'email'),
    phone: nullable('phone'),
    phoneCountryCode: nullable('phone_country_code'),
    username: nullable('username'),
    name: nullable('name'),
    nickname: nullable('nickname'),
    photo: nullable('photo'),
    gender: column('gender', ['M', 'F', 'U']),
    emailVerified: column('email_verified', 'boolean'),
    phoneVerified: column('phone_verified', 'boolean'),
    identityNumber: nullable('identity_number_sealed', 'sealed'),
    passwordLastSetAt: nullable('password_last_set_at', 'time'),
    passwordSecurityLevel: nullable('password_security_level', 'integer'),
    resetPasswordOnNextLogin: column('reset_password_on_next_login', 'boolean'),
    userSourceType: column('source_type', ['excel', 'register', 'adminCreated', 'sync']),
    userSourceId: nullable('source_id'),
    registerSource: column('register_source', 'list'),
    loginsCount: column('logins_count', 'integer'),
    lastLogin: nullable('last_login_at', 'time'),
    lastLoginTime: nullable('last_login_at', 'time'),
    lastIp: nullable('last_login_ip'),
    lastLoginApp: nullable('last_login_app'),
    lastMfaTime: nullable('last_mfa_at', 'time'),
    mainDepartmentId: {
      kind: 'text',
      isNullable: true,
      expression: sql`(${sql.raw(mainDepartmentId)})`,
    },
    birthdate: profile('birthdate'),
    country: profile('country'),
    province: profile('province'),
    city: profile('city'),
    address: profile('address'),
    streetAddress: profile('streetAddress'),
    postalCode: profile('postalCode'),
    company: profile('company'),
    browser: profile('browser'),
    device: profile('device'),
    givenName: profile('givenName'),
    familyName: profile('familyName'),
    middleName: profile('middleName'),
    profile: profile('profile'),
    preferredUsername: profile('preferredUsername'),
    website: profile('website'),
    zoneinfo: profile('zoneinfo'),
    locale: profile('locale'),
    formatted: profile('formatted'),
    region: profile('region'),
  } satisfies Record<string, SearchField>),
);

/**
 * A custom field. Values are of the type the field had when they were written; one of another type, which a field of the
 * same key must have had before, counts as none instead of failing the search.
 */
function customField(key: string, kind: FieldKind): SearchField {
  const text = sql`(users.custom_data ->> ${key}::text)`;
  switch (kind) {
    case 'number':
      return {
        kind,
        isNullable: true,
        expression: sql`(case when jsonb_typeof(users.custom_data -> ${key}::text) = 'number' then ${text}::numeric end)`,
      };
    case 'time':
      return {
        kind,
        isNullable: true,
        expression: sql`(case when ${text} ~ ${String.raw`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`} then ${text}::timestamptz end)`,
      };
    case 'boolean':
      return { kind, isNullable: true, expression: sql`(${text} = 'true')` };
    default:
      return { kind, isNullable: true, expression: text };
  }
}

/** What a field of every user holds, or nothing when there is no such field. */
export function kindOfField(field: string): FieldKind | undefined {
  return searchFields.get(field)?.kind;
}

/** A value as the database compares it; points in time as ISO 8601. */
export type FilterValue = string | number | boolean;

/** One comparison, already known to make sense for its field. */
export type FieldFilter = { readonly field: string; readonly isNegated: boolean } & (
  | { readonly test: 'null' }
  | { readonly test: 'in'; readonly values: readonly FilterValue[] }
  | { readonly test: 'contains'; readonly text: string }
  | { readonly test: 'range'; readonly from: FilterValue | null; readonly to: FilterValue | null }
);

const nothing: SearchField = { kind: 'text', isNullable: true, expression: sql`null::text` };

/** The condition of one comparison; of a custom field with what it holds. */
export function fieldCondition(filter: FieldFilter, customKind?: FieldKind): UserCondition {
  const custom = customKind === undefined ? nothing : customField(filter.field, customKind);
  const { kind, expression } = searchFields.get(filter.field) ?? custom;
  const condition = positiveCondition(filter, kind, expression);
  return filter.isNegated ? notCondition(condition) : condition;
}

/** Whoever does not meet the condition. "Not equal" holds for those who have nothing there, too. */
export function notCondition(condition: UserCondition): UserCondition {
  return sql<boolean>`(${condition}) is not true`;
}

function positiveCondition(filter: FieldFilter, kind: FieldKind, expression: RawBuilder<unknown>): UserCondition {
  switch (filter.test) {
    case 'null':
      return kind === 'list' ? sql<boolean>`${expression} = '{}'` : sql<boolean>`${expression} is null`;
    case 'in':
      return kind === 'list'
        ? sql<boolean>`${expression} && ${sql.val(filter.values)}::text[]`
        : sql<boolean>`${expression} = any(${sql.val(inValues(filter.values, kind))}::${arrayTypeOf(kind)})`;
    case 'contains':
      return sql<boolean>`strpos(${folded(expression)}, lower(${filter.text}::text)) > 0`;
    case 'range': {
      const type = typeOf(kind);
      const from =
        filter.from === null ? sql`true` : sql`${expression} >= ${bound(filter.from, kind, Math.ceil)}::${type}`;
      const to = filter.to === null ? sql`true` : sql`${expression} <= ${bound(filter.to, kind, Math.floor)}::${type}`;
      return sql<boolean>`(${from} and ${to})`;
    }
  }
}

const maxInteger = 2 ** 31 - 1;

/** No whole number equals one that is not; compared as numbers of another type, none would be found by an index. */
function inValues(values: readonly FilterValue[], kind: FieldKind): readonly FilterValue[] {
  return kind === 'integer'
    ? values.filter((value) => Number.isInteger(value) && Math.abs(Number(value)) <= maxInteger)
    : values;
}

function bound(value: FilterValue, kind: FieldKind, round: (value: number) => number): FilterValue {
  return kind === 'integer' ? Math.max(-maxInteger, Math.min(maxInteger, round(Number(value)))) : value;
}

/** Identifiers are stored in the collation "C", whose `lower` knows ASCII only. */
function folded(expression: RawBuilder<unknown>): RawBuilder<string> {
  return sql<string>`lower(${expression} collate "default")`;
}

function typeOf(kind: FieldKind): RawBuilder<unknown> {
  switch (kind) {
    case 'number':
      return sql`numeric`;
    case 'integer':
      return sql`integer`;
    case 'time':
      return sql`timestamptz`;
    default:
      return sql`text`;
  }
}

function arrayTypeOf(kind: FieldKind): RawBuilder<unknown> {
  return kind === 'boolean' ? sql`boolean[]` : sql`${typeOf(kind)}[]`;
}

/** Users from one of these sources, each of a kind and perhaps of one application or task. */
export function sourceCondition(
  sources: readonly { readonly type: string; readonly id: string | null }[],
): UserCondition {
  const conditions = sources.map(({ type, id }) =>
    id === null
      ? sql<boolean>`users.source_type = ${type}`
      : sql<boolean>`(users.source_type = ${type} and users.source_id = ${id})`,
  );
  return conditions.length === 0 ? sql<boolean>`false` : sql<boolean>`(${sql.join(conditions, sql` or `)})`;
}

/** Nobody: for what no user can have yet. */
export const nobodyCondition: UserCondition = sql<boolean>`false`;

/** Which page of which users, in which order. */
export interface UserSearch {
  readonly kind: AccountKind;
  readonly conditions: readonly UserCondition[];
  /** How to know their number. `counted`: all conditions are on columns of `user_counts`; `gathered`: they are rather few. */
  readonly total: 'counted' | 'gathered' | 'scanned';
  readonly sort: readonly SortKey[];
  readonly withDepartmentIds: boolean;
  readonly limit: number;
  readonly offset: number;
}

interface SortKey {
  readonly field: string;
  readonly isDescending: boolean;
}

type Condition = RawBuilder<unknown>;

/** A page of the users that meet all conditions, and how many there are. */
export async function searchUsers(scope: Scope, search: UserSearch): Promise<{ totalCount: number; list: UserRow[] }> {
  const { kind, conditions, withDepartmentIds } = search;
  const where = all([
    sql`users.user_pool_id = current_setting('genauth.user_pool_id') and users.kind = ${kind}`,
    ...conditions,
  ]);
  const { totalCount, ids } = await findPage(scope, where, search);
  return { totalCount, list: ids.length === 0 ? [] : await listUsersByIds(scope, ids, withDepartmentIds, kind) };
}

async function findPage(
  scope: Scope,
  where: Condition,
  search: UserSearch,
): Promise<{ totalCount: number; ids: string[] }> {
  if (search.total === 'gathered') {
    const gathered = await gatherIds(scope, where, search);
    // Behind the last page there is no row that could carry the total.
    if (gathered.ids.length > 0 || search.offset === 0) return gathered;
  }
  const counted = search.total === 'counted' ? countOf(scope, where) : scan(scope, where);
  const totalCount = await counted;
  return { totalCount, ids: totalCount <= search.offset ? [] : await walkIds(scope, where, search, totalCount) };
}

/** The columns have the same names, so that the conditions hold for counts as they do for users. */
async function countOf(scope: Scope, where: Condition): Promise<number> {
  const { rows } = await sql<{ total: number }>`
    select coalesce(sum(users.total), 0)::integer as total from user_counts users where ${where}
  `.execute(scope.db);
  return rows[0]?.total ?? 0;
}

async function scan(scope: Scope, where: Condition): Promise<number> {
  const { rows } = await sql<{ total: number }>`select count(*) as total from users where ${where}`.execute(scope.db);
  return rows[0]?.total ?? 0;
}

/** Finds everybody once, for the total as for the page: for conditions that take longer to check than users to sort. */
async function gatherIds(
  scope: Scope,
  where: Condition,
  { sort, limit, offset }: UserSearch,
): Promise<{ totalCount: number; ids: string[] }> {
  const { rows } = await sql<{ id: string; total: number }>`
    select users.id, count(*) over () as total from users where ${where}
    order by ${orderBy(sort)} limit ${limit} offset ${offset}
  `.execute(scope.db);
  return { totalCount: rows[0]?.total ?? 0, ids: rows.map(({ id }) => id) };
}

/** A part of a list: who is in it, and in which order. */
interface Part {
  readonly where: Condition;
  readonly order: RawBuilder<unknown>;
}

/**
 * Reads the page in the order of an index, from the end of the list it is nearer to. Indexes hold who has a value; whoever has
 * none comes last in either direction, and is read only when those who have one do not fill the page.
 */
async function walkIds(
  scope: Scope,
  where: Condition,
  { sort, limit, offset }: UserSearch,
  totalCount: number,
): Promise<string[]> {
  const isBackward = offset + limit > totalCount / 2 && offset > limit;
  const parts = partsOf(where, sort, isBackward);
  if (!isBackward) return walk(scope, parts, limit, offset);
  const behind = Math.max(0, totalCount - offset - limit);
  return (await walk(scope, parts.reverse(), Math.min(limit, totalCount - offset), behind)).reverse();
}

function partsOf(where: Condition, sort: readonly SortKey[], isBackward: boolean): Part[] {
  const [first, ...others] = sort;
  const field = first && searchFields.get(first.field);
  if (first === undefined || !field?.isNullable) return [{ where, order: orderBy(sort, { isBackward }) }];
  const rest = others.length > 0 ? others : [{ field: 'id', isDescending: first.isDescending }];
  return [
    {
      where: all([where, sql`${field.expression} is not null`]),
      order: orderBy(sort, { isBackward, isFirstFilled: true }),
    },
    { where: all([where, sql`${field.expression} is null`]), order: orderBy(rest, { isBackward }) },
  ];
}

async function walk(scope: Scope, parts: readonly Part[], limit: number, offset: number): Promise<string[]> {
  const ids: string[] = [];
  let toPass = offset;
  for (const part of parts) {
    const found = await idsInOrder(scope, part, limit - ids.length, toPass);
    ids.push(...found);
    if (ids.length === limit) break;
    toPass = found.length > 0 ? 0 : toPass - (await countUpTo(scope, part.where, toPass));
  }
  return ids;
}

async function idsInOrder(scope: Scope, { where, order }: Part, limit: number, offset: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select users.id from users where ${where} order by ${order} limit ${limit} offset ${offset}
  `.execute(scope.db);
  return rows.map(({ id }) => id);
}

async function countUpTo(scope: Scope, where: Condition, most: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from (select from users where ${where} limit ${most}) as passed
  `.execute(scope.db);
  return rows[0]?.count ?? 0;
}

function all(conditions: readonly Condition[]): Condition {
  return sql.join(conditions, sql` and `);
}

/**
 * Ids end every order, so that pages neither repeat nor skip anyone. Empty values go last, or first when it is read
 * backwards. Of a first key that has no empty values nothing is said of them: an index is in the order `desc` when it is read
 * backwards, not in `desc nulls last`.
 */
function orderBy(
  sort: readonly SortKey[],
  {
    isBackward = false,
    isFirstFilled = false,
  }: { readonly isBackward?: boolean; readonly isFirstFilled?: boolean } = {},
): RawBuilder<unknown> {
  const keys = [...sort, { field: 'id', isDescending: sort.at(-1)?.isDescending ?? true }];
  return sql.join(
    keys.flatMap(({ field, isDescending }, index) => {
      const found = searchFields.get(field);
      if (found === undefined) return [];
      const direction = isDescending === isBackward ? sql`asc` : sql`desc`;
      const mayBeEmpty = found.isNullable && !(isFirstFilled && index === 0);
      const empty = mayBeEmpty ? (isBackward ? sql` nulls first` : sql` nulls last`) : sql``;
      return [sql`${found.expression} ${direction}${empty}`];
    }),
  );
}
