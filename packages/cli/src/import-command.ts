import { createReadStream } from 'node:fs';
import { access, constants, open, stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { type FileSource, GenAuthError, importReport, importUsers, type Models } from 'genauth';
import type { Connection } from './connection.ts';
import { printable } from './printable.ts';
import { createProgress, type Progress } from './progress.ts';
import { sheetAsCsv } from './spreadsheet.ts';
import { type Unfinished, unfinishedImport } from './unfinished.ts';
import { UsageError } from './usage-error.ts';
import { requireWritable } from './writable.ts';

/** Options of `genauth import users`. */
export interface ImportCommandOptions {
  readonly onExisting: 'skip' | 'update';
  readonly dryRun: boolean;
  readonly report?: string;
  readonly onMissingDepartment: 'create' | 'refuse';
  readonly departmentIdType: 'department_id' | 'open_department_id' | 'sync_relation' | 'code';
  readonly keepPassword: boolean;
  readonly resetPasswordOnFirstLogin: boolean;
  readonly column: Readonly<Record<string, string | null>>;
  readonly restart: boolean;
}

const rowsRefused = 3;
const interrupted = 130;

/** Imports a file and answers the exit code. */
export async function importCommand(
  connection: Connection,
  file: string,
  { report, restart, column, ...options }: ImportCommandOptions,
): Promise<number> {
  await access(file, constants.R_OK).catch(() => {
    throw new UsageError(`${file} cannot be read.`);
  });
  // Now rather than when all is done, and the reasons are lost.
  if (report !== undefined) await requireWritable(report);
  const { client } = connection;
  const format = formatOf(file);
  const settings = { ...options, ...(Object.keys(column).length === 0 ? {} : { columns: { ...column } }) };
  const unfinished = await unfinishedImport(connection, file, settings);
  if (restart) await unfinished.forget();
  const earlier = await findEarlier(connection, unfinished);
  if (earlier !== undefined) process.stderr.write(`Carrying on with import ${earlier}, which was interrupted.\n`);

  const stopping = new AbortController();
  const stop = () => stopping.abort(new Error('interrupted'));
  process.once('SIGINT', stop);
  const progress = createProgress();
  const totalBytes = (await stat(file)).size;
  let last: Models.UserImportDto | undefined;
  try {
    const states = importUsers(client, contentOf(file), {
      ...settings,
      format,
      fileName: basename(file),
      signal: stopping.signal,
      ...(earlier === undefined ? {} : { importId: earlier }),
    });
    for await (const state of states) {
      if (last === undefined) await unfinished.keep(state.importId);
      last = state;
      show(progress, state, totalBytes);
    }
  } catch (error) {
    progress.end();
    if (!stopping.signal.aborted) throw error;
    tellHowToGoOn(last);
    return interrupted;
  } finally {
    process.off('SIGINT', stop);
  }
  progress.end();
  if (last === undefined) return 1;
  await unfinished.forget();
  if (report !== undefined) await writeReport(connection, last.importId, report);
  return summarize(last, report);
}

function formatOf(file: string): 'csv' | 'ndjson' {
  switch (extname(file).toLowerCase()) {
    case '.csv':
    case '.xlsx':
      return 'csv';
    case '.ndjson':
    case '.jsonl':
      return 'ndjson';
    default:
      throw new UsageError(`${file} is none of .csv, .ndjson, .jsonl, .xlsx.`);
  }
}

function contentOf(file: string): FileSource {
  return extname(file).toLowerCase() === '.xlsx' ? sheetAsCsv(file) : createReadStream(file);
}

/** The import of an earlier run, if the server still knows it. */
async function findEarlier({ client }: Connection, unfinished: Unfinished): Promise<string | undefined> {
  const importId = await unfinished.find();
  if (importId === undefined) return undefined;
  try {
    await client.getUserImport({ importId }, { throwOnError: true });
    return importId;
  } catch (error) {
    if (error instanceof GenAuthError && error.statusCode === 404) return undefined;
    throw error;
  }
}

function show(progress: Progress, state: Models.UserImportDto, totalBytes: number): void {
  if (state.state === 'uploading') progress.show('Uploading', state.bytes, totalBytes, megabytes(state.bytes));
  else progress.show('Importing', state.bytesRead, state.bytes, countsOf(state));
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

function countsOf({ rows, created, updated, skipped, failed }: Models.UserImportDto): string {
  return `${rows} rows: ${created} created, ${updated} updated, ${skipped} skipped, ${failed} refused`;
}

function tellHowToGoOn(last: Models.UserImportDto | undefined): void {
  if (last === undefined) return;
  const what = last.state === 'uploading' ? 'to go on uploading' : 'to watch it; it goes on on the server';
  process.stderr.write(`Interrupted. Run the same command again ${what}.\n`);
  if (last.jobId !== null)
    process.stderr.write(`The API stops it: POST /api/v3/cancel-job {"jobId": "${last.jobId}"}\n`);
}

async function writeReport({ client }: Connection, importId: string, path: string): Promise<void> {
  // Names of fields and what is wrong with people's data: for whoever ran the command.
  const file = await open(path, 'w', 0o600);
  try {
    for await (const text of importReport(client, importId)) await file.write(text);
  } finally {
    await file.close();
  }
}

function summarize(state: Models.UserImportDto, report: string | undefined): number {
  const dry = state.options.dryRun ? ' (dry run: nothing was changed)' : '';
  process.stdout.write(`${state.state}: ${countsOf(state)}${dry}\n`);
  if (state.error !== null) process.stderr.write(`${printable(state.error)}\n`);
  if (state.failed > 0) {
    process.stderr.write(
      report === undefined
        ? 'Add --report errors.csv to see why rows were refused.\n'
        : `Refused rows are in ${report}.\n`,
    );
  }
  if (state.state !== 'done') return 1;
  return state.failed > 0 ? rowsRefused : 0;
}
