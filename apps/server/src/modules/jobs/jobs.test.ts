import { setTimeout as sleep } from 'node:timers/promises';
import { errors, event } from '@genauth/contract';
import { afterEach, expect, test } from 'vitest';
import * as z from 'zod';
import { createCommandRunner } from '../../platform/commands.ts';
import { requestErrors } from '../../platform/errors.ts';
import { newSecret } from '../../platform/ids.ts';
import { openLog } from '../../platform/log.ts';
import { reaction } from '../../platform/module.ts';
import { type TestUserPool, testServer, testUserPool } from '../../testing/server.ts';
import { type JobRuns, startJobRuns } from '../job-runs/index.ts';
import { defineJob, type JobContext, type JobDefinition, startJob } from './index.ts';

const counted = event('test.counted', { data: z.object({ number: z.int() }) });
const reacted = event('test.reacted', { data: z.object({ numbers: z.array(z.int()) }) });
const countErrors = errors('count', {
  unlucky: { statusCode: 422, message: { en: '{number} is unlucky', zh: '{number} 不吉利' } },
});

const servers: JobRuns[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const reactions = [
  reaction({
    to: counted,
    emits: [reacted],
    react: async (data, { emit }) => emit(reacted, { numbers: data.map(({ number }) => number) }),
  }),
];
const runCommand = createCommandRunner({
  modules: [{ name: 'test', operations: [], reactions, constraints: [] }],
  checkAnswers: true,
});

/** A server of a fleet that runs these kinds and nothing else. */
async function startFleetServer(...definitions: JobDefinition[]): Promise<JobRuns> {
  const { database } = await testServer();
  const runs = await startJobRuns({ database, definitions, runCommand, log: openLog('silent'), now: Date.now });
  servers.push(runs);
  return runs;
}

/** Asks for a job in a command, which fails when told to. */
async function ask(pool: TestUserPool, kind: string, input: object, isRefused = false): Promise<string> {
  const actor = { userPoolId: pool.id, accessKeyId: pool.id, rateLimitPerSecond: 1 };
  const { output } = await pool.server.database.withUserPool(pool.id, 'write', (scope) =>
    runCommand(
      scope,
      {
        name: 'askForJob',
        command: { audit: { operationType: 'create', resourceType: 'job' }, emits: [] },
        actor,
        context: { requestId: '934108e5-9fbf-4d24-8da1-c330328abd6c', language: 'zh-CN', now: Date.now() },
        clientIp: undefined,
        userAgent: undefined,
        parameters: {},
        target: undefined,
      },
      async (context) => {
        const id = await startJob(context, kind, input);
        if (isRefused) throw new Error('refused');
        return id;
      },
    ),
  );
  return output;
}

async function ended(pool: TestUserPool, jobId: string) {
  for (;;) {
    const job = await pool.do('getJob', { jobId });
    if (['done', 'failed', 'canceled'].includes(job.state)) return job;
    await sleep(20);
  }
}

/** Counts to `to`, one number a step, and calls `before` each of them. */
function countingJob(kind: string, before: (number: number, job: JobContext<number>) => unknown = () => {}) {
  return defineJob<{ to: number }, number>({
    kind,
    emits: [counted],
    async run({ to }, job) {
      for (let number = (job.checkpoint ?? 0) + 1; number <= to; number++) {
        await job.step(async ({ emit }) => {
          emit(counted, { number });
          await before(number, job);
          return { done: number, total: to, checkpoint: number };
        });
      }
      return { counted: to };
    },
  });
}

async function numbersOf(pool: TestUserPool): Promise<number[]> {
  return (await pool.events()).filter(({ name }) => name === 'test.counted').map(({ data }) => data.number);
}

test('a job runs step by step, each with its audit row, its events and what others do about them', async () => {
  const kind = `count-${newSecret()}`;
  const pool = await testUserPool();
  await startFleetServer(countingJob(kind));
  const jobId = await ask(pool, kind, { to: 3 });
  const job = await ended(pool, jobId);
  expect(job).toMatchObject({ jobId, kind, state: 'done', done: 3, total: 3, result: { counted: 3 }, error: null });
  expect(job.accessKeyId).toBe(pool.id);
  expect(job.startedAt <= job.finishedAt).toBe(true);
  const events = await pool.events();
  expect(events.map(({ name, data }) => [name, data])).toEqual(
    [1, 2, 3].flatMap((number) => [
      ['test.counted', { number }],
      ['test.reacted', { numbers: [number] }],
    ]),
  );
  const audits = await pool.audits();
  expect(audits.map(({ action, target_id }) => [action, target_id])).toEqual([
    ['askForJob', null],
    ...[1, 2, 3].map(() => [kind, jobId]),
  ]);
  expect(new Set(audits.map(({ request_id }) => request_id)).size).toBe(1);
});

test('there is a job exactly if the command that asked for it committed', async () => {
  const kind = `count-${newSecret()}`;
  const pool = await testUserPool();
  await expect(ask(pool, kind, { to: 1 }, true)).rejects.toThrow('refused');
  expect(await pool.do('listJobs')).toEqual({ totalCount: 0, list: [] });
  const jobId = await ask(pool, kind, { to: 1 });
  expect(await pool.do('listJobs', { kind, state: 'waiting' })).toMatchObject({ totalCount: 1, list: [{ jobId }] });
  expect(await pool.do('listJobs', { kind: '', state: '' })).toMatchObject({ totalCount: 1 });
  expect(await pool.do('listJobs', { state: 'done' })).toMatchObject({ totalCount: 0 });
});

test('a canceled job does nothing any more, not even the step that was running', async () => {
  const kind = `count-${newSecret()}`;
  const pool = await testUserPool();
  const signals: AbortSignal[] = [];
  await startFleetServer(
    countingJob(kind, async (number, job) => {
      if (number < 3) return;
      signals.push(job.signal);
      await pool.do('cancelJob', { jobId: job.jobId });
    }),
  );
  const jobId = await ask(pool, kind, { to: 5 });
  expect(await ended(pool, jobId)).toMatchObject({ state: 'canceled', done: 2, result: null });
  await expect.poll(() => signals.every(({ aborted }) => aborted)).toBe(true);
  expect(await numbersOf(pool)).toEqual([1, 2]);
  expect(await pool.do('cancelJob', { jobId })).toMatchObject({ state: 'canceled', done: 2 });
});

test('a job that says why it cannot be done has failed, in the language of whoever looks', async () => {
  const kind = `count-${newSecret()}`;
  const pool = await testUserPool();
  await startFleetServer(
    countingJob(kind, (number) => {
      if (number === 3) throw countErrors.unlucky({ number });
    }),
  );
  const jobId = await ask(pool, kind, { to: 5 });
  expect(await ended(pool, jobId)).toMatchObject({ state: 'failed', done: 2, error: '3 is unlucky' });
  const chinese = await pool.call('getJob', { jobId }, { 'x-authing-lang': 'zh-CN' });
  expect(chinese.data.error).toBe('3 不吉利');
  expect(await numbersOf(pool)).toEqual([1, 2]);
});

test('a job that fails for reasons of its own is tried again from its checkpoint, and given up in the end', async () => {
  const [lucky, poisoned] = [`count-${newSecret()}`, `count-${newSecret()}`];
  const pool = await testUserPool();
  let isFirst = true;
  await startFleetServer(
    countingJob(lucky, (number) => {
      if (number === 3 && isFirst) {
        isFirst = false;
        throw new Error('the cable was loose');
      }
    }),
    countingJob(poisoned, () => {
      throw new Error('as always');
    }),
  );
  // Instead of waiting longer from one attempt to the next.
  const hurry = setInterval(() => {
    pool.server.sql(
      `with hurried as (
         update jobs set due_at = now() where user_pool_id = $1 and state = 'waiting' returning id
       ) select pg_notify('genauth_jobs', id) from hurried`,
      [pool.id],
    );
  }, 50);
  try {
    expect(await ended(pool, await ask(pool, lucky, { to: 4 }))).toMatchObject({ state: 'done', done: 4 });
    expect(await numbersOf(pool)).toEqual([1, 2, 3, 4]);
    const job = await ended(pool, await ask(pool, poisoned, { to: 4 }));
    expect(job).toMatchObject({ state: 'failed', done: 0, result: null });
    expect(job.error).toMatch(/failed 5 times in a row/);
  } finally {
    clearInterval(hurry);
  }
});

test('when a server is gone another one carries on, and the first, should it come back, commits nothing', async () => {
  const kind = `count-${newSecret()}`;
  const pool = await testUserPool();
  const asleep = Promise.withResolvers<void>();
  const busy = Promise.withResolvers<void>();
  const awake = Promise.withResolvers<void>();
  const waiting = defineJob({
    kind: `wait-${newSecret()}`,
    emits: [],
    async run() {
      busy.resolve();
      await awake.promise;
      return {};
    },
  });
  await startFleetServer(
    waiting,
    countingJob(kind, async (number) => {
      if (number !== 3) return;
      asleep.resolve();
      await awake.promise;
    }),
  );
  // With two jobs it takes no third, not even the one it was thought to have lost.
  await ask(pool, waiting.kind, {});
  const jobId = await ask(pool, kind, { to: 5 });
  await Promise.all([busy.promise, asleep.promise]);
  // As if nothing had been heard of it for the time of a lease.
  await pool.server.sql('update jobs set due_at = now() where id = $1', [jobId]);
  await startFleetServer(countingJob(kind));
  expect(await ended(pool, jobId)).toMatchObject({ state: 'done', done: 5 });
  awake.resolve();
  await Promise.all(servers.splice(0).map((server) => server.close()));
  expect(await numbersOf(pool)).toEqual([1, 2, 3, 4, 5]);
});

test('a server that stops finishes its step and leaves the job to others at once', async () => {
  const kind = `count-${newSecret()}`;
  const pool = await testUserPool();
  const inStep = Promise.withResolvers<void>();
  const first = await startFleetServer(
    countingJob(kind, async (number) => {
      if (number !== 2) return;
      inStep.resolve();
      await sleep(100);
    }),
  );
  const jobId = await ask(pool, kind, { to: 4 });
  await inStep.promise;
  await first.close();
  expect(await pool.do('getJob', { jobId })).toMatchObject({ state: 'waiting', done: 2 });
  await startFleetServer(countingJob(kind));
  expect(await ended(pool, jobId)).toMatchObject({ state: 'done' });
  expect(await numbersOf(pool)).toEqual([1, 2, 3, 4]);
});

test('a user pool with many jobs does not keep another one waiting', async () => {
  const kind = `count-${newSecret()}`;
  const [busy, modest] = await Promise.all([testUserPool(), testUserPool()]);
  const order: string[] = [];
  const jobs = [];
  for (let i = 0; i < 8; i++) jobs.push([busy, await ask(busy, kind, { to: 1 })] as const);
  jobs.push([modest, await ask(modest, kind, { to: 1 })] as const);
  await startFleetServer(
    countingJob(kind, async (_number, { userPoolId }) => {
      order.push(userPoolId);
      await sleep(20);
    }),
  );
  for (const [pool, jobId] of jobs) await ended(pool, jobId);
  expect(order.indexOf(modest.id)).toBeLessThan(2);
});

test('two servers on many jobs run each exactly once', async () => {
  const kind = `count-${newSecret()}`;
  const pool = await testUserPool();
  await Promise.all([1, 2, 3].map(() => startFleetServer(countingJob(kind))));
  const ids = await Promise.all(Array.from({ length: 20 }, () => ask(pool, kind, { to: 2 })));
  for (const jobId of ids) await ended(pool, jobId);
  expect((await numbersOf(pool)).sort()).toEqual([...ids.map(() => 1), ...ids.map(() => 2)]);
});

test('the job of another user pool is not there', async () => {
  const [pool, other] = await Promise.all([testUserPool(), testUserPool()]);
  const jobId = await ask(pool, 'nobody-knows', { to: 1 });
  for (const operation of ['getJob', 'cancelJob']) {
    expect(await other.call(operation, { jobId })).toMatchObject({ statusCode: 404, message: 'Job not found' });
  }
  expect(await other.do('listJobs')).toMatchObject({ totalCount: 0 });
  expect(await pool.do('getJob', { jobId })).toMatchObject({ state: 'waiting', total: null });
});

test('a job that finds the server busy is not failed by it, however often', async () => {
  const kind = `count-${newSecret()}`;
  const pool = await testUserPool();
  let refusals = 0;
  await startFleetServer(
    countingJob(kind, (number) => {
      if (number === 2 && refusals++ < 1) throw requestErrors.unavailable();
    }),
  );
  expect(await ended(pool, await ask(pool, kind, { to: 3 }))).toMatchObject({ state: 'done', done: 3, error: null });
  expect(refusals).toBe(2);
  expect(await numbersOf(pool)).toEqual([1, 2, 3]);
});

test('a user pool has a thousand unfinished jobs and no more; finished ones do not count, nor do those of others', async () => {
  const kind = `count-${newSecret()}`;
  const [pool, other] = await Promise.all([testUserPool(), testUserPool()]);
  const fill = (state: string, from: number, to: number) =>
    pool.server.sql(
      `insert into jobs (user_pool_id, id, kind, state, input, access_key_id, request_id, language, created_at)
       select $1, 'filler-' || number, 'filler', $2, '{}', $1, gen_random_uuid(), 'en-US', now()
       from generate_series($3::integer, $4::integer) as number`,
      [pool.id, state, from, to],
    );
  await fill('done', 1, 1500);
  await fill('waiting', 1501, 2499);
  await ask(pool, kind, { to: 1 });
  await expect(ask(pool, kind, { to: 1 })).rejects.toMatchObject({ declaration: { statusCode: 429 } });
  await ask(other, kind, { to: 1 });
  await pool.server.sql(`delete from jobs where user_pool_id = $1`, [pool.id]);
});
