import { type Scope, statement } from '../../platform/database/database.ts';

/** What can have custom fields. */
export type TargetType = 'USER' | 'ROLE' | 'GROUP' | 'DEPARTMENT';

/** What values of a field are. */
export type DataType = 'STRING' | 'NUMBER' | 'DATETIME' | 'BOOLEAN' | 'ENUM';

/** A rule that values of a field must satisfy. */
export interface ValidateRule {
  readonly type: 'UNIQUE' | 'regExp' | 'phone' | 'email' | 'isNumber' | 'None';
  readonly content?: string | undefined;
  /** What to say when it is broken, in the words of whoever defined the field. */
  readonly error?: string | undefined;
}

/** A field as it is defined. */
export interface CustomField {
  readonly targetType: TargetType;
  readonly key: string;
  readonly dataType: DataType;
  readonly label: string;
  readonly labelI18n: Readonly<Record<string, { enabled: boolean; value: string }>> | null;
  readonly description: string | null;
  readonly encrypted: boolean;
  readonly isUnique: boolean;
  readonly userEditable: boolean;
  readonly visibleInAdminConsole: boolean;
  readonly visibleInUserCenter: boolean;
  readonly desensitization: boolean;
  readonly validateRules: readonly ValidateRule[];
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly appIds: readonly string[];
  readonly createdAt: string;
}

const fieldColumns = `
  target_type as "targetType", key, data_type as "dataType", label, label_i18n as "labelI18n", description, encrypted,
  is_unique as "isUnique", user_editable as "userEditable", visible_in_admin_console as "visibleInAdminConsole",
  visible_in_user_center as "visibleInUserCenter", desensitization, validate_rules as "validateRules", options,
  app_ids as "appIds", created_at as "createdAt"
`;

/** Every field of a kind of target, oldest first. */
export const listCustomFields = statement<CustomField, [targetType: TargetType]>(`
  select ${fieldColumns} from custom_fields
  where user_pool_id = current_setting('genauth.user_pool_id') and target_type = $1 order by position
`);

/** The fields of these keys, oldest first. */
export const findCustomFields = statement<CustomField, [targetType: TargetType, keys: readonly string[]]>(`
  select ${fieldColumns} from custom_fields
  where user_pool_id = current_setting('genauth.user_pool_id') and target_type = $1 and key = any($2) order by position
`);

const lockName = `hashtextextended('custom fields of ' || $1 || ' in ' || current_setting('genauth.user_pool_id'), 0)`;
const lockShared = statement<Record<never, never>, [targetType: TargetType]>(
  `select pg_advisory_xact_lock_shared(${lockName})`,
);
const lockExclusive = statement<Record<never, never>, [targetType: TargetType]>(
  `select pg_advisory_xact_lock(${lockName})`,
);

/**
 * Holds the definitions of a kind of target until the transaction ends. Who writes values shares them; who changes
 * definitions wants them alone, so that no value comes after its field is gone. A statement after this one sees what is
 * protected. Taken before any row.
 */
export async function lockCustomFields(
  scope: Scope,
  targetType: TargetType,
  lock: 'shared' | 'exclusive',
): Promise<void> {
  await (lock === 'shared' ? lockShared : lockExclusive)(scope, targetType);
}

/** Where the values of each kind of target are. */
const tables = {
  USER: { targets: 'users', unique: 'user_unique_values', targetId: 'user_id' },
  ROLE: { targets: 'roles', unique: 'role_unique_values', targetId: 'role_id' },
  GROUP: { targets: 'groups', unique: 'group_unique_values', targetId: 'group_id' },
  DEPARTMENT: { targets: 'departments', unique: 'department_unique_values', targetId: 'department_id' },
} as const;

function perTarget<Query>(make: (table: (typeof tables)[TargetType]) => Query): Record<TargetType, Query> {
  return {
    USER: make(tables.USER),
    ROLE: make(tables.ROLE),
    GROUP: make(tables.GROUP),
    DEPARTMENT: make(tables.DEPARTMENT),
  };
}

type JsonObject = Readonly<Record<string, unknown>>;

const stored = (lock: string) =>
  perTarget(({ targets }) =>
    statement<{ customData: JsonObject }, [id: string]>(`
      select custom_data as "customData" from ${targets}
      where user_pool_id = current_setting('genauth.user_pool_id') and id = $1 ${lock}
    `),
  );
const find = stored('');
const lockAndFind = stored('for no key update');

/** The values of a target as they are stored. */
export async function findStored(scope: Scope, type: TargetType, id: string): Promise<JsonObject | undefined> {
  const [row] = await find[type](scope, id);
  return row?.customData;
}

/** The same of a target that nobody else changes until the transaction ends. */
export async function lockStored(scope: Scope, type: TargetType, id: string): Promise<JsonObject | undefined> {
  const [row] = await lockAndFind[type](scope, id);
  return row?.customData;
}

const write = perTarget(({ targets }) =>
  statement<Record<never, never>, [id: string, customData: string, now: string]>(`
    update ${targets} set custom_data = $2, updated_at = $3
    where user_pool_id = current_setting('genauth.user_pool_id') and id = $1
  `),
);

export async function writeStored(
  scope: Scope,
  type: TargetType,
  id: string,
  customData: JsonObject,
  now: string,
): Promise<void> {
  await write[type](scope, id, JSON.stringify(customData), now);
}

/** A value that only one target may have. */
export interface UniqueValue {
  readonly targetId: string;
  readonly key: string;
  readonly digest: string;
}

/** In the order of the primary key, so that two commands never wait for each other in a circle. */
const claim = perTarget(({ unique, targetId }) =>
  statement<
    { targetId: string; key: string },
    [keys: readonly string[], digests: readonly string[], targetIds: readonly string[]]
  >(`
    insert into ${unique} (user_pool_id, key, digest, ${targetId})
    select current_setting('genauth.user_pool_id'), given.key, given.digest, given.target_id
    from unnest($1::text[], $2::text[], $3::text[]) as given (key, digest, target_id) order by given.key, given.digest
    on conflict do nothing
    returning ${targetId} as "targetId", key
  `),
);

/** Takes values for their targets, and answers those that could be taken. Whoever is about to take one is waited for. */
export function insertUniqueValues(
  scope: Scope,
  type: TargetType,
  values: readonly UniqueValue[],
): Promise<{ targetId: string; key: string }[]> {
  return claim[type](
    scope,
    values.map(({ key }) => key),
    values.map(({ digest }) => digest),
    values.map(({ targetId }) => targetId),
  );
}

const release = perTarget(({ unique, targetId }) =>
  statement<Record<never, never>, [targetId: string, keys: readonly string[]]>(`
    delete from ${unique}
    where user_pool_id = current_setting('genauth.user_pool_id') and ${targetId} = $1 and key = any($2)
  `),
);

export async function deleteUniqueValues(
  scope: Scope,
  type: TargetType,
  targetId: string,
  keys: readonly string[],
): Promise<void> {
  await release[type](scope, targetId, keys);
}

const holders = perTarget(({ unique, targetId }) =>
  statement<{ position: number; id: string }, [keys: readonly string[], digests: readonly string[]]>(`
    select given.position::integer - 1 as position, found.${targetId} as id
    from unnest($1::text[], $2::text[]) with ordinality as given (key, digest, position)
    join ${unique} found on found.user_pool_id = current_setting('genauth.user_pool_id')
      and found.key = given.key and found.digest = given.digest
    order by given.position
  `),
);

/** The targets that have these values, each with the position of its value. */
export function findHolders(
  scope: Scope,
  type: TargetType,
  keys: readonly string[],
  digests: readonly string[],
): Promise<{ position: number; id: string }[]> {
  return holders[type](scope, keys, digests);
}

const listed = perTarget(({ targets }) =>
  statement<{ id: string; customData: JsonObject }, [ids: readonly string[]]>(`
    select id, custom_data as "customData" from ${targets}
    where user_pool_id = current_setting('genauth.user_pool_id') and id = any($1)
  `),
);

/** The values of several targets as they are stored. */
export function listStored(
  scope: Scope,
  type: TargetType,
  ids: readonly string[],
): Promise<{ id: string; customData: JsonObject }[]> {
  return listed[type](scope, ids);
}

const page = perTarget(({ targets }) =>
  statement<{ id: string; value: unknown }, [key: string, after: string, limit: number]>(`
    select id, custom_data -> $1 as value from ${targets}
    where user_pool_id = current_setting('genauth.user_pool_id') and id > $2 and custom_data ? $1
    order by id limit $3 for key share
  `),
);

/**
 * Values of one field, by the id of their target, a page at a time. The targets stay until the transaction ends; a page
 * lacks those that somebody deleted meanwhile.
 */
export function listValuesOf(
  scope: Scope,
  type: TargetType,
  key: string,
  after: string,
  limit: number,
): Promise<{ id: string; value: unknown }[]> {
  return page[type](scope, key, after, limit);
}

const forget = perTarget(({ unique }) =>
  statement<Record<never, never>, [keys: readonly string[]]>(`
    delete from ${unique} where user_pool_id = current_setting('genauth.user_pool_id') and key = any($1)
  `),
);

/** Forgets which values of these fields are taken. */
export async function deleteUniqueValuesOfFields(
  scope: Scope,
  type: TargetType,
  keys: readonly string[],
): Promise<void> {
  await forget[type](scope, keys);
}

const drop = perTarget(({ targets }) =>
  statement<{ last: string | null; dropped: number }, [keys: readonly string[], after: string, limit: number]>(`
    with page as (
      select id from ${targets}
      where user_pool_id = current_setting('genauth.user_pool_id') and id > $2 and custom_data ?| $1::text[]
      order by id limit $3 for no key update
    ), dropped as (
      update ${targets} as target set custom_data = target.custom_data - $1::text[] from page
      where target.user_pool_id = current_setting('genauth.user_pool_id') and target.id = page.id
    )
    select max(id) as last, count(*) as dropped from page
  `),
);

/**
 * Drops the values of these fields from so many targets after one of them. Page by page, so that a million of them take
 * their time in no single statement. Answers the last one, and how many there were.
 */
export async function dropValues(
  scope: Scope,
  type: TargetType,
  keys: readonly string[],
  after: string,
  limit: number,
): Promise<{ last: string; dropped: number }> {
  const [row] = await drop[type](scope, keys, after, limit);
  return { last: row?.last ?? after, dropped: row?.dropped ?? 0 };
}
