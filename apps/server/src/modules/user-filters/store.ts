import { type RawBuilder, sql } from 'kysely';
import { isInternational } from '../../platform/phone-numbers.ts';
import { mainDepartmentId, type UserCondition } from '../user-directory/index.ts';
import { beginningsOfNumbers, beginningsOfTimes } from './field-tokens.ts';

/** What a field holds, so that values can be checked before they reach the database. */
export type FieldKind =
  | 'text'
  | 'email'
  | 'phone'
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
  /** Where the index of migration 0018 has its values: a letter for the place, then the name there. */
  readonly indexed?: string;
  /** Whether it stands in another table than the user's own. */
  readonly isElsewhere?: true;
}

function column(name: string, kind: FieldKind = 'text'): SearchField {
  return { kind, isNullable: false, expression: sql`users.${sql.id(name)}` };
}

function nullable(name: string, kind: FieldKind = 'text'): SearchField {
  return { ...column(name, kind), isNullable: true };
}

function profile(name: string): SearchField {
  return { kind: 'text', isNullable: true, expression: sql`(users.profile ->> ${sql.lit(name)})`, indexed: `p${name}` };
}

const nothing: SearchField = { kind: 'text', isNullable: true, expression: sql`null::text` };

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
    phone: nullable('phone', 'phone'),
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
      isElsewhere: true,
    },
    // There are no tenants yet.
    tenantId: nothing,
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
  const value = sql`(users.custom_data -> ${key}::text)`;
  const text = sql`(users.custom_data ->> ${key}::text)`;
  return { kind, isNullable: true, expression: typedExpression(kind, value, text), indexed: `c${key}` };
}

function typedExpression(kind: FieldKind, value: RawBuilder<unknown>, text: RawBuilder<unknown>): RawBuilder<unknown> {
  switch (kind) {
    case 'number':
      return sql`(case when jsonb_typeof(${value}) = 'number' then ${text}::numeric end)`;
    case 'time':
      return sql`(case when ${text} ~ ${String.raw`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`} then ${text}::timestamptz end)`;
    case 'boolean':
      return sql`(case ${text} when 'true' then true when 'false' then false end)`;
    default:
      return text;
  }
}

/** The expression of a field, and whether it can be empty, for orders. */
export function expressionOf(field: string): Pick<SearchField, 'expression' | 'isNullable'> | undefined {
  return searchFields.get(field);
}

/** Whether a field is in the user's own row, as custom fields are. */
export function isOnRows(field: string): boolean {
  return searchFields.get(field)?.isElsewhere !== true;
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

/** The condition of one comparison; of a custom field with what it holds. */
export function fieldCondition(filter: FieldFilter, customKind?: FieldKind): UserCondition {
  const { kind, expression } = fieldOf(filter, customKind);
  const condition = positiveCondition(filter, kind, expression);
  return filter.isNegated ? notCondition(condition) : condition;
}

/** What to look up where a filter is on a field of the index. */
export interface IndexedFilter {
  /** Whoever meets the condition, or, of a negated one, whoever does not: found by index, compared whole. */
  readonly found: UserCondition;
  readonly isNegated: boolean;
}

/** How to find by index what `fieldCondition` compares; nothing where the index does not help. */
export function indexedFilter(filter: FieldFilter, customKind?: FieldKind): IndexedFilter | undefined {
  const { kind, expression, indexed } = fieldOf(filter, customKind);
  if (indexed === undefined) return undefined;
  const { exact = [], beginnings = [] } = tokensOf(filter, kind) ?? {};
  if (exact.length + beginnings.length === 0) return undefined;
  // What is looked up for "is empty" is who is not, as for everything else that is negated in words.
  const isNegated = filter.test === 'null' ? !filter.isNegated : filter.isNegated;
  const compared = positiveCondition(filter, kind, expression);
  const candidates = sql<boolean>`users.id = any(array(
    select genauth.find_users_by_field(${indexed}, ${JSON.stringify(exact)}::jsonb, ${sql.val(beginnings)}::text[])))`;
  return {
    found: sql<boolean>`(${candidates} and ${filter.test === 'null' ? notCondition(compared) : compared})`,
    isNegated,
  };
}

/** Values and beginnings of tokens that cover what the comparison, were it not negated, is met by. */
function tokensOf(
  filter: FieldFilter,
  kind: FieldKind,
): { readonly exact?: readonly FilterValue[]; readonly beginnings?: readonly string[] } | undefined {
  switch (filter.test) {
    case 'null':
      return { beginnings: [''] };
    case 'in':
      // A text may stand for a number that the field had when it was of another type.
      return {
        exact: filter.values.flatMap((value) =>
          kind === 'text' && String(Number(value)) === value ? [value, Number(value)] : [value],
        ),
      };
    case 'range':
      if (kind === 'number') {
        const [from, to] = [filter.from, filter.to].map((value) => (value === null ? null : Number(value)));
        return { beginnings: beginningsOfNumbers(from ?? null, to ?? null) };
      }
      if (kind === 'time') {
        const [from, to] = [filter.from, filter.to].map((value) => (value === null ? null : String(value)));
        return { beginnings: beginningsOfTimes(from ?? null, to ?? null) };
      }
      return undefined;
    case 'contains':
      return undefined;
  }
}

function fieldOf({ field }: FieldFilter, customKind?: FieldKind): SearchField {
  return searchFields.get(field) ?? (customKind === undefined ? nothing : customField(field, customKind));
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
      if (kind === 'phone') return phoneCondition(filter.values.map(String), expression);
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

/**
 * Numbers without country code are those of any country. Of one in E.164 it is not said where the code ends: whoever has the
 * rest is found by index, and compared whole. No code begins with another one.
 */
function phoneCondition(texts: readonly string[], phone: RawBuilder<unknown>): UserCondition {
  const international = texts.filter(isInternational);
  const isOne = (values: readonly string[]) => sql`${phone} = any(${sql.val(values)}::text[])`;
  const national = isOne(texts.filter((text) => !isInternational(text)));
  if (international.length === 0) return sql<boolean>`${national}`;
  const rests = international.flatMap((text) => codeLengths.map((length) => text.slice(1 + length)));
  return sql<boolean>`(${national} or ${isOne(rests)}
    and users.phone_country_code || ${phone} = any(${sql.val(international)}::text[]))`;
}

const codeLengths = [1, 2, 3, 4];

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

/** The users of these ids. */
export function idCondition(ids: readonly string[]): UserCondition {
  return sql<boolean>`users.id = any(${sql.val(ids)}::text[])`;
}

/** Nobody: for what no user can have yet. */
export const nobodyCondition: UserCondition = sql<boolean>`false`;
