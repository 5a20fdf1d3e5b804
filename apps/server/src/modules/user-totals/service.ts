import { createHash } from 'node:crypto';
import type { Database, Scope } from '../../platform/database/database.ts';
import { type Counted, forgetFormerUsers, oldestTransaction, recount, type UserSet } from './store.ts';

/** Totals that were counted once and are kept up to date. */
export interface UserTotals {
  /** How many there are now; nothing when they have to be counted. Reads only: a transaction's own changes would count twice. */
  find(scope: Scope, set: UserSet): Promise<number | undefined>;
  /** Counts them and keeps the total. While somebody else is counting the same, he is waited for instead. */
  count(scope: Scope, set: UserSet, count: () => Promise<Counted>): Promise<number>;
  /** Keeps what was counted. */
  keep(scope: Scope, set: UserSet, counted: Counted): void;
  /** Deletes changes that had been made before it was last called: who has not asked since then has everybody counted. */
  forgetChanges(database: Database): Promise<void>;
}

/** Some hundred bytes each. */
const mostTotals = 10_000;

/** Totals of one process: each server keeps its own, and asks the database what has changed. */
export function createUserTotals(): UserTotals {
  const totals = new Map<string, Counted>();
  const underWay = new Map<string, Promise<Counted>>();
  const put = (key: string, counted: Counted) => {
    // To the end: in front stands what nobody has asked for the longest.
    totals.delete(key);
    totals.set(key, counted);
    for (const first of totals.keys()) {
      if (totals.size <= mostTotals) break;
      totals.delete(first);
    }
  };
  let seenByAll: string | undefined;

  const find: UserTotals['find'] = async (scope, set) => {
    const key = keyOf(scope, set);
    const kept = totals.get(key);
    if (kept === undefined) return undefined;
    const counted = await recount(scope, set, kept);
    if (counted === undefined) totals.delete(key);
    else put(key, counted);
    return counted?.total;
  };

  return {
    find,

    async count(scope, set, count) {
      const key = keyOf(scope, set);
      await underWay.get(key)?.catch(() => {});
      // What another has counted may be older than this request, so it is brought up to date like any other.
      const total = await find(scope, set);
      if (total !== undefined) return total;
      const counting = count();
      underWay.set(key, counting);
      try {
        const counted = await counting;
        put(key, counted);
        return counted.total;
      } finally {
        if (underWay.get(key) === counting) underWay.delete(key);
      }
    },

    keep(scope, set, counted) {
      put(keyOf(scope, set), counted);
    },

    async forgetChanges(database) {
      const past = seenByAll;
      seenByAll = await database.acrossUserPools(async (across) => {
        if (past !== undefined) await forgetFormerUsers(across, past);
        return oldestTransaction(across);
      });
    },
  };
}

/** A condition as PostgreSQL is told it. Of a fixed length: filters can be long lists. */
function keyOf({ userPoolId, db }: Scope, { kind, condition }: UserSet): string {
  const { sql, parameters } = condition.compile(db);
  return createHash('sha256')
    .update(JSON.stringify([userPoolId, kind, sql, parameters]))
    .digest('base64');
}
