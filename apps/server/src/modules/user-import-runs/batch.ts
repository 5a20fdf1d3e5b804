import type { ApiError } from '@genauth/contract';
import type { Scope } from '../../platform/database/database.ts';
import type { CommandContext } from '../../platform/module.ts';
import type { ImportedRow } from '../user-import-rows/index.ts';
import type { ImportRow } from '../user-imports/index.ts';
import { userWriteErrors } from '../users/index.ts';
import { attemptEach } from './attempts.ts';
import { type Candidate, isAboutTheRow, type Refusal, type UserImportRunsDependencies } from './candidates.ts';
import type { DryRunStep } from './dry-run.ts';
import { digestOf, digestOfUnique, keysOf, movesIdentifiers } from './identifiers.ts';
import { findHolders, type Tally } from './store.ts';

/** A row about somebody there is. */
interface Known {
  readonly userId: string;
  readonly candidate: Candidate;
  /** Whether it may change what he is recognized by. */
  readonly isMoving: boolean;
}

/** One batch of rows on its way into the user pool, in the transaction of its step. */
export class Batch {
  readonly tally: Omit<Tally, 'rows'> = { created: 0, updated: 0, skipped: 0, failed: 0 };
  readonly refusals: Refusal[] = [];
  readonly #dependencies: UserImportRunsDependencies;
  readonly #import: ImportRow;

  constructor(dependencies: UserImportRunsDependencies, found: ImportRow, refusals: readonly Refusal[]) {
    this.#dependencies = dependencies;
    this.#import = found;
    for (const { row, error } of refusals) this.#refuse(row, error);
  }

  /**
   * Rows are imported as if one came after the other: of rows that share an identifier the first makes the user whom the next
   * ones find, and who has given one up is not found by it any more. So they go in waves, in none of which a row could tell
   * what another one does.
   */
  async import(context: CommandContext, candidates: readonly Candidate[], dryRun?: DryRunStep): Promise<void> {
    let waiting = candidates;
    let size = candidates.length;
    const lost = new Set<Candidate>();
    while (waiting.length > 0) {
      const some = waiting.slice(0, size);
      const { fresh, known, later } = await this.#sort(context.scope, some, dryRun);
      const raced: Candidate[] = [];
      await this.#create(context, fresh, dryRun, (candidate, error) => {
        // Somebody else made the user since we looked: look again, once.
        const isRace = error.code === userWriteErrors.alreadyExists.code && !lost.has(candidate);
        if (!isRace) return this.#refuse(candidate.row, error);
        lost.add(candidate);
        raced.push(candidate);
      });
      await this.#change(context, known, dryRun);
      waiting = [...raced, ...later, ...waiting.slice(size)];
      // Where nearly every row waits for another, those far behind need not be looked at each time.
      size = Math.max(16, 2 * (some.length - later.length));
    }
  }

  async #create(
    context: CommandContext,
    fresh: readonly Candidate[],
    dryRun: DryRunStep | undefined,
    refuse: (candidate: Candidate, error: ApiError) => void,
  ): Promise<void> {
    const { createUsers } = this.#dependencies;
    let ids: readonly string[] = [];
    await attemptEach(context, fresh, {
      isAboutTheItem: isAboutTheRow,
      attempt: async (inner, some) => {
        ids = await createUsers(inner, some, this.#import.options);
      },
      done: (some) => {
        this.tally.created += some.length;
        dryRun?.noteCreated(ids, some);
      },
      refuse,
    });
  }

  async #change(context: CommandContext, known: readonly Known[], dryRun: DryRunStep | undefined): Promise<void> {
    const { changeUsers } = this.#dependencies;
    const moving = known.flatMap(({ userId, isMoving }) => (isMoving ? userId : []));
    if (dryRun !== undefined && moving.length > 0) await dryRun.watch(context.scope, moving);
    await attemptEach(context, known, {
      isAboutTheItem: isAboutTheRow,
      attempt: (inner, some) => changeUsers(inner, some, this.#import.options),
      done: (some) => {
        this.tally.updated += some.length;
      },
      refuse: ({ candidate }, error) => this.#refuse(candidate.row, error),
    });
  }

  /** Who is new, who is known, and who has to wait for what a row before him does. */
  async #sort(scope: Scope, candidates: readonly Candidate[], dryRun: DryRunStep | undefined) {
    const { options } = this.#import;
    const holders = await findHolders(
      scope,
      candidates.map(({ identifiers }) => identifiers),
    );
    const fresh: Candidate[] = [];
    const later: Candidate[] = [];
    const known: Known[] = [];
    /** Identifiers that somebody may have got before the next row's turn, and people who may have lost some. */
    const taken = new Set<string>();
    const moved = new Set<string>();
    for (const [index, candidate] of candidates.entries()) {
      const keys = keysOf(candidate.identifiers);
      const held = keys.flatMap(({ field, key }) => {
        const [userId, kind] = holders[index]?.[field]?.split(' ') ?? [];
        if (userId !== undefined) return [{ field, userId, isPublic: kind === 'public', isMade: false }];
        const row = dryRun?.rowOf(digestOf(key));
        return row === undefined ? [] : [{ field, userId: row, isPublic: false, isMade: true }];
      });
      const [holder] = held;
      const take = () => {
        for (const { key } of keys) taken.add(key);
        for (const { userId } of held) moved.add(userId);
      };
      const stranger = held.find(({ userId, isPublic }) => isPublic || userId !== holder?.userId);
      const clash = candidate.unique?.find((value) => {
        const row = dryRun?.rowOf(digestOfUnique(value));
        return row !== undefined && row !== holder?.userId;
      });
      if (keys.some(({ key }) => taken.has(key)) || held.some(({ userId }) => moved.has(userId))) {
        later.push(candidate);
        take();
      } else if (stranger !== undefined) {
        this.#refuse(candidate.row, userWriteErrors.alreadyExists({ field: stranger.field }));
      } else if (holder !== undefined && options.onExisting === 'skip') this.tally.skipped += 1;
      else if (clash !== undefined) this.#refuse(candidate.row, clash.taken());
      else if (holder === undefined) {
        fresh.push(candidate);
        take();
      } else if (holder.isMade) this.#changeMade(holder.userId, candidate, dryRun);
      else {
        const isMoving = movesIdentifiers(
          candidate.input,
          held.map(({ field }) => field),
        );
        known.push({ userId: holder.userId, candidate, isMoving });
        if (isMoving) take();
      }
    }
    return { fresh, known, later };
  }

  #changeMade(row: string, candidate: Candidate, dryRun: DryRunStep | undefined): void {
    try {
      dryRun?.changeMade(row, candidate);
      this.tally.updated += 1;
    } catch (error) {
      if (!isAboutTheRow(error)) throw error;
      this.#refuse(candidate.row, error);
    }
  }

  #refuse(row: ImportedRow, error: ApiError): void {
    this.tally.failed += 1;
    this.refusals.push({ row, error });
  }
}
