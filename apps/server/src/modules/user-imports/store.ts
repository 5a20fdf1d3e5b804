import type { Language } from '@genauth/contract';
import { type AcrossUserPools, type Scope, statement } from '../../platform/database/database.ts';

/** How an import is to go, as its creator said. */
export interface ImportOptions {
  readonly onExisting: 'skip' | 'update';
  readonly dryRun: boolean;
  readonly onMissingDepartment: 'create' | 'refuse';
  readonly departmentIdType: 'department_id' | 'open_department_id' | 'sync_relation' | 'custom_field' | 'code';
  readonly keepPassword: boolean;
  readonly resetPasswordOnFirstLogin: boolean;
  readonly columns?: Readonly<Record<string, string | null>> | undefined;
}

/** An import with the state of its job. */
export interface ImportRow {
  readonly id: string;
  readonly fileName: string | null;
  readonly format: 'csv' | 'ndjson';
  readonly options: ImportOptions;
  readonly jobId: string | null;
  readonly state: 'uploading' | 'waiting' | 'running' | 'done' | 'failed' | 'canceled';
  readonly chunks: number;
  readonly bytes: number;
  readonly bytesRead: number;
  readonly rows: number;
  readonly created: number;
  readonly updated: number;
  readonly skipped: number;
  readonly failed: number;
  readonly error: Readonly<Record<Language, string>> | null;
  readonly createdAt: string;
  readonly finishedAt: string | null;
}

const columns = `
  import.id, import.file_name as "fileName", import.format, import.options, import.job_id as "jobId",
  coalesce(job.state, 'uploading') as state, import.chunks, import.bytes, import.bytes_read as "bytesRead", import.rows,
  import.created, import.updated, import.skipped, import.failed, job.error, import.created_at as "createdAt",
  job.finished_at as "finishedAt"
`;
const source = `
  user_imports import left join jobs job on job.user_pool_id = import.user_pool_id and job.id = import.job_id
`;
/** An import goes when its job does; that its rows are deleted a little later nobody sees. */
const isThere = `(import.job_id is null or job.id is not null)`;

const insert = statement<
  Record<never, never>,
  [id: string, fileName: string | null, format: string, options: string, now: Date]
>(`
  insert into user_imports (user_pool_id, id, file_name, format, options, created_at)
  values (current_setting('genauth.user_pool_id'), $1, $2, $3, $4, $5)
`);

export async function insertImport(
  scope: Scope,
  {
    id,
    fileName,
    format,
    options,
    now,
  }: { id: string; fileName: string | undefined; format: string; options: object; now: number },
): Promise<void> {
  await insert(scope, id, fileName ?? null, format, JSON.stringify(options), new Date(now));
}

const byId = statement<ImportRow, [id: string]>(`
  select ${columns} from ${source} 
  where import.user_pool_id = current_setting('genauth.user_pool_id') and import.id = $1 and ${isThere}
`);

export async function findImport(scope: Scope, id: string): Promise<ImportRow | undefined> {
  const [row] = await byId(scope, id);
  return row;
}

const lock = statement<Record<never, never>, [id: string]>(`
  select from user_imports where user_pool_id = current_setting('genauth.user_pool_id') and id = $1 for no key update
`);

/** The import, which nobody else changes until the transaction ends. */
export async function lockImport(scope: Scope, id: string): Promise<ImportRow | undefined> {
  await lock(scope, id);
  return findImport(scope, id);
}

const page = statement<ImportRow, [limit: number, offset: number]>(`
  select ${columns} from ${source}
  where import.user_pool_id = current_setting('genauth.user_pool_id') and ${isThere}
  order by import.id desc limit $1 offset $2
`);

const count = statement<{ total: number }, []>(`
  select count(*) as total from ${source}
  where import.user_pool_id = current_setting('genauth.user_pool_id') and ${isThere}
`);

/** Newest first: ids are ordered by time. */
export async function listImports(
  scope: Scope,
  limit: number,
  offset: number,
): Promise<{ totalCount: number; list: ImportRow[] }> {
  const list = await page(scope, limit, offset);
  const [counted] = await count(scope);
  return { totalCount: counted?.total ?? 0, list };
}

const putChunk = statement<Record<never, never>, [importId: string, index: number, content: Buffer]>(`
  with before as (
    select octet_length(content) as bytes from user_import_chunks
    where user_pool_id = current_setting('genauth.user_pool_id') and import_id = $1 and index = $2
  ), written as (
    insert into user_import_chunks (user_pool_id, import_id, index, content)
    values (current_setting('genauth.user_pool_id'), $1, $2, $3)
    on conflict (user_pool_id, import_id, index) do update set content = excluded.content
  )
  update user_imports set chunks = chunks + 1 - (select count(*)::integer from before),
    bytes = bytes + octet_length($3) - coalesce((select bytes from before), 0), uploaded_at = now()
  where user_pool_id = current_setting('genauth.user_pool_id') and id = $1
`);

/** Keeps a piece of the file of an import that is locked. */
export async function saveChunk(scope: Scope, importId: string, index: number, content: Buffer): Promise<void> {
  await putChunk(scope, importId, index, content);
}

const chunkIndexes = statement<{ index: number }, [importId: string]>(`
  select index from user_import_chunks
  where user_pool_id = current_setting('genauth.user_pool_id') and import_id = $1 order by index
`);

export async function listChunkIndexes(scope: Scope, importId: string): Promise<number[]> {
  return (await chunkIndexes(scope, importId)).map(({ index }) => index);
}

const setJob = statement<Record<never, never>, [importId: string, jobId: string]>(`
  update user_imports set job_id = $2 where user_pool_id = current_setting('genauth.user_pool_id') and id = $1
`);

export async function saveJob(scope: Scope, importId: string, jobId: string): Promise<void> {
  await setJob(scope, importId, jobId);
}

/** Why a row was refused. */
export interface RefusedRow {
  readonly row: number;
  readonly field: string | null;
  readonly messages: Readonly<Record<Language, string>>;
}

const refused = statement<RefusedRow, [importId: string, after: number, limit: number]>(`
  select row, field, messages from user_import_errors
  where user_pool_id = current_setting('genauth.user_pool_id') and import_id = $1 and row > $2
  order by row limit $3
`);

/** By their number in the file. */
export function listRefusedRows(scope: Scope, importId: string, after: number, limit: number): Promise<RefusedRow[]> {
  return refused(scope, importId, after, limit);
}

/** Whoever uploads or starts an import has locked it. Once it is no longer locked, its row says when it was. */
const isAbandoned = `import.job_id is null and coalesce(import.uploaded_at, import.created_at) < now() - interval '7 days'`;

/**
 * Imports that are locked are somebody's who is at work, and left alone; that the lock is there before anything is deleted
 * keeps an upload or a start out until all of the file is gone. A row that was changed before it could be locked is looked at
 * anew, and is idle no longer.
 */
const deleteIdle = statement<{ id: string }, [limit: number]>(`
  with idle as materialized (
    select import.user_pool_id, import.id from ${source}
    where import.chunks > 0 and (job.state in ('done', 'failed', 'canceled') or not ${isThere} or ${isAbandoned})
    limit $1 for no key update of import skip locked
  ), emptied as (
    delete from user_import_chunks chunk using idle
    where chunk.user_pool_id = idle.user_pool_id and chunk.import_id = idle.id
  ), forgotten as (
    delete from user_import_identifiers seen using idle
    where seen.user_pool_id = idle.user_pool_id and seen.import_id = idle.id
  )
  update user_imports set chunks = 0, bytes = case when job_id is null then 0 else bytes end from idle
  where user_imports.user_pool_id = idle.user_pool_id and user_imports.id = idle.id
  returning user_imports.id
`);

const filesAtOnce = 10;
const identifiersAtOnce = 20_000;

/** A dry run remembers some for every row. They go first, a few at a time, as long as the file tells whose they are. */
const forgetIdentifiers = statement<{ importId: string }, [limit: number]>(`
  with doomed as materialized (
    select seen.user_pool_id, seen.import_id, seen.digest
    from ${source} join user_import_identifiers seen on seen.user_pool_id = import.user_pool_id and seen.import_id = import.id
    where import.chunks > 0 and (job.state in ('done', 'failed', 'canceled') or not ${isThere})
    limit $1 for update of seen skip locked
  )
  delete from user_import_identifiers seen using doomed
  where seen.user_pool_id = doomed.user_pool_id and seen.import_id = doomed.import_id and seen.digest = doomed.digest
  returning seen.import_id as "importId"
`);

const stored = statement<{ bytes: number }, []>(`
  select coalesce(sum(bytes), 0)::bigint as bytes from user_imports
  where user_pool_id = current_setting('genauth.user_pool_id') and chunks > 0
`);

/** How much of the pool's files is kept at present. */
export async function countStoredBytes(scope: Scope): Promise<number> {
  const [row] = await stored(scope);
  return row?.bytes ?? 0;
}

/**
 * Deletes some of the files whose import has ended, or was never started, and of what dry runs remembered of them. Answers
 * whether there may be more.
 */
export async function deleteIdleFiles(across: AcrossUserPools): Promise<boolean> {
  const forgotten = await forgetIdentifiers(across, identifiersAtOnce);
  if (forgotten.length === identifiersAtOnce) return true;
  return (await deleteIdle(across, filesAtOnce)).length === filesAtOnce;
}

const reportRowsAtOnce = 5000;
const importsAtOnce = 100;

/** Started once, and the job is no more. `created_at` leads to the few that can be so old. */
const isGone = `import.job_id is not null and import.created_at < $1 and not exists (
  select from jobs job where job.user_pool_id = import.user_pool_id and job.id = import.job_id
)`;

const deleteReports = statement<{ row: number }, [before: Date, limit: number]>(`
  with doomed as materialized (
    select error.user_pool_id, error.import_id, error.row
    from user_imports import
    join user_import_errors error on error.user_pool_id = import.user_pool_id and error.import_id = import.id
    where ${isGone}
    limit $2 for update of error skip locked
  )
  delete from user_import_errors error using doomed
  where error.user_pool_id = doomed.user_pool_id and error.import_id = doomed.import_id and error.row = doomed.row
  returning error.row
`);

const deleteImports = statement<{ id: string }, [before: Date, limit: number]>(`
  with doomed as materialized (
    select import.user_pool_id, import.id from user_imports import
    where import.chunks = 0 and import.created_at < $1 and (
      ${isAbandoned} and coalesce(import.uploaded_at, import.created_at) < $1
      or ${isGone} and not exists (
        select from user_import_errors error
        where error.user_pool_id = import.user_pool_id and error.import_id = import.id
      )
    )
    limit $2 for update of import skip locked
  )
  delete from user_imports import using doomed
  where import.user_pool_id = doomed.user_pool_id and import.id = doomed.id
  returning import.id
`);

/**
 * Deletes some of what is left of imports whose jobs are deleted, and of those that nobody started or touched since this
 * time, of every user pool. Answers whether there may be more.
 */
export async function deleteOldImports(across: AcrossUserPools, before: Date): Promise<boolean> {
  // A report may have as many rows as the file had: they go first, a few at a time, and not all at once with their import.
  const rows = await deleteReports(across, before, reportRowsAtOnce);
  if (rows.length === reportRowsAtOnce) return true;
  return (await deleteImports(across, before, importsAtOnce)).length === importsAtOnce;
}
