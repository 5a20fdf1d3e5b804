import { type RawBuilder, sql } from 'kysely';
import { type Scope, statement } from '../../platform/database/database.ts';
import { type UserRow, userColumns } from '../user-directory/index.ts';

/** A public account whose links are about to change. */
export interface LockedAccount {
  readonly id: string;
  readonly status: string;
  readonly username: string | null;
  readonly email: string | null;
}

const lock = statement<LockedAccount, [ids: readonly string[]]>(`
  select id, status, username, email from users
  where user_pool_id = current_setting('genauth.user_pool_id') and id = any($1) and kind = 'public'
  order by id for no key update
`);

/** The public accounts there are among these. Their links change in this transaction alone until it ends. */
export function lockAccounts(scope: Scope, ids: readonly string[]): Promise<LockedAccount[]> {
  return lock(scope, ids);
}

/** One link of a public account to a department. */
export interface DepartmentLink {
  readonly id: string;
  readonly isMain: boolean;
  readonly isLeader: boolean;
}

/** Those linked first at the front. */
export const listDepartmentLinks = statement<DepartmentLink, [accountId: string]>(`
  select department_id as id, is_main as "isMain", is_leader as "isLeader" from public_account_departments
  where user_pool_id = current_setting('genauth.user_pool_id') and public_account_id = $1
  order by linked_at, department_id
`);

const deleteOthers = statement<Record<never, never>, [accountId: string, keptIds: readonly string[]]>(`
  delete from public_account_departments
  where user_pool_id = current_setting('genauth.user_pool_id') and public_account_id = $1 and department_id <> all($2)
`);

const clearMain = statement<Record<never, never>, [accountId: string, mainId: string | null]>(`
  update public_account_departments set is_main = false
  where user_pool_id = current_setting('genauth.user_pool_id') and public_account_id = $1 and is_main
    and department_id is distinct from $2
`);

const upsert = statement<
  Record<never, never>,
  [accountId: string, ids: readonly string[], areLeaders: readonly (boolean | null)[], mainId: string | null]
>(`
  insert into public_account_departments as link (user_pool_id, public_account_id, department_id, is_main, is_leader)
  select current_setting('genauth.user_pool_id'), $1, given.id, given.id is not distinct from $4,
    coalesce(given.is_leader, false)
  from unnest($2::text[], $3::boolean[]) as given (id, is_leader)
  on conflict (user_pool_id, public_account_id, department_id) do update
    set is_main = excluded.is_main,
      is_leader = coalesce((
        select given.is_leader from unnest($2::text[], $3::boolean[]) as given (id, is_leader)
        where given.id = excluded.department_id
      ), link.is_leader)
`);

/** A department to link, and what is said of the link. */
export interface WantedLink {
  readonly id: string;
  /** Null leaves it as it is. */
  readonly isLeader: boolean | null;
}

/** Links an account that is locked to these departments, beside those it is linked to. What is there stays since then. */
export async function addDepartmentLinks(
  scope: Scope,
  accountId: string,
  wanted: readonly WantedLink[],
  mainId: string | null,
): Promise<void> {
  // Before the new one is set: no moment may have two.
  await clearMain(scope, accountId, mainId);
  const ids = wanted.map(({ id }) => id);
  await upsert(
    scope,
    accountId,
    ids,
    wanted.map(({ isLeader }) => isLeader),
    mainId,
  );
}

/** The same, and ends all other links. */
export async function replaceDepartmentLinks(
  scope: Scope,
  accountId: string,
  wanted: readonly WantedLink[],
  mainId: string | null,
): Promise<void> {
  await deleteOthers(
    scope,
    accountId,
    wanted.map(({ id }) => id),
  );
  await addDepartmentLinks(scope, accountId, wanted, mainId);
}

/** Ends all links of these accounts to departments, and answers them. */
export const deleteDepartmentLinksOf = statement<
  { accountId: string; departmentId: string },
  [accountIds: readonly string[]]
>(`
  delete from public_account_departments
  where user_pool_id = current_setting('genauth.user_pool_id') and public_account_id = any($1)
  returning public_account_id as "accountId", department_id as "departmentId"
`);

const accountsOfDepartment = statement<UserRow, [departmentId: string, limit: number | null, offset: number]>(`
  select ${userColumns} from public_account_departments link
  join users on users.user_pool_id = link.user_pool_id and users.id = link.public_account_id
  where link.user_pool_id = current_setting('genauth.user_pool_id') and link.department_id = $1
  order by link.linked_at desc, users.id desc limit $2 offset $3
`);

const countAccountsOfDepartment = statement<{ total: number }, [departmentId: string]>(`
  select count(*) as total from public_account_departments
  where user_pool_id = current_setting('genauth.user_pool_id') and department_id = $1
`);

/** Public accounts linked to a department, and how many there are; without a limit, all of them. */
export async function listAccountsOfDepartment(
  scope: Scope,
  departmentId: string,
  limit: number | null,
  offset: number,
): Promise<{ totalCount: number; list: UserRow[] }> {
  const list = await accountsOfDepartment(scope, departmentId, limit, offset);
  const [counted] = await countAccountsOfDepartment(scope, departmentId);
  return { totalCount: counted?.total ?? 0, list };
}

/** Departments, with or without those below: a range of paths. */
export interface PathRange {
  readonly start: string;
  readonly end: string;
}

/** An SQL condition on `users`: linked to a department in one of these ranges. */
export function isLinkedIn(ranges: readonly PathRange[]): RawBuilder<boolean> {
  if (ranges.length === 0) return sql<boolean>`false`;
  const inOne = ranges.map(({ start, end }) => sql`(department.path >= ${start} and department.path < ${end})`);
  return sql<boolean>`exists (
    select from public_account_departments link
    join departments department on department.user_pool_id = link.user_pool_id and department.id = link.department_id
    where link.user_pool_id = users.user_pool_id and link.public_account_id = users.id and (${sql.join(inOne, sql` or `)})
  )`;
}
