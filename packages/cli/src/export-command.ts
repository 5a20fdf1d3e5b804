import { open, rename, rm, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { exportUsers, type Models } from 'genauth';
import type { Connection } from './connection.ts';
import { maxSheetRows, writeSheet } from './spreadsheet.ts';
import { UsageError } from './usage-error.ts';
import { requireWritable } from './writable.ts';

type Filter = Models.ListUsersAdvancedFilterItemDto;

/** Options of `genauth export users`. */
export interface ExportCommandOptions {
  readonly fields?: string;
  readonly keywords?: string;
  readonly where: readonly Filter[];
  readonly filter: readonly Filter[];
  readonly force: boolean;
}

/** Exports users to a file and answers the exit code. The file is there when it is whole, and not before. */
export async function exportCommand(
  { client }: Connection,
  file: string,
  { fields, keywords, where, filter, force }: ExportCommandOptions,
): Promise<number> {
  const format = formatOf(file);
  if (!force && (await exists(file))) throw new UsageError(`${file} is there already. Add --force to overwrite it.`);
  await requireWritable(file);
  const filters = [...where, ...filter];
  const chosen = fields?.split(',').map((name) => name.trim());
  const wish = {
    format: format === 'xlsx' ? ('ndjson' as const) : format,
    ...(chosen === undefined ? {} : { fields: chosen }),
    ...(keywords === undefined ? {} : { keywords }),
    ...(filters.length === 0 ? {} : { advancedFilter: filters }),
  };
  const parts = exportUsers(client, wish);
  const unfinished = `${file}.part`;
  await makeForOwner(unfinished);
  try {
    const users = format === 'xlsx' ? await toSheet(unfinished, parts, chosen) : await toFile(unfinished, parts);
    await rename(unfinished, file);
    process.stdout.write(`${users} users in ${file}\n`);
    return 0;
  } finally {
    await rm(unfinished, { force: true });
  }
}

function formatOf(file: string): 'csv' | 'ndjson' | 'xlsx' {
  switch (extname(file).toLowerCase()) {
    case '.csv':
      return 'csv';
    case '.xlsx':
      return 'xlsx';
    case '.ndjson':
    case '.jsonl':
      return 'ndjson';
    default:
      throw new UsageError(`${file} is none of .csv, .ndjson, .jsonl, .xlsx.`);
  }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/**
 * Makes a file that nobody else may read. What is left of an earlier run, or was laid there by somebody else, a link to a
 * place of his for example, is not written into.
 */
async function makeForOwner(path: string): Promise<void> {
  await rm(path, { force: true });
  const file = await open(path, 'wx', 0o600);
  await file.close();
}

type Parts = AsyncIterable<Models.UserExportPartDto>;

async function toFile(path: string, parts: Parts): Promise<number> {
  const file = await open(path, 'w');
  let users = 0;
  try {
    for await (const part of parts) {
      await file.write(part.content);
      users += part.users;
      showCount(users);
    }
  } finally {
    await file.close();
  }
  return users;
}

async function toSheet(path: string, parts: Parts, chosen: readonly string[] | undefined): Promise<number> {
  const rows: Record<string, unknown>[] = [];
  for await (const { content } of parts) {
    for (const line of content.split('\n')) if (line !== '') rows.push(JSON.parse(line) as Record<string, unknown>);
    if (rows.length > maxSheetRows) {
      throw new UsageError(`These are more than ${maxSheetRows} users. Export them to a .csv file.`);
    }
    showCount(rows.length);
  }
  const fields = chosen ?? [...new Set(rows.flatMap((row) => Object.keys(row)))];
  await writeSheet(path, fields, rows);
  return rows.length;
}

function showCount(users: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${users} users`);
}
