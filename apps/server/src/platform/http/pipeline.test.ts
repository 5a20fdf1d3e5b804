import { command, doc, dto, publicQuery, query } from '@genauth/contract';
import { afterAll, describe, expect, inject, test } from 'vitest';
import * as z from 'zod';
import { startTestServer, type TestUserPool, testServer, testUserPool } from '../../testing/server.ts';
import { send } from '../../testing/wire.ts';
import { statement } from '../database/database.ts';
import { requestErrors } from '../errors.ts';
import { newId } from '../ids.ts';
import { openLog } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import { defineModule, prepared } from '../module.ts';
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

describe('a handler in two steps', () => {
  const shape = {
    method: 'POST',
    tag: 'Test',
    title: { en: 'Prepare', zh: '准备' },
    summary: { en: 'Prepare', zh: '准备' },
    description: { en: 'Prepare', zh: '准备' },
    permission: 'test:Prepare',
    input: dto('PrepareDto', { kind: z.enum(['repeats', 'busy', 'plain', 'long']).meta(doc('Kind', '类型')) }),
    output: undefined,
    answer: 'PrepareRespDto',
    errors: [],
    audit: { operationType: 'update', resourceType: 'test' },
    emits: [],
  } as const;
  const contract = { prepare: command({ ...shape, path: '/prepare' }) };
  const conflict = statement<Record<never, never>, []>(
    `do $$ begin raise exception 'try again' using errcode = 'serialization_failure'; end $$`,
  );
  const steps: string[] = [];
  const running = { now: 0, most: 0 };

  async function serve(pool: TestUserPool) {
    const module = defineModule('test', contract, {
      prepare: prepared(
        async ({ kind }, { signal }) => {
          if (kind === 'long') {
            steps.push('begins');
            await new Promise((resolve) => signal?.addEventListener('abort', resolve));
            steps.push('nobody waits');
            throw requestErrors.unavailable();
          }
          steps.push(`prepare with ${database.connections().total - database.connections().idle} connections`);
          running.most = Math.max(running.most, ++running.now);
          await new Promise((resolve) => setTimeout(resolve, 5));
          running.now -= 1;
          if (kind === 'busy') throw requestErrors.unavailable();
          return 'made once';
        },
        async ({ kind }, { scope }, made) => {
          steps.push(made);
          const isFirst = steps.filter((step) => step === made).length === 1;
          if (kind === 'repeats' && isFirst) await conflict(scope);
          if (scope.userPoolId !== pool.id) throw new Error('another user pool');
          return undefined;
        },
      ),
    });
    const app = createHttpServer({
      modules: [module],
      database,
      credentials: {
        findAccessKey: async (id) => ({ id, userPoolId: id, secret: '', tokenGeneration: 0, rateLimitPerSecond: 9e9 }),
        readManagementToken: () => ({ accessKeyId: pool.id, userPoolId: pool.id, tokenGeneration: 0 }),
      },
      metrics: createMetrics(database),
      log: openLog('silent'),
      now: Date.now,
      checkAnswers: true,
      publicRequestsPerSecond: 1000,
      isReady: async () => true,
      plainRoutes: [],
      sites: [],
      trustedProxies: [],
    });
    steps.length = 0;
    running.most = 0;
    const call = async (kind: string) => {
      const request = {
        method: 'POST',
        url: '/prepare',
        headers: { authorization: 'any' },
        payload: { kind },
      } as const;
      const { body, statusCode } = await app.inject(request);
      return { httpStatus: statusCode, answer: JSON.parse(body) };
    };
    return { app, call };
  }

  test('does the first without a connection, and once, though the transaction is repeated', async () => {
    const { app, call } = await serve(await testUserPool());
    expect((await call('repeats')).answer.statusCode).toBe(200);
    expect(steps).toEqual(['prepare with 0 connections', 'made once', 'made once']);
    await app.close();
  });

  test('answers 503, as HTTP says it too, when the first has no room', async () => {
    const pool = await testUserPool();
    const { app, call } = await serve(pool);
    const { answer, httpStatus } = await call('busy');
    expect([httpStatus, answer.statusCode]).toEqual([503, 503]);
    expect(steps).toHaveLength(1);
    expect(await pool.audits()).toEqual([]);
    await app.close();
  });

  test('tells the first when the client has gone, and does no second', async () => {
    const pool = await testUserPool();
    const { app } = await serve(pool);
    const url = `${await app.listen({ host: '127.0.0.1', port: 0 })}/prepare`;
    const client = new AbortController();
    const body = JSON.stringify({ kind: 'long' });
    const request = fetch(url, { method: 'POST', headers: { authorization: 'any' }, body, signal: client.signal });
    const broken = expect(request).rejects.toThrow();
    await expect.poll(() => steps).toEqual(['begins']);
    client.abort();
    await broken;
    await expect.poll(() => steps).toEqual(['begins', 'nobody waits']);
    await app.close();
    expect(await pool.audits()).toEqual([]);
  });

  test('lets one user pool prepare no more than its share at a time', async () => {
    const { app, call } = await serve(await testUserPool());
    const answers = await Promise.all(Array.from({ length: 100 }, () => call('plain')));
    expect(answers.every(({ answer }) => answer.statusCode === 200)).toBe(true);
    expect(running.most).toBe(32);
    await app.close();
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
