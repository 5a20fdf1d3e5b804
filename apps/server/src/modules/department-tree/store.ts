import { type Scope, statement } from '../../platform/database/database.ts';
import { isViolationOf } from '../../platform/violations.ts';

/** An organization: its code, and the id it shares with its root department. */
export interface OrganizationRow {
  readonly id: string;
  readonly code: string;
}

/** A department with what every answer about it says. */
export interface DepartmentRow {
  readonly id: string;
  readonly organizationId: string;
  readonly organizationCode: string;
  /** Null for the root department alone. */
  readonly parentId: string | null;
  readonly parentCode: string | null;
  /** Numbers of the ancestors and itself, root first, each followed by a slash. */
  readonly path: string;
  readonly code: string | null;
  readonly openDepartmentId: string | null;
  readonly name: string;
  readonly nameI18n: Readonly<Record<string, { enabled: boolean; value: string }>> | null;
  readonly description: string | null;
  readonly isVirtualNode: boolean;
  readonly status: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly membersCount: number;
  readonly hasChildren: boolean;
  readonly leaderUserIds: readonly string[];
}

/** Select list of a `DepartmentRow`, for the aliases `organization` and `department`. */
export const departmentColumns = `
  department.id, department.organization_id as "organizationId", organization.code as "organizationCode",
  department.parent_id as "parentId",
  (select parent.code from departments parent
    where parent.user_pool_id = department.user_pool_id and parent.id = department.parent_id) as "parentCode",
  department.path, department.code, department.open_department_id as "openDepartmentId",
  department.name, department.name_i18n as "nameI18n", department.description,
  department.is_virtual_node as "isVirtualNode", department.status,
  department.created_at as "createdAt", department.updated_at as "updatedAt",
  (select coalesce(sum(counts.members), 0)::integer from department_counts counts
    where counts.user_pool_id = department.user_pool_id and counts.department_number = department.number) as "membersCount",
  exists (select from departments child
    where child.user_pool_id = department.user_pool_id and child.parent_id = department.id) as "hasChildren",
  array(select leader.user_id from department_leaders leader
    where leader.user_pool_id = department.user_pool_id and leader.department_id = department.id
    order by leader.position) as "leaderUserIds"
`;

/** How each kind of department id finds its department; `$2` is the id. */
const conditions = {
  department_id: 'department.id = $2',
  open_department_id: 'department.open_department_id = $2',
  code: 'department.code = $2',
  sync_relation: `department.id = (select relation.department_id from department_sync_relations relation
    where relation.user_pool_id = organization.user_pool_id
      and relation.provider = split_part($2, ':', 1) and relation.id_in_provider = substr($2, strpos($2, ':') + 1))`,
  root: 'department.id = organization.id and $2::text is not null',
};

export type DepartmentKey = keyof typeof conditions;

/** One row when the organization is there; its department columns are null when the department is not. */
function findBy(key: DepartmentKey) {
  return statement<DepartmentRow | { readonly id: null }, [organizationCode: string, departmentId: string]>(`
    select ${departmentColumns}
    from organizations organization
    left join departments department on department.user_pool_id = organization.user_pool_id
      and department.organization_id = organization.id and ${conditions[key]}
    where organization.user_pool_id = current_setting('genauth.user_pool_id') and organization.code = $1
  `);
}

/** Finds organization and department in one statement. */
export const departmentByReference = {
  department_id: findBy('department_id'),
  open_department_id: findBy('open_department_id'),
  code: findBy('code'),
  sync_relation: findBy('sync_relation'),
  root: findBy('root'),
} satisfies Record<DepartmentKey, unknown>;

const departmentById = statement<DepartmentRow, [id: string]>(`
  select ${departmentColumns}
  from departments department
  join organizations organization on organization.user_pool_id = department.user_pool_id
    and organization.id = department.organization_id
  where department.user_pool_id = current_setting('genauth.user_pool_id') and department.id = $1
`);

export async function findDepartmentById(scope: Scope, id: string): Promise<DepartmentRow | undefined> {
  const [row] = await departmentById(scope, id);
  return row;
}

/** Finds the organization and waits for the lock of its tree. A statement after this one sees what the lock protects. */
const lockShared = statement<OrganizationRow, [code: string]>(`
  select id, code, pg_advisory_xact_lock_shared(hashtextextended(id, 0))
  from organizations where user_pool_id = current_setting('genauth.user_pool_id') and code = $1
`);

const lockExclusive = statement<OrganizationRow, [code: string]>(`
  select id, code, pg_advisory_xact_lock(hashtextextended(id, 0))
  from organizations where user_pool_id = current_setting('genauth.user_pool_id') and code = $1
`);

/** What a tree lock is for: `members` and single departments share the tree; moving and deleting trees needs it alone. */
export type TreeLock = 'shared' | 'exclusive';

export async function findAndLockOrganization(
  scope: Scope,
  code: string,
  lock: TreeLock,
): Promise<OrganizationRow | undefined> {
  const [row] = await (lock === 'shared' ? lockShared : lockExclusive)(scope, code);
  return row;
}

/** Locks trees in the order of their ids, so that two transactions never wait for each other. */
const lockTreesShared = statement<Record<never, never>, [organizationIds: readonly string[]]>(`
  select pg_advisory_xact_lock_shared(hashtextextended(id, 0)) from unnest($1::text[]) as id order by id
`);

export async function lockTrees(scope: Scope, organizationIds: readonly string[]): Promise<void> {
  await lockTreesShared(scope, [...new Set(organizationIds)].sort());
}

/** A department about to be made. */
export interface NewDepartment {
  readonly id: string;
  readonly organizationId: string;
  readonly parentId: string | null;
  readonly code: string | null;
  readonly openDepartmentId: string | null;
  readonly name: string;
  readonly nameI18n: unknown;
  readonly description: string | null;
  readonly isVirtualNode: boolean;
}

/** The path is the parent's with the new number appended; the parent's tree is locked. */
const insert = statement<{ id: string }, readonly unknown[]>(`
  insert into departments (user_pool_id, id, organization_id, parent_id, number, path, code, open_department_id, name,
    name_i18n, description, is_virtual_node)
  select current_setting('genauth.user_pool_id'), $1, $2, $3, next.number,
    coalesce((select parent.path from departments parent
      where parent.user_pool_id = current_setting('genauth.user_pool_id') and parent.id = $3), '') || next.number || '/',
    $4, $5, $6, $7, $8, $9
  from nextval('department_numbers') as next (number)
  returning id
`);

export async function insertDepartment(scope: Scope, department: NewDepartment): Promise<void> {
  const { id, organizationId, parentId, code, openDepartmentId, name, nameI18n, description } = department;
  await insert(
    scope,
    id,
    organizationId,
    parentId,
    code,
    openDepartmentId,
    name,
    nameI18n === null || nameI18n === undefined ? null : JSON.stringify(nameI18n),
    description,
    department.isVirtualNode,
  );
}

/** What may be changed of a department in place; what is absent stays. */
export interface DepartmentChanges {
  readonly code?: string | null;
  readonly openDepartmentId?: string | null;
  readonly name?: string;
  readonly nameI18n?: unknown;
  readonly description?: string | null;
  readonly status?: boolean;
}

const update = statement<{ id: string }, readonly unknown[]>(`
  update departments set
    code = case when $2 then $3 else code end,
    open_department_id = case when $4 then $5 else open_department_id end,
    name = coalesce($6, name),
    name_i18n = case when $7 then $8::jsonb else name_i18n end,
    description = case when $9 then $10 else description end,
    status = coalesce($11, status),
    updated_at = now()
  where user_pool_id = current_setting('genauth.user_pool_id') and id = $1
  returning id
`);

export async function updateDepartmentRow(scope: Scope, id: string, changes: DepartmentChanges): Promise<void> {
  const { nameI18n } = changes;
  await update(
    scope,
    id,
    changes.code !== undefined,
    changes.code ?? null,
    changes.openDepartmentId !== undefined,
    changes.openDepartmentId ?? null,
    changes.name ?? null,
    nameI18n !== undefined,
    nameI18n === undefined || nameI18n === null ? null : JSON.stringify(nameI18n),
    changes.description !== undefined,
    changes.description ?? null,
    changes.status ?? null,
  );
}

/** `for share`: who resigns or becomes a public account meanwhile waits, and then finds his new leadership to end. */
const holdUsers = statement<Record<never, never>, [userIds: readonly string[]]>(`
  select from users where user_pool_id = current_setting('genauth.user_pool_id') and id = any($1)
  order by id for share
`);

/** Replaces the leaders of a department, in the order given; answers those who are no users. */
const replaceLeaders = statement<{ userId: string }, [departmentId: string, userIds: readonly string[]]>(`
  with wanted as (
    select user_id, min(position) as position
    from unnest($2::text[]) with ordinality as given (user_id, position) group by user_id
  ), removed as (
    delete from department_leaders
    where user_pool_id = current_setting('genauth.user_pool_id') and department_id = $1
      and user_id <> all ($2::text[])
  ), added as (
    insert into department_leaders (user_pool_id, department_id, user_id, position)
    select current_setting('genauth.user_pool_id'), $1, wanted.user_id, wanted.position
    from wanted join users on users.user_pool_id = current_setting('genauth.user_pool_id') and users.id = wanted.user_id
      and users.kind = 'personal'
    on conflict (user_pool_id, department_id, user_id) do update set position = excluded.position
  )
  select wanted.user_id as "userId" from wanted
  where not exists (select from users
    where users.user_pool_id = current_setting('genauth.user_pool_id') and users.id = wanted.user_id
      and users.kind = 'personal')
  order by wanted.position
`);

export async function setLeaders(scope: Scope, departmentId: string, userIds: readonly string[]): Promise<string[]> {
  if (userIds.length > 0) await holdUsers(scope, userIds);
  return (await replaceLeaders(scope, departmentId, userIds)).map(({ userId }) => userId);
}

/** Depth of the root department is 1. */
export const maxDepth = 64;

export function depthOf({ path }: Pick<DepartmentRow, 'path'>): number {
  let depth = 0;
  for (const character of path) if (character === '/') depth += 1;
  return depth;
}

/** The first path that is no longer below this one: its closing slash replaced by the character after it. */
export function endOfSubtree(path: string): string {
  return `${path.slice(0, -1)}0`;
}

/** Whether `department` is `ancestor` or somewhere below it. */
export function isBelowOrSame(department: DepartmentRow, ancestor: DepartmentRow): boolean {
  return department.path.startsWith(ancestor.path);
}

const moveDepartment = statement<Record<never, never>, [id: string, newParentId: string]>(`
  select genauth.move_department($1, $2)
`);

/** Moves a department and all below it; answers false when that would be too deep. The tree is locked exclusively. */
export async function moveSubtree(scope: Scope, { id }: DepartmentRow, parent: DepartmentRow): Promise<boolean> {
  try {
    await moveDepartment(scope, id, parent.id);
    return true;
  } catch (error) {
    if (isViolationOf(error, 'departments_depth')) return false;
    throw error;
  }
}
