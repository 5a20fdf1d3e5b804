import { type Scope, statement } from '../../platform/database/database.ts';
import { hasNotEnded } from '../roles/index.ts';
import { endOfReach, rolesReaching } from '../user-roles/index.ts';

const pool = `current_setting('genauth.user_pool_id')`;

const hold = statement<{ hasExclusions: boolean }, [isAlone: boolean]>(
  `select genauth.hold_separation_of_duty($1) as "hasExclusions"`,
);

/**
 * Whether any roles exclude each other, which does not change any more until the transaction ends. Alone, nobody else comes to
 * hold a role until then, either.
 */
export async function requireExclusions(scope: Scope, isAlone: boolean): Promise<boolean> {
  const [row] = await hold(scope, isAlone);
  return row?.hasExclusions ?? false;
}

/** What can be assigned roles, and must not be assigned two that exclude each other. */
export type SubjectKind = 'USER' | 'GROUP' | 'DEPARTMENT' | 'ROLE';

/** Somebody or something with two roles that exclude each other; how many there are among those looked at. */
export interface Violation {
  readonly targetType: SubjectKind;
  readonly targetIdentifier: string;
  readonly role: string;
  readonly otherRole: string;
  readonly count: number;
}

const hasCount = (assignment: string) => hasNotEnded(assignment, '$2::timestamptz');

/** The roles that reach the subject `given.id` without any other role. */
const direct: Record<SubjectKind, string> = {
  USER: rolesReaching('given.id', hasCount),
  GROUP: `
    select assignment.role_id from role_assignments assignment
    where assignment.user_pool_id = ${pool} and assignment.group_id = given.id and ${hasCount('assignment')} offset 0`,
  DEPARTMENT: `
    select assignment.role_id from (
      select path from departments where user_pool_id = ${pool} and id = given.id offset 0
    ) as place
    cross join lateral (
      select own.role_id from role_assignments own
      where own.user_pool_id = ${pool} and own.department_number = any(genauth.path_numbers(place.path))
        and (own.include_descendants or own.department_number = split_part(place.path, '/', -2)::bigint)
        and ${hasCount('own')} offset 0
    ) as assignment`,
  ROLE: `select given.id collate "C" as role_id`,
};

/** What callers know a subject by. */
const identifier: Record<SubjectKind, string> = {
  USER: 'first.subject',
  GROUP: `(select code from groups where user_pool_id = ${pool} and id = first.subject)`,
  DEPARTMENT: 'first.subject',
  ROLE: `(select code from roles where user_pool_id = ${pool} and id = first.subject)`,
};

const codeOf = (id: string) => `(
  select case when role.namespace = 'default' then role.code else role.namespace || '/' || role.code end
  from roles role where role.user_pool_id = ${pool} and role.id = ${id}
)`;

/** From the subjects `$1` to what they hold, roles of roles included: what others hold does not count. */
function potentialOf(kind: SubjectKind): string {
  return `
    potential (subject, role_id) as (
      select given.id, reaching.role_id from unnest($1::text[]) as given (id)
      cross join lateral (${direct[kind]}) as reaching
      union
      select potential.subject, given.role_id from potential cross join lateral (
        select assignment.role_id from role_assignments assignment
        where assignment.user_pool_id = ${pool} and assignment.holder_role_id = potential.role_id
          and ${hasCount('assignment')} offset 0
      ) as given
    )`;
}

function violationOf(kind: SubjectKind) {
  return statement<Omit<Violation, 'targetType'>, [ids: readonly string[], now: string]>(`
    with recursive ${potentialOf(kind)}, violation as materialized (
      select potential.subject, potential.role_id, other.role_id as other_role_id from potential
      cross join lateral (
        select exclusion.other_role_id as id from role_exclusions exclusion
        where exclusion.user_pool_id = ${pool} and exclusion.role_id = potential.role_id offset 0
      ) as excluded
      join potential other on other.subject = potential.subject and other.role_id = excluded.id
    )
    select ${identifier[kind]} as "targetIdentifier", ${codeOf('first.role_id')} as role,
      ${codeOf('first.other_role_id')} as "otherRole", (select count(distinct subject) from violation) as count
    from (select * from violation order by subject, role_id, other_role_id limit 1) as first
  `);
}

const violations = {
  USER: violationOf('USER'),
  GROUP: violationOf('GROUP'),
  DEPARTMENT: violationOf('DEPARTMENT'),
  ROLE: violationOf('ROLE'),
};

/**
 * Finds the first of these who is given two roles that exclude each other. An assignment that begins later counts, and so does
 * a disabled role: nobody looks again when their time comes.
 */
export async function findViolation(
  scope: Scope,
  kind: SubjectKind,
  ids: readonly string[],
  now: string,
): Promise<Violation | undefined> {
  const [found] = await violations[kind](scope, ids, now);
  return found && { targetType: kind, ...found };
}

const groupsAtRisk = statement<{ id: string }, [groupIds: readonly string[], now: string]>(`
  with recursive ${potentialOf('GROUP')}
  select distinct potential.subject as id from potential
  where exists (
    select from role_exclusions exclusion
    where exclusion.user_pool_id = ${pool} and exclusion.role_id = potential.role_id
  ) or exists (
    select from role_exclusions exclusion
    where exclusion.user_pool_id = ${pool} and exclusion.other_role_id = potential.role_id
  )
`);

/** Those of these groups that bring a role which some other role excludes. */
export async function listGroupsAtRisk(scope: Scope, groupIds: readonly string[], now: string): Promise<string[]> {
  return (await groupsAtRisk(scope, groupIds, now)).map(({ id }) => id);
}

/** A stretch of paths of departments, without its end. */
export interface Range {
  readonly start: string;
  readonly end: string;
}

/** Users: those that assignments of roles reach, those of groups, and those of departments by their paths. */
export interface Members {
  readonly roleIds: readonly string[];
  readonly groupIds: readonly string[];
  readonly ranges: readonly Range[];
}

export function membersOfRoles(roleIds: readonly string[]): Members {
  return { roleIds, groupIds: [], ranges: [] };
}

type MembersParameters = [
  roleIds: readonly string[],
  groupIds: readonly string[],
  starts: readonly string[],
  ends: readonly string[],
];

function toParameters({ roleIds, groupIds, ranges }: Members): MembersParameters {
  return [roleIds, groupIds, ranges.map(({ start }) => start), ranges.map(({ end }) => end)];
}

/** Their user ids, some more than once, read along indexes; `$n` to `$n+3` are the parameters, `$1` the time. */
function members(n: number): string {
  const inGroup = (groupId: string) => `
    select inside.user_id from group_members inside
    where inside.user_pool_id = ${pool} and inside.group_id = ${groupId} offset 0`;
  const inRange = (start: string, end: string) => `
    select inside.user_id from department_members inside
    where inside.user_pool_id = ${pool} and inside.path >= ${start} and inside.path < ${end} offset 0`;
  const assigned = (condition: string) => `(
    select holder.* from unnest($${n}::text[]) as role (id)
    cross join lateral (
      select assignment.user_id, assignment.group_id, assignment.department_number, assignment.include_descendants
      from role_assignments assignment
      where assignment.user_pool_id = ${pool} and assignment.role_id = role.id and ${condition}
        and ${hasNotEnded('assignment', '$1::timestamptz')} offset 0
    ) as holder
  )`;
  return `
    select holder.user_id from ${assigned('assignment.user_id is not null')} as holder
    union all
    select member.user_id from ${assigned('assignment.user_id is null')} as target
    cross join lateral (${inGroup('target.group_id')}) as member
    where target.group_id is not null
    union all
    select member.user_id from ${assigned('assignment.user_id is null')} as target
    cross join lateral (
      select path, ${endOfReach('path', 'target.include_descendants')} as finish
      from departments where user_pool_id = ${pool} and number = target.department_number offset 0
    ) as place
    cross join lateral (${inRange('place.path', 'place.finish')}) as member
    union all
    select member.user_id from unnest($${n + 1}::text[]) as target (group_id)
    cross join lateral (${inGroup('target.group_id')}) as member
    union all
    select member.user_id from unnest($${n + 2}::text[], $${n + 3}::text[]) as place (start, finish)
    cross join lateral (${inRange('place.start', 'place.finish')}) as member
  `;
}

const some = statement<{ userId: string }, [now: string, ...MembersParameters, most: number]>(
  `select user_id as "userId" from (${members(2)}) as member limit $6`,
);

/** So many of these users at most; some may be named more than once. */
export async function listMembers(scope: Scope, side: Members, most: number, now: string): Promise<string[]> {
  return (await some(scope, now, ...toParameters(side), most)).map(({ userId }) => userId);
}

const common = statement<
  { count: number; userId: string | null },
  [now: string, ...one: MembersParameters, ...other: MembersParameters]
>(`
  select count(*) as count, min(both_sides.user_id) as "userId"
  from (select user_id from (${members(2)}) as one intersect select user_id from (${members(6)}) as other) as both_sides
`);

/** How many users are on both sides, and the first of them. Costs reading both. */
export async function countInBoth(scope: Scope, one: Members, other: Members, now: string) {
  const [row] = await common(scope, now, ...toParameters(one), ...toParameters(other));
  return row ?? { count: 0, userId: null };
}

const assignedRanges = statement<Range, [roleId: string, departmentIds: readonly string[]]>(`
  select place.path as start, ${endOfReach('place.path', 'assignment.include_descendants')} as end
  from departments place
  join role_assignments assignment on assignment.user_pool_id = ${pool} and assignment.department_number = place.number
    and assignment.role_id = $1
  where place.user_pool_id = ${pool} and place.id = any($2)
`);

/** Where in the tree the assignments of the role to these departments reach. */
export async function listRangesOfAssignments(
  scope: Scope,
  roleId: string,
  departmentIds: readonly string[],
): Promise<Range[]> {
  return departmentIds.length === 0 ? [] : assignedRanges(scope, roleId, departmentIds);
}

/** These departments with all below them. */
export const listSubtrees = statement<Range, [departmentIds: readonly string[]]>(`
  select path as start, left(path, -1) || '0' as end from departments where user_pool_id = ${pool} and id = any($1)
`);

const fromAbove = statement<{ id: string }, [departmentId: string, now: string]>(`
  select distinct assignment.role_id as id from (
    select number, path from departments where user_pool_id = ${pool} and id = $1 offset 0
  ) as place
  cross join lateral (
    select above.role_id from role_assignments above
    where above.user_pool_id = ${pool} and above.department_number = any(genauth.path_numbers(place.path))
      and above.department_number <> place.number and above.include_descendants and ${hasCount('above')} offset 0
  ) as assignment
`);

/** The roles that come down to a department from those above it. */
export async function listRolesFromAbove(scope: Scope, departmentId: string, now: string): Promise<string[]> {
  return (await fromAbove(scope, departmentId, now)).map(({ id }) => id);
}

const concerned = statement<
  { id: string },
  [departmentIds: readonly string[], now: string, roleIds: readonly string[]]
>(`
  select unnest($1::text[]) collate "C" as id
  union
  select below.id from departments place
  cross join lateral (
    select inside.id from role_assignments assignment
    join departments inside on inside.user_pool_id = ${pool} and inside.number = assignment.department_number
    where assignment.user_pool_id = ${pool} and assignment.role_id = any($3) and assignment.user_id is null
      and assignment.department_number is not null and ${hasCount('assignment')}
      and starts_with(inside.path, place.path) offset 0
  ) as below
  where place.user_pool_id = ${pool} and place.id = any($1)
`);

/** These departments, and those below them that are assigned one of these roles. */
export async function listConcernedDepartments(
  scope: Scope,
  departmentIds: readonly string[],
  roleIds: readonly string[],
  now: string,
): Promise<string[]> {
  if (departmentIds.length === 0) return [];
  return (await concerned(scope, departmentIds, now, roleIds)).map(({ id }) => id);
}

const targets = statement<
  { groupId: string | null; departmentId: string | null },
  [roleIds: readonly string[], now: string]
>(`
  select assignment.group_id as "groupId", department.id as "departmentId" from role_assignments assignment
  left join departments department
    on department.user_pool_id = ${pool} and department.number = assignment.department_number
  where assignment.user_pool_id = ${pool} and assignment.role_id = any($1) and assignment.user_id is null
    and assignment.holder_role_id is null and ${hasCount('assignment')}
`);

/** The groups and departments that are assigned one of these roles themselves. */
export async function listTargetsOf(scope: Scope, roleIds: readonly string[], now: string) {
  const rows = await targets(scope, roleIds, now);
  return {
    groupIds: [...new Set(rows.flatMap(({ groupId }) => groupId ?? []))],
    departmentIds: [...new Set(rows.flatMap(({ departmentId }) => departmentId ?? []))],
  };
}
