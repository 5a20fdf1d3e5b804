import { type AcrossUserPools, type Scope, statement } from '../../platform/database/database.ts';

/** A role as it is at one moment. */
export interface RoleRow {
  readonly id: string;
  readonly code: string;
  readonly namespace: string;
  readonly name: string;
  readonly description: string;
  /** What it counts as at that moment: a role whose time has come is disabled, whatever was said of it. */
  readonly status: 'ENABLE' | 'DISABLE';
  /** Unix milliseconds. */
  readonly disableTime: number | null;
  readonly enablePermissionApply: boolean;
}

/** Whether the role of this alias takes effect at the time in `now`, a parameter of type timestamptz. */
export function isEnabled(role: string, now: string): string {
  return `(${role}.status = 'ENABLE' and (${role}.disable_time is null or ${role}.disable_time > ${now}))`;
}

/** Whether the assignment of this alias is within its time, at the time in `now`, a parameter of type timestamptz. */
export function isInForce(assignment: string, now: string): string {
  return `((${assignment}.enable_time is null or ${assignment}.enable_time <= ${now}) and ${hasNotEnded(assignment, now)})`;
}

/** Whether it is, or will be: what exclusive roles ask, for nobody looks again when the time comes. */
export function hasNotEnded(assignment: string, now: string): string {
  return `(${assignment}.end_time is null or ${assignment}.end_time > ${now})`;
}

/** Select list of a `RoleRow`, for the alias `role`. */
export function roleColumns(now: string): string {
  return `
    role.id, role.code, role.namespace, role.name, role.description,
    case when ${isEnabled('role', now)} then 'ENABLE' else 'DISABLE' end as status,
    (extract(epoch from role.disable_time) * 1000)::bigint as "disableTime",
    role.enable_permission_apply as "enablePermissionApply"
  `;
}

/** The values a role is made from. */
export interface NewRole {
  readonly id: string;
  readonly namespace: string;
  readonly code: string;
  readonly name: string;
  readonly description: string;
  readonly disableTime: string | null;
  readonly enablePermissionApply: boolean;
}

/** A role with a code that is taken is left out of the answer; whoever is about to take it is waited for. */
const insert = statement<RoleRow, [roles: string, now: string]>(`
  insert into roles as role (user_pool_id, id, namespace, code, name, description, disable_time,
    disable_announced_for, enable_permission_apply, created_at, updated_at)
  select current_setting('genauth.user_pool_id'), given.id, given.namespace, given.code, given.name, given.description,
    given."disableTime", case when given."disableTime" <= $2::timestamptz then given."disableTime" end,
    given."enablePermissionApply", $2::timestamptz, $2::timestamptz
  from rows from (
    jsonb_to_recordset($1::jsonb) as (id text, namespace text, code text, name text, description text,
      "disableTime" timestamptz, "enablePermissionApply" boolean)
  ) with ordinality as given (id, namespace, code, name, description, "disableTime", "enablePermissionApply", position)
  order by given.position
  on conflict do nothing
  returning ${roleColumns('$2::timestamptz')}
`);

/** Makes roles, and answers those that could be made. */
export function insertRoles(scope: Scope, roles: readonly NewRole[], now: string): Promise<RoleRow[]> {
  return insert(scope, JSON.stringify(roles), now);
}

/** One role as callers name it. */
export interface RoleReference {
  readonly code: string;
  readonly namespace: string;
}

type ReferenceParameters = [namespaces: readonly string[], codes: readonly string[], now: string];

function byReferences(found: string): string {
  return `
    select ${roleColumns('$3::timestamptz')}
    from unnest($1::text[], $2::text[]) with ordinality as given (namespace, code, position)
    join ${found} on role.user_pool_id = current_setting('genauth.user_pool_id')
      and role.namespace = given.namespace and role.code = given.code
    order by given.position
  `;
}

const find = statement<RoleRow, ReferenceParameters>(byReferences('roles role'));

/**
 * Held against deletion only: whoever refers to a role need not wait for those who rename it. In the order of ids, as
 * deletions lock them, so that the two never wait for each other in a circle.
 */
const findAndHold = statement<RoleRow, ReferenceParameters>(
  byReferences(`(
    select candidate.* from roles candidate
    join unnest($1::text[], $2::text[]) as wanted (namespace, code)
      on candidate.namespace = wanted.namespace and candidate.code = wanted.code
    where candidate.user_pool_id = current_setting('genauth.user_pool_id')
    order by candidate.id for key share of candidate
  ) as role`),
);

/** The roles there are among these, in the order they are named. */
export function findRoles(scope: Scope, references: readonly RoleReference[], now: string): Promise<RoleRow[]> {
  return find(scope, ...toColumns(references), now);
}

/** The same, and none of them is deleted until the transaction ends. */
export function holdRoles(scope: Scope, references: readonly RoleReference[], now: string): Promise<RoleRow[]> {
  return findAndHold(scope, ...toColumns(references), now);
}

function toColumns(references: readonly RoleReference[]): [namespaces: string[], codes: string[]] {
  return [references.map(({ namespace }) => namespace), references.map(({ code }) => code)];
}

const lock = statement<RoleRow, [namespace: string, code: string, now: string]>(`
  select ${roleColumns('$3::timestamptz')} from roles role
  where role.user_pool_id = current_setting('genauth.user_pool_id') and role.namespace = $1 and role.code = $2
  for no key update
`);

/** The role, which nobody else changes until the transaction ends. */
export async function lockRole(scope: Scope, { code, namespace }: RoleReference, now: string) {
  const [row] = await lock(scope, namespace, code, now);
  return row;
}

const matching = `
  role.user_pool_id = current_setting('genauth.user_pool_id') and role.namespace = $1
    and ($2::text is null or strpos(lower(role.name), lower($2)) > 0 or strpos(lower(role.code), lower($2)) > 0)
`;

const page = statement<RoleRow, readonly unknown[]>(`
  select ${roleColumns('$3::timestamptz')} from roles role where ${matching}
  order by role.created_at, role.id limit $4 offset $5
`);

const count = statement<{ total: number }, [namespace: string, keywords: string | null]>(
  `select count(*) as total from roles role where ${matching}`,
);

/** Which roles of a namespace: by a part of code or name; null for all. */
export interface RolePage {
  readonly namespace: string;
  readonly keywords: string | null;
  readonly limit: number;
  readonly offset: number;
}

/** Oldest first. */
export async function listPage(
  scope: Scope,
  { namespace, keywords, limit, offset }: RolePage,
  now: string,
): Promise<{ totalCount: number; list: RoleRow[] }> {
  const [counted] = await count(scope, namespace, keywords);
  return { totalCount: counted?.total ?? 0, list: await page(scope, namespace, keywords, now, limit, offset) };
}

/** What changes of a role; what is missing stays. */
export interface RoleChanges {
  readonly code?: string | undefined;
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly status?: RoleRow['status'] | undefined;
  /** ISO 8601; null for never. */
  readonly disableTime?: string | null | undefined;
  readonly enablePermissionApply?: boolean | undefined;
}

/** A time that has come already is announced by whoever gives it. */
const update = statement<RoleRow, readonly unknown[]>(`
  update roles role set
    code = coalesce($3, code), name = coalesce($4, name), description = coalesce($5, description),
    status = coalesce($6, status), disable_time = case when $7 then $8::timestamptz else disable_time end,
    disable_announced_for = case when $7 then case when $8::timestamptz <= $2::timestamptz then $8::timestamptz end
      else disable_announced_for end,
    enable_permission_apply = coalesce($9, enable_permission_apply), updated_at = $2::timestamptz
  where role.user_pool_id = current_setting('genauth.user_pool_id') and role.id = $1
  returning ${roleColumns('$2::timestamptz')}
`);

const isToAnnounce = `(
  role.disable_time <= $1::timestamptz and role.status = 'ENABLE'
  and role.disable_announced_for is distinct from role.disable_time
)`;

const poolsToTell = statement<{ userPoolId: string }, [now: string]>(
  `select distinct role.user_pool_id as "userPoolId" from roles role where ${isToAnnounce}`,
);

/** The user pools with roles that have disabled themselves, which nobody was told yet. */
export async function listUserPoolsToTell(across: AcrossUserPools, now: string): Promise<string[]> {
  return (await poolsToTell(across, now)).map(({ userPoolId }) => userPoolId);
}

/** Whoever holds one of them announces it himself, or it is left for the next time. */
const takeToAnnounce = statement<RoleRow, [now: string, id: string | null]>(`
  with due as (
    select role.id from roles role
    where role.user_pool_id = current_setting('genauth.user_pool_id') and ${isToAnnounce}
      and ($2::text is null or role.id = $2)
    order by role.id for no key update skip locked
  )
  update roles role set disable_announced_for = role.disable_time from due
  where role.user_pool_id = current_setting('genauth.user_pool_id') and role.id = due.id
  returning ${roleColumns('$1::timestamptz')}
`);

/** Roles that have disabled themselves, to be announced by the caller and nobody else: all of them, or this one if it has. */
export function takeDisabledRoles(scope: Scope, now: string, id: string | null = null): Promise<RoleRow[]> {
  return takeToAnnounce(scope, now, id);
}

/** The unique index a new code can run into. */
export const codeIndex = 'roles_code';

export async function updateRoleRow(scope: Scope, id: string, changes: RoleChanges, now: string) {
  const [row] = await update(
    scope,
    id,
    now,
    changes.code ?? null,
    changes.name ?? null,
    changes.description ?? null,
    changes.status ?? null,
    changes.disableTime !== undefined,
    changes.disableTime ?? null,
    changes.enablePermissionApply ?? null,
  );
  return row;
}

/** Locked in the order of ids, so that two deletions of the same roles never wait for each other in a circle. */
const lockDoomed = statement<RoleRow, ReferenceParameters>(`
  select ${roleColumns('$3::timestamptz')} from roles role
  where role.user_pool_id = current_setting('genauth.user_pool_id') and (role.namespace, role.code) in (
    select namespace, code from unnest($1::text[], $2::text[]) as given (namespace, code)
  )
  order by role.id for update of role
`);

/** The roles there are among these, to which nobody can give anything any more unless the transaction fails. */
export function lockRolesToDelete(scope: Scope, references: readonly RoleReference[], now: string): Promise<RoleRow[]> {
  return lockDoomed(scope, ...toColumns(references), now);
}

const remove = statement<Record<never, never>, [ids: readonly string[]]>(
  `delete from roles where user_pool_id = current_setting('genauth.user_pool_id') and id = any($1)`,
);

/** Deletes roles that are locked, with what refers to them. */
export async function deleteRoleRows(scope: Scope, ids: readonly string[]): Promise<void> {
  await remove(scope, ids);
}
