import { type RawBuilder, sql } from 'kysely';
import { type Scope, statement } from '../../platform/database/database.ts';
import type { DepartmentRow } from '../department-tree/index.ts';
import type { AccountKind } from '../user-directory/index.ts';

/** A department as seen from one of its members. */
export interface UserDepartmentRow {
  readonly organizationCode: string;
  readonly id: string;
  readonly parentId: string | null;
  readonly createdAt: string;
  readonly name: string;
  readonly nameI18n: DepartmentRow['nameI18n'];
  readonly description: string | null;
  readonly openDepartmentId: string | null;
  readonly code: string | null;
  readonly isVirtualNode: boolean;
  readonly isMain: boolean;
  readonly isLeader: boolean;
  readonly joinedAt: string;
  /** From the root to the department; only there when asked for. */
  readonly idPath?: readonly string[];
  readonly codePath?: readonly string[];
  readonly namePath?: readonly string[];
}

const leads = `exists (select from department_leaders leader
  where leader.user_pool_id = member.user_pool_id and leader.department_id = member.department_id
    and leader.user_id = member.user_id)`;

const departmentOf = `
  join departments department on department.user_pool_id = member.user_pool_id and department.id = member.department_id
`;
const memberships = `department_members member ${departmentOf}`;

/** Departments of a person by his memberships, and of a public account by its links. */
const sources = {
  personal: { from: memberships, leads },
  public: {
    from: `(select user_pool_id, public_account_id as user_id, department_id, is_main, is_leader, linked_at as joined_at
      from public_account_departments) as member ${departmentOf}`,
    leads: 'member.is_leader',
  },
} satisfies Record<AccountKind, unknown>;

/** The numbers in a path say which departments lie on the way. */
const way = `
  cross join lateral (
    select array_agg(ancestor.id order by length(ancestor.path)) as "idPath",
      array_agg(coalesce(ancestor.code, '') order by length(ancestor.path)) as "codePath",
      array_agg(ancestor.name order by length(ancestor.path)) as "namePath"
    from departments ancestor
    where ancestor.user_pool_id = department.user_pool_id
      and ancestor.number = any(genauth.path_numbers(department.path))
  ) as way
`;

/** What the departments of a user can be ordered by. */
const sortKeys = {
  DepartmentCreatedAt: 'department.created_at',
  JoinDepartmentAt: 'member.joined_at',
  DepartmentName: 'department.name',
  DepartmentCode: `coalesce(department.code, '')`,
} as const;

export type UserDepartmentSortKey = keyof typeof sortKeys;

function pageBy(kind: AccountKind, key: UserDepartmentSortKey, direction: 'asc' | 'desc') {
  const select = (withPaths: boolean) =>
    statement<UserDepartmentRow, [userId: string, limit: number, offset: number]>(`
      select organization.code as "organizationCode", department.id, department.parent_id as "parentId",
        department.created_at as "createdAt", department.name, department.name_i18n as "nameI18n",
        department.description, department.open_department_id as "openDepartmentId", department.code,
        department.is_virtual_node as "isVirtualNode", member.is_main as "isMain", ${sources[kind].leads} as "isLeader",
        member.joined_at as "joinedAt" ${withPaths ? ', way.*' : ''}
      from ${sources[kind].from}
      join organizations organization on organization.user_pool_id = department.user_pool_id
        and organization.id = department.organization_id
      ${withPaths ? way : ''}
      where member.user_pool_id = current_setting('genauth.user_pool_id') and member.user_id = $1
      order by ${sortKeys[key]} ${direction}, department.id ${direction} limit $2 offset $3
    `);
  return { plain: select(false), withPaths: select(true) };
}

function pagesBy(kind: AccountKind, key: UserDepartmentSortKey) {
  return { asc: pageBy(kind, key, 'asc'), desc: pageBy(kind, key, 'desc') };
}

function pagesOf(kind: AccountKind) {
  return {
    DepartmentCreatedAt: pagesBy(kind, 'DepartmentCreatedAt'),
    JoinDepartmentAt: pagesBy(kind, 'JoinDepartmentAt'),
    DepartmentName: pagesBy(kind, 'DepartmentName'),
    DepartmentCode: pagesBy(kind, 'DepartmentCode'),
  } satisfies Record<UserDepartmentSortKey, unknown>;
}

const pages = { personal: pagesOf('personal'), public: pagesOf('public') };

const countDepartments = {
  personal: statement<{ total: number }, [userId: string]>(`
    select count(*) as total from department_members
    where user_pool_id = current_setting('genauth.user_pool_id') and user_id = $1
  `),
  public: statement<{ total: number }, [publicAccountId: string]>(`
    select count(*) as total from public_account_departments
    where user_pool_id = current_setting('genauth.user_pool_id') and public_account_id = $1
  `),
};

/** Which page of a user's departments, in which order. */
export interface UserDepartmentPage {
  readonly sortBy: UserDepartmentSortKey;
  readonly isDescending: boolean;
  readonly withPaths: boolean;
  readonly limit: number;
  readonly offset: number;
}

export async function listDepartmentsOfUser(
  scope: Scope,
  kind: AccountKind,
  userId: string,
  { sortBy, isDescending, withPaths, limit, offset }: UserDepartmentPage,
): Promise<{ totalCount: number; list: UserDepartmentRow[] }> {
  const page = pages[kind][sortBy][isDescending ? 'desc' : 'asc'][withPaths ? 'withPaths' : 'plain'];
  const list = await page(scope, userId, limit, offset);
  const [counted] = await countDepartments[kind](scope, userId);
  return { totalCount: counted?.total ?? 0, list };
}

/** A department someone is about to join. */
export interface JoinableDepartment {
  readonly id: string;
  readonly organizationId: string;
  readonly name: string;
  readonly code: string | null;
  readonly isVirtualNode: boolean;
}

/** `for key share`: none of them is deleted before this transaction ends. */
export const listAndHoldDepartments = statement<JoinableDepartment, [ids: readonly string[]]>(`
  select id, organization_id as "organizationId", name, code, is_virtual_node as "isVirtualNode"
  from departments where user_pool_id = current_setting('genauth.user_pool_id') and id = any($1)
  order by id for key share
`);

/** Ids that are unique in an organization only may name several departments of a user pool. */
function idsBy(source: string) {
  return statement<{ given: string; id: string | null }, [values: readonly string[]]>(`
    select given.value as given, found.id
    from unnest($1::text[]) with ordinality as given (value, position)
    left join lateral (${source} offset 0) as found on true
    order by given.position
  `);
}

/** One row for each value and department it names; a value that names none has one row without an id. */
export const departmentIdsBy = {
  department_id: idsBy(`
    select id from departments where user_pool_id = current_setting('genauth.user_pool_id') and id = given.value`),
  open_department_id: idsBy(`
    select id from departments
    where user_pool_id = current_setting('genauth.user_pool_id') and open_department_id = given.value`),
  code: idsBy(`
    select id from departments where user_pool_id = current_setting('genauth.user_pool_id') and code = given.value`),
  sync_relation: idsBy(`
    select department_id as id from department_sync_relations
    where user_pool_id = current_setting('genauth.user_pool_id') and provider = split_part(given.value, ':', 1)
      and id_in_provider = substr(given.value, strpos(given.value, ':') + 1)`),
};

/** One user in one department. */
export interface MembershipRow extends JoinableDepartment {
  readonly userId: string;
  readonly isMain: boolean;
  readonly isLeader: boolean;
}

const membershipColumns = `
  member.user_id as "userId", department.id, department.organization_id as "organizationId", department.name,
  department.code, department.is_virtual_node as "isVirtualNode", member.is_main as "isMain", ${leads} as "isLeader"
`;

/** All memberships of these users, those joined first at the front. */
export const listMemberships = statement<MembershipRow, [userIds: readonly string[]]>(`
  select ${membershipColumns} from ${memberships}
  where member.user_pool_id = current_setting('genauth.user_pool_id') and member.user_id = any($1)
  order by member.user_id, member.joined_at, department.id
`);

/**
 * Adds memberships of any users to any departments. Of a user without a main department, the first department in the list
 * that is not virtual becomes it. Answers those that are new.
 */
export const insertMemberships = statement<
  { userId: string; departmentId: string },
  [userIds: readonly string[], departmentIds: readonly string[]]
>(`
  insert into department_members (user_pool_id, department_id, user_id, path, is_main)
  select current_setting('genauth.user_pool_id'), department.id, given.user_id, department.path,
    not department.is_virtual_node
      and row_number() over (partition by given.user_id, department.is_virtual_node order by given.position) = 1
      and not exists (select from department_members main
        where main.user_pool_id = current_setting('genauth.user_pool_id') and main.user_id = given.user_id and main.is_main)
  from (
    select user_id, department_id, min(position) as position
    from unnest($1::text[], $2::text[]) with ordinality as pair (user_id, department_id, position)
    group by user_id, department_id
  ) as given
  join departments department on department.user_pool_id = current_setting('genauth.user_pool_id')
    and department.id = given.department_id
  order by given.position
  on conflict (user_pool_id, department_id, user_id) do nothing
  returning user_id as "userId", department_id as "departmentId"
`);

/** A department that lost somebody in charge. */
interface LedDepartment {
  readonly id: string;
  readonly orgId: string;
  readonly name: string;
  readonly code: string | null;
}

/**
 * Ends every membership and every leadership of these users. Answers the departments they led without being members: of the
 * others their leaving tells.
 */
export const deleteMembershipsOf = statement<LedDepartment, [userIds: readonly string[]]>(`
  with demoted as (
    delete from department_leaders
    where user_pool_id = current_setting('genauth.user_pool_id') and user_id = any($1)
    returning department_id, user_id
  ), departed as (
    delete from department_members
    where user_pool_id = current_setting('genauth.user_pool_id') and user_id = any($1)
    returning department_id, user_id
  )
  select department.id, department.organization_id as "orgId", department.name, department.code
  from departments department
  where department.user_pool_id = current_setting('genauth.user_pool_id') and department.id in (
    select department_id from demoted where not exists (
      select from departed where departed.department_id = demoted.department_id and departed.user_id = demoted.user_id
    )
  )
  order by department.id
`);

/** Whoever leaves a department he belongs to no longer leads it. */
const deleteOthers = statement<Record<never, never>, [userId: string, keptIds: readonly string[]]>(`
  with removed as (
    delete from department_members
    where user_pool_id = current_setting('genauth.user_pool_id') and user_id = $1 and department_id <> all($2)
    returning user_pool_id, department_id, user_id
  )
  delete from department_leaders using removed
  where department_leaders.user_pool_id = removed.user_pool_id
    and department_leaders.department_id = removed.department_id and department_leaders.user_id = removed.user_id
`);

const clearMain = statement<Record<never, never>, [userId: string, mainId: string | null]>(`
  update department_members set is_main = false
  where user_pool_id = current_setting('genauth.user_pool_id') and user_id = $1 and is_main
    and department_id is distinct from $2
`);

const upsert = statement<Record<never, never>, [userId: string, ids: readonly string[], mainId: string | null]>(`
  insert into department_members (user_pool_id, department_id, user_id, path, is_main)
  select user_pool_id, id, $1, path, id is not distinct from $3
  from departments where user_pool_id = current_setting('genauth.user_pool_id') and id = any($2)
  on conflict (user_pool_id, department_id, user_id) do update set is_main = true
    where excluded.is_main and not department_members.is_main
`);

/** Replaces the departments of a user, whose row and whose trees are locked. Who stays, stays since when he joined. */
export async function replaceMemberships(
  scope: Scope,
  userId: string,
  departmentIds: readonly string[],
  mainId: string | null,
): Promise<void> {
  await deleteOthers(scope, userId, departmentIds);
  // Before the new one is set: no moment may have two.
  await clearMain(scope, userId, mainId);
  await upsert(scope, userId, departmentIds, mainId);
}

/** Makes a user a leader of some departments, last in their order, and no longer one of others. */
export const changeLeaderships = statement<
  Record<never, never>,
  [userId: string, ledIds: readonly string[], notLedIds: readonly string[]]
>(`
  with demoted as (
    delete from department_leaders
    where user_pool_id = current_setting('genauth.user_pool_id') and user_id = $1 and department_id = any($3)
  )
  insert into department_leaders (user_pool_id, department_id, user_id, position)
  select current_setting('genauth.user_pool_id'), led.department_id, $1, coalesce((
    select max(leader.position) from department_leaders leader
    where leader.user_pool_id = current_setting('genauth.user_pool_id') and leader.department_id = led.department_id
  ), 0) + 1
  from unnest($2::text[]) as led (department_id)
  on conflict (user_pool_id, department_id, user_id) do nothing
`);

/** Departments whose members are meant, with or without those below: a range of paths. */
export interface PathRange {
  readonly start: string;
  readonly end: string;
}

/** An SQL condition on `users`: member of a department in one of these ranges. */
export function isMemberIn(ranges: readonly PathRange[]): RawBuilder<boolean> {
  if (ranges.length === 0) return sql<boolean>`false`;
  const inOne = ranges.map(({ start, end }) => sql`(member.path >= ${start} and member.path < ${end})`);
  return sql<boolean>`exists (
    select from department_members member
    where member.user_pool_id = users.user_pool_id and member.user_id = users.id and (${sql.join(inOne, sql` or `)})
  )`;
}
