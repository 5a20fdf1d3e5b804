import type { EventDeclaration, Language, OutputOf } from '@genauth/contract';
import type { Scope } from '../../platform/database/database.ts';
import { requestErrors } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { CommandContext, Handlers } from '../../platform/module.ts';
import type * as contract from './contract.ts';
import { jobCanceled, jobErrors } from './contract.ts';
import { cancelJob, findJob, insertJob, type JobRow, listJobs } from './store.ts';

export const jobHandlers: Handlers<typeof contract> = {
  async getJob({ jobId }, { scope, language }) {
    const job = await findJob(scope, jobId);
    if (job === undefined) throw jobErrors.notFound();
    return toJobDto(job, language);
  },

  async listJobs({ page, limit, kind, state }, { scope, language }) {
    const { totalCount, list } = await listJobs(scope, {
      kind: kind || undefined,
      state,
      limit,
      offset: (page - 1) * limit,
    });
    return { totalCount, list: list.map((job) => toJobDto(job, language)) };
  },

  async cancelJob({ jobId }, { scope, language, now, audit, emit }) {
    const before = await findJob(scope, jobId);
    if (before === undefined) throw jobErrors.notFound();
    if (await cancelJob(scope, jobId, now)) emit(jobCanceled, { job: { id: jobId, kind: before.kind } });
    const job = (await findJob(scope, jobId)) ?? before;
    audit({ before: { state: before.state }, after: { state: job.state, done: job.done } });
    return toJobDto(job, language);
  },
};

/** How far a job has come; saved by the transaction of the work it tells of. */
export interface JobProgress<Checkpoint> {
  readonly done: number;
  readonly total?: number;
  /** Handed to whoever carries the job on. */
  readonly checkpoint: Checkpoint;
}

/** What a job is given to work with. */
export interface JobContext<Checkpoint> {
  readonly jobId: string;
  readonly userPoolId: string;
  /** Of who asked for the job. */
  readonly language: Language;
  /** What the last step left, by whichever server; absent at the start. */
  readonly checkpoint: Checkpoint | undefined;
  /** Aborted when the server stops, the job is canceled or another server has it: for work outside of transactions. */
  readonly signal: AbortSignal;
  /** Looks at the user pool without changing it. */
  read<Result>(work: (scope: Scope) => Promise<Result>): Promise<Result>;
  /**
   * One step: a transaction that changes things as a command does, with reactions, audit row and events, and says how far
   * the job is now. It commits only while the job is this server's to run, so no step is ever done twice. Keep it short: a
   * few seconds. May throw to end the run between two steps; let that pass.
   */
  step(work: (context: CommandContext) => Promise<JobProgress<Checkpoint>>): Promise<void>;
}

/** A kind of job. */
export interface JobDefinition {
  readonly kind: string;
  /** What its steps may announce, reactions excepted. */
  readonly emits: readonly EventDeclaration[];
  readonly run: (input: unknown, job: JobContext<unknown>) => Promise<Readonly<Record<string, unknown>> | undefined>;
}

/**
 * Defines a kind of job. `run` goes from the checkpoint to the end and answers the job's result; it may be run again after
 * every step, on any server. An `ApiError` ends the job as failed; any other error is tried again, a few times.
 *
 * @example
 * const reevaluate = defineJob({
 *   kind: 'reevaluate-group',
 *   emits: [groupMemberAdded],
 *   async run({ groupId }: { groupId: string }, job: JobContext<{ after: string }>) {
 *     for (let after = job.checkpoint?.after ?? ''; ; ) await job.step(async (context) => ...);
 *   },
 * });
 */
export function defineJob<Input extends object, Checkpoint>(definition: {
  readonly kind: string;
  readonly emits: readonly EventDeclaration[];
  readonly run: (input: Input, job: JobContext<Checkpoint>) => Promise<Readonly<Record<string, unknown>> | undefined>;
}): JobDefinition {
  // What was stored as JSON comes back as it was given: `startJob` and `step` are the only ones who write it.
  return definition as unknown as JobDefinition;
}

/** Of one user pool. Whoever looks for the next job looks at all that wait, of whichever pool. */
const maxUnfinished = 1000;

/**
 * Asks for a job as part of a command: there is one exactly if the command commits. Answers its id. Refused with 429 while
 * too many others of the user pool wait.
 */
export async function startJob(context: CommandContext, kind: string, input: object): Promise<string> {
  const { scope, actor, requestId, language, now } = context;
  const id = newId(now);
  const { accessKeyId, userId: actorUserId } = actor;
  const job = { id, kind, input, accessKeyId, actorUserId, requestId, language, now };
  if (!(await insertJob(scope, job, maxUnfinished))) throw requestErrors.tooManyRequests();
  return id;
}

function toJobDto(job: JobRow, language: Language): OutputOf<typeof contract.getJob> {
  const { id, error, ...rest } = job;
  return {
    jobId: id,
    ...rest,
    result: job.result === null ? null : { ...job.result },
    error: error?.[language] ?? null,
  };
}
