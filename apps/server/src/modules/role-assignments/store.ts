import { type Scope, statement } from '../../platform/database/database.ts';
import { isInForce } from '../roles/index.ts';
import { type AccountKind, departmentIdsColumn, type UserRow, userColumns } from '../user-directory/index.ts';

const pool = `current_setting('genauth.user_pool_id')`;

/** What a role can be assigned to, with the column that names it. */
const columns = {
  USER: { name: 'user_id', type: 'text' },
  DEPARTMENT: { name: 'department_number', type: 'bigint' },
  GROUP: { name: 'group_id', type: 'text' },
  ROLE: { name: 'holder_role_id', type: 'text' },
} as const;

export type TargetKind = keyof typeof columns;

/** A target by the key assignments know it by, and as events know it. */
export interface Target {
  readonly kind: TargetKind;
  readonly key: string | number;
  readonly id: string;
  readonly includeDescendants: boolean;
}

const lockedUsers = statement<{ id: string; status: string }, [ids: readonly string[], kind: AccountKind]>(`
  select id, status from users where user_pool_id = ${pool} and id = any($1) and kind = $2
  order by id for no key update
`);

/** The users there are among these. Nobody else assigns them anything until the transaction ends. */
export function lockTargetUsers(scope: Scope, ids: readonly string[], kind: AccountKind) {
  return lockedUsers(scope, ids, kind);
}

const heldDepartments = statement<{ id: string; number: number }, [ids: readonly string[]]>(`
  select id, number from departments where user_pool_id = ${pool} and id = any($1) order by id for key share
`);

/** The departments there are among these, which stay until the transaction ends. */
export function holdTargetDepartments(scope: Scope, ids: readonly string[]) {
  return heldDepartments(scope, ids);
}

const lockedGroups = statement<{ id: string; code: string }, [codes: readonly string[]]>(`
  select id, code from groups where user_pool_id = ${pool} and code = any($1) order by id for no key update
`);

/** The groups there are among these. Nobody else assigns them anything until the transaction ends. */
export function lockTargetGroups(scope: Scope, codes: readonly string[]) {
  return lockedGroups(scope, codes);
}

const foundDepartments = statement<{ id: string; number: number }, [ids: readonly string[]]>(
  `select id, number from departments where user_pool_id = ${pool} and id = any($1)`,
);
const foundGroups = statement<{ id: string; code: string }, [codes: readonly string[]]>(
  `select id, code from groups where user_pool_id = ${pool} and code = any($1)`,
);

export function findTargetDepartments(scope: Scope, ids: readonly string[]) {
  return foundDepartments(scope, ids);
}

export function findTargetGroups(scope: Scope, codes: readonly string[]) {
  return foundGroups(scope, codes);
}

/** One assignment about to be made. */
export interface NewAssignment {
  readonly id: string;
  readonly roleId: string;
  readonly target: Target;
}

/** When assignments hold, in ISO 8601; null for no limit. */
export interface Validity {
  readonly enableTime: string | null;
  readonly endTime: string | null;
}

interface AssignmentKey {
  readonly roleId: string;
  readonly key: string | number;
}

/** Assignments there are take the new time; what stays as it was is left out of the answer. */
function upsert({ name, type }: (typeof columns)[TargetKind]) {
  return statement<
    AssignmentKey,
    [assignments: string, now: string, enableTime: string | null, endTime: string | null]
  >(`
    insert into role_assignments as assignment (user_pool_id, id, role_id, ${name}, include_descendants, enable_time,
      end_time, created_at, updated_at)
    select ${pool}, given.id, given."roleId", given.key, given."includeDescendants", $3::timestamptz, $4::timestamptz,
      $2::timestamptz, $2::timestamptz
    from jsonb_to_recordset($1::jsonb) as given (id text, "roleId" text, key ${type}, "includeDescendants" boolean)
    order by given.key, given."roleId"
    on conflict (user_pool_id, ${name}, role_id) where ${name} is not null do update
      set include_descendants = excluded.include_descendants, enable_time = excluded.enable_time,
        end_time = excluded.end_time, updated_at = excluded.updated_at
      where (assignment.include_descendants, assignment.enable_time, assignment.end_time)
        is distinct from (excluded.include_descendants, excluded.enable_time, excluded.end_time)
    returning role_id as "roleId", ${name} as key
  `);
}

const upserts = {
  USER: upsert(columns.USER),
  DEPARTMENT: upsert(columns.DEPARTMENT),
  GROUP: upsert(columns.GROUP),
  ROLE: upsert(columns.ROLE),
};

/** Assigns roles to targets of one kind, and answers what changed by it. */
export function saveAssignments(
  scope: Scope,
  kind: TargetKind,
  assignments: readonly NewAssignment[],
  { enableTime, endTime }: Validity,
  now: string,
): Promise<AssignmentKey[]> {
  const rows = assignments.map(({ id, roleId, target: { key, includeDescendants } }) => ({
    id,
    roleId,
    key,
    includeDescendants,
  }));
  return upserts[kind](scope, JSON.stringify(rows), now, enableTime, endTime);
}

function removeBy({ name }: (typeof columns)[TargetKind]) {
  return statement<AssignmentKey, [roleIds: readonly string[], keys: readonly (string | number)[]]>(`
    delete from role_assignments
    where user_pool_id = ${pool} and ${name} = any($2) and role_id = any($1)
    returning role_id as "roleId", ${name} as key
  `);
}

const removals = {
  USER: removeBy(columns.USER),
  DEPARTMENT: removeBy(columns.DEPARTMENT),
  GROUP: removeBy(columns.GROUP),
  ROLE: removeBy(columns.ROLE),
};

/** Ends assignments of these roles to targets of one kind, and answers those there were. */
export function deleteAssignments(
  scope: Scope,
  kind: TargetKind,
  roleIds: readonly string[],
  keys: readonly (string | number)[],
): Promise<AssignmentKey[]> {
  return removals[kind](scope, roleIds, keys);
}

/** An assignment that ended, with its role and whose it was. */
export interface EndedAssignment {
  readonly subjectId: string;
  readonly id: string;
  readonly code: string;
  readonly namespace: string;
}

/** `removal` answers the `role_id` and the `subject_id` of what it deletes. */
function ending<Parameters extends readonly unknown[]>(removal: string) {
  return statement<EndedAssignment, Parameters>(`
    with ended as (${removal})
    select ended.subject_id as "subjectId", role.id, role.code, role.namespace
    from ended join roles role on role.user_pool_id = ${pool} and role.id = ended.role_id
    order by role.id, ended.subject_id
  `);
}

function endingBy(column: string) {
  return ending<[ids: readonly string[]]>(`
    delete from role_assignments where user_pool_id = ${pool} and ${column} = any($1)
    returning role_id, ${column} as subject_id
  `);
}

function endingOfDepartments<Parameters extends readonly unknown[]>(which: string) {
  return ending<Parameters>(`
    delete from role_assignments assignment using departments department
    where assignment.user_pool_id = ${pool} and assignment.department_number = department.number
      and department.user_pool_id = ${pool} and ${which}
    returning assignment.role_id, department.id as subject_id
  `);
}

/** Ends every assignment to these subjects, or to the departments of an organization, and answers those there were. */
export const endAssignmentsTo = {
  USER: endingBy('user_id'),
  GROUP: endingBy('group_id'),
  ROLE: endingBy('holder_role_id'),
  DEPARTMENT: endingOfDepartments<[ids: readonly string[]]>('department.id = any($1)'),
  ORGANIZATION: endingOfDepartments<[organizationId: string]>('department.organization_id = $1'),
};

/** Every assignment counts, whatever its time: one that is over can be given a new one. */
const cycle = statement<{ found: boolean }, [roleIds: readonly string[], holderRoleIds: readonly string[]]>(`
  with recursive implied (id) as (
    select unnest($1::text[]) collate "C"
    union
    select given.role_id from implied cross join lateral (
      select assignment.role_id from role_assignments assignment
      where assignment.user_pool_id = ${pool} and assignment.holder_role_id = implied.id offset 0
    ) as given
  )
  select exists (select from implied where implied.id = any($2)) as found
`);

/** Whether who holds one of the roles that were just assigned to these holders holds such a holder, too. */
export async function isCircular(scope: Scope, roleIds: readonly string[], holderRoleIds: readonly string[]) {
  return (await cycle(scope, roleIds, holderRoleIds))[0]?.found ?? false;
}

type PageParameters = [roleId: string, now: string, limit: number, offset: number];

const inForceOfRole = `assignment.user_pool_id = ${pool} and assignment.role_id = $1
    and ${isInForce('assignment', '$2::timestamptz')}`;

/** Found in the order of the index and cut before anything else is read of them. */
function membersPage(columnList: string) {
  return statement<UserRow, PageParameters>(`
    select ${columnList} from (
      select ids.user_id, row_number() over () as position from (
        select assignment.user_id from role_assignments assignment
        cross join lateral (
          select from users candidate
          where candidate.user_pool_id = ${pool} and candidate.id = assignment.user_id and candidate.kind = 'personal'
          offset 0
        ) as person
        where ${inForceOfRole} and assignment.user_id is not null
        order by assignment.created_at, assignment.id limit $3 offset $4
      ) as ids
    ) as page
    cross join lateral (
      select * from users candidate where candidate.user_pool_id = ${pool} and candidate.id = page.user_id offset 0
    ) as users
    order by page.position
  `);
}

const plainMembers = membersPage(userColumns);
const membersWithDepartmentIds = membersPage(`${userColumns}, ${departmentIdsColumn}`);

/** All, without those who are no people: of these there are few, so they are looked for from their side. */
const countMembers = statement<{ total: number }, [roleId: string, now: string]>(`
  select (
    select count(*) from role_assignments assignment where ${inForceOfRole} and assignment.user_id is not null
  ) - (
    select count(*) from users
    cross join lateral (
      select from role_assignments assignment where ${inForceOfRole} and assignment.user_id = users.id offset 0
    ) as shared
    where users.user_pool_id = ${pool} and users.kind = 'public'
  ) as total
`);

/** Which page, seen from when. */
export interface Page {
  readonly now: string;
  readonly limit: number;
  readonly offset: number;
}

/** The people a role is assigned to itself, the one assigned first first. */
export async function listDirectMembers(
  scope: Scope,
  roleId: string,
  withDepartmentIds: boolean,
  { now, limit, offset }: Page,
): Promise<{ totalCount: number; list: UserRow[] }> {
  const [counted] = await countMembers(scope, roleId, now);
  const find = withDepartmentIds ? membersWithDepartmentIds : plainMembers;
  return { totalCount: counted?.total ?? 0, list: await find(scope, roleId, now, limit, offset) };
}

/** A department that is assigned a role. */
export interface RoleDepartmentRow {
  readonly id: string;
  readonly code: string | null;
  readonly name: string;
  readonly description: string | null;
  readonly includeDescendants: boolean;
}

const departmentsOf = `
  role_assignments assignment
  join departments department
    on department.user_pool_id = assignment.user_pool_id and department.number = assignment.department_number
  where ${inForceOfRole} and assignment.user_id is null
`;
const departmentsPage = statement<RoleDepartmentRow, PageParameters>(`
  select department.id, department.code, department.name, department.description,
    assignment.include_descendants as "includeDescendants"
  from ${departmentsOf} order by assignment.created_at, assignment.id limit $3 offset $4
`);
const countDepartments = statement<{ total: number }, [roleId: string, now: string]>(
  `select count(*) as total from ${departmentsOf}`,
);

/** The departments a role is assigned to, the one assigned first first. */
export async function listDepartments(scope: Scope, roleId: string, { now, limit, offset }: Page) {
  const [counted] = await countDepartments(scope, roleId, now);
  return { totalCount: counted?.total ?? 0, list: await departmentsPage(scope, roleId, now, limit, offset) };
}

/** One assignment with what is shown of its target. */
export interface AssignmentRow {
  readonly isInForce: boolean;
  readonly enableTime: number | null;
  readonly endTime: number | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly includeDescendants: boolean;
  readonly targetType: TargetKind;
  readonly targetIdentifier: string;
  readonly targetName: string;
  readonly targetNamespace: string | null;
}

const kindOfAssignment = `
  case when assignment.user_id is not null then 'USER' when assignment.department_number is not null then 'DEPARTMENT'
    when assignment.group_id is not null then 'GROUP' else 'ROLE' end
`;
const assignmentsOfKinds = `
  assignment.user_pool_id = ${pool} and assignment.role_id = $1 and ($2::text[] is null or ${kindOfAssignment} = any($2))
`;

const targetOfAssignment = `
  cross join lateral (
    select users.id as identifier,
      coalesce(users.name, users.nickname, users.username, users.email, users.phone, users.id) as name,
      null as namespace, concat_ws(chr(1), users.name, users.nickname, users.username, users.email, users.phone) as texts
    from users where users.user_pool_id = ${pool} and users.id = assignment.user_id
    union all
    select department.id, department.name, null, concat_ws(chr(1), department.name, department.code)
    from departments department
    where department.user_pool_id = ${pool} and department.number = assignment.department_number
    union all
    select groups.code, groups.name, null, concat_ws(chr(1), groups.name, groups.code)
    from groups where groups.user_pool_id = ${pool} and groups.id = assignment.group_id
    union all
    select holder.code, holder.name, holder.namespace, concat_ws(chr(1), holder.name, holder.code)
    from roles holder where holder.user_pool_id = ${pool} and holder.id = assignment.holder_role_id
  ) as target
`;
const isNamed = `strpos(lower(target.texts collate "default"), lower($3 collate "default")) > 0`;

type AssignmentsParameters = [
  roleId: string,
  kinds: readonly TargetKind[] | null,
  query: string | null,
  now: string,
  limit: number,
  offset: number,
];

const assignmentsPage = statement<AssignmentRow, AssignmentsParameters>(`
  select ${isInForce('assignment', '$4::timestamptz')} as "isInForce",
    (extract(epoch from assignment.enable_time) * 1000)::bigint as "enableTime",
    (extract(epoch from assignment.end_time) * 1000)::bigint as "endTime",
    assignment.created_at as "createdAt", assignment.updated_at as "updatedAt",
    assignment.include_descendants as "includeDescendants", ${kindOfAssignment} as "targetType",
    target.identifier as "targetIdentifier", target.name as "targetName", target.namespace as "targetNamespace"
  from role_assignments assignment ${targetOfAssignment}
  where ${assignmentsOfKinds} and ($3::text is null or ${isNamed})
  order by assignment.created_at, assignment.id limit $5 offset $6
`);

/** Without a look at the targets: every assignment has one. */
const countAll = statement<{ total: number }, [roleId: string, kinds: readonly TargetKind[] | null]>(
  `select count(*) as total from role_assignments assignment where ${assignmentsOfKinds}`,
);
const countNamed = statement<{ total: number }, [roleId: string, kinds: readonly TargetKind[] | null, query: string]>(`
  select count(*) as total from role_assignments assignment ${targetOfAssignment}
  where ${assignmentsOfKinds} and ${isNamed}
`);

/** Which assignments of a role: of which kinds, and whose target's name or code contains what; null for all. */
export interface AssignmentFilter {
  readonly kinds: readonly TargetKind[] | null;
  readonly query: string | null;
}

export async function listAssignments(
  scope: Scope,
  roleId: string,
  { kinds, query }: AssignmentFilter,
  { now, limit, offset }: Page,
): Promise<{ totalCount: number; list: AssignmentRow[] }> {
  const [counted] = await (query === null ? countAll(scope, roleId, kinds) : countNamed(scope, roleId, kinds, query));
  return {
    totalCount: counted?.total ?? 0,
    list: await assignmentsPage(scope, roleId, kinds, query, now, limit, offset),
  };
}
