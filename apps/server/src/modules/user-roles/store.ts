import { type Scope, statement } from '../../platform/database/database.ts';
import { isEnabled, isInForce, type RoleReference, type RoleRow, roleColumns } from '../roles/index.ts';

const pool = `current_setting('genauth.user_pool_id')`;

/**
 * The roles whose assignment reaches a user without any other role: his own, those of his departments and of the ones above
 * them, those of his groups. Every branch looks up what the user has, never who else has it, so the size of the user pool
 * makes no difference. `isCounted` says which assignments count, for an alias.
 */
export function rolesReaching(user: string, isCounted: (assignment: string) => string): string {
  const paths = `from department_members member where member.user_pool_id = ${pool} and member.user_id = ${user}`;
  return `
    select assignment.role_id from role_assignments assignment
    where assignment.user_pool_id = ${pool} and assignment.user_id = ${user} and ${isCounted('assignment')}
    union all
    select assignment.role_id from role_assignments assignment
    where assignment.user_pool_id = ${pool}
      and assignment.department_number = any(array(select distinct unnest(genauth.path_numbers(member.path)) ${paths}))
      and (assignment.include_descendants
        or assignment.department_number = any(array(select split_part(member.path, '/', -2)::bigint ${paths})))
      and ${isCounted('assignment')}
    union all
    select assignment.role_id from group_members member
    cross join lateral (
      select given.role_id from role_assignments given
      where given.user_pool_id = ${pool} and given.group_id = member.group_id and ${isCounted('given')} offset 0
    ) as assignment
    where member.user_pool_id = ${pool} and member.user_id = ${user}
  `;
}

/** The end, not included, of the paths that an assignment to the department of this path reaches. */
export function endOfReach(path: string, includesDescendants: string): string {
  return `case when ${includesDescendants} then left(${path}, -1) || '0' else ${path} || '!' end`;
}

const now = '$2::timestamptz';

/**
 * What reaches a user is many, what comes with other roles few: the many are looked up together, as arrays, in the order of an
 * index, and only the few one by one. Those in `implied` may be disabled.
 */
const reached = `
  direct (ids) as materialized (
    select array(
      select role.id from roles role
      where role.user_pool_id = ${pool} and ${isEnabled('role', now)}
        and role.id = any(array(${rolesReaching('$1', (assignment) => isInForce(assignment, now))}))
    )
  ), implied (role_id) as (
    select assignment.role_id from role_assignments assignment
    where assignment.user_pool_id = ${pool} and assignment.holder_role_id = any((select ids from direct)::text[])
      and ${isInForce('assignment', now)}
    union
    select given.role_id from implied
    cross join lateral (
      select assignment.role_id from roles role
      join role_assignments assignment on assignment.user_pool_id = ${pool} and assignment.holder_role_id = role.id
        and ${isInForce('assignment', now)}
      where role.user_pool_id = ${pool} and role.id = implied.role_id and ${isEnabled('role', now)} offset 0
    ) as given
  )
`;

/** That a role of this alias is one of those, and enabled. */
const isHeld = `role.user_pool_id = ${pool} and ${isEnabled('role', now)}
  and role.id = any(array(select unnest(ids) from direct union all select role_id from implied))`;

/**
 * The roles the user `$1` holds at the time `$2`, by whatever way: a table `held` for a statement that begins `with recursive`.
 * A role gives nothing while it is disabled, neither itself nor what is assigned to it.
 */
export const held = `${reached}, held (role_id) as (select role.id from roles role where ${isHeld})`;

/** By code, the roles of one namespace that a user holds by whatever way. */
const roles = statement<RoleRow, [userId: string, now: string, namespace: string]>(`
  with recursive ${reached}
  select ${roleColumns(now)} from roles role where ${isHeld} and role.namespace = $3 order by role.code
`);

export function listRolesOfUser(scope: Scope, userId: string, namespace: string, now: string): Promise<RoleRow[]> {
  return roles(scope, userId, now, namespace);
}

/** An assignment of the role that is in force. */
function reachesFrom(role: string): string {
  return `assignment.user_pool_id = ${pool} and assignment.role_id = ${role}.role_id
    and ${isInForce('assignment', '$2::timestamptz')}`;
}

/** Whoever is assigned one of these roles holds one of `wanted`, rows of roles. */
function granting(wanted: string): string {
  return `granting (role_id) as (
    select role.id from (${wanted}) as role where ${isEnabled('role', '$2::timestamptz')}
    union
    select holder.id from granting
    cross join lateral (
      select role.id from role_assignments assignment
      join roles role on role.user_pool_id = ${pool} and role.id = assignment.holder_role_id
        and ${isEnabled('role', '$2::timestamptz')}
      where ${reachesFrom('granting')} and assignment.user_id is null and assignment.holder_role_id is not null offset 0
    ) as holder
  )`;
}

/**
 * From the roles asked for to those that bring them, which are few, and only then to the user: one who holds hundreds is
 * answered as fast as one who holds one. Whether he may act at all is asked first: who is suspended holds none.
 */
const any = statement<
  { hasAny: boolean },
  [userId: string, now: string, namespaces: readonly string[], codes: readonly string[]]
>(`
  with recursive ${granting(`
    select found.* from unnest($3::text[], $4::text[]) as named (namespace, code)
    cross join lateral (
      select * from roles candidate
      where candidate.user_pool_id = ${pool} and candidate.namespace = named.namespace and candidate.code = named.code
      offset 0
    ) as found
  `)}
  select exists (
    select from users where users.user_pool_id = ${pool} and users.id = $1 and users.status = 'Activated'
  ) and exists (
    select from (${rolesReaching('$1', (assignment) => isInForce(assignment, '$2::timestamptz'))}) as reaching
    where reaching.role_id = any(array(select granting.role_id from granting))
  ) as "hasAny"
`);

export async function holdsAny(
  scope: Scope,
  userId: string,
  references: readonly RoleReference[],
  now: string,
): Promise<boolean> {
  const namespaces = references.map(({ namespace }) => namespace);
  const codes = references.map(({ code }) => code);
  const [row] = await any(scope, userId, now, namespaces, codes);
  return row?.hasAny ?? false;
}

/** From the roles to those who hold them: as many look-ups as there are holders, however many users there are beside. */
const holders = statement<
  { totalCount: number; ids: readonly string[] },
  [roleIds: readonly string[], now: string, limit: number, offset: number]
>(`
  with recursive ${granting(`select * from roles candidate where candidate.user_pool_id = ${pool} and candidate.id = any($1)`)}, reached (user_id) as (
    select holder.user_id from granting
    cross join lateral (
      select assignment.user_id from role_assignments assignment
      where ${reachesFrom('granting')} and assignment.user_id is not null offset 0
    ) as holder
    union
    select holder.user_id from granting
    cross join lateral (
      select member.user_id from role_assignments assignment
      join departments department
        on department.user_pool_id = ${pool} and department.number = assignment.department_number
      cross join lateral (
        select inside.user_id from department_members inside
        where inside.user_pool_id = ${pool} and inside.path >= department.path
          and inside.path < ${endOfReach('department.path', 'assignment.include_descendants')}
        offset 0
      ) as member
      where ${reachesFrom('granting')} and assignment.user_id is null offset 0
    ) as holder
    union
    select holder.user_id from granting
    cross join lateral (
      select member.user_id from role_assignments assignment
      cross join lateral (
        select inside.user_id from group_members inside
        where inside.user_pool_id = ${pool} and inside.group_id = assignment.group_id offset 0
      ) as member
      where ${reachesFrom('granting')} and assignment.user_id is null and assignment.group_id is not null offset 0
    ) as holder
  ), person (id) as materialized (
    select users.id from reached
    cross join lateral (
      select candidate.id from users candidate
      where candidate.user_pool_id = ${pool} and candidate.id = reached.user_id and candidate.kind = 'personal' offset 0
    ) as users
  )
  select (select count(*) from person) as "totalCount",
    array(select person.id from person order by person.id limit $3 offset $4) as ids
`);

/** The people who hold one of these roles by whatever way, by id: how many, and a page of them. */
export async function listHolders(
  scope: Scope,
  roleIds: readonly string[],
  { now, limit, offset }: { readonly now: string; readonly limit: number; readonly offset: number },
): Promise<{ totalCount: number; ids: readonly string[] }> {
  const [row] = await holders(scope, roleIds, now, limit, offset);
  return row ?? { totalCount: 0, ids: [] };
}
