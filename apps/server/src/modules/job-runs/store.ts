import type { Language } from '@genauth/contract';
import { type AcrossUserPools, type Database, type Scope, statement } from '../../platform/database/database.ts';
import { type Listener, type Subscription, subscribe } from '../../platform/database/notifications.ts';
import type { Log } from '../../platform/log.ts';

export { isConflictWithOtherTransactions as isConflict } from '../../platform/database/failures.ts';

/** Hears of jobs that are asked for or canceled, by whichever server. */
export function listenForJobs(database: Database, log: Log, listener: Listener): Promise<Subscription> {
  return subscribe(database, 'genauth_jobs', log, listener);
}

/** How long a server that is not heard of keeps a job. */
const leaseSeconds = 15;

/** A job that was taken up. */
export interface ClaimedJob {
  readonly userPoolId: string;
  readonly id: string;
  readonly kind: string;
  readonly input: unknown;
  readonly checkpoint: unknown;
  readonly attempts: number;
  readonly accessKeyId: string;
  readonly actorUserId: string | null;
  readonly requestId: string;
  readonly language: Language;
}

/**
 * Takes the job whose turn it is: of the pool that has the fewest running, else that was served the longest ago. A pool with
 * a thousand jobs waits no less for its second than another pool for its first.
 */
const claim = statement<ClaimedJob, [kinds: readonly string[], lease: string]>(`
  with pool as materialized (
    select due.user_pool_id,
      (select count(*) from jobs live where live.user_pool_id = due.user_pool_id and live.state = 'running'
        and live.due_at > clock_timestamp()) as running,
      (select max(served.heartbeat_at) from jobs served where served.user_pool_id = due.user_pool_id) as served_at
    from (
      select distinct user_pool_id from jobs
      where state in ('waiting', 'running') and due_at <= clock_timestamp() and kind = any($1)
    ) as due
  ), chosen as (
    select job.user_pool_id, job.id
    from pool
    cross join lateral (
      select id from jobs
      where user_pool_id = pool.user_pool_id and state in ('waiting', 'running') and due_at <= clock_timestamp()
        and kind = any($1)
      order by id limit 4
    ) as next
    join jobs job on job.user_pool_id = pool.user_pool_id and job.id = next.id
      and job.state in ('waiting', 'running') and job.due_at <= clock_timestamp()
    order by pool.running, pool.served_at nulls first, job.id
    limit 1
    for update of job skip locked
  )
  update jobs set state = 'running', lease = $2, attempts = attempts + 1, heartbeat_at = clock_timestamp(),
    due_at = clock_timestamp() + interval '${leaseSeconds} seconds', started_at = coalesce(started_at, clock_timestamp())
  from chosen
  where jobs.user_pool_id = chosen.user_pool_id and jobs.id = chosen.id
  returning jobs.user_pool_id as "userPoolId", jobs.id, jobs.kind, jobs.input, jobs.checkpoint, jobs.attempts,
    jobs.access_key_id as "accessKeyId", jobs.actor_user_id as "actorUserId", jobs.request_id as "requestId", jobs.language
`);

export async function claimJob(
  across: AcrossUserPools,
  kinds: readonly string[],
  lease: string,
): Promise<ClaimedJob | undefined> {
  const [job] = await claim(across, kinds, lease);
  return job;
}

/** Prolongs leases, and answers those that are still there to be prolonged. */
export const prolongLeases = statement<{ lease: string }, [leases: readonly string[]]>(`
  update jobs set heartbeat_at = clock_timestamp(), due_at = clock_timestamp() + interval '${leaseSeconds} seconds'
  where state = 'running' and lease = any($1)
  returning lease
`);

/** Whether a job of another user pool could be taken up now. */
const othersWait = statement<{ exists: boolean }, [kinds: readonly string[], userPoolId: string]>(`
  select exists (
    select from jobs
    where state in ('waiting', 'running') and due_at <= clock_timestamp() and kind = any($1) and user_pool_id <> $2
  ) as exists
`);

export async function isAnyoneElseWaiting(
  across: AcrossUserPools,
  kinds: readonly string[],
  userPoolId: string,
): Promise<boolean> {
  const [row] = await othersWait(across, kinds, userPoolId);
  return row?.exists === true;
}

const progress = statement<
  { id: string },
  [id: string, lease: string, done: number, total: number | null, at: string]
>(`
  update jobs set done = $3, total = coalesce($4, total), checkpoint = $5, attempts = 0
  where user_pool_id = current_setting('genauth.user_pool_id') and id = $1 and lease = $2 and state = 'running'
  returning id
`);

/** Whose job it is, as far as the database knows. */
interface Lease {
  readonly id: string;
  readonly lease: string;
}

/** Saves how far a job is. Answers false when it is no longer this lease's to run. */
export async function saveProgress(
  scope: Scope,
  { id, lease }: Lease,
  { done, total, checkpoint }: { readonly done: number; readonly total?: number; readonly checkpoint: unknown },
): Promise<boolean> {
  const rows = await progress(scope, id, lease, done, total ?? null, JSON.stringify(checkpoint));
  return rows.length > 0;
}

const finish = statement<
  Record<never, never>,
  [id: string, lease: string, state: 'done' | 'failed', result: string | null, error: string | null]
>(`
  update jobs set state = $3, lease = null, finished_at = clock_timestamp(), result = $4, error = $5
  where user_pool_id = current_setting('genauth.user_pool_id') and id = $1 and lease = $2 and state = 'running'
`);

/** How a job ended. */
export type JobEnd =
  | { readonly state: 'done'; readonly result: Readonly<Record<string, unknown>> | undefined }
  | { readonly state: 'failed'; readonly error: Readonly<Record<Language, string>> };

/** Notes the end of a job, if it is still this lease's. */
export async function finishJob(scope: Scope, { id, lease }: Lease, end: JobEnd): Promise<void> {
  const result = end.state === 'done' && end.result !== undefined ? JSON.stringify(end.result) : null;
  const error = end.state === 'failed' ? JSON.stringify(end.error) : null;
  await finish(scope, id, lease, end.state, result, error);
}

const release = statement<Record<never, never>, [id: string, lease: string, isFailure: boolean, afterSeconds: number]>(`
  update jobs set state = 'waiting', lease = null, attempts = case when $3 then attempts else greatest(attempts - 1, 0) end,
    due_at = clock_timestamp() + $4 * interval '1 second'
  where user_pool_id = current_setting('genauth.user_pool_id') and id = $1 and lease = $2 and state = 'running'
`);

/** Puts a job back; a failure counts as an attempt, to stop does not. */
export async function releaseJob(
  scope: Scope,
  { id, lease }: Lease,
  { isFailure, afterSeconds }: { readonly isFailure: boolean; readonly afterSeconds: number },
): Promise<void> {
  await release(scope, id, lease, isFailure, afterSeconds);
}
