import { expect, test } from 'vitest';
import { type TestUserPool, testUserPool } from '../../../apps/server/src/testing/server.ts';
import { exportUsers, GenAuthError, importReport, importUsers, ManagementClient, type Models } from './index.ts';
import type { Fetch } from './transport.ts';

const quick = { format: 'csv', pollInterval: 20 } as const;

function clientOf(pool: TestUserPool, fetch?: Fetch): ManagementClient {
  return new ManagementClient({
    host: pool.server.origin,
    accessKeyId: pool.id,
    accessKeySecret: pool.secret,
    lang: 'en-US',
    ...(fetch === undefined ? {} : { fetch }),
  });
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
}

test('imports what comes in pieces cut anywhere, texts and bytes alike, and yields the state until the end', async () => {
  const pool = await testUserPool();
  const bytes = new TextEncoder().encode('username,name\nada,"Ä, "\nbob,张三\nbad\n');
  async function* file() {
    yield bytes.subarray(0, 18);
    yield bytes.subarray(18, 19);
    yield new TextDecoder().decode(bytes.subarray(19));
  }
  const states = await all(importUsers(clientOf(pool), file(), quick));
  expect(states[0]?.state).toBe('uploading');
  const last = states.at(-1);
  expect(last).toMatchObject({ state: 'done', created: 2, failed: 1 });
  const report = await all(importReport(clientOf(pool), last?.importId ?? ''));
  expect(report.join('')).toBe('row,field,message\r\n4,,"The row has 1 cells, the file 2 columns"\r\n');
  const names = (await pool.rows<{ name: string }>('users')).map(({ name }) => name).sort();
  expect(names).toEqual(['Ä, ', '张三']);
});

test('goes on where an earlier call stopped, and sends nothing twice', async () => {
  const pool = await testUserPool();
  const file = `username,name\n${Array.from({ length: 3000 }, (_, i) => `u${i},${'x'.repeat(200)}\n`).join('')}`;
  let importId = '';
  for await (const state of importUsers(clientOf(pool), file, quick)) {
    importId = state.importId;
    if (state.chunks === 1) break;
  }
  const uploaded: unknown[] = [];
  const counting: Fetch = (address, request) => {
    if (address.includes('upload-user-import-chunk')) uploaded.push(JSON.parse(String(request.body)).index);
    return fetch(address, request);
  };
  const states = await all(importUsers(clientOf(pool, counting), file, { ...quick, importId }));
  expect(states.at(-1)).toMatchObject({ importId, state: 'done', created: 3000 });
  expect(uploaded).toEqual([1]);
});

test('outlasts a server that is away for a moment, and throws what the server refuses', async () => {
  const pool = await testUserPool();
  let failures = 3;
  const broken: Fetch = (address, request) => {
    if (!address.includes('create-user-import') && failures-- > 0) throw new TypeError('connection refused');
    return fetch(address, request);
  };
  const states: Models.UserImportDto[] = await all(importUsers(clientOf(pool, broken), 'username\nada\n', quick));
  expect(states.at(-1)).toMatchObject({ state: 'done', created: 1 });
  const unknown = importUsers(clientOf(pool), 'username\n', { ...quick, importId: '6229ffa0a1b2c3d4cade3e3d' });
  await expect(all(unknown)).rejects.toThrow(GenAuthError);
  const stopped = importUsers(clientOf(pool), 'username\n', {
    ...quick,
    signal: AbortSignal.abort(new Error('enough')),
  });
  await expect(all(stopped)).rejects.toThrow('enough');
});

test('exports part by part', async () => {
  const pool = await testUserPool();
  for (const username of ['ada', 'bob', 'eve']) await pool.do('createUser', { username });
  const parts = await all(exportUsers(clientOf(pool), { format: 'csv', fields: ['username'], partSize: 2 }));
  expect(parts.map(({ users }) => users)).toEqual([2, 1]);
  expect(parts.map(({ content }) => content).join('')).toBe('username\r\nada\r\nbob\r\neve\r\n');
});
