import type { Language } from '@genauth/contract';
import { type AcrossUserPools, type Scope, statement } from '../../platform/database/database.ts';

export type JobState = 'waiting' | 'running' | 'done' | 'failed' | 'canceled';

/** A job with what callers may know of it. */
export interface JobRow {
  readonly id: string;
  readonly kind: string;
  readonly state: JobState;
  readonly done: number;
  readonly total: number | null;
  readonly result: Readonly<Record<string, unknown>> | null;
  readonly error: Readonly<Record<Language, string>> | null;
  readonly accessKeyId: string;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

const columns = `
  id, kind, state, done, total, result, error, access_key_id as "accessKeyId", created_at as "createdAt",
  started_at as "startedAt", finished_at as "finishedAt"
`;

const insert = statement<
  { id: string },
  [
    id: string,
    kind: string,
    input: string,
    accessKeyId: string,
    actorUserId: string | null,
    requestId: string,
    language: Language,
    now: Date,
    maxUnfinished: number,
  ]
>(`
  insert into jobs (user_pool_id, id, kind, input, access_key_id, actor_user_id, request_id, language, created_at)
  select current_setting('genauth.user_pool_id'), $1, $2, $3, $4, $5, $6, $7, $8
  where $9 > (
    select count(*) from (
      select from jobs
      where user_pool_id = current_setting('genauth.user_pool_id') and state in ('waiting', 'running') limit $9
    ) as unfinished
  )
  returning id
`);

/** Told to every server when the transaction commits. */
const announce = statement<Record<never, never>, [message: string]>(`select pg_notify('genauth_jobs', $1)`);

/** A job as it is asked for. */
export interface NewJob {
  readonly id: string;
  readonly kind: string;
  readonly input: unknown;
  readonly accessKeyId: string;
  readonly actorUserId: string | undefined;
  readonly requestId: string;
  readonly language: Language;
  readonly now: number;
}

/** Keeps a job unless the user pool has so many unfinished ones; answers whether it is kept. */
export async function insertJob(scope: Scope, job: NewJob, maxUnfinished: number): Promise<boolean> {
  const { id, kind, input, accessKeyId, actorUserId, requestId, language, now } = job;
  const text = JSON.stringify(input);
  const [kept] = await insert(
    scope,
    id,
    kind,
    text,
    accessKeyId,
    actorUserId ?? null,
    requestId,
    language,
    new Date(now),
    maxUnfinished,
  );
  if (kept === undefined) return false;
  await announce(scope, 'started');
  return true;
}

const byId = statement<JobRow, [id: string]>(`
  select ${columns} from jobs where user_pool_id = current_setting('genauth.user_pool_id') and id = $1
`);

export async function findJob(scope: Scope, id: string): Promise<JobRow | undefined> {
  const [row] = await byId(scope, id);
  return row;
}

const wanted = `
  user_pool_id = current_setting('genauth.user_pool_id')
    and ($1::text is null or kind = $1) and ($2::text is null or state = $2)
`;

const page = statement<JobRow, [kind: string | null, state: JobState | null, limit: number, offset: number]>(`
  select ${columns} from jobs where ${wanted} order by id desc limit $3 offset $4
`);

const count = statement<{ total: number }, [kind: string | null, state: JobState | null]>(`
  select count(*) as total from jobs where ${wanted}
`);

/** Which jobs, and which page of them. */
export interface JobList {
  readonly kind?: string | undefined;
  readonly state?: JobState | undefined;
  readonly limit: number;
  readonly offset: number;
}

/** Newest first: ids are ordered by time. */
export async function listJobs(
  scope: Scope,
  { kind, state, limit, offset }: JobList,
): Promise<{ totalCount: number; list: JobRow[] }> {
  const list = await page(scope, kind ?? null, state ?? null, limit, offset);
  const [counted] = await count(scope, kind ?? null, state ?? null);
  return { totalCount: counted?.total ?? 0, list };
}

const cancel = statement<{ id: string }, [id: string, now: Date]>(`
  update jobs set state = 'canceled', lease = null, finished_at = $2
  where user_pool_id = current_setting('genauth.user_pool_id') and id = $1 and state in ('waiting', 'running')
  returning id
`);

/** Ends a job unless it has ended, and answers whether it did. From the commit on no server can commit anything for it. */
export async function cancelJob(scope: Scope, id: string, now: number): Promise<boolean> {
  const [canceled] = await cancel(scope, id, new Date(now));
  if (canceled === undefined) return false;
  await announce(scope, `canceled ${id}`);
  return true;
}

const finishedAtOnce = 500;

/** Which of them somebody else is deleting does not matter: those are left to him. */
const removeFinished = statement<{ id: string }, [before: Date, limit: number]>(`
  with old as materialized (
    select user_pool_id, id from jobs
    where finished_at < $1 and state in ('done', 'failed', 'canceled')
    order by finished_at limit $2 for update skip locked
  )
  delete from jobs using old where jobs.user_pool_id = old.user_pool_id and jobs.id = old.id
  returning jobs.id
`);

/** Deletes some of the jobs that ended before this time, of every user pool. Answers whether there may be more. */
export async function deleteFinishedJobs(across: AcrossUserPools, before: Date): Promise<boolean> {
  return (await removeFinished(across, before, finishedAtOnce)).length === finishedAtOnce;
}
