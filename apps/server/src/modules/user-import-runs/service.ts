import { requestErrors } from '../../platform/errors.ts';
import { undone } from '../../platform/module.ts';
import { defineJob, type JobContext, type JobDefinition } from '../jobs/index.ts';
import { type FilePosition, type ImportedRow, readRows } from '../user-import-rows/index.ts';
import { findImport, type ImportRow, importUsersKind } from '../user-imports/index.ts';
import { Batch } from './batch.ts';
import { type Candidate, isAboutTheRow, type Refusal, type UserImportRunsDependencies } from './candidates.ts';
import { DryRunStep } from './dry-run.ts';
import { isHeld, toIdentifiers } from './identifiers.ts';
import {
  deleteFile,
  findHolders,
  listChunks,
  type Moves,
  prepareForMany,
  readChunk,
  rememberMoves,
  saveOutcome,
  settleSearch,
} from './store.ts';

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
      let moves: Moves | undefined;
      await undone(context, async (inner) => {
        const step = await DryRunStep.begin(inner.scope, importId, prepared.candidates, options.onExisting);
        await batch.import(inner, prepared.candidates, step);
        moves = await step.moves(inner.scope);
      });
      if (moves !== undefined) await rememberMoves(scope, importId, moves);
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
