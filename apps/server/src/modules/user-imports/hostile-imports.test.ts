import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { doUpkeep, type TestUserPool, testUserPool } from '../../testing/server.ts';

async function importFile(pool: TestUserPool, content: string, options: Record<string, unknown> = {}) {
  const { format = 'ndjson', ...others } = options;
  const { importId } = await pool.do('createUserImport', { format, options: others });
  const bytes = Buffer.from(content);
  const step = 512 * 1024;
  const chunkCount = Math.ceil(bytes.length / step);
  for (let index = 0; index < chunkCount; index++) {
    const piece = bytes.subarray(index * step, (index + 1) * step).toString('base64');
    await pool.do('uploadUserImportChunk', { importId, index, content: piece });
  }
  await pool.do('startUserImport', { importId, chunkCount });
  for (;;) {
    const found = await pool.do('getUserImport', { importId });
    if (['done', 'failed', 'canceled'].includes(found.state)) return found;
    await sleep(20);
  }
}

async function reportOf(pool: TestUserPool, importId: string): Promise<string> {
  return (await pool.do('getUserImportReport', { importId })).content;
}

const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

test('rows of a shape nobody expects are refused one by one, and the rows around them are imported', async () => {
  const pool = await testUserPool();
  const lines = [
    '{"username":"ada"}',
    '{"username":"x1","departments":[{"toString":1}]}',
    `{"username":"x2","departments":${deep(100_000)}}`,
    '{"username":"x3","departments":5}',
    `{"username":"x4","customData":${deep(100_000)}}`,
    `{"username":"x5","customData":{"a":${deep(100_000)}}}`,
    `{"username":"x6","customData":"${'x'.repeat(1_000_000)}"}`,
    `{"username":"x7","departments":"${Array.from({ length: 100_000 }, (_, i) => `O${i}`).join(';')}"}`,
    `{"username":"x8","departments":${JSON.stringify(Array.from({ length: 51 }, (_, i) => `O/${i}`))}}`,
    '{"username":"x9","departmentIds":{"length":1}}',
    `${'['.repeat(100_000)}`,
    '{"username":"x10","__proto__":{"name":"x"}}',
    '{"username":"x11","constructor":"x"}',
    '{"username":"x12","customData":{"__proto__":"x"}}',
    '{"username":"bob","departments":"O/Lab"}',
  ];
  const { importId, ...done } = await importFile(pool, lines.join('\n'));
  expect(done).toMatchObject({ state: 'done', rows: lines.length, created: 2, failed: lines.length - 2 });
  const report = await reportOf(pool, importId);
  expect(report).toContain('\r\n2,departments,Parameter departments is malformed\r\n');
  expect(report).toContain('\r\n7,customData,');
  expect(report).toContain('\r\n14,customData.__proto__,Parameter customData.__proto__ is malformed\r\n');
  expect(await pool.rows('departments')).toHaveLength(2);
}, 60_000);

test('large rows are worked off in steps of their own, so that few of them lie in memory', async () => {
  const pool = await testUserPool();
  const rows = Array.from({ length: 5 }, (_, i) => `{"username":"user-${i}","photo":"${'x'.repeat(3_000_000)}"}`);
  expect(await importFile(pool, rows.join('\n'))).toMatchObject({ state: 'done', failed: 5 });
  const steps = (await pool.audits()).filter(({ target_value }) => target_value?.rows !== undefined);
  expect(steps.map(({ target_value }) => target_value.rows)).toEqual([2, 2, 1]);
});

test('rows that make many departments are, too', async () => {
  const pool = await testUserPool();
  const pathsOf = (row: number) => Array.from({ length: 50 }, (_, i) => `O/${row * 50 + i}`).join(';');
  const rows = Array.from({ length: 60 }, (_, i) => `user-${i},${pathsOf(i)}`);
  const done = await importFile(pool, ['username,departments', ...rows].join('\n'), { format: 'csv' });
  expect(done).toMatchObject({ state: 'done', created: 60 });
  const steps = (await pool.audits()).filter(({ target_value }) => target_value?.rows !== undefined);
  expect(steps.map(({ target_value }) => target_value.rows)).toEqual([40, 20]);
}, 60_000);

test('files of a user pool that wait to be imported have a bound, which imports that have ended do not fill', async () => {
  const pool = await testUserPool();
  const { importId } = await pool.do('createUserImport', { format: 'csv' });
  const other = await pool.do('createUserImport', { format: 'csv' });
  const fill = (chunks: number) =>
    pool.server.sql('update user_imports set bytes = $2, chunks = $3 where id = $1', [
      other.importId,
      4 * 1024 ** 3,
      chunks,
    ]);
  const put = () => pool.call('uploadUserImportChunk', { importId, index: 0, content: 'Cg==' });
  await fill(1);
  expect(await put()).toMatchObject({ statusCode: 409, message: expect.stringContaining('4294967296') });
  expect(await pool.rows('user_import_chunks')).toEqual([]);
  await fill(0);
  expect(await put()).toMatchObject({ statusCode: 200 });
});

test('of an import that was canceled neither the file nor what a dry run remembered of it stays', async () => {
  const pool = await testUserPool();
  const { importId } = await pool.do('createUserImport', { format: 'csv', options: { dryRun: true } });
  await pool.do('uploadUserImportChunk', { importId, index: 0, content: 'Cg==' });
  await pool.server.sql(
    `insert into user_import_identifiers (user_pool_id, import_id, digest)
     select $1, $2, int4send(number) from generate_series(1, 45000) as number`,
    [pool.id, importId],
  );
  const { jobId } = await pool.do('startUserImport', { importId, chunkCount: 1 });
  await pool.server.sql(`update jobs set state = 'canceled' where id = $1`, [jobId]);
  // More than one batch. Others may be deleting as well.
  for (let turn = 0; turn < 100 && (await pool.rows('user_import_chunks')).length > 0; turn++) {
    await doUpkeep(pool.server, 'delete files of imports');
  }
  expect(await pool.rows('user_import_chunks')).toEqual([]);
  expect(await pool.rows('user_import_identifiers')).toEqual([]);
});
