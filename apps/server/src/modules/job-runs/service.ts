import { ApiError, type Language } from '@genauth/contract';
import type { CommandRunner } from '../../platform/commands.ts';
import type { Database } from '../../platform/database/database.ts';
import { requestErrors } from '../../platform/errors.ts';
import { newSecret } from '../../platform/ids.ts';
import type { Log } from '../../platform/log.ts';
import { type JobContext, type JobDefinition, jobFailures } from '../jobs/index.ts';
import {
  type ClaimedJob,
  claimJob,
  finishJob,
  isAnyoneElseWaiting,
  isConflict,
  type JobEnd,
  listenForJobs,
  prolongLeases,
  releaseJob,
  saveProgress,
} from './store.ts';

/** What jobs are run with. */
export interface JobRunsDependencies {
  readonly database: Database;
  /** Every kind of job there is. Jobs of other kinds are left to servers that know them. */
  readonly definitions: readonly JobDefinition[];
  readonly runCommand: CommandRunner;
  readonly log: Log;
  readonly now: () => number;
}

/** The jobs this process runs. */
export interface JobRuns {
  /** Ends the running steps, puts their jobs back, and takes no more. */
  close(): Promise<void>;
}

/** At a time and in a process: requests come first. */
const maxRunning = 2;
/** For what no message told of: leases that ended, jobs that are due again. */
const pollEveryMs = 2_000;
const heartbeatEveryMs = 4_000;
/** After so long a job lets one of another user pool go first. */
const sliceMs = 10_000;
/** Without getting on in between. */
const maxAttempts = 5;
/** How often a step is tried that PostgreSQL refuses for what other transactions did. */
const maxStepAttempts = 4;

/** Ends a run between two steps; nothing went wrong. */
class Interrupted extends Error {
  readonly reason: 'stopping' | 'lost' | 'slice over';

  constructor(reason: Interrupted['reason']) {
    super(`the job is interrupted: ${reason}`);
    this.reason = reason;
  }
}

interface Run {
  readonly job: ClaimedJob;
  readonly lease: string;
  readonly controller: AbortController;
  readonly startedAt: number;
  ended: Promise<void>;
}

/** Takes jobs up and runs them, until closed. */
export async function startJobRuns({
  database,
  definitions,
  runCommand,
  log,
  now,
}: JobRunsDependencies): Promise<JobRuns> {
  const byKind = new Map(definitions.map((definition) => [definition.kind, definition]));
  const kinds = [...byKind.keys()];
  const runs = new Set<Run>();
  let isClosing = false;
  let pumping: Promise<void> | undefined;
  let isPumpWanted = false;

  /** Fills the free places; whoever calls while it is at work makes it look once more. */
  const pump = () => {
    isPumpWanted = true;
    pumping ??= (async () => {
      while (isPumpWanted && !isClosing) {
        isPumpWanted = false;
        await takeUp();
      }
    })()
      .catch((error: unknown) => log.warn({ err: error }, 'cannot look for jobs; trying again'))
      .finally(() => {
        pumping = undefined;
      });
  };

  const takeUp = async () => {
    while (!isClosing && runs.size < maxRunning) {
      const lease = newSecret();
      const job = await database.acrossUserPools((across) => claimJob(across, kinds, lease));
      if (job === undefined) return;
      const run: Run = {
        job,
        lease,
        controller: new AbortController(),
        startedAt: Date.now(),
        ended: Promise.resolve(),
      };
      runs.add(run);
      run.ended = carryOn(run).finally(() => {
        runs.delete(run);
        pump();
      });
    }
  };

  const carryOn = async (run: Run) => {
    const { job } = run;
    const place = { id: job.id, lease: run.lease };
    const note = log.child({ job: job.id, kind: job.kind, userPoolId: job.userPoolId });
    try {
      const outcome = await settle(run, note);
      await database.withUserPool(job.userPoolId, 'write', (scope) =>
        'state' in outcome ? finishJob(scope, place, outcome) : releaseJob(scope, place, outcome),
      );
    } catch (error) {
      // The lease ends by itself, and somebody carries on.
      note.error({ err: error }, 'cannot note how a job ended');
    }
  };

  const settle = async (run: Run, note: Log): Promise<JobEnd | { isFailure: boolean; afterSeconds: number }> => {
    const { job, controller } = run;
    const definition = byKind.get(job.kind);
    if (definition === undefined) throw new Error(`no job of kind ${job.kind} is defined`);
    try {
      if (job.attempts > maxAttempts) throw jobFailures.givenUp({ attempts: maxAttempts });
      return { state: 'done', result: await definition.run(job.input, contextOf(run, definition)) };
    } catch (error) {
      // Too many others hash passwords right now, of whichever pool: nothing the job could do about.
      if (error instanceof ApiError && error.code === requestErrors.unavailable.code) {
        return { isFailure: false, afterSeconds: 2 };
      }
      if (error instanceof ApiError) return { state: 'failed', error: inEveryLanguage(error) };
      if (error instanceof Interrupted || controller.signal.aborted) {
        // The database may tell of it sooner than the message; what still goes on outside of transactions should end, too.
        controller.abort(error);
        return { isFailure: false, afterSeconds: 0 };
      }
      note.error({ err: error, attempt: job.attempts }, 'a job failed');
      // Progress since it was taken up has reset the count in the database; from here that is one attempt too many at most.
      return { isFailure: true, afterSeconds: 2 ** job.attempts };
    }
  };

  const contextOf = (run: Run, { kind, emits }: JobDefinition): JobContext<unknown> => {
    const { job, lease, controller } = run;
    const { id: jobId, userPoolId, language, checkpoint } = job;
    const actor = {
      userPoolId,
      accessKeyId: job.accessKeyId,
      ...(job.actorUserId === null ? {} : { userId: job.actorUserId }),
      rateLimitPerSecond: Number.POSITIVE_INFINITY,
    };
    const context: JobContext<unknown> = {
      jobId,
      userPoolId,
      language,
      checkpoint: checkpoint ?? undefined,
      signal: controller.signal,
      read: (work) => database.withUserPool(userPoolId, 'read', work),
      async step(work) {
        controller.signal.throwIfAborted();
        const inOneTransaction = () =>
          database.withUserPool(userPoolId, 'write', async (scope) => {
            const { committed } = await runCommand(
              scope,
              {
                name: kind,
                command: { audit: { operationType: 'update', resourceType: 'job' }, emits },
                actor,
                context: { requestId: job.requestId, language, now: now() },
                clientIp: undefined,
                userAgent: undefined,
                parameters: { jobId },
                target: jobId,
              },
              async (commandContext) => {
                const progress = await work(commandContext);
                if (!(await saveProgress(scope, { id: jobId, lease }, progress))) throw new Interrupted('lost');
              },
            );
            return committed;
          });
        for (const after of await repeatedly(inOneTransaction)) after();
        await letOthersGoFirst(run);
      },
    };
    return context;
  };

  const letOthersGoFirst = async ({ job, startedAt }: Run) => {
    if (isClosing) throw new Interrupted('stopping');
    if (Date.now() - startedAt < sliceMs) return;
    const isTurnOver = await database.acrossUserPools((across) => isAnyoneElseWaiting(across, kinds, job.userPoolId));
    if (isTurnOver && runs.size >= maxRunning) throw new Interrupted('slice over');
  };

  const heartbeat = async () => {
    if (runs.size === 0) return;
    const before = [...runs];
    const leases = before.map(({ lease }) => lease);
    const prolonged = await database.acrossUserPools((across) => prolongLeases(across, leases));
    const alive = new Set(prolonged.map(({ lease }) => lease));
    for (const { lease, controller } of before) if (!alive.has(lease)) controller.abort(new Interrupted('lost'));
  };

  const hear = (message: string) => {
    const canceled = /^canceled (\S+)$/.exec(message)?.[1];
    if (canceled === undefined) pump();
    else for (const { job, controller } of runs) if (job.id === canceled) controller.abort(new Interrupted('lost'));
  };

  if (kinds.length === 0) return { close: async () => {} };
  const subscription = await listenForJobs(database, log, {
    onMessage: hear,
    onLive: pump,
    onGap: () => {},
  });
  const polling = setInterval(pump, pollEveryMs).unref();
  const beating = setInterval(() => {
    heartbeat().catch((error: unknown) => log.warn({ err: error }, 'cannot prolong the leases of jobs'));
  }, heartbeatEveryMs).unref();

  return {
    async close() {
      isClosing = true;
      clearInterval(polling);
      await pumping;
      for (const { controller } of runs) controller.abort(new Interrupted('stopping'));
      await Promise.all([...runs].map(({ ended }) => ended));
      clearInterval(beating);
      await subscription.close();
    },
  };
}

async function repeatedly<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === maxStepAttempts || !isConflict(error)) throw error;
    }
  }
}

function inEveryLanguage(error: ApiError): Readonly<Record<Language, string>> {
  // A message may quote what PostgreSQL cannot store.
  const storable = (text: string) => text.toWellFormed().replaceAll('\0', '\ufffd');
  return { 'en-US': storable(error.messageIn('en-US')), 'zh-CN': storable(error.messageIn('zh-CN')) };
}
