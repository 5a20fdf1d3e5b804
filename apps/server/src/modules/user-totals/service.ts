import { createHash } from 'node:crypto';
import type { Database, Scope } from '../../platform/database/database.ts';
import { type Counted, deleteFormerUsers, oldestTransaction, recount, type UserSet } from './store.ts';

/** Totals that were counted once and are kept up to date. */
export interface UserTotals {
  /** How many there are now; nothing when they have to be counted. Reads only: a transaction's own changes would count twice. */
  find(scope: Scope, set: UserSet): Promise<number | undefined>;
  /** Keeps what was counted. */
  keep(scope: Scope, set: UserSet, counted: Counted): void;
  /** Deletes what no total needs any more: at every turn, what the turn before has marked. */
  forgetChanges(database: Database): Promise<void>;
}

/** A total nobody asks for is kept so long. */
const keptSeconds = 600;
/** What it is brought up to date from is kept longer, by more than the longest statement takes. */
const changesKeptSeconds = 800;

/** Some hundred bytes each. */
const mostTotals = 10_000;

interface Kept {
  readonly counted: Counted;
  /** When it was counted, or brought up to date. */
  readonly at: number;
}

/** Totals of one process: each server keeps its own, and asks the database what has changed. */
export function createUserTotals(now: () => number = () => performance.now()): UserTotals {
  const totals = new Map<string, Kept>();
  const put = (key: string, kept: Kept) => {
    // To the end: in front stands what nobody has asked for the longest.
    totals.delete(key);
    totals.set(key, kept);
    for (const first of totals.keys()) {
      if (totals.size <= mostTotals) break;
      totals.delete(first);
    }
  };
  let mark: { readonly xact: string; readonly at: number } | undefined;

  return {
    async find(scope, set) {
      const key = keyOf(scope, set);
      const kept = totals.get(key);
      if (kept === undefined) return undefined;
      const at = now();
      const isLate = at - kept.at > keptSeconds * 1000;
      const counted = isLate ? undefined : await recount(scope, set, kept.counted);
      if (counted === undefined) totals.delete(key);
      else put(key, { counted, at });
      return counted?.total;
    },

    keep(scope, set, counted) {
      put(keyOf(scope, set), { counted, at: now() });
    },

    async forgetChanges(database) {
      // Whatever was over at the last turn has been seen by every total that was counted since, and all others are too old.
      const last = mark;
      if (last !== undefined && now() - last.at < changesKeptSeconds * 1000) return;
      mark = await database.acrossUserPools(async (across) => {
        if (last !== undefined) await deleteFormerUsers(across, last.xact);
        return { xact: await oldestTransaction(across), at: now() };
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
