import { doc, dto, publicQuery, query } from '@genauth/contract';
import { afterAll, describe, expect, inject, test } from 'vitest';
import * as z from 'zod';
import { startTestServer, type TestUserPool, testServer, testUserPool } from '../../testing/server.ts';
import { send } from '../../testing/wire.ts';
import { newId } from '../ids.ts';
import { openLog } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import { defineModule } from '../module.ts';
import { createHttpServer } from './server.ts';

describe('the rate limit of a user pool', () => {
  test('answers 429 as HTTP says, then lets through again', async () => {
    const pool = await testUserPool({ rateLimitPerSecond: 5 });
    const headers = { authorization: await pool.token() };
    const call = () => send(pool.server.origin, { method: 'GET', path: '/api/v3/list-access-key', headers });
    const answers = await Promise.all(Array.from({ length: 40 }, call));
    const refused = answers.filter(({ httpStatus }) => httpStatus === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(answers.length - refused.length).toBeGreaterThanOrEqual(5);
    for (const { answer, headers: sent } of refused) {
      expect(answer).toEqual({
        statusCode: 429,
        message: 'Too many requests, please try again later',
        requestId: sent.get('x-request-id'),
      });
      expect(sent.get('retry-after')).toBe('1');
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect((await call()).httpStatus).toBe(200);
  });

  /** Uses up a pool's requests of this second, however slow the machine. */
  const exhaust = async (pool: TestUserPool) => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => pool.call('getAccessKeyList')));
    return answers.some(({ statusCode }) => statusCode === 429);
  };

  test('is each pool’s own', async () => {
    const busy = await testUserPool({ rateLimitPerSecond: 1 });
    const idle = await testUserPool({ rateLimitPerSecond: 1 });
    expect(await exhaust(busy)).toBe(true);
    expect((await idle.call('getAccessKeyList')).statusCode).toBe(200);
  });

  test('follows a change of the pool’s limit at once', async () => {
    const pool = await testUserPool({ rateLimitPerSecond: 1 });
    expect(await exhaust(pool)).toBe(true);
    await pool.server.sql('update user_pools set rate_limit_per_second = 100000 where user_pool_id = $1', [pool.id]);
    await expect.poll(() => exhaust(pool), { timeout: 3000 }).toBe(false);
  });
});

const { database } = await testServer();
const userPoolId = newId();

/** What a database driver says when the database is gone, in shutdown, or broken in a way nobody thought of. */
const failures = {
  refused: () => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
  terminated: () => new Error('Connection terminated unexpectedly'),
  unforeseen: () => new Error('the secret is hunter2'),
};

describe('a failure nobody asked for', () => {
  const input = dto('EchoDto', { kind: z.enum(['refused', 'terminated', 'unforeseen']).meta(doc('Kind', '类型')) });
  const shape = {
    method: 'GET',
    tag: 'Test',
    title: { en: 'Fail', zh: '失败' },
    summary: { en: 'Fail', zh: '失败' },
    description: { en: 'Fail', zh: '失败' },
    input,
    output: undefined,
    answer: 'FailRespDto',
    errors: [],
  } as const;
  const contract = {
    failInTransaction: query({ ...shape, path: '/in-transaction', permission: 'test:Fail' }),
    fail: publicQuery({ ...shape, path: '/public' }),
  };
  const lines: string[] = [];
  const log = openLog('error', { write: (line: string) => lines.push(line) });
  const app = createHttpServer({
    modules: [
      defineModule('test', contract, {
        failInTransaction: ({ kind }) => Promise.reject(failures[kind]()),
        fail: ({ kind }) => Promise.reject(failures[kind]()),
      }),
    ],
    database,
    credentials: {
      findAccessKey: async (id) => ({ id, userPoolId: id, secret: '', tokenGeneration: 0, rateLimitPerSecond: 300 }),
      readManagementToken: () => ({ accessKeyId: userPoolId, userPoolId, tokenGeneration: 0 }),
    },
    metrics: createMetrics(database),
    log,
    now: Date.now,
    checkAnswers: false,
    publicRequestsPerSecond: 1000,
    isReady: async () => false,
    plainRoutes: [],
    sites: [],
    trustedProxies: [],
  });
  afterAll(() => app.close());

  async function call(path: string) {
    const { body, statusCode } = await app.inject({ method: 'GET', url: path, headers: { authorization: 'any' } });
    return { httpStatus: statusCode, answer: JSON.parse(body), body };
  }

  test.each(['/in-transaction', '/public'])('is 503 at %s while the database is away', async (path) => {
    for (const kind of ['refused', 'terminated']) {
      const { answer, httpStatus } = await call(`${path}?kind=${kind}`);
      expect(httpStatus).toBe(503);
      expect(answer).toEqual({ statusCode: 503, message: expect.any(String), requestId: expect.any(String) });
    }
  });

  test.each(['/in-transaction', '/public'])('is 500 at %s, told to the log and not to the caller', async (path) => {
    lines.length = 0;
    const { answer, body } = await call(`${path}?kind=unforeseen`);
    expect(answer.statusCode).toBe(500);
    expect(body).not.toContain('hunter2');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(answer.requestId);
  });

  test('shows in readiness, not in liveness', async () => {
    expect((await call('/health/ready')).httpStatus).toBe(503);
    expect((await call('/health/live')).httpStatus).toBe(200);
  });
});

describe('health and metrics', () => {
  test('say that server and database answer', async () => {
    const { origin } = await testServer();
    const live = await send(origin, { method: 'GET', path: '/health/live' });
    const ready = await send(origin, { method: 'GET', path: '/health/ready' });
    expect([live.httpStatus, ready.httpStatus]).toEqual([200, 200]);
    expect([live.text, ready.text]).toEqual(['{"status":"live"}', '{"status":"ready"}']);
  });

  test('count each operation by its outcome, and tell no secret', async () => {
    const server = await startTestServer(inject('connection'));
    const pool = await testUserPool({ server });
    const [key] = await pool.do('createAccessKey', { type: 'userpool' });
    await pool.call('getAccessKey', { accessKeyId: key.accessKeyId });
    await pool.call('getAccessKey', { accessKeyId: pool.id });
    const { text, headers } = await send(server.origin, { method: 'GET', path: '/metrics' });
    expect(headers.get('content-type')).toContain('text/plain');
    expect(text).toContain('genauth_request_duration_seconds_count{operation="getAccessKey",status_code="200"} 1');
    expect(text).toContain('genauth_request_duration_seconds_count{operation="getAccessKey",status_code="404"} 1');
    expect(text).toMatch(
      /genauth_request_duration_seconds_bucket\{le="0.001",operation="createAccessKey",status_code="200"\} \d/,
    );
    for (const state of ['busy', 'idle', 'waiting'])
      expect(text).toContain(`genauth_database_connections{state="${state}"}`);
    expect(text).toContain('process_resident_memory_bytes');
    for (const secret of [pool.id, pool.secret, key.accessKeyId, key.accessKeySecret])
      expect(text).not.toContain(secret);
    await server.composition.close();
    await server.database.close();
  });
});
