import { sql } from 'kysely';
import { type Scope, statement } from '../../platform/database/database.ts';
import { isEnabled, isInForce, type RoleReference, type RoleRow, roleColumns } from '../roles/index.ts';
import type { UserCondition } from '../user-directory/index.ts';

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

/** A role gives nothing while it is disabled, neither itself nor what is assigned to it. */
const held = `
  held (role_id) as (
    select reaching.role_id from (${rolesReaching('$1', (assignment) => isInForce(assignment, '$2::timestamptz'))}) as reaching
    cross join lateral (
      select from roles role
      where role.user_pool_id = ${pool} and role.id = reaching.role_id and ${isEnabled('role', '$2::timestamptz')} offset 0
    ) as enabled
    union
    select given.role_id from held
    cross join lateral (
      select assignment.role_id from role_assignments assignment
      cross join lateral (
        select from roles role
        where role.user_pool_id = ${pool} and role.id = assignment.role_id
          and ${isEnabled('role', '$2::timestamptz')} offset 0
      ) as enabled
      where assignment.user_pool_id = ${pool} and assignment.holder_role_id = held.role_id
        and ${isInForce('assignment', '$2::timestamptz')} offset 0
    ) as given
  )
`;

/** By code, the roles of one namespace that a user holds by whatever way. */
const roles = statement<RoleRow, [userId: string, now: string, namespace: string]>(`
  with recursive ${held}
  select ${roleColumns('$2::timestamptz')} from held
  cross join lateral (
    select * from roles candidate
    where candidate.user_pool_id = ${pool} and candidate.id = held.role_id and candidate.namespace = $3 offset 0
  ) as role
  order by role.code
`);

export function listRolesOfUser(scope: Scope, userId: string, namespace: string, now: string): Promise<RoleRow[]> {
  return roles(scope, userId, now, namespace);
}

/** Whether a user may act in roles at all is asked first: who is suspended holds none. */
const any = statement<
  { hasAny: boolean },
  [userId: string, now: string, namespaces: readonly string[], codes: readonly string[]]
>(`
  with recursive ${held}
  select exists (
    select from users where users.user_pool_id = ${pool} and users.id = $1 and users.status = 'Activated'
  ) and exists (
    select from unnest($3::text[], $4::text[]) as wanted (namespace, code)
    join roles role on role.user_pool_id = ${pool} and role.namespace = wanted.namespace and role.code = wanted.code
    join held on held.role_id = role.id
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

/**
 * A condition on the alias `users`: holds one of these roles, by whatever way. Walks from the roles to their holders, so it
 * costs as much as there are holders; to ask about one user, `listRolesOfUser` is the shorter way.
 */
export function holdsAnyOf(roleIds: readonly string[], now: string): UserCondition {
  const at = sql`${now}::timestamptz`;
  const inPool = (alias: string) => sql.raw(`${alias}.user_pool_id = ${pool}`);
  const inForce = (
    alias: string,
  ) => sql`(${sql.ref(`${alias}.enable_time`)} is null or ${sql.ref(`${alias}.enable_time`)} <= ${at})
    and (${sql.ref(`${alias}.end_time`)} is null or ${sql.ref(`${alias}.end_time`)} > ${at})`;
  const enabled = sql`role.status = 'ENABLE' and (role.disable_time is null or role.disable_time > ${at})`;
  return sql<boolean>`users.id in (
    with recursive granting (role_id) as (
      select role.id from roles role
      where ${inPool('role')} and role.id = any(${sql.val(roleIds)}::text[]) and ${enabled}
      union
      select holder.id from granting
      cross join lateral (
        select role.id from role_assignments assignment
        join roles role on ${inPool('role')} and role.id = assignment.holder_role_id and ${enabled}
        where ${inPool('assignment')} and assignment.role_id = granting.role_id and assignment.user_id is null
          and assignment.holder_role_id is not null and ${inForce('assignment')} offset 0
      ) as holder
    )
    select assignment.user_id from granting
    join role_assignments assignment on ${inPool('assignment')} and assignment.role_id = granting.role_id
    where assignment.user_id is not null and ${inForce('assignment')}
    union
    select member.user_id from granting
    cross join lateral (
      select department.path as first,
        case when assignment.include_descendants then left(department.path, -1) || '0' else department.path || '!' end as past
      from role_assignments assignment
      join departments department on ${inPool('department')} and department.number = assignment.department_number
      where ${inPool('assignment')} and assignment.role_id = granting.role_id and assignment.user_id is null
        and ${inForce('assignment')} offset 0
    ) as subtree
    join department_members member
      on ${inPool('member')} and member.path >= subtree.first and member.path < subtree.past
    union
    select member.user_id from granting
    join role_assignments assignment on ${inPool('assignment')} and assignment.role_id = granting.role_id
    join group_members member on ${inPool('member')} and member.group_id = assignment.group_id
    where assignment.user_id is null and ${inForce('assignment')}
  )`;
}
