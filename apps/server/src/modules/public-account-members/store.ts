import { type Scope, statement } from '../../platform/database/database.ts';
import { type GroupRow, groupColumns } from '../group-directory/index.ts';
import { type UserRow, userColumns } from '../user-directory/index.ts';
import { held } from '../user-roles/index.ts';

/** What a public account can be linked to with the same few statements: the table of the links and its column. */
const linkTables = {
  USER: { table: 'public_account_users', column: 'user_id' },
  GROUP: { table: 'public_account_groups', column: 'group_id' },
  ROLE: { table: 'public_account_roles', column: 'role_id' },
  POST: { table: 'public_account_posts', column: 'post_id' },
} as const;

export type SubjectType = keyof typeof linkTables;

/** One link of a public account. */
export interface Link {
  readonly accountId: string;
  readonly subjectId: string;
}

type LinkParameters = [accountIds: readonly string[], subjectIds: readonly string[]];

function linkStatements(type: SubjectType) {
  const { table, column } = linkTables[type];
  const inPool = `user_pool_id = current_setting('genauth.user_pool_id')`;
  return {
    /** Every account to every subject; answers the links that are new. */
    add: statement<Link, LinkParameters>(`
      insert into ${table} (user_pool_id, public_account_id, ${column})
      select current_setting('genauth.user_pool_id'), account.id, subject.id
      from unnest($1::text[]) as account (id) cross join unnest($2::text[]) as subject (id)
      order by account.id, subject.id
      on conflict do nothing
      returning public_account_id as "accountId", ${column} as "subjectId"
    `),
    remove: statement<Link, LinkParameters>(`
      delete from ${table} where ${inPool} and public_account_id = any($1) and ${column} = any($2)
      returning public_account_id as "accountId", ${column} as "subjectId"
    `),
    accounts: statement<UserRow, [subjectId: string, limit: number | null, offset: number]>(`
      select ${userColumns} from ${table} link
      join users on users.user_pool_id = link.user_pool_id and users.id = link.public_account_id
      where link.user_pool_id = current_setting('genauth.user_pool_id') and link.${column} = $1
      order by link.linked_at desc, users.id desc limit $2 offset $3
    `),
    countAccounts: statement<{ total: number }, [subjectId: string]>(
      `select count(*) as total from ${table} where ${inPool} and ${column} = $1`,
    ),
  };
}

const links = {
  USER: linkStatements('USER'),
  GROUP: linkStatements('GROUP'),
  ROLE: linkStatements('ROLE'),
  POST: linkStatements('POST'),
} satisfies Record<SubjectType, unknown>;

/** Links every one of these accounts to every one of these subjects; answers the links that are new. */
export function addLinks(
  scope: Scope,
  type: SubjectType,
  accountIds: readonly string[],
  subjectIds: readonly string[],
): Promise<Link[]> {
  return links[type].add(scope, accountIds, subjectIds);
}

/** Ends the links between these accounts and subjects, and answers those there were. */
export function removeLinks(
  scope: Scope,
  type: SubjectType,
  accountIds: readonly string[],
  subjectIds: readonly string[],
): Promise<Link[]> {
  return links[type].remove(scope, accountIds, subjectIds);
}

/** A page of something, and how much of it there is. */
export interface Page<Row> {
  readonly totalCount: number;
  readonly list: readonly Row[];
}

/** Public accounts linked to a subject; without a limit, all of them. */
export async function listAccountsOf(
  scope: Scope,
  type: SubjectType,
  subjectId: string,
  limit: number | null,
  offset: number,
): Promise<Page<UserRow>> {
  const list = await links[type].accounts(scope, subjectId, limit, offset);
  const [counted] = await links[type].countAccounts(scope, subjectId);
  return { totalCount: counted?.total ?? 0, list };
}

/** The way from the user: what he has is looked up, never who else has it. A department counts for all below it. */
const usable = `
  with recursive ${held}, usable (id) as (
    select public_account_id from public_account_users
    where user_pool_id = current_setting('genauth.user_pool_id') and user_id = $1
    union
    select link.public_account_id from department_members member
    join departments department on department.user_pool_id = member.user_pool_id
      and department.number = any(genauth.path_numbers(member.path))
    join public_account_departments link on link.user_pool_id = member.user_pool_id
      and link.department_id = department.id
    where member.user_pool_id = current_setting('genauth.user_pool_id') and member.user_id = $1
    union
    select link.public_account_id from group_members member
    join public_account_groups link on link.user_pool_id = member.user_pool_id and link.group_id = member.group_id
    where member.user_pool_id = current_setting('genauth.user_pool_id') and member.user_id = $1
    union
    select link.public_account_id from post_members member
    join public_account_posts link on link.user_pool_id = member.user_pool_id and link.post_id = member.post_id
    where member.user_pool_id = current_setting('genauth.user_pool_id') and member.user_id = $1
    union
    select link.public_account_id from held
    join public_account_roles link on link.user_pool_id = current_setting('genauth.user_pool_id')
      and link.role_id = held.role_id
  )
`;

const usablePage = statement<UserRow, [userId: string, now: string, limit: number | null, offset: number]>(`
  ${usable}
  select ${userColumns} from usable
  join users on users.user_pool_id = current_setting('genauth.user_pool_id') and users.id = usable.id
  order by users.created_at desc, users.id desc limit $3 offset $4
`);

const countUsable = statement<{ total: number }, [userId: string, now: string]>(
  `${usable} select count(*) as total from usable`,
);

/** Public accounts a user may use, by whatever link, the newest first; without a limit, all of them. */
export async function listUsableAccounts(
  scope: Scope,
  userId: string,
  now: string,
  limit: number | null,
  offset: number,
): Promise<Page<UserRow>> {
  const list = await usablePage(scope, userId, now, limit, offset);
  const [counted] = await countUsable(scope, userId, now);
  return { totalCount: counted?.total ?? 0, list };
}

const usersOf = statement<UserRow, [accountId: string, limit: number | null, offset: number]>(`
  select ${userColumns} from public_account_users link
  join users on users.user_pool_id = link.user_pool_id and users.id = link.user_id
  where link.user_pool_id = current_setting('genauth.user_pool_id') and link.public_account_id = $1
  order by link.linked_at desc, users.id desc limit $2 offset $3
`);

const countUsersOf = statement<{ total: number }, [accountId: string]>(`
  select count(*) as total from public_account_users
  where user_pool_id = current_setting('genauth.user_pool_id') and public_account_id = $1
`);

/** Users a public account is linked to; without a limit, all of them. */
export async function listUsersOf(
  scope: Scope,
  accountId: string,
  limit: number | null,
  offset: number,
): Promise<Page<UserRow>> {
  const list = await usersOf(scope, accountId, limit, offset);
  const [counted] = await countUsersOf(scope, accountId);
  return { totalCount: counted?.total ?? 0, list };
}

/** Groups a public account is linked to, the one linked last first. */
export const listGroupsOf = statement<GroupRow, [accountId: string]>(`
  select ${groupColumns} from public_account_groups link
  join groups on groups.user_pool_id = link.user_pool_id and groups.id = link.group_id
  where link.user_pool_id = current_setting('genauth.user_pool_id') and link.public_account_id = $1
  order by link.linked_at desc, groups.id desc
`);

/** Codes of the roles of one namespace that a public account is linked to, the one linked last first. */
export const listRoleCodesOf = statement<{ code: string }, [accountId: string, namespace: string]>(`
  select role.code from public_account_roles link
  join roles role on role.user_pool_id = link.user_pool_id and role.id = link.role_id
  where link.user_pool_id = current_setting('genauth.user_pool_id') and link.public_account_id = $1
    and role.namespace = $2
  order by link.linked_at desc, role.id desc
`);

const postOf = statement<{ id: string }, [accountId: string]>(`
  select post_id as id from public_account_posts
  where user_pool_id = current_setting('genauth.user_pool_id') and public_account_id = $1
`);

export async function findPostIdOf(scope: Scope, accountId: string): Promise<string | undefined> {
  const [row] = await postOf(scope, accountId);
  return row?.id;
}

/**
 * Locks people and accounts together in the order of ids, which all keep who change several users: an account may have been
 * a person a moment ago. What each of them is, is asked afterwards.
 */
export const lockAllInOrder = statement<Record<never, never>, [ids: readonly string[]]>(`
  select from users where user_pool_id = current_setting('genauth.user_pool_id') and id = any($1)
  order by id for no key update
`);

/** A person who is about to be linked. */
export interface HeldPerson {
  readonly id: string;
  readonly status: string;
}

/** `for share`: who resigns or becomes a public account meanwhile waits, and then finds the new link to end. */
export const holdPeople = statement<HeldPerson, [ids: readonly string[]]>(`
  select id, status from users
  where user_pool_id = current_setting('genauth.user_pool_id') and id = any($1) and kind = 'personal'
  order by id for share
`);

/** What a value of a caller names: its id, or null where there is none. */
interface Named {
  readonly given: string;
  readonly id: string | null;
}

/** An id goes before somebody else's code. */
function idsByIdOrCode(table: 'groups' | 'roles', codeCondition: string) {
  const inPool = `candidate.user_pool_id = current_setting('genauth.user_pool_id')`;
  const find = statement<Named, [values: readonly string[]]>(`
    select given.value as given, found.id
    from unnest($1::text[]) with ordinality as given (value, position)
    left join lateral (
      select candidate.id from ${table} candidate
      where ${inPool} and (candidate.id = given.value or (${codeCondition}))
      order by candidate.id <> given.value limit 1
    ) as found on true
    order by given.position
  `);
  const keep = statement<{ id: string }, [ids: readonly string[]]>(
    `select candidate.id from ${table} candidate where ${inPool} and candidate.id = any($1) order by id for key share`,
  );
  return {
    find,
    /** None of them is deleted before the transaction ends. Held in the order of ids, as deletions lock them, and not as given. */
    async hold(scope: Scope, values: readonly string[]): Promise<Named[]> {
      const found = await find(scope, values);
      const kept = await keep(
        scope,
        found.flatMap(({ id }) => id ?? []),
      );
      const ids = new Set(kept.map(({ id }) => id));
      return found.map(({ given, id }) => ({ given, id: id !== null && ids.has(id) ? id : null }));
    },
  };
}

/** The group each of these values names, by its id or its code; null where there is none. */
export const groupIdsByIdOrCode = idsByIdOrCode('groups', 'candidate.code = given.value');

/** The role each of these values names, by its id or, of the default namespace, by its code; null where there is none. */
export const roleIdsByIdOrCode = idsByIdOrCode(
  'roles',
  `candidate.namespace = 'default' and candidate.code = given.value`,
);

/** A link that ended, with the account as events tell of it. */
export interface EndedLink {
  readonly type: SubjectType | 'DEPARTMENT';
  readonly subjectId: string;
  readonly id: string;
  readonly username: string | null;
  readonly email: string | null;
}

function endedOf(ended: string): string {
  return `
    select ended.type, ended.subject_id as "subjectId", users.id, users.username, users.email
    from (${ended}) as ended
    join users on users.user_pool_id = current_setting('genauth.user_pool_id') and users.id = ended.account_id
    order by users.id, ended.type, ended.subject_id
  `;
}

const allTables = { DEPARTMENT: { table: 'public_account_departments', column: 'department_id' }, ...linkTables };

/** Ends every link of these public accounts. */
export const endLinksOfAccounts = statement<EndedLink, [accountIds: readonly string[]]>(`
  with ${Object.entries(allTables)
    .map(
      ([type, { table, column }]) => `ended_${type} as (
        delete from ${table}
        where user_pool_id = current_setting('genauth.user_pool_id') and public_account_id = any($1)
        returning public_account_id as account_id, '${type}'::text as type, ${column} as subject_id
      )`,
    )
    .join(', ')}
  ${endedOf(
    Object.keys(allTables)
      .map((type) => `select account_id, type, subject_id from ended_${type}`)
      .join(' union all '),
  )}
`);

function endLinksTo(type: keyof typeof allTables, which: string) {
  const { table, column } = allTables[type];
  return statement<EndedLink, [subjectIds: readonly string[]]>(`
    with ended_links as (
      delete from ${table} where user_pool_id = current_setting('genauth.user_pool_id') and ${which}
      returning public_account_id as account_id, '${type}'::text as type, ${column} as subject_id
    )
    ${endedOf('select account_id, type, subject_id from ended_links')}
  `);
}

/** Ends every link of public accounts to these subjects, or to the departments of these organizations. */
export const endLinksOfSubjects = {
  USER: endLinksTo('USER', 'user_id = any($1)'),
  GROUP: endLinksTo('GROUP', 'group_id = any($1)'),
  ROLE: endLinksTo('ROLE', 'role_id = any($1)'),
  POST: endLinksTo('POST', 'post_id = any($1)'),
  DEPARTMENT: endLinksTo('DEPARTMENT', 'department_id = any($1)'),
  ORGANIZATION: endLinksTo(
    'DEPARTMENT',
    `department_id in (
      select id from departments
      where user_pool_id = current_setting('genauth.user_pool_id') and organization_id = any($1)
    )`,
  ),
};
