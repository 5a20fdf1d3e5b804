import type pg from 'pg';
import { createProgressBar } from './progress.ts';
import { asOwner } from './server-under-test.ts';
import type { Size, Stage } from './stage.ts';

/** What one of the few users with everything has. */
export const heavy = { users: 200, departments: 20, depth: 24, groups: 50, roles: 500 } as const;

/** Of the heavy users' roles: assigned to them, along their departments, to their groups, and to other roles. */
const shares = { direct: 200, departments: 150, groups: 100, roles: 50 } as const;

/** Roles everybody else has one of. */
const commonRoles = 1_500;
/** Groups everybody else is in one of. */
const commonGroups = 950;

/** The code of a heavy user's role. */
export function heavyRole(index: number): string {
  return `heavy-${index}`;
}

/** The code of a role that ordinary users hold. */
export function commonRole(index: number): string {
  return `common-${index % commonRoles}`;
}

/**
 * Adds roles to a data set: everybody is assigned one and is in a group that is assigned one; a few users are in twenty
 * departments at the end of chains of twenty-four, in fifty groups, and hold five hundred roles by every way there is.
 * The heavy users are the same whatever the size of the pool. Changes nothing when it is there already.
 */
export async function seedRoles({ server, dataset }: Stage, { users }: Size): Promise<void> {
  const progress = createProgressBar();
  await asOwner(server, async (client) => {
    const { userPoolId } = dataset;
    await client.query(`select set_config('genauth.user_pool_id', $1, false)`, [userPoolId]);
    const { rows } = await client.query('select from role_assignments where user_pool_id = $1 limit 1', [userPoolId]);
    if (rows.length > 0) return;
    await client.query('begin');
    const userIds = Array.from({ length: heavy.users }, (_, index) => dataset.userId(index));
    await seedChains(client, userPoolId, userIds);
    await seedNames(client, userPoolId);
    await seedHeavy(client, userPoolId, userIds);
    for (let first = heavy.users; first < users; first += 20_000) {
      const end = Math.min(users, first + 20_000);
      await seedCommon(client, userPoolId, dataset, first, end);
      progress('roles', end, users);
    }
    await client.query('commit');
    await client.query(
      'vacuum (analyze) roles, role_assignments, groups, group_members, departments, department_members',
    );
  });
}

/** Ids that no server makes: this data set's own prefix and a number. */
const id = (prefix: string, number: string) => `'${prefix}' || lpad(to_hex(${number}), 12, '0')`;

/** Twenty chains below one root. A chain's departments are numbered from the root downwards. */
async function seedChains(client: pg.Client, userPoolId: string, userIds: readonly string[]): Promise<void> {
  const below = heavy.departments * (heavy.depth - 1);
  await client.query(
    `with base as (select setval('department_numbers', nextval('department_numbers') + $2) - $2 as first),
     organization as (
       insert into organizations (user_pool_id, id, code) values ($1, ${id('be9c00000001', '0')}, 'bench-roles')
     )
     insert into departments (user_pool_id, id, organization_id, parent_id, number, path, code, name)
     select $1, ${id('be9c00000001', 'place')}, ${id('be9c00000001', '0')},
       case when place = 0 then null when (place - 1) % $3 = 0 then ${id('be9c00000001', '0')} else ${id('be9c00000001', 'place - 1')} end,
       base.first + place,
       (select string_agg(base.first + step || '/', '' order by step) from generate_series(0, $2) as step
         where step = 0 or (place > 0 and (step - 1) / $3 = (place - 1) / $3 and step <= place)),
       'chain-' || place, 'Chain ' || place
     from base, generate_series(0, $2) as place`,
    [userPoolId, below, heavy.depth - 1],
  );
  await client.query(
    `insert into department_members (user_pool_id, department_id, user_id, path, joined_at, is_main)
     select $1, department.id, user_id, department.path, '2026-01-01', false
     from departments department, unnest($2::text[]) as user_id
     where department.user_pool_id = $1 and department.organization_id = ${id('be9c00000001', '0')}
       and length(department.path) - length(replace(department.path, '/', '')) = $3`,
    [userPoolId, userIds, heavy.depth],
  );
}

async function seedNames(client: pg.Client, userPoolId: string): Promise<void> {
  await client.query(
    `insert into roles (user_pool_id, id, namespace, code, name, created_at, updated_at)
     select $1, ${id('be9c00000002', 'number')}, 'default', code, code, '2026-01-01', '2026-01-01'
     from (
       select number, 'heavy-' || number as code from generate_series(0, $2::integer - 1) as number
       union all select $2 + number, 'common-' || number from generate_series(0, $3::integer - 1) as number
     ) as named`,
    [userPoolId, heavy.roles, commonRoles],
  );
  await client.query(
    `insert into groups (user_pool_id, id, code, name)
     select $1, ${id('be9c00000003', 'number')}, 'group-' || number, 'Group ' || number
     from generate_series(0, $2::integer - 1) as number`,
    [userPoolId, heavy.groups + commonGroups],
  );
}

async function seedHeavy(client: pg.Client, userPoolId: string, userIds: readonly string[]): Promise<void> {
  await client.query(
    `insert into group_members (user_pool_id, group_id, user_id, joined_at)
     select $1, ${id('be9c00000003', 'number')}, user_id, '2026-01-01'
     from generate_series(0, $2::integer - 1) as number, unnest($3::text[]) as user_id`,
    [userPoolId, heavy.groups, userIds],
  );
  const { direct, departments, groups } = shares;
  // Departments get theirs on every level of every chain; the last roles are given to the first ones, one to each.
  await client.query(
    `insert into role_assignments (user_pool_id, id, role_id, user_id, department_number, group_id, holder_role_id, created_at, updated_at)
     select $1, ${id('be9c00000004', 'row_number() over ()')}, ${id('be9c00000002', 'role')}, user_id, department_number, group_id,
       holder_role_id, '2026-01-01', '2026-01-01'
     from (
       select number as role, user_id, null::bigint as department_number, null as group_id, null as holder_role_id
       from generate_series(0, $3::integer - 1) as number, unnest($2::text[]) as user_id
       union all
       select $3 + position, null, (
         select department.number from departments department
         where department.user_pool_id = $1 and department.id = ${id('be9c00000001', 'position * 3')}
       ), null, null from generate_series(0, $4::integer - 1) as position
       union all
       select $3 + $4 + number, null, null, ${id('be9c00000003', 'number % $6')}, null
       from generate_series(0, $5::integer - 1) as number
       union all
       select $3 + $4 + $5 + number, null, null, null, ${id('be9c00000002', 'number * 9')}
       from generate_series(0, $7::integer - $3 - $4 - $5 - 1) as number
     ) as assignment`,
    [userPoolId, userIds, direct, departments, groups, heavy.groups, heavy.roles],
  );
}

async function seedCommon(
  client: pg.Client,
  userPoolId: string,
  dataset: Stage['dataset'],
  first: number,
  end: number,
): Promise<void> {
  const userIds = Array.from({ length: end - first }, (_, offset) => dataset.userId(first + offset));
  await client.query(
    `insert into role_assignments (user_pool_id, id, role_id, user_id, created_at, updated_at)
     select $1, ${id('be9c00000005', 'number')}, ${id('be9c00000002', `${heavy.roles} + number % ${commonRoles}`)}, user_id,
       '2026-01-01', '2026-01-01'
     from unnest($2::text[]) with ordinality as given (user_id, position), lateral (select $3::bigint + position - 1 as number) as n`,
    [userPoolId, userIds, first],
  );
  await client.query(
    `insert into group_members (user_pool_id, group_id, user_id, joined_at)
     select $1, ${id('be9c00000003', `${heavy.groups} + number % ${commonGroups}`)}, user_id, '2026-01-01'
     from unnest($2::text[]) with ordinality as given (user_id, position), lateral (select $3::bigint + position - 1 as number) as n`,
    [userPoolId, userIds, first],
  );
}
