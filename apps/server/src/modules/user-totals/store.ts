import { type RawBuilder, sql } from 'kysely';
import { type AcrossUserPools, type Scope, statement } from '../../platform/database/database.ts';
import type { AccountKind, UserCondition } from '../user-directory/index.ts';

/** Users of a kind that meet a condition on their rows of `users` and `user_search`, and on nothing else. */
export interface UserSet {
  readonly kind: AccountKind;
  readonly condition: UserCondition;
}

/** The moment a statement looks at: which transactions it sees, as this run of PostgreSQL numbers them. */
export interface Moment {
  readonly snapshot: string;
  readonly server: string;
}

/** How many users there are, and when. */
export interface Counted extends Moment {
  readonly total: number;
}

// As selects of their own they are asked once, and not for every row of whoever lists users beside.
const moment = `(select pg_current_snapshot()::text) as snapshot, (select pg_postmaster_start_time()::text) as server`;

/** Select list of a `Moment`, for the statement that counts: in another one, others might be there. */
export const momentColumns: RawBuilder<unknown> = sql.raw(moment);

/** So many changes are looked at one by one; beyond, counting everybody is not much slower. */
export const mostChanges = 1000;

const changesSince = statement<Moment & { count: number; isUnknown: boolean }, [snapshot: string, most: number]>(`
  select ${moment}, count(*) as count, coalesce(bool_or(part = 'many'), false) or ${isForgotten('$1::pg_snapshot')} as "isUnknown"
  from (select part from former_users where ${unseenBy('$1::pg_snapshot')} order by user_pool_id, xact limit $2) as unseen
`);

/** Whether changes that a snapshot has not seen may be deleted already. */
function isForgotten(snapshot: string): string {
  return `pg_snapshot_xmin(${snapshot})::text::bigint < (select last_value from former_users_forgotten)`;
}

/**
 * Of what a snapshot has not seen, whatever is older than all that was open then is passed over by index: by that of the order it
 * is asked for in, since a planner who takes a third of all for recent would read them all. The numbers are those of
 * whole transactions, which is what snapshots of this kind know.
 */
function unseenBy(snapshot: string): string {
  return `former_users.user_pool_id = current_setting('genauth.user_pool_id')
    and former_users.xact >= pg_snapshot_xmin(${snapshot})::text::bigint
    and not pg_visible_in_snapshot(former_users.xact::text::xid8, ${snapshot})`;
}

/**
 * How many users there are now, from how many there were: whoever has changed is tested as he is and as he was. Nothing when too
 * many have, when it is not known any more who, or in another run of PostgreSQL, whose numbers mean something else.
 */
export async function recount(scope: Scope, set: UserSet, counted: Counted): Promise<Counted | undefined> {
  const [changes] = await changesSince(scope, counted.snapshot, mostChanges + 1);
  if (changes === undefined || changes.isUnknown || changes.count > mostChanges) return undefined;
  if (changes.server !== counted.server) return undefined;
  if (changes.count === 0) return { total: counted.total, snapshot: changes.snapshot, server: changes.server };
  const { kind, condition } = set;
  const meetsIt = sql`users.kind = ${kind} and ${condition}`;
  // The names of the tables stand for what was in them, so that the same condition can be asked of it.
  const { rows } = await sql<Moment & { change: number; isUnknown: boolean }>`
    with since as materialized (
      select ${counted.snapshot}::pg_snapshot as snapshot
    ), unseen as materialized (
      select part, user_id, seq, was from former_users where ${sql.raw(unseenBy('(select snapshot from since)'))}
      order by user_pool_id, xact limit ${mostChanges + 1}
    ), changed as materialized (
      select distinct user_id from unseen
    ), former as materialized (
      select distinct on (part, user_id) part, user_id, was from unseen order by part, user_id, seq
    )
    select ${momentColumns}, (select coalesce(bool_or(part = 'many'), false) or count(*) > ${sql.lit(mostChanges)} from unseen) or ${sql.raw(isForgotten('(select snapshot from since)'))} as "isUnknown",
      (
        select count(*) from users
        where users.user_pool_id = ${scope.userPoolId} and users.id = any(array(select user_id from changed)) and ${meetsIt}
      ) - (
        with users as (
          select earlier.* from former cross join jsonb_populate_record(null::users, former.was) as earlier
          where former.part = 'users' and former.was is not null
          union all
          select users.* from users
          where users.user_pool_id = ${scope.userPoolId}
            and users.id = any(array(select user_id from changed except select user_id from former where part = 'users'))
        ), user_search as (
          select earlier.* from former cross join jsonb_populate_record(null::user_search, former.was) as earlier
          where former.part = 'user_search'
          union all
          select user_search.* from user_search
          where user_search.user_pool_id = ${scope.userPoolId}
            and user_search.user_id = any(array(select user_id from changed except select user_id from former where part = 'user_search'))
        )
        select count(*) from users where ${meetsIt}
      ) as change
  `.execute(scope.db);
  const [row] = rows;
  if (row === undefined || row.isUnknown) return undefined;
  return { total: counted.total + row.change, snapshot: row.snapshot, server: row.server };
}

const oldest = statement<{ xact: string }, []>(`select pg_snapshot_xmin(pg_current_snapshot())::text as xact`);

/** The oldest transaction that is still open: who takes a snapshot from now on has seen all before it. */
export async function oldestTransaction(across: AcrossUserPools): Promise<string> {
  const [row] = await oldest(across);
  if (row === undefined) throw new Error('a snapshot has an end');
  return row.xact;
}

// One server after the other, so that the number never becomes less. It is said before anything is deleted.
const lockForgotten = statement<Record<never, never>, []>(
  `select pg_advisory_xact_lock(hashtextextended('former_users_forgotten', 0))`,
);
const setForgotten = statement<Record<never, never>, [xact: string]>(
  `select setval('former_users_forgotten', greatest(last_value, $1::bigint)) from former_users_forgotten`,
);
const deleteForgotten = statement<Record<never, never>, [xact: string]>(
  'delete from former_users where xact < $1::bigint',
);

/** Forgets what users were before transactions older than this one. Totals that are from before cannot be brought up to date. */
export async function forgetFormerUsers(across: AcrossUserPools, xact: string): Promise<void> {
  await lockForgotten(across);
  await setForgotten(across, xact);
  await deleteForgotten(across, xact);
}
