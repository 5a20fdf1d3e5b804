/** What becomes of jobs that ended: they are kept for a while, then nobody finds them. */
import { afterAll, expect, inject, test } from 'vitest';
import { doUpkeep, startTestServer, type TestServer, type TestUserPool, testUserPool } from '../../testing/server.ts';
import { deleteFinishedJobs } from './index.ts';

const task = 'delete what ended long ago';

const servers: TestServer[] = [];
afterAll(() => Promise.all(servers.map(stop)));

/** A server of a fleet that keeps what has ended for so many days. */
async function startServer(jobRetentionDays: number): Promise<TestServer> {
  const server = await startTestServer(inject('connection'), { jobRetentionDays });
  servers.push(server);
  return server;
}

async function stop({ composition, database }: TestServer): Promise<void> {
  await composition.close();
  await database.close();
}

/** Jobs of a kind that no server runs. Those that ended did so this many days ago. */
async function put(pool: TestUserPool, state: string, days: number, count = 1): Promise<void> {
  await pool.server.sql(
    `insert into jobs (user_pool_id, id, kind, state, input, access_key_id, request_id, language, created_at, started_at,
       heartbeat_at, due_at, lease, finished_at)
     select $1, $2 || '-' || $3 || '-' || number, 'nobody-knows', $2, '{}', $1, gen_random_uuid(), 'en-US',
       now() - interval '400 days', now() - interval '400 days', now() - interval '400 days', now() - interval '400 days', 'x',
       case when $2 in ('done', 'failed', 'canceled') then now() - $3::integer * interval '1 day' end
     from generate_series(1, $4::integer) as number`,
    [pool.id, state, days, count],
  );
}

async function idsOf(pool: TestUserPool): Promise<string[]> {
  const { list } = await pool.do('listJobs', { limit: 50 });
  return list.map(({ jobId }: { jobId: string }) => jobId).sort();
}

test('a job that ended is found as long as is configured; one that waits or runs always, however old it is', async () => {
  const pool = await testUserPool();
  for (const state of ['done', 'failed', 'canceled']) {
    await put(pool, state, 29);
    await put(pool, state, 31);
  }
  for (const state of ['waiting', 'running']) await put(pool, state, 400);
  const unfinished = ['running-400-1', 'waiting-400-1'];
  await doUpkeep(pool.server, task);
  expect(await idsOf(pool)).toEqual(['canceled-29-1', 'done-29-1', 'failed-29-1', ...unfinished]);
  for (const operation of ['getJob', 'cancelJob']) {
    expect(await pool.call(operation, { jobId: 'done-31-1' })).toMatchObject({
      statusCode: 404,
      message: 'Job not found',
    });
  }
  await doUpkeep(await startServer(7), task);
  expect(await idsOf(pool)).toEqual(unfinished);
});

test('servers that delete at the same moment share the work, pool by pool and past one batch', async () => {
  const pools = await Promise.all([testUserPool(), testUserPool(), testUserPool()]);
  await Promise.all(pools.map((pool) => put(pool, 'done', 40, 900)));
  await Promise.all(pools.map((pool) => put(pool, 'done', 1)));
  const others = await Promise.all([startServer(30), startServer(30)]);
  const server = pools[0]?.server;
  if (server === undefined) throw new Error('no server');
  // A server that holds some of them does not hold the others up.
  const before = new Date(Date.now() - 30 * 24 * 60 * 60 * 1000);
  await server.database
    .acrossUserPools(async (across) => {
      expect(await deleteFinishedJobs(across, before)).toBe(true);
      await Promise.all([server, ...others].map((one) => doUpkeep(one, task)));
      throw new Error('gone');
    })
    .catch((error: unknown) => expect(error).toMatchObject({ message: 'gone' }));
  // Those of the server that went were left, a batch.
  const left = await Promise.all(pools.map((pool) => pool.rows('jobs')));
  expect(left.flat().length).toBe(3 + 500);
  await Promise.all([server, ...others].map((one) => doUpkeep(one, task)));
  for (const pool of pools) expect(await idsOf(pool)).toEqual(['done-1-1']);
});
