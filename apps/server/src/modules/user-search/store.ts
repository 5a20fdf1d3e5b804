import { type RawBuilder, sql } from 'kysely';
import type { Scope } from '../../platform/database/database.ts';
import { type AccountKind, listUsersByIds, type UserRow } from '../user-directory/index.ts';
import { expressionOf, type SelectedUsers } from '../user-filters/index.ts';

/** Which page of which users, in which order. */
export interface UserSearch extends SelectedUsers {
  readonly kind: AccountKind;
  readonly sort: readonly SortKey[];
  readonly withDepartmentIds: boolean;
  readonly limit: number;
  readonly offset: number;
}

interface SortKey {
  readonly field: string;
  readonly isDescending: boolean;
}

type Condition = RawBuilder<unknown>;

/** A page of the users that meet all conditions, and how many there are. */
export async function searchUsers(scope: Scope, search: UserSearch): Promise<{ totalCount: number; list: UserRow[] }> {
  const { kind, conditions, withDepartmentIds } = search;
  const where = all([
    sql`users.user_pool_id = current_setting('genauth.user_pool_id') and users.kind = ${kind}`,
    ...conditions,
  ]);
  const { totalCount, ids } = await findPage(scope, where, search);
  return { totalCount, list: ids.length === 0 ? [] : await listUsersByIds(scope, ids, withDepartmentIds, kind) };
}

async function findPage(
  scope: Scope,
  where: Condition,
  search: UserSearch,
): Promise<{ totalCount: number; ids: string[] }> {
  if (search.total === 'gathered') {
    const gathered = await gatherIds(scope, where, search);
    // Behind the last page there is no row that could carry the total.
    if (gathered.ids.length > 0 || search.offset === 0) return gathered;
  }
  const counted = search.total === 'counted' ? countOf(scope, where) : scan(scope, where);
  const totalCount = await counted;
  return { totalCount, ids: totalCount <= search.offset ? [] : await walkIds(scope, where, search, totalCount) };
}

/** The columns have the same names, so that the conditions hold for counts as they do for users. */
async function countOf(scope: Scope, where: Condition): Promise<number> {
  const { rows } = await sql<{ total: number }>`
    select coalesce(sum(users.total), 0)::integer as total from user_counts users where ${where}
  `.execute(scope.db);
  return rows[0]?.total ?? 0;
}

async function scan(scope: Scope, where: Condition): Promise<number> {
  const { rows } = await sql<{ total: number }>`select count(*) as total from users where ${where}`.execute(scope.db);
  return rows[0]?.total ?? 0;
}

/** Finds everybody once, for the total as for the page: for conditions that take longer to check than users to sort. */
async function gatherIds(
  scope: Scope,
  where: Condition,
  { sort, limit, offset }: UserSearch,
): Promise<{ totalCount: number; ids: string[] }> {
  const { rows } = await sql<{ id: string; total: number }>`
    select users.id, count(*) over () as total from users where ${where}
    order by ${orderBy(sort)} limit ${limit} offset ${offset}
  `.execute(scope.db);
  return { totalCount: rows[0]?.total ?? 0, ids: rows.map(({ id }) => id) };
}

/** A part of a list: who is in it, and in which order. */
interface Part {
  readonly where: Condition;
  readonly order: RawBuilder<unknown>;
}

/**
 * Reads the page in the order of an index, from the end of the list it is nearer to. Indexes hold who has a value; whoever has
 * none comes last in either direction, and is read only when those who have one do not fill the page.
 */
async function walkIds(
  scope: Scope,
  where: Condition,
  { sort, limit, offset }: UserSearch,
  totalCount: number,
): Promise<string[]> {
  const isBackward = offset + limit > totalCount / 2 && offset > limit;
  const parts = partsOf(where, sort, isBackward);
  if (!isBackward) return walk(scope, parts, limit, offset);
  const behind = Math.max(0, totalCount - offset - limit);
  return (await walk(scope, parts.reverse(), Math.min(limit, totalCount - offset), behind)).reverse();
}

function partsOf(where: Condition, sort: readonly SortKey[], isBackward: boolean): Part[] {
  const [first, ...others] = sort;
  const field = first && expressionOf(first.field);
  if (first === undefined || !field?.isNullable) return [{ where, order: orderBy(sort, { isBackward }) }];
  const rest = others.length > 0 ? others : [{ field: 'id', isDescending: first.isDescending }];
  return [
    {
      where: all([where, sql`${field.expression} is not null`]),
      order: orderBy(sort, { isBackward, isFirstFilled: true }),
    },
    { where: all([where, sql`${field.expression} is null`]), order: orderBy(rest, { isBackward }) },
  ];
}

async function walk(scope: Scope, parts: readonly Part[], limit: number, offset: number): Promise<string[]> {
  const ids: string[] = [];
  let toPass = offset;
  for (const part of parts) {
    const found = await idsInOrder(scope, part, limit - ids.length, toPass);
    ids.push(...found);
    if (ids.length === limit) break;
    toPass = found.length > 0 ? 0 : toPass - (await countUpTo(scope, part.where, toPass));
  }
  return ids;
}

async function idsInOrder(scope: Scope, { where, order }: Part, limit: number, offset: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select users.id from users where ${where} order by ${order} limit ${limit} offset ${offset}
  `.execute(scope.db);
  return rows.map(({ id }) => id);
}

async function countUpTo(scope: Scope, where: Condition, most: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from (select from users where ${where} limit ${most}) as passed
  `.execute(scope.db);
  return rows[0]?.count ?? 0;
}

function all(conditions: readonly Condition[]): Condition {
  return sql.join(conditions, sql` and `);
}

/**
 * Ids end every order, so that pages neither repeat nor skip anyone. Empty values go last, or first when it is read
 * backwards. Of a first key that has no empty values nothing is said of them: an index is in the order `desc` when it is read
 * backwards, not in `desc nulls last`.
 */
function orderBy(
  sort: readonly SortKey[],
  {
    isBackward = false,
    isFirstFilled = false,
  }: { readonly isBackward?: boolean; readonly isFirstFilled?: boolean } = {},
): RawBuilder<unknown> {
  const keys = [...sort, { field: 'id', isDescending: sort.at(-1)?.isDescending ?? true }];
  return sql.join(
    keys.flatMap(({ field, isDescending }, index) => {
      const found = expressionOf(field);
      if (found === undefined) return [];
      const direction = isDescending === isBackward ? sql`asc` : sql`desc`;
      const mayBeEmpty = found.isNullable && !(isFirstFilled && index === 0);
      const empty = mayBeEmpty ? (isBackward ? sql` nulls first` : sql` nulls last`) : sql``;
      return [sql`${found.expression} ${direction}${empty}`];
    }),
  );
}
