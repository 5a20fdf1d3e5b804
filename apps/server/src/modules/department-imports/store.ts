import { type Scope, statement } from '../../platform/database/database.ts';

const lock = statement<Record<never, never>, []>(`
  select pg_advisory_xact_lock(hashtextextended('department imports ' || current_setting('genauth.user_pool_id'), 0))
`);

/** Imports of a user pool go one after the other, so that two of the same tree do not make everything twice. */
export async function lockImports(scope: Scope): Promise<void> {
  await lock(scope);
}

/** The root department of an organization. */
export interface RootRow {
  readonly id: string;
  readonly organizationCode: string;
  readonly name: string;
  readonly code: string | null;
}

const rootByName = statement<RootRow, [name: string]>(`
  select department.id, organization.code as "organizationCode", department.name, department.code
  from departments department
  join organizations organization on organization.user_pool_id = department.user_pool_id and organization.id = department.id
  where department.user_pool_id = current_setting('genauth.user_pool_id') and department.parent_id is null
    and department.name = $1
  order by department.created_at, department.id limit 1
`);

/** The organization of that name; the oldest, when several have it. */
export async function findRootByName(scope: Scope, name: string): Promise<RootRow | undefined> {
  const [row] = await rootByName(scope, name);
  return row;
}

/** A department below another. */
export interface ChildRow {
  readonly id: string;
  readonly parentId: string;
  readonly name: string;
  readonly code: string | null;
}

/** Oldest first. `for key share`: none of them is deleted before this transaction ends. */
export const listAndHoldChildren = statement<ChildRow, [parentIds: readonly string[], names: readonly string[]]>(`
  select id, parent_id as "parentId", name, code from departments
  where user_pool_id = current_setting('genauth.user_pool_id') and parent_id = any($1) and name = any($2)
  order by created_at, id for key share
`);

const insert = statement<
  Record<never, never>,
  [
    organizationId: string,
    ids: readonly string[],
    parentIds: readonly string[],
    names: readonly string[],
    description: string | null,
  ]
>(`
  insert into departments (user_pool_id, id, organization_id, parent_id, number, path, name, description)
  select parent.user_pool_id, given.id, $1, parent.id, given.number, parent.path || given.number || '/', given.name, $5
  from (
    select id, parent_id, name, nextval('department_numbers') as number
    from unnest($2::text[], $3::text[], $4::text[]) as row (id, parent_id, name)
  ) as given
  join departments parent on parent.user_pool_id = current_setting('genauth.user_pool_id') and parent.id = given.parent_id
`);

/** Inserts departments whose parents are there. */
export async function insertChildren(
  scope: Scope,
  organizationId: string,
  children: readonly Omit<ChildRow, 'code'>[],
  description: string | null,
): Promise<void> {
  await insert(
    scope,
    organizationId,
    children.map(({ id }) => id),
    children.map(({ parentId }) => parentId),
    children.map(({ name }) => name),
    description,
  );
}

/** Down from the organization, the oldest of each name. */
const departmentsByPath = statement<{ id: string | null }, [paths: string]>(`
  select (
    with recursive way (id, depth) as (
      (
        select id, 1 from departments
        where user_pool_id = current_setting('genauth.user_pool_id') and parent_id is null and name = given.path ->> 0
        order by created_at, id limit 1
      )
      union all
      select (
        select child.id from departments child
        where child.user_pool_id = current_setting('genauth.user_pool_id') and child.parent_id = way.id
          and child.name = given.path ->> way.depth
        order by child.created_at, child.id limit 1
      ), way.depth + 1
      from way where way.id is not null and way.depth < jsonb_array_length(given.path)
    )
    select id from way where depth = jsonb_array_length(given.path)
  ) as id
  from jsonb_array_elements($1::jsonb) with ordinality as given (path, position)
  order by given.position
`);

/** The ids of the departments that these paths of names lead to; undefined where one leads nowhere. */
export async function findDepartmentsByPath(
  scope: Scope,
  paths: readonly (readonly string[])[],
): Promise<(string | undefined)[]> {
  return (await departmentsByPath(scope, JSON.stringify(paths))).map(({ id }) => id ?? undefined);
}

/** What a person is recognized by, as it is stored. */
export interface Identifiers {
  readonly username: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly phoneCountryCode: string | null;
}

const usersByIdentifiers = statement<
  { id: string | null },
  [
    usernames: readonly (string | null)[],
    emails: readonly (string | null)[],
    phones: readonly (string | null)[],
    countryCodes: readonly (string | null)[],
  ]
>(`
  select coalesce(
    (select users.id from users
      where users.user_pool_id = current_setting('genauth.user_pool_id') and users.username = given.username
        and users.kind = 'personal'),
    (select users.id from users
      where users.user_pool_id = current_setting('genauth.user_pool_id') and users.email = given.email
        and users.kind = 'personal'),
    (select users.id from users
      where users.user_pool_id = current_setting('genauth.user_pool_id') and users.phone = given.phone
        and users.phone_country_code = given.country_code and users.kind = 'personal')
  ) as id
  from unnest($1::text[], $2::text[], $3::text[], $4::text[])
    with ordinality as given (username, email, phone, country_code, position)
  order by given.position
`);

/** The user for each of these people, by username, else email, else phone; undefined for who is not there. */
export async function findUsersByIdentifiers(
  scope: Scope,
  people: readonly Identifiers[],
): Promise<(string | undefined)[]> {
  const rows = await usersByIdentifiers(
    scope,
    people.map(({ username }) => username),
    people.map(({ email }) => email),
    people.map(({ phone }) => phone),
    people.map(({ phoneCountryCode }) => phoneCountryCode),
  );
  return rows.map(({ id }) => id ?? undefined);
}
