import { type Scope, statement } from '../../platform/database/database.ts';
import { type DepartmentRow, endOfSubtree } from '../department-tree/index.ts';
import { type UserRow, userColumns } from '../user-directory/index.ts';

/** A user whose memberships are about to change, with the departments he has until now. */
export interface LockedUser {
  readonly id: string;
  readonly status: string;
  readonly username: string | null;
  readonly email: string | null;
  readonly departmentIds: readonly string[];
}

/**
 * Locked in the order of ids, so that two commands about the same users never wait for each other in a circle. Public accounts
 * among them, too: their links are removed like memberships.
 */
const lockRows = statement<Record<never, never>, [ids: readonly string[]]>(`
  select from users where user_pool_id = current_setting('genauth.user_pool_id') and id = any($1)
  order by id for no key update
`);

const lockedUsers = statement<LockedUser, [ids: readonly string[]]>(`
  select id, status, username, email, array(
    select member.department_id from department_members member
    where member.user_pool_id = users.user_pool_id and member.user_id = users.id
    order by member.joined_at, member.department_id
  ) as "departmentIds"
  from users
  where user_pool_id = current_setting('genauth.user_pool_id') and id = any($1) and kind = 'personal'
  order by id
`);

/** The users there are among these. Their memberships change in this transaction alone until it ends. */
export async function lockUsers(scope: Scope, ids: readonly string[]): Promise<LockedUser[]> {
  await lockRows(scope, ids);
  // A second statement: its snapshot is younger than the locks.
  return lockedUsers(scope, ids);
}

const insert = statement<
  { userId: string },
  [departmentId: string, path: string, isVirtual: boolean, ids: readonly string[]]
>(`
  insert into department_members (user_pool_id, department_id, user_id, path, is_main)
  select current_setting('genauth.user_pool_id'), $1, user_id, $2, not $3 and not exists (
    select from department_members main
    where main.user_pool_id = current_setting('genauth.user_pool_id') and main.user_id = given.user_id and main.is_main
  )
  from (select distinct user_id from unnest($4::text[]) as user_id) as given
  on conflict (user_pool_id, department_id, user_id) do nothing
  returning user_id as "userId"
`);

/** Adds members; answers who was none before. */
export async function insertMembers(
  scope: Scope,
  { id, path, isVirtualNode }: DepartmentRow,
  userIds: readonly string[],
): Promise<string[]> {
  return (await insert(scope, id, path, isVirtualNode, userIds)).map(({ userId }) => userId);
}

/** Whoever leaves a department he belongs to no longer leads it; a leader who never was a member stays one. */
const remove = statement<{ userId: string; isMain: boolean }, [departmentId: string, ids: readonly string[]]>(`
  with removed as (
    delete from department_members
    where user_pool_id = current_setting('genauth.user_pool_id') and department_id = $1 and user_id = any($2)
    returning user_id, is_main
  ), demoted as (
    delete from department_leaders using removed
    where department_leaders.user_pool_id = current_setting('genauth.user_pool_id')
      and department_leaders.department_id = $1 and department_leaders.user_id = removed.user_id
  )
  select user_id as "userId", is_main as "isMain" from removed
`);

/** Removes direct members; answers who was one. */
export function deleteMembers(
  scope: Scope,
  { id }: DepartmentRow,
  userIds: readonly string[],
): Promise<{ userId: string; isMain: boolean }[]> {
  return remove(scope, id, userIds);
}

/** From each user to his departments and no other way: plans that begin with the departments read all members of a large one. */
const organizationIds = statement<{ id: string }, [userIds: readonly string[], departmentIds: readonly string[]]>(`
  select department.organization_id as id
  from unnest($1::text[]) as given (user_id)
  cross join lateral (
    select department_id from department_members
    where user_pool_id = current_setting('genauth.user_pool_id') and user_id = given.user_id offset 0
  ) as member
  cross join lateral (
    select organization_id from departments
    where user_pool_id = current_setting('genauth.user_pool_id') and id = member.department_id offset 0
  ) as department
  union
  select organization_id from departments
  where user_pool_id = current_setting('genauth.user_pool_id') and id = any($2)
`);

/** The organizations these users are in, and those of these departments. */
export async function listOrganizationIds(
  scope: Scope,
  userIds: readonly string[],
  departmentIds: readonly string[],
): Promise<string[]> {
  return (await organizationIds(scope, userIds, departmentIds)).map(({ id }) => id);
}

const giveMain = statement<Record<never, never>, [userIds: readonly string[]]>(`
  update department_members set is_main = true
  from (
    select distinct on (member.user_id) member.user_id, member.department_id
    from department_members member
    join departments department on department.user_pool_id = member.user_pool_id and department.id = member.department_id
    where member.user_pool_id = current_setting('genauth.user_pool_id') and member.user_id = any($1)
      and not department.is_virtual_node
    order by member.user_id, member.joined_at, member.department_id
  ) as first
  where department_members.user_pool_id = current_setting('genauth.user_pool_id')
    and department_members.user_id = first.user_id and department_members.department_id = first.department_id
`);

/** Users without a main department get the one they joined first, of those that are not virtual. */
export async function giveMainDepartment(scope: Scope, userIds: readonly string[]): Promise<void> {
  await giveMain(scope, userIds);
}

const unlink = statement<LinkedAccount, [departmentId: string, ids: readonly string[]]>(`
  with removed as (
    delete from public_account_departments
    where user_pool_id = current_setting('genauth.user_pool_id') and department_id = $1 and public_account_id = any($2)
    returning public_account_id, is_main
  )
  select users.id, users.username, users.email, removed.is_main as "isMain"
  from removed join users on users.user_pool_id = current_setting('genauth.user_pool_id')
    and users.id = removed.public_account_id
  order by users.id
`);

const giveMainLink = statement<Record<never, never>, [accountIds: readonly string[]]>(`
  update public_account_departments set is_main = true
  from (
    select distinct on (link.public_account_id) link.public_account_id, link.department_id
    from public_account_departments link
    join departments department on department.user_pool_id = link.user_pool_id and department.id = link.department_id
    where link.user_pool_id = current_setting('genauth.user_pool_id') and link.public_account_id = any($1)
      and not department.is_virtual_node
    order by link.public_account_id, link.linked_at, link.department_id
  ) as first
  where public_account_departments.user_pool_id = current_setting('genauth.user_pool_id')
    and public_account_departments.public_account_id = first.public_account_id
    and public_account_departments.department_id = first.department_id
`);

/** A public account that was linked to a department. */
export interface LinkedAccount {
  readonly id: string;
  readonly username: string | null;
  readonly email: string | null;
  readonly isMain: boolean;
}

/** Ends the links of public accounts, which are locked, to a department as memberships end; answers those there were. */
export async function unlinkPublicAccounts(
  scope: Scope,
  { id }: DepartmentRow,
  accountIds: readonly string[],
): Promise<LinkedAccount[]> {
  const removed = await unlink(scope, id, accountIds);
  const withoutMain = removed.filter(({ isMain }) => isMain).map((account) => account.id);
  if (withoutMain.length > 0) await giveMainLink(scope, withoutMain);
  return removed;
}

const memberIds = statement<{ userId: string }, [path: string]>(`
  select user_id as "userId" from department_members
  where user_pool_id = current_setting('genauth.user_pool_id') and path = $1
  order by joined_at, user_id
`);

export async function listMemberIds(scope: Scope, { path }: DepartmentRow): Promise<string[]> {
  return (await memberIds(scope, path)).map(({ userId }) => userId);
}

const membership = statement<{ exists: boolean }, [userId: string, path: string, end: string]>(`
  select exists (
    select from department_members
    where user_pool_id = current_setting('genauth.user_pool_id') and user_id = $1 and path >= $2 and path < $3
  ) as exists
`);

export async function isMember(
  scope: Scope,
  { path }: DepartmentRow,
  userId: string,
  withDescendants: boolean,
): Promise<boolean> {
  // A department's own path is the only one from itself to itself with any character appended.
  const [row] = await membership(scope, userId, path, withDescendants ? endOfSubtree(path) : `${path}!`);
  return row?.exists === true;
}

/** Which page of members, in which order. */
export interface MemberPage {
  readonly withDescendants: boolean;
  readonly sortBy: 'JoinDepartmentAt' | 'userId' | 'createAt' | 'updatedAt';
  readonly isDescending: boolean;
  readonly withDepartmentIds: boolean;
  readonly limit: number;
  readonly offset: number;
}

const totals = statement<{ members: number; users: number }, [departmentNumber: number]>(`
  select coalesce(sum(members), 0)::integer as members, coalesce(sum(users), 0)::integer as users
  from department_counts
  where user_pool_id = current_setting('genauth.user_pool_id') and department_number = $1
`);

const departmentIds = `array(
  select mine.department_id from department_members mine
  where mine.user_pool_id = users.user_pool_id and mine.user_id = users.id
  order by mine.joined_at, mine.department_id
) as "departmentIds"`;

/** The users of a page of user ids, in the page's order. The lateral join keeps the planner from reading all users. */
function usersOf(page: string, withDepartmentIds: boolean): string {
  return `
    select ${userColumns}${withDepartmentIds ? `, ${departmentIds}` : ''}
    from (${page}) as page (user_id, position)
    cross join lateral (
      select * from users candidate
      where candidate.user_pool_id = current_setting('genauth.user_pool_id') and candidate.id = page.user_id offset 0
    ) as users
    order by page.position
  `;
}

type PageParameters = [path: string, end: string, limit: number, offset: number];

/** Ids of a page, by four ways to walk; every one is a statement of its own, so that each is planned for what it does. */
function pages(direction: 'asc' | 'desc') {
  const ordered = (columns: readonly string[]) => columns.map((column) => `${column} ${direction}`).join(', ');
  const numbered = (body: string) => `select user_id, row_number() over () as position from (${body}) as ids`;
  const below = (alias: string) =>
    `${alias}.user_pool_id = current_setting('genauth.user_pool_id') and ${alias}.path >= $1 and ${alias}.path < $2`;
  // Of a user's memberships in the subtree the one that comes first in this direction counts: the newest when the newest
  // come first. So a walk hardly ever meets a user in vain.
  const [isBefore, outermost] = direction === 'asc' ? ['<', 'min'] : ['>', 'max'];
  /**
   * Of a subtree with many members: walk the memberships of the user pool in the order of joining until the page is full. Only
   * so many of them: when the people of a branch all came long ago, sorting them is faster after all.
   */
  const walk = (most: number) => `
    select member.user_id from (
      select user_id, joined_at, path from department_members
      where user_pool_id = current_setting('genauth.user_pool_id')
      order by ${ordered(['joined_at', 'user_id'])} limit ${most}
    ) as member
    where member.path >= $1 and member.path < $2 and (
      select true from department_members other
      where ${below('other')} and other.user_id = member.user_id
        and (other.joined_at, other.path) ${isBefore} (member.joined_at, member.path)
      limit 1
    ) is null
    order by ${ordered(['member.joined_at', 'member.user_id'])} limit $3 offset $4
  `;
  return {
    /** Direct members: the index has them in this order. */
    direct: numbered(`
      select member.user_id from department_members member
      where member.user_pool_id = current_setting('genauth.user_pool_id') and member.path = $1 and $2::text is not null
      order by ${ordered(['member.joined_at', 'member.user_id'])} limit $3 offset $4
    `),
    /** A subtree with few members: read all of it, then sort. */
    gathered: numbered(`
      select member.user_id from department_members member where ${below('member')}
      group by member.user_id order by ${ordered([`${outermost}(member.joined_at)`, 'member.user_id'])} limit $3 offset $4
    `),
    walked: numbered(walk(5_000)),
    walkedFar: numbered(walk(50_000)),
    byUserId: numbered(`
      select distinct member.user_id from department_members member where ${below('member')}
      order by ${ordered(['member.user_id'])} limit $3 offset $4
    `),
    byCreation: numbered(`
      select member.user_id from department_members member
      join users on users.user_pool_id = member.user_pool_id and users.id = member.user_id
      where ${below('member')} group by member.user_id, users.created_at
      order by ${ordered(['users.created_at', 'member.user_id'])} limit $3 offset $4
    `),
    byUpdate: numbered(`
      select member.user_id from department_members member
      join users on users.user_pool_id = member.user_pool_id and users.id = member.user_id
      where ${below('member')} group by member.user_id, users.updated_at
      order by ${ordered(['users.updated_at', 'member.user_id'])} limit $3 offset $4
    `),
  };
}

type Walk = keyof ReturnType<typeof pages>;

function pageStatements(direction: 'asc' | 'desc') {
  const of = (walk: Walk) => {
    const page = pages(direction)[walk];
    return {
      plain: statement<UserRow, PageParameters>(usersOf(page, false)),
      withDepartmentIds: statement<UserRow, PageParameters>(usersOf(page, true)),
    };
  };
  return {
    direct: of('direct'),
    gathered: of('gathered'),
    walked: of('walked'),
    walkedFar: of('walkedFar'),
    byUserId: of('byUserId'),
    byCreation: of('byCreation'),
    byUpdate: of('byUpdate'),
  } satisfies Record<Walk, unknown>;
}

const statements = { asc: pageStatements('asc'), desc: pageStatements('desc') };

export async function listMembers(
  scope: Scope,
  { path }: DepartmentRow,
  page: MemberPage,
): Promise<{ totalCount: number; list: UserRow[] }> {
  const [counts] = await totals(scope, numberOf(path));
  const totalCount = (page.withDescendants ? counts?.users : counts?.members) ?? 0;
  const end = page.withDescendants ? endOfSubtree(path) : `${path}!`;
  const read = (walk: Walk) => {
    const both = statements[page.isDescending ? 'desc' : 'asc'][walk];
    const find = page.withDepartmentIds ? both.withDepartmentIds : both.plain;
    return find(scope, path, end, page.limit, page.offset);
  };
  const walk = chooseWalk(page, totalCount);
  const list = await read(walk);
  const isCutShort = (walk === 'walked' || walk === 'walkedFar') && list.length < page.limit;
  return { totalCount, list: isCutShort ? await read('gathered') : list };
}

/** A department's own number is the last of its path. */
function numberOf(path: string): number {
  return Number(path.slice(path.lastIndexOf('/', path.length - 2) + 1, -1));
}

/** Sorting reads every membership of the subtree; a walk reads at most so many of the pool, whoever they belong to. */
function chooseWalk({ sortBy, withDescendants }: MemberPage, users: number): Walk {
  switch (sortBy) {
    case 'userId':
      return 'byUserId';
    case 'createAt':
      return 'byCreation';
    case 'updatedAt':
      return 'byUpdate';
    case 'JoinDepartmentAt':
      if (!withDescendants) return 'direct';
      return users > 50_000 ? 'walkedFar' : users > 5_000 ? 'walked' : 'gathered';
  }
}

/** Which members to look for. */
export interface MemberSearch {
  readonly keywords: string;
  readonly withDescendants: boolean;
  readonly withDepartmentIds: boolean;
  readonly limit: number;
  readonly offset: number;
}

const matchingIds = `
  select member.user_id, max(member.joined_at) as joined_at
  from department_members member
  join users on users.user_pool_id = member.user_pool_id and users.id = member.user_id
  where member.user_pool_id = current_setting('genauth.user_pool_id') and member.path >= $1 and member.path < $2
    and member.user_id in (select genauth.find_users($3, null, '{}', false))
  group by member.user_id
`;

const countMatching = statement<{ total: number }, [path: string, end: string, keywords: string]>(`
  select count(*) as total from (${matchingIds}) as matching
`);

const matchingPage = `
  select user_id, row_number() over () as position
  from (select user_id from (${matchingIds}) as matching order by joined_at desc, user_id desc limit $4 offset $5) as ids
`;

type SearchParameters = [path: string, end: string, keywords: string, limit: number, offset: number];
const searchPlain = statement<UserRow, SearchParameters>(usersOf(matchingPage, false));
const searchWithDepartmentIds = statement<UserRow, SearchParameters>(usersOf(matchingPage, true));

export async function searchMembers(
  scope: Scope,
  { path }: DepartmentRow,
  { keywords, withDescendants, withDepartmentIds, limit, offset }: MemberSearch,
): Promise<{ totalCount: number; list: UserRow[] }> {
  const end = withDescendants ? endOfSubtree(path) : `${path}!`;
  const [counted] = await countMatching(scope, path, end, keywords);
  const find = withDepartmentIds ? searchWithDepartmentIds : searchPlain;
  return { totalCount: counted?.total ?? 0, list: await find(scope, path, end, keywords, limit, offset) };
}
