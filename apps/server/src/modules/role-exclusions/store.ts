import { type Scope, statement } from '../../platform/database/database.ts';
import { hasNotEnded, type RoleRow, roleColumns } from '../roles/index.ts';

const pool = `current_setting('genauth.user_pool_id')`;

const lock = statement<Record<never, never>, []>(
  `select pg_advisory_xact_lock(hashtextextended('roles of ' || ${pool}, 0))`,
);

/** Until the transaction ends nobody else changes which role comes with which, or which exclude each other. */
export async function lockRoleGraph(scope: Scope): Promise<void> {
  await lock(scope);
}

/** The other roles that exclude the role of this id. */
function partnersOf(roleId: string): string {
  return `
    select exclusion.other_role_id as id from role_exclusions exclusion
    where exclusion.user_pool_id = ${pool} and exclusion.role_id = ${roleId}
    union all
    select exclusion.role_id from role_exclusions exclusion
    where exclusion.user_pool_id = ${pool} and exclusion.other_role_id = ${roleId}
  `;
}

/** Whoever holds a role of `from` holds these roles, too. */
function implied(name: string, from: string, now: string): string {
  return `${name} (id) as (
    ${from}
    union
    select given.role_id from ${name} cross join lateral (
      select assignment.role_id from role_assignments assignment
      where assignment.user_pool_id = ${pool} and assignment.holder_role_id = ${name}.id
        and ${hasNotEnded('assignment', now)} offset 0
    ) as given
  )`;
}

/** Whoever holds one of these roles holds one of `from`, too. */
function implying(name: string, from: string, now: string): string {
  return `${name} (id) as (
    ${from}
    union
    select holder.id from ${name} cross join lateral (
      select assignment.holder_role_id as id from role_assignments assignment
      where assignment.user_pool_id = ${pool} and assignment.role_id = ${name}.id and assignment.user_id is null
        and assignment.holder_role_id is not null and ${hasNotEnded('assignment', now)} offset 0
    ) as holder
  )`;
}

const forbidden = statement<{ id: string }, [roleIds: readonly string[], now: string]>(`
  with recursive ${implied('implied', 'select unnest($1::text[]) collate "C"', '$2::timestamptz')},
  ${implying(
    'forbidden',
    `select partner.id from implied cross join lateral (${partnersOf('implied.id')} offset 0) as partner`,
    '$2::timestamptz',
  )}
  select id from forbidden
`);

/**
 * The roles nobody may be assigned together with one of these: those that exclude one of them or of the roles that come
 * with them, and those that bring such a one with them.
 */
export async function listForbiddenBeside(scope: Scope, roleIds: readonly string[], now: string): Promise<string[]> {
  return (await forbidden(scope, roleIds, now)).map(({ id }) => id);
}

const holders = statement<{ id: string }, [roleIds: readonly string[], now: string]>(`
  with recursive ${implying('holding', 'select unnest($1::text[]) collate "C"', '$2::timestamptz')} select id from holding
`);

/** These roles and those that bring one of them with them. */
export async function listImplying(scope: Scope, roleIds: readonly string[], now: string): Promise<string[]> {
  return (await holders(scope, roleIds, now)).map(({ id }) => id);
}

/** Two different roles. */
export type Pair = readonly [roleId: string, otherRoleId: string];

interface PairRow {
  readonly roleId: string;
  readonly otherRoleId: string;
}

const insert = statement<PairRow, [roleIds: readonly string[], otherRoleIds: readonly string[], now: string]>(`
  insert into role_exclusions (user_pool_id, role_id, other_role_id, created_at)
  select ${pool}, least(given.role_id, given.other_role_id), greatest(given.role_id, given.other_role_id), $3::timestamptz
  from unnest($1::text[] collate "C", $2::text[] collate "C") as given (role_id, other_role_id)
  on conflict do nothing
  returning role_id as "roleId", other_role_id as "otherRoleId"
`);

const remove = statement<PairRow, [roleIds: readonly string[]]>(`
  delete from role_exclusions where user_pool_id = ${pool} and role_id = any($1) and other_role_id = any($1)
  returning role_id as "roleId", other_role_id as "otherRoleId"
`);

/** Adds those that are not there yet, and answers them. */
export async function insertExclusions(scope: Scope, pairs: readonly Pair[], now: string): Promise<Pair[]> {
  const added = await insert(
    scope,
    pairs.map(([roleId]) => roleId),
    pairs.map(([, otherRoleId]) => otherRoleId),
    now,
  );
  return added.map(toPair);
}

/** A pair that is no more, as events tell of it. */
interface EndedPair {
  readonly roles: { readonly id: string; readonly code: string; readonly namespace: string }[];
}

/** Removes every exclusion one of these roles takes part in, and answers those there were. */
export const deleteExclusionsOf = statement<EndedPair, [roleIds: readonly string[]]>(`
  with removed as (
    delete from role_exclusions where user_pool_id = ${pool} and (role_id = any($1) or other_role_id = any($1))
    returning role_id, other_role_id
  )
  select jsonb_agg(jsonb_build_object('id', role.id, 'code', role.code, 'namespace', role.namespace) order by role.id) as roles
  from removed join roles role on role.user_pool_id = ${pool} and role.id in (removed.role_id, removed.other_role_id)
  group by removed.role_id, removed.other_role_id order by removed.role_id, removed.other_role_id
`);

/** Removes every exclusion among these roles, and answers those there were. */
export async function deleteExclusionsAmong(scope: Scope, roleIds: readonly string[]): Promise<Pair[]> {
  return (await remove(scope, roleIds)).map(toPair);
}

function toPair({ roleId, otherRoleId }: PairRow): Pair {
  return [roleId, otherRoleId];
}

const matching = `
  exclusion.user_pool_id = ${pool} and ($1::text is null or exclusion.role_id = $1 or exclusion.other_role_id = $1)
`;

const count = statement<{ total: number }, [roleId: string | null]>(
  `select count(*) as total from role_exclusions exclusion where ${matching}`,
);

const page = statement<
  RoleRow & { createdAt: string },
  [roleId: string | null, now: string, limit: number, offset: number]
>(`
  select ${roleColumns('$2::timestamptz')}, exclusion."createdAt"
  from (
    select exclusion.role_id, exclusion.other_role_id, exclusion.created_at as "createdAt",
      row_number() over (order by exclusion.created_at, exclusion.role_id, exclusion.other_role_id) as position
    from role_exclusions exclusion where ${matching}
    order by position limit $3 offset $4
  ) as exclusion
  cross join lateral (values (1, exclusion.role_id), (2, exclusion.other_role_id)) as member (position, role_id)
  join roles role on role.user_pool_id = ${pool} and role.id = member.role_id
  order by exclusion.position, member.position
`);

/** Oldest first: two rows a pair. */
export async function listExclusions(
  scope: Scope,
  roleId: string | null,
  now: string,
  limit: number,
  offset: number,
): Promise<{ totalCount: number; members: (RoleRow & { createdAt: string })[] }> {
  const [counted] = await count(scope, roleId);
  return { totalCount: counted?.total ?? 0, members: await page(scope, roleId, now, limit, offset) };
}
