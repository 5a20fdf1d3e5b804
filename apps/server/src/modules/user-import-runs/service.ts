import { ApiError } from '@genauth/contract';
import type { Scope } from '../../platform/database/database.ts';
import { requestErrors } from '../../platform/errors.ts';
import { type CommandContext, undone } from '../../platform/module.ts';
import type { UniqueValue } from '../custom-values/index.ts';
import { defineJob, type JobContext, type JobDefinition } from '../jobs/index.ts';
import type { StoredPassword } from '../passwords/index.ts';
import { type FilePosition, type ImportedRow, type KnownColumns, readRows } from '../user-import-rows/index.ts';
import { findImport, type ImportRow, importUsersKind } from '../user-imports/index.ts';
import { type NewUserInput, userWriteErrors } from '../users/index.ts';
import { attemptEach } from './attempts.ts';
import { digestOf, isHeld, keysOf, toIdentifiers } from './identifiers.ts';
import {
  deleteFile,
  findHolders,
  type Identifiers,
  listChunks,
  listSeen,
  noteSeen,
  prepareForMany,
  readChunk,
  saveOutcome,
  settleSearch,
  type Tally,
} from './store.ts';

/** A row that can be read, on its way to be a user. */
export interface Candidate {
  readonly row: ImportedRow;
  readonly input: NewUserInput;
  readonly identifiers: Identifiers;
  readonly password?: StoredPassword | undefined;
  /** Values of unique custom fields. Of a dry run alone: elsewhere whoever has them is there to be run into. */
  readonly unique?: readonly UniqueValue[];
}

/** What imports need of users: the same ways that everybody else makes and changes them, for many at a time. */
export interface UserImportRunsDependencies {
  /** What `events` the steps may announce. */
  readonly emits: JobDefinition['emits'];
  /** Checks a row as an input of `create-user`. */
  readonly readInput: (values: Readonly<Record<string, unknown>>) => NewUserInput;
  /** Checks custom data against the definitions of its fields; throws at the first value that is wrong. */
  readonly checkCustomData: (scope: Scope, inputs: readonly NewUserInput[]) => Promise<void>;
  /** Of each of these inputs, which have been checked, the values of unique custom fields. */
  readonly uniqueValues: (scope: Scope, inputs: readonly NewUserInput[]) => Promise<readonly UniqueValue[][]>;
  readonly knownColumns: (scope: Scope) => Promise<Omit<KnownColumns, 'renamed'>>;
  readonly toStoredPassword: (
    input: NewUserInput,
    options: ImportRow['options'],
    job: JobContext<FilePosition>,
  ) => Promise<StoredPassword | undefined>;
  /** Makes users, with their departments: all or none. */
  readonly createUsers: (
    context: CommandContext,
    candidates: readonly Candidate[],
    options: ImportRow['options'],
  ) => Promise<void>;
  /** Changes users, and adds departments: all or none. */
  readonly changeUsers: (
    context: CommandContext,
    candidates: readonly { readonly userId: string; readonly candidate: Candidate }[],
    options: ImportRow['options'],
  ) => Promise<void>;
}

/** In one transaction. Passwords to be hashed take longer than everything else. */
const rowsPerStep = 1000;
const rowsPerStepWhenHashing = 100;
/** Rows wait in memory, and each path may make departments: what counts is not only how many rows there are. */
const bytesPerStep = 4 * 1024 * 1024;
const pathsPerStep = 2000;

interface Input {
  readonly importId: string;
}

/** The job that carries out imports of users. */
export function importUsersJob(dependencies: UserImportRunsDependencies): JobDefinition {
  return defineJob<Input, FilePosition>({
    kind: importUsersKind,
    emits: dependencies.emits,
    async run({ importId }, job) {
      const found = await job.read((scope) => findImport(scope, importId));
      if (found === undefined) throw new Error(`there is no import ${importId}`);
      const known = {
        ...(await job.read(dependencies.knownColumns)),
        renamed: found.options.columns ?? {},
      };
      const start: FilePosition = job.checkpoint ?? { offset: 0, row: 0 };
      const pieces = readFile(job, importId, start.offset);
      let done = found.rows;
      let waiting: readonly ImportedRow[] = [];
      let position = start.offset;
      let { columns } = start;
      const importSome = async (count: number) => {
        const batch = waiting.slice(0, count);
        const last = batch.at(-1);
        if (last === undefined) return;
        waiting = waiting.slice(count);
        done += batch.length;
        position = last.end;
        const checkpoint = { offset: last.end, row: last.number, columns };
        await importBatch(dependencies, job, found, batch, { done, checkpoint });
      };
      for await (const piece of readRows(found.format, pieces, start, known)) {
        columns = piece.columns;
        waiting = waiting.concat(piece.rows);
        for (let size = fullStep(found, waiting, position); size > 0; size = fullStep(found, waiting, position)) {
          await importSome(size);
        }
      }
      await importSome(waiting.length);
      await job.step(async ({ scope }) => {
        await deleteFile(scope, importId);
        await settleSearch(scope);
        return { done, total: done, checkpoint: { offset: found.bytes, row: done, columns } };
      });
      const end = await job.read((scope) => findImport(scope, importId));
      const { rows, created, updated, skipped, failed } = end ?? found;
      return { importId, rows, created, updated, skipped, failed };
    },
  });
}

/** How many of the waiting rows fill a step; none when they do not fill one yet. `position` is where the first begins. */
function fullStep(found: ImportRow, waiting: readonly ImportedRow[], position: number): number {
  const most = isHashing(found, waiting.slice(0, rowsPerStep)) ? rowsPerStepWhenHashing : rowsPerStep;
  let paths = 0;
  for (const [index, row] of waiting.entries()) {
    paths += row.paths.length;
    if (index + 1 === most || row.end - position >= bytesPerStep || paths >= pathsPerStep) return index + 1;
  }
  return 0;
}

function isHashing({ options }: ImportRow, rows: readonly ImportedRow[]): boolean {
  return !options.keepPassword && rows.some(({ values }) => Boolean(values['password']));
}

/** The bytes of a file from an offset on, piece by piece. */
async function* readFile(job: JobContext<FilePosition>, importId: string, offset: number): AsyncGenerator<Buffer> {
  let begin = 0;
  for (const { index, bytes } of await job.read((scope) => listChunks(scope, importId))) {
    const end = begin + bytes;
    if (end > offset) {
      const content = await job.read((scope) => readChunk(scope, importId, index));
      if (content === undefined) throw new Error(`chunk ${index} of import ${importId} is gone`);
      yield content.subarray(Math.max(0, offset - begin));
    }
    begin = end;
  }
}

interface Refusal {
  readonly row: ImportedRow;
  readonly error: ApiError;
}

async function importBatch(
  dependencies: UserImportRunsDependencies,
  job: JobContext<FilePosition>,
  found: ImportRow,
  rows: readonly ImportedRow[],
  progress: { readonly done: number; readonly checkpoint: FilePosition },
): Promise<void> {
  const { id: importId, options } = found;
  const prepared = await prepare(dependencies, job, found, rows);
  await job.step(async (context) => {
    const { scope } = context;
    await prepareForMany(scope);
    const batch = new Batch(dependencies, found, prepared.refusals);
    if (options.dryRun) {
      await undone(context, (inner) => batch.import(inner, prepared.candidates));
      await noteSeen(
        scope,
        importId,
        batch.made.flatMap((candidate) =>
          digestsOf(candidate).map((digest) => ({ digest, row: candidate.row.number })),
        ),
      );
    } else await batch.import(context, prepared.candidates);
    const { tally, refusals } = batch;
    context.audit({ after: { importId, ...tally, rows: rows.length } });
    await saveOutcome(
      scope,
      importId,
      progress.checkpoint.offset,
      { ...tally, rows: rows.length },
      refusals.map(toNote),
    );
    return progress;
  });
}

/** Checks rows and prepares passwords, which takes long: before the transaction. */
async function prepare(
  { readInput, checkCustomData, uniqueValues, toStoredPassword }: UserImportRunsDependencies,
  job: JobContext<FilePosition>,
  found: ImportRow,
  rows: readonly ImportedRow[],
): Promise<{ candidates: Candidate[]; refusals: Refusal[] }> {
  const refusals: Refusal[] = [];
  const refusing = async <Result>(row: ImportedRow, work: () => Result | Promise<Result>) => {
    try {
      return await work();
    } catch (error) {
      if (!isAboutTheRow(error)) throw error;
      refusals.push({ row, error });
      return undefined;
    }
  };
  let candidates: Candidate[] = [];
  for (const row of rows) {
    const candidate = await refusing(row, async () => {
      if (row.problem !== undefined) throw row.problem;
      const input = readInput(row.values);
      requirePaths(row.paths);
      return { row, input, identifiers: await toIdentifiers(input) };
    });
    if (candidate !== undefined) candidates.push(candidate);
  }
  candidates = await job.read(async (scope) => {
    const inputs = candidates.map(({ input }) => input);
    if (await isInOrder(() => checkCustomData(scope, inputs))) return candidates;
    // Found one by one here, rather than by halving batches later: of such rows there may be many.
    const right: Candidate[] = [];
    for (const candidate of candidates) {
      const checked = await refusing(candidate.row, async () => {
        await checkCustomData(scope, [candidate.input]);
        return candidate;
      });
      if (checked !== undefined) right.push(checked);
    }
    return right;
  });
  // Whose row will be skipped needs no password.
  const isWasted =
    found.options.onExisting === 'skip' && isHashing(found, rows)
      ? (
          await job.read((scope) =>
            findHolders(
              scope,
              candidates.map(({ identifiers }) => identifiers),
            ),
          )
        ).map(isHeld)
      : [];
  const ready: Candidate[] = [];
  for (const [index, candidate] of candidates.entries()) {
    const isNeeded = candidate.input.password && !isWasted[index];
    const stored = await refusing(candidate.row, async () => ({
      password: isNeeded ? await toStoredPassword(candidate.input, found.options, job) : undefined,
    }));
    if (stored !== undefined) ready.push({ ...candidate, ...stored });
  }
  if (!found.options.dryRun) return { candidates: ready, refusals };
  const inputs = ready.map(({ input }) => input);
  const unique = await job.read((scope) => uniqueValues(scope, inputs));
  return { candidates: ready.map((candidate, index) => ({ ...candidate, unique: unique[index] ?? [] })), refusals };
}

async function isInOrder(check: () => Promise<void>): Promise<boolean> {
  try {
    await check();
    return true;
  } catch (error) {
    if (!isAboutTheRow(error)) throw error;
    return false;
  }
}

/** Names on a path are names of departments. */
function requirePaths(paths: ImportedRow['paths']): void {
  const isName = (name: string) => name.length <= 255 && name.isWellFormed() && !name.includes('\0');
  if (!paths.flat().every(isName)) throw requestErrors.fieldMalformed({ field: 'departments' });
}

/** Whether the caller can do something about it; anything else stops the job. */
function isAboutTheRow(error: unknown): error is ApiError {
  return error instanceof ApiError && error.declaration.statusCode < 500;
}

/** One batch of rows on its way into the user pool, in the transaction of its step. */
class Batch {
  readonly tally: Omit<Tally, 'rows'> = { created: 0, updated: 0, skipped: 0, failed: 0 };
  readonly refusals: Refusal[] = [];
  /** Rows that users were made of. */
  readonly made: Candidate[] = [];
  readonly #dependencies: UserImportRunsDependencies;
  readonly #import: ImportRow;

  constructor(dependencies: UserImportRunsDependencies, found: ImportRow, refusals: readonly Refusal[]) {
    this.#dependencies = dependencies;
    this.#import = found;
    for (const { row, error } of refusals) this.#refuse(row, error);
  }

  /**
   * Rows are imported as if one came after the other: of rows that share an identifier the first makes the user whom the next
   * ones find. So they go in waves, none of which has an identifier twice.
   */
  async import(context: CommandContext, candidates: readonly Candidate[]): Promise<void> {
    let waiting = candidates;
    const lost = new Set<Candidate>();
    while (waiting.length > 0) {
      const { fresh, known, later } = await this.#sort(context.scope, waiting);
      const raced: Candidate[] = [];
      await this.#create(context, fresh, (candidate, error) => {
        // Somebody else made the user since we looked: look again, once.
        const isRace = error.code === userWriteErrors.alreadyExists.code && !lost.has(candidate);
        if (!isRace) return this.#refuse(candidate.row, error);
        lost.add(candidate);
        raced.push(candidate);
      });
      await this.#change(context, known);
      waiting = [...raced, ...later];
    }
  }

  async #create(
    context: CommandContext,
    fresh: readonly Candidate[],
    refuse: (candidate: Candidate, error: ApiError) => void,
  ): Promise<void> {
    const { createUsers } = this.#dependencies;
    await attemptEach(context, fresh, {
      isAboutTheItem: isAboutTheRow,
      attempt: (inner, some) => createUsers(inner, some, this.#import.options),
      done: (some) => {
        this.tally.created += some.length;
        if (this.#import.options.dryRun) this.made.push(...some);
      },
      refuse,
    });
  }

  async #change(
    context: CommandContext,
    known: readonly { readonly userId: string; readonly candidate: Candidate }[],
  ): Promise<void> {
    const { changeUsers } = this.#dependencies;
    await attemptEach(context, known, {
      isAboutTheItem: isAboutTheRow,
      attempt: (inner, some) => changeUsers(inner, some, this.#import.options),
      done: (some) => {
        this.tally.updated += some.length;
      },
      refuse: ({ candidate }, error) => this.#refuse(candidate.row, error),
    });
  }

  /** Who is new, who is known, and who shares an identifier with somebody new before him. */
  async #sort(scope: Scope, candidates: readonly Candidate[]) {
    const { options, id: importId } = this.#import;
    const holders = await findHolders(
      scope,
      candidates.map(({ identifiers }) => identifiers),
    );
    const seen = options.dryRun
      ? await listSeen(scope, importId, candidates.flatMap(digestsOf))
      : new Map<string, string>();
    const fresh: Candidate[] = [];
    const later: Candidate[] = [];
    const known: { userId: string; candidate: Candidate }[] = [];
    const taken = new Set<string>();
    for (const [index, candidate] of candidates.entries()) {
      const keys = keysOf(candidate.identifiers);
      const held = keys.flatMap(({ field, key }) => {
        const [userId, kind] = holders[index]?.[field]?.split(' ') ?? [];
        if (userId !== undefined) return [{ field, userId, isPublic: kind === 'public', isSeen: false }];
        const row = seen.size === 0 ? undefined : seen.get(digestOf(key));
        return row === undefined ? [] : [{ field, userId: row, isPublic: false, isSeen: true }];
      });
      const [holder] = held;
      const stranger = held.find(({ userId, isPublic }) => isPublic || userId !== holder?.userId);
      const clash = candidate.unique?.find((value) => {
        const row = seen.get(digestOfUnique(value));
        return row !== undefined && row !== holder?.userId;
      });
      if (keys.some(({ key }) => taken.has(key))) later.push(candidate);
      else if (stranger !== undefined) {
        this.#refuse(candidate.row, userWriteErrors.alreadyExists({ field: stranger.field }));
      } else if (holder !== undefined && options.onExisting === 'skip') this.tally.skipped += 1;
      else if (clash !== undefined) this.#refuse(candidate.row, clash.taken());
      else if (holder === undefined) {
        fresh.push(candidate);
        for (const { key } of keys) taken.add(key);
      } else if (holder.isSeen) this.tally.updated += 1;
      else known.push({ userId: holder.userId, candidate });
    }
    return { fresh, known, later };
  }

  #refuse(row: ImportedRow, error: ApiError): void {
    this.tally.failed += 1;
    this.refusals.push({ row, error });
  }
}

/** What nobody else may have: the identifiers of a candidate and his values of unique fields. */
function digestsOf({ identifiers, unique = [] }: Candidate): string[] {
  return [...keysOf(identifiers).map(({ key }) => digestOf(key)), ...unique.map(digestOfUnique)];
}

function digestOfUnique({ key, digest }: UniqueValue): string {
  return digestOf(`customData.${key} ${digest}`);
}

/** The refusal as it is kept. What came from the file may hold what PostgreSQL cannot. */
function toNote({ row, error }: Refusal) {
  const storable = (text: string) => text.toWellFormed().replaceAll('\0', '\ufffd').slice(0, 1000);
  const { field } = error.parameters;
  return {
    row: row.number,
    field: field === undefined ? null : storable(String(field)),
    messages: { 'en-US': storable(error.messageIn('en-US')), 'zh-CN': storable(error.messageIn('zh-CN')) },
  };
}
