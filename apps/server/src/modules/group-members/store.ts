import { type Scope, statement } from '../../platform/database/database.ts';
import { type GroupRow, groupColumns } from '../group-directory/index.ts';
import { departmentIdsColumn, type UserRow, userColumns } from '../user-directory/index.ts';

/** A user who is about to join or leave groups. */
export interface LockedUser {
  readonly id: string;
  readonly status: string;
  readonly username: string | null;
  readonly email: string | null;
}

/**
 * Locked in the order of ids, before anything else of them: whoever resigns meanwhile waits, and then finds the new membership
 * to end. Public accounts belong to nothing, and are not found.
 */
const lock = statement<LockedUser, [ids: readonly string[]]>(`
  select id, status, username, email from users
  where user_pool_id = current_setting('genauth.user_pool_id') and id = any($1) and kind = 'personal'
  order by id for no key update
`);

/** The users there are among these. Their memberships change in this transaction alone until it ends. */
export function lockUsers(scope: Scope, ids: readonly string[]): Promise<LockedUser[]> {
  return lock(scope, ids);
}

const insert = statement<{ userId: string }, [groupId: string, userIds: readonly string[], now: string]>(`
  insert into group_members (user_pool_id, group_id, user_id, joined_at)
  select current_setting('genauth.user_pool_id'), $1, user_id, $3
  from (select distinct user_id from unnest($2::text[]) as user_id order by user_id) as given
  on conflict (user_pool_id, group_id, user_id) do nothing
  returning user_id as "userId"
`);

/** Adds members; answers who was none before. */
export async function insertMembers(
  scope: Scope,
  groupId: string,
  userIds: readonly string[],
  now: string,
): Promise<string[]> {
  return (await insert(scope, groupId, userIds, now)).map(({ userId }) => userId);
}

/** Someone who left a group. */
export interface FormerMember {
  readonly id: string;
  readonly username: string | null;
  readonly email: string | null;
}

/** Locked in one order, so that two removals of the same members never wait for each other in a circle. */
const remove = statement<FormerMember, [groupId: string, userIds: readonly string[]]>(`
  with doomed as (
    select user_id from group_members
    where user_pool_id = current_setting('genauth.user_pool_id') and group_id = $1 and user_id = any($2)
    order by user_id for update
  ), removed as (
    delete from group_members using doomed
    where group_members.user_pool_id = current_setting('genauth.user_pool_id') and group_members.group_id = $1
      and group_members.user_id = doomed.user_id
    returning group_members.user_id
  )
  select users.id, users.username, users.email from removed
  join users on users.user_pool_id = current_setting('genauth.user_pool_id') and users.id = removed.user_id
  order by users.id
`);

/** Removes members; answers who was one. */
export function deleteMembers(scope: Scope, groupId: string, userIds: readonly string[]): Promise<FormerMember[]> {
  return remove(scope, groupId, userIds);
}

/** One membership that ended, with its group and its user. */
export interface EndedMembership extends GroupRow {
  readonly userId: string;
  readonly username: string | null;
  readonly email: string | null;
}

const removeAll = statement<EndedMembership, [userIds: readonly string[]]>(`
  with doomed as (
    select group_id, user_id from group_members
    where user_pool_id = current_setting('genauth.user_pool_id') and user_id = any($1)
    order by group_id, user_id for update
  ), removed as (
    delete from group_members using doomed
    where group_members.user_pool_id = current_setting('genauth.user_pool_id')
      and group_members.group_id = doomed.group_id and group_members.user_id = doomed.user_id
    returning group_members.group_id, group_members.user_id
  )
  select ${groupColumns}, users.id as "userId", users.username, users.email
  from removed
  join groups on groups.user_pool_id = current_setting('genauth.user_pool_id') and groups.id = removed.group_id
  join users on users.user_pool_id = current_setting('genauth.user_pool_id') and users.id = removed.user_id
  order by groups.id, users.id
`);

const holdGroupsOf = statement<Record<never, never>, [userIds: readonly string[]]>(`
  select from groups where groups.user_pool_id = current_setting('genauth.user_pool_id') and groups.id in (
    select group_id from group_members
    where user_pool_id = current_setting('genauth.user_pool_id') and user_id = any($1)
  ) order by groups.id for key share
`);

/** Ends every membership of these users. The groups come first, as they do for whoever deletes them: their members are counted. */
export async function deleteMembershipsOf(scope: Scope, userIds: readonly string[]): Promise<EndedMembership[]> {
  await holdGroupsOf(scope, userIds);
  return removeAll(scope, userIds);
}

const total = statement<{ total: number }, [groupId: string]>(`
  select coalesce(sum(members), 0)::integer as total from group_counts
  where user_pool_id = current_setting('genauth.user_pool_id') and group_id = $1
`);

/** The inner query finds the page in the index; the lateral join keeps the planner from reading all users. */
function pageOf(columns: string) {
  return statement<UserRow, [groupId: string, limit: number, offset: number]>(`
    select ${columns}
    from (
      select user_id, joined_at from group_members
      where user_pool_id = current_setting('genauth.user_pool_id') and group_id = $1
        order by joined_at desc, user_id desc limit $2 offset $3
    ) as page
    cross join lateral (
      select * from users candidate
      where candidate.user_pool_id = current_setting('genauth.user_pool_id') and candidate.id = page.user_id offset 0
    ) as users
    order by page.joined_at desc, page.user_id desc
  `);
}

const plainPage = pageOf(userColumns);
const pageWithDepartmentIds = pageOf(`${userColumns}, ${departmentIdsColumn}`);

/** A page of the members of a group, who joined last first, and how many there are. */
export async function listMembers(
  scope: Scope,
  groupId: string,
  {
    withDepartmentIds,
    limit,
    offset,
  }: { readonly withDepartmentIds: boolean; readonly limit: number; readonly offset: number },
): Promise<{ totalCount: number; list: UserRow[] }> {
  const [counted] = await total(scope, groupId);
  const totalCount = counted?.total ?? 0;
  if (totalCount <= offset) return { totalCount, list: [] };
  return {
    totalCount,
    list: await (withDepartmentIds ? pageWithDepartmentIds : plainPage)(scope, groupId, limit, offset),
  };
}

/** A member with the group he belongs to. */
export type MemberOfGroup = UserRow & { readonly groupId: string };

const allMembers = statement<MemberOfGroup, [most: number]>(`
  select page.group_id as "groupId", ${userColumns}
  from (
    select group_id, user_id, joined_at from group_members
    where user_pool_id = current_setting('genauth.user_pool_id') limit $1
  ) as page
  join users on users.user_pool_id = current_setting('genauth.user_pool_id') and users.id = page.user_id
  order by page.joined_at desc, page.user_id desc
`);

/** The members of all groups, but not more than `most` of them. */
export function listMembersOfGroups(scope: Scope, most: number): Promise<MemberOfGroup[]> {
  return allMembers(scope, most);
}

const groupsOf = statement<GroupRow, [userId: string]>(`
  select ${groupColumns}
  from group_members member
  join groups on groups.user_pool_id = member.user_pool_id and groups.id = member.group_id
  where member.user_pool_id = current_setting('genauth.user_pool_id') and member.user_id = $1
  order by member.joined_at desc, groups.id desc
`);

/** The groups of a user, the one joined last first. */
export function listGroupsOfUser(scope: Scope, userId: string): Promise<GroupRow[]> {
  return groupsOf(scope, userId);
}
