import { sql } from 'kysely';
import { type AcrossUserPools, type Scope, statement } from '../../platform/database/database.ts';
import type { UserCondition } from '../user-directory/index.ts';

/** Which users an export is about, as it was asked for. */
export interface ExportWish {
  readonly userIds?: readonly string[] | null | undefined;
  readonly keywords?: string | null | undefined;
  readonly advancedFilter?: readonly unknown[] | null | undefined;
}

/** An export. */
export interface ExportRow {
  readonly id: string;
  readonly format: 'csv' | 'ndjson';
  readonly fields: readonly string[];
  readonly wanted: ExportWish;
  readonly accessKeyId: string;
  readonly createdAt: string;
}

const columns = `id, format, fields, wanted, access_key_id as "accessKeyId", created_at as "createdAt"`;

const insert = statement<
  ExportRow,
  [id: string, format: string, fields: readonly string[], wanted: string, accessKeyId: string, now: Date]
>(`
  insert into user_exports (user_pool_id, id, format, fields, wanted, access_key_id, created_at)
  values (current_setting('genauth.user_pool_id'), $1, $2, $3, $4, $5, $6)
  returning ${columns}
`);

export async function insertExport(
  scope: Scope,
  { id, format, fields, wanted, accessKeyId }: Omit<ExportRow, 'createdAt'>,
  now: number,
): Promise<void> {
  await insert(scope, id, format, fields, JSON.stringify(wanted), accessKeyId, new Date(now));
}

const byId = statement<ExportRow, [id: string]>(`
  select ${columns} from user_exports where user_pool_id = current_setting('genauth.user_pool_id') and id = $1
`);

export async function findExport(scope: Scope, id: string): Promise<ExportRow | undefined> {
  const [row] = await byId(scope, id);
  return row;
}

const page = statement<ExportRow, [limit: number, offset: number]>(`
  select ${columns} from user_exports where user_pool_id = current_setting('genauth.user_pool_id')
  order by id desc limit $1 offset $2
`);

const count = statement<{ total: number }, []>(`
  select count(*) as total from user_exports where user_pool_id = current_setting('genauth.user_pool_id')
`);

/** Newest first: ids are ordered by time. */
export async function listExports(
  scope: Scope,
  limit: number,
  offset: number,
): Promise<{ totalCount: number; list: ExportRow[] }> {
  const list = await page(scope, limit, offset);
  const [counted] = await count(scope);
  return { totalCount: counted?.total ?? 0, list };
}

const exportsAtOnce = 500;

const removeOld = statement<{ id: string }, [before: Date, limit: number]>(`
  with old as materialized (
    select user_pool_id, id from user_exports where created_at < $1
    order by created_at limit $2 for update skip locked
  )
  delete from user_exports using old where user_exports.user_pool_id = old.user_pool_id and user_exports.id = old.id
  returning user_exports.id
`);

/** Deletes some of the exports that were created before this time, of every user pool. Answers whether there may be more. */
export async function deleteOldExports(across: AcrossUserPools, before: Date): Promise<boolean> {
  return (await removeOld(across, before, exportsAtOnce)).length === exportsAtOnce;
}

/** Which users come next. */
export interface NextUsers {
  readonly after: string;
  readonly createdUntil: string;
  readonly userIds: readonly string[] | undefined;
  readonly conditions: readonly UserCondition[];
  readonly limit: number;
}

/** Ids of the next users in the order of ids, which does not change while somebody reads. */
export async function listNextUserIds(
  scope: Scope,
  { after, createdUntil, userIds, conditions, limit }: NextUsers,
): Promise<string[]> {
  const all = [
    sql`users.user_pool_id = current_setting('genauth.user_pool_id')`,
    sql`users.kind = 'personal'`,
    sql`users.id > ${after}`,
    sql`users.created_at <= ${createdUntil}::timestamptz`,
    ...(userIds === undefined ? [] : [sql`users.id = any(${sql.val(userIds)}::text[])`]),
    ...conditions,
  ];
  const { rows } = await sql<{ id: string }>`
    select users.id from users where ${sql.join(all, sql` and `)} order by users.id limit ${limit}
  `.execute(scope.db);
  return rows.map(({ id }) => id);
}

const paths = statement<{ userId: string; names: readonly string[] }, [userIds: readonly string[]]>(`
  select member.user_id as "userId", way.names
  from department_members member
  join departments department on department.user_pool_id = member.user_pool_id and department.id = member.department_id
  cross join lateral (
    select array_agg(ancestor.name order by length(ancestor.path)) as names from departments ancestor
    where ancestor.user_pool_id = department.user_pool_id
      and ancestor.number = any(genauth.path_numbers(department.path))
  ) as way
  where member.user_pool_id = current_setting('genauth.user_pool_id') and member.user_id = any($1)
  order by member.user_id, member.is_main desc, member.joined_at, department.id
`);

/** The departments of these users as names from the organization down, the main one first. */
export function listDepartmentPaths(
  scope: Scope,
  userIds: readonly string[],
): Promise<{ userId: string; names: readonly string[] }[]> {
  return paths(scope, userIds);
}
