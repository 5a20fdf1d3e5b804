import { type RawBuilder, sql } from 'kysely';
import { type Scope, statement } from '../../platform/database/database.ts';
import { type AccountKind, listUsersByIds, sampleOf, type UserRow } from '../user-directory/index.ts';
import { type Criterion, expressionOf, type SelectedUsers } from '../user-filters/index.ts';
import { type Counted, momentColumns, type UserSet, type UserTotals } from '../user-totals/index.ts';

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

/** A page of the users that meet all criteria, and how many there are. */
export async function searchUsers(
  scope: Scope,
  search: UserSearch,
  totals: UserTotals,
): Promise<{ totalCount: number; list: UserRow[] }> {
  const { totalCount, ids } = await findPage(scope, search, totals);
  const { kind, withDepartmentIds } = search;
  return { totalCount, list: ids.length === 0 ? [] : await listUsersByIds(scope, ids, withDepartmentIds, kind) };
}

interface Page {
  readonly totalCount: number;
  readonly ids: string[];
}

async function findPage(scope: Scope, search: UserSearch, totals: UserTotals): Promise<Page> {
  const where = (conditions: readonly Condition[]) => all([ofKind(scope, search.kind), ...conditions]);
  const walkTo = async (totalCount: number, toWalk: readonly Condition[]) => ({
    totalCount,
    ids: totalCount <= search.offset ? [] : await walkIds(scope, where(toWalk), search, totalCount),
  });
  const gather = async (conditions: readonly Condition[]) => {
    const { ids, counted } = await gatherIds(scope, where(conditions), search);
    // Behind the last page there is no row that could carry the total.
    return { ids, counted: counted ?? (await scan(scope, where(conditions))) };
  };

  const set = setOf(search);
  const isAtLeast = async (share: number, total: number) => total >= share * (await countEverybody(scope, search.kind));
  const known = set && (await totals.find(scope, set));
  if (set && known !== undefined) {
    // A page of many is soon come upon, whatever it takes to find them all.
    if (await isAtLeast(few, known)) return walkTo(known, [set.condition]);
    const ids =
      (await isAtLeast(scarce, known)) && (await glanceAtIds(scope, ofKind(scope, search.kind), set.condition, search));
    if (ids) return { totalCount: known, ids };
  }

  const plan = await planOf(scope, search);
  if (plan.way === 'sum') return walkTo(await countOf(scope, where(plan.counted)), plan.toWalk);
  if (plan.way === 'gather') {
    const { ids, counted } = await gather(plan.conditions);
    // A handful is found again in no time.
    if (set && counted.total > search.limit && (await isAtLeast(scarce, counted.total))) {
      totals.keep(scope, set, counted);
    }
    return { totalCount: counted.total, ids };
  }
  const count = () =>
    plan.lacking === undefined
      ? scan(scope, where(plan.toCount))
      : countBut(scope, where(plan.counted), where([...plan.counted, plan.lacking]));
  const totalCount = set ? await totals.count(scope, set, count) : (await count()).total;
  // The estimate took few for many: in the order asked for, they might be a long way apart.
  if (plan.ifFew && totalCount > search.offset && !(await isAtLeast(fewer, totalCount))) {
    return { totalCount, ids: (await gather(plan.ifFew)).ids };
  }
  return walkTo(totalCount, plan.toWalk);
}

/** What totals are kept of: all but what `user_counts` has anyway, and what depends on other tables. */
function setOf({ kind, criteria }: UserSearch): UserSet | undefined {
  const conditions = criteria.flatMap(({ onRows }) => onRows ?? []);
  if (conditions.length < criteria.length || criteria.every(({ on }) => on === 'columns')) return undefined;
  return { kind, condition: sql<boolean>`(${all(conditions)})` };
}

/**
 * The pool by its id: the policy then asks once whether it is the transaction's. With the setting on both sides, it would be read
 * for every user, which is a third of the time that counting takes.
 */
function ofKind({ userPoolId }: Scope, kind: AccountKind): Condition {
  return sql`users.user_pool_id = ${userPoolId} and users.kind = ${kind}`;
}

/** How to find a page and the number of all. */
type Plan =
  /** Finds everybody once, for the total as for the page. */
  | { readonly way: 'gather'; readonly conditions: readonly Condition[] }
  /** Sums `user_counts`, then reads users in the order asked for until the page is full. */
  | { readonly way: 'sum'; readonly counted: readonly Condition[]; readonly toWalk: readonly Condition[] }
  /** Counts users, then reads them in that order. */
  | ({ readonly way: 'walk'; readonly toWalk: readonly Condition[] } & (
      | { readonly toCount: readonly Condition[]; readonly lacking?: undefined }
      /** Of what is on columns of `user_counts`, who lacks something is taken off. */
      | { readonly counted: readonly Condition[]; readonly lacking: Condition }
    ) & {
        /** How to find them all the same, should they turn out to be few. */
        readonly ifFew?: readonly Condition[];
      });

/** Few of all: that many are found and sorted in less time than everybody is tested, or a page of them come upon in order. */
const few = 1 / 20;
/** So few that the estimate was wrong about them. */
const fewer = 1 / 100;
/** So few that there is no sense in coming upon a page of them. */
const scarce = 1 / 200;
/** Nearly all: those who are not among them are found in less time. */
const nearlyAll = 15 / 16;

/** Most searches are for few or for nearly all, and what is right for one takes a hundred times as long for the other. */
async function planOf(scope: Scope, { kind, criteria }: UserSearch): Promise<Plan> {
  const conditions = criteria.map(({ condition }) => condition);
  const counted = criteria.flatMap(({ on, condition }) => (on === 'columns' ? [condition] : []));
  const others = criteria.filter(({ on }) => on !== 'columns');
  if (others.length === 0) return { way: 'sum', counted, toWalk: counted };
  const isRigid = others.some(({ on, onUser }) => on === 'elsewhere' && onUser === undefined);
  const estimated = others.filter(({ onUser }) => onUser !== undefined);
  if (estimated.length === 0) {
    return isRigid ? { way: 'gather', conditions } : { way: 'walk', toCount: conditions, toWalk: conditions };
  }

  const shareOf = new Map<Criterion, number>();
  for (const criterion of estimated) shareOf.set(criterion, await shareOfUsers(scope, kind, criterion));
  const least = Math.min(...shareOf.values());
  // Together they are no more than by the criterion that fewest meet.
  const together =
    others.length === 1 || least < few
      ? least
      : await shareOfUsers(scope, kind, {
          onUser: all(others.flatMap(({ on, condition, onUser }) => onUser ?? (on === 'elsewhere' ? [] : [condition]))),
        });
  const toFind = estimated
    .filter(({ found }) => found !== undefined)
    .sort((a, b) => (shareOf.get(a) ?? 0) - (shareOf.get(b) ?? 0));
  // Where they are few together, though by no criterion alone, and each is looked up elsewhere, the nearest has to find them.
  const isOfTexts = !isRigid && others.every(({ on }) => on === 'elsewhere');
  const found = new Set(
    toFind.filter((criterion, index) => (shareOf.get(criterion) ?? 0) < few || (isOfTexts && index === 0)),
  );
  const gathered = [
    ...counted,
    ...others.map((criterion) => {
      const { condition, onUser = condition } = criterion;
      return (found.has(criterion) ? criterion.found : undefined) ?? onUser;
    }),
  ];
  if (isRigid || together < few) return { way: 'gather', conditions: gathered };

  const toWalk = [...counted, ...others.map(({ condition, onUser = condition }) => onUser)];
  const [only] = others;
  if (others.length === 1 && only?.lacking !== undefined && together > nearlyAll) {
    return { way: 'walk', counted, lacking: only.lacking, toWalk, ifFew: conditions };
  }
  // To look up everybody's texts one by one takes longer than to find all that are meant.
  const toCount = others.map(({ on, condition, onUser = condition }) => (on === 'elsewhere' ? condition : onUser));
  return { way: 'walk', toCount: [...counted, ...toCount], toWalk, ifFew: conditions };
}

/** About how large a part of all users meets a condition. */
async function shareOfUsers(
  scope: Scope,
  kind: AccountKind,
  { onUser, estimate }: { readonly onUser?: Condition; readonly estimate?: Criterion['estimate'] },
): Promise<number> {
  if (estimate !== undefined) return estimate(scope);
  const { rows } = await sql<{ size: number; found: number }>`
    select count(*) as size, count(*) filter (where ${onUser}) as found
    from ${sql.raw(sampleOf('users', 'id'))} where users.kind = ${kind}
  `.execute(scope.db);
  const { size = 0, found = 0 } = rows[0] ?? {};
  return size === 0 ? 0 : found / size;
}

/** The columns have the same names, so that the conditions hold for counts as they do for users. */
async function countOf(scope: Scope, where: Condition): Promise<number> {
  const { rows } = await sql<{ total: number }>`
    select coalesce(sum(users.total), 0)::integer as total from user_counts users where ${where}
  `.execute(scope.db);
  return rows[0]?.total ?? 0;
}

const everybody = statement<{ total: number }, [kind: AccountKind]>(`
  select coalesce(sum(total), 0)::integer as total from user_counts
  where user_pool_id = current_setting('genauth.user_pool_id') and kind = $1
`);

async function countEverybody(scope: Scope, kind: AccountKind): Promise<number> {
  const [row] = await everybody(scope, kind);
  return row?.total ?? 0;
}

async function scan(scope: Scope, where: Condition): Promise<Counted> {
  return counted(scope, sql`select count(*) as total, ${momentColumns} from users where ${where}`);
}

/** Who is taken off is counted in the same statement: in another one, others might be there. */
async function countBut(scope: Scope, where: Condition, lacking: Condition): Promise<Counted> {
  return counted(
    scope,
    sql`select coalesce(sum(users.total), 0)::integer - (select count(*) from users where ${lacking}) as total, ${momentColumns}
      from user_counts users where ${where}`,
  );
}

async function counted(scope: Scope, query: RawBuilder<unknown>): Promise<Counted> {
  const { rows } = await (query as RawBuilder<Counted>).execute(scope.db);
  const [row] = rows;
  if (row === undefined) throw new Error('a count answers with a row');
  return row;
}

/** Finds everybody once, for the total as for the page: for conditions that take longer to check than users to sort. */
async function gatherIds(
  scope: Scope,
  where: Condition,
  { sort, limit, offset }: UserSearch,
): Promise<{ ids: string[]; counted: Counted | undefined }> {
  const { rows } = await sql<Counted & { id: string }>`
    select users.id, count(*) over () as total, ${momentColumns} from users where ${where}
    order by ${orderBy(sort)} limit ${limit} offset ${offset}
  `.execute(scope.db);
  return { ids: rows.map(({ id }) => id), counted: rows[0] };
}

/** To test more users than this takes longer than to find and sort some thousands. */
const mostTested = 20_000;

/** A page that is come upon soon, in the order of an index; nothing when it is not, or might not be the whole page. */
async function glanceAtIds(
  scope: Scope,
  among: Condition,
  condition: Condition,
  { sort, limit, offset }: UserSearch,
): Promise<string[] | undefined> {
  const [key, ...others] = sort;
  const field = key && expressionOf(key.field);
  if (field === undefined || others.length > 0) return undefined;
  const { rows } = await sql<{ id: string }>`
    select tested.id from (
      select users.id, ${condition} as "isMet" from users
      where ${among} and ${field.expression} is not null
      order by ${orderBy(sort, { isFirstFilled: true })} limit ${mostTested}
    ) as tested
    where tested."isMet" limit ${limit} offset ${offset}
  `.execute(scope.db);
  return rows.length === limit ? rows.map(({ id }) => id) : undefined;
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
