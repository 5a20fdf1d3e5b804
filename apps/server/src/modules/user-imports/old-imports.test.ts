/** What becomes of imports that ended long ago, and of files that nobody goes on with. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { doUpkeep, type TestUserPool, testUserPool } from '../../testing/server.ts';
import { deleteFinishedJobs } from '../jobs/index.ts';
import { deleteIdleFiles } from './index.ts';
import { lockImport, saveChunk } from './store.ts';

const task = 'delete what ended long ago';

function put(pool: TestUserPool, importId: string, index: number, text: string) {
  return pool.call('uploadUserImportChunk', { importId, index, content: Buffer.from(text).toString('base64') });
}

async function upload(pool: TestUserPool, text: string): Promise<string> {
  const { importId } = await pool.do('createUserImport', { format: 'csv' });
  await put(pool, importId, 0, text);
  return importId;
}

async function ended(pool: TestUserPool, importId: string) {
  for (;;) {
    const found = await pool.do('getUserImport', { importId });
    if (found.state === 'done') return found;
    await sleep(20);
  }
}

/** An import that ended, with two rows refused. */
async function importFile(pool: TestUserPool) {
  const importId = await upload(pool, 'username,email\nada,x\nbob,y\n');
  await pool.do('startUserImport', { importId, chunkCount: 1 });
  return ended(pool, importId);
}

/** As if all of it had happened this many days earlier. */
async function age(pool: TestUserPool, importId: string, days: number): Promise<void> {
  await pool.server.sql(
    `with import as (
       update user_imports set created_at = created_at - $2::integer * interval '1 day',
         uploaded_at = uploaded_at - $2::integer * interval '1 day'
       where id = $1 returning user_pool_id, job_id
     )
     update jobs set created_at = created_at - $2::integer * interval '1 day',
       finished_at = finished_at - $2::integer * interval '1 day'
     from import where jobs.user_pool_id = import.user_pool_id and jobs.id = import.job_id`,
    [importId, days],
  );
}

const operations = [
  ['getUserImport', {}],
  ['getUserImportReport', {}],
  ['startUserImport', { chunkCount: 1 }],
  ['uploadUserImportChunk', { index: 0, content: 'Cg==' }],
] as const;

async function expectGone(pool: TestUserPool, importId: string): Promise<void> {
  for (const [operation, input] of operations) {
    expect(await pool.call(operation, { importId, ...input })).toMatchObject({
      statusCode: 404,
      message: 'Import not found',
    });
  }
}

test('an import that ended is deleted with its job and its report when its time has come, and no other', async () => {
  const pool = await testUserPool();
  const [old, young] = [await importFile(pool), await importFile(pool)];
  // More rows than one batch takes.
  await pool.server.sql(
    `insert into user_import_errors (user_pool_id, import_id, row, messages)
     select $1, $2, number, '{}' from generate_series(100, 6100) as number`,
    [pool.id, old.importId],
  );
  await age(pool, old.importId, 31);
  await age(pool, young.importId, 29);
  await doUpkeep(pool.server, task);
  await expectGone(pool, old.importId);
  expect(await pool.call('getJob', { jobId: old.jobId })).toMatchObject({ statusCode: 404 });
  expect(await pool.do('listUserImports')).toMatchObject({ totalCount: 1, list: [{ importId: young.importId }] });
  expect((await pool.do('getUserImportReport', { importId: young.importId })).content).toContain('2,email,');
  const left = await pool.rows<{ import_id: string }>('user_import_errors');
  expect(new Set(left.map(({ import_id }) => import_id))).toEqual(new Set([young.importId]));
  expect(await pool.rows('user_imports')).toHaveLength(1);
  // Who imported what is still known.
  expect((await pool.audits()).filter(({ target_id }) => target_id === old.importId).length).toBeGreaterThan(0);
});

test('nobody sees half a report: an import is gone the moment its job is, before its rows are', async () => {
  const pool = await testUserPool();
  const { importId } = await importFile(pool);
  await age(pool, importId, 31);
  const before = new Date(Date.now() - 30 * 24 * 60 * 60 * 1000);
  while (await pool.server.database.acrossUserPools((across) => deleteFinishedJobs(across, before)));
  await expectGone(pool, importId);
  expect(await pool.do('listUserImports')).toEqual({ totalCount: 0, list: [] });
});

test('an import that still runs stays, however long ago it was created', async () => {
  const pool = await testUserPool();
  const { importId, jobId } = await importFile(pool);
  await age(pool, importId, 400);
  await pool.server.sql(
    `update jobs set state = 'running', finished_at = null, lease = 'x', due_at = now() + interval '1 hour' where id = $1`,
    [jobId],
  );
  await doUpkeep(pool.server, task);
  expect(await pool.do('getUserImport', { importId })).toMatchObject({ state: 'running', failed: 2 });
  await pool.do('cancelJob', { jobId });
});

test('a file that nobody started is deleted a week after its last piece came, its import with the others', async () => {
  const pool = await testUserPool();
  const [slow, forgotten] = [await upload(pool, 'username\n'), await upload(pool, 'username\n')];
  await age(pool, slow, 8);
  await age(pool, forgotten, 8);
  // The upload began long ago, and goes on.
  await put(pool, slow, 1, 'ada\n');
  await doUpkeep(pool.server, 'delete files of imports');
  expect(await pool.do('getUserImport', { importId: slow })).toMatchObject({ chunks: 2, bytes: 13 });
  expect(await pool.do('getUserImport', { importId: forgotten })).toMatchObject({ chunks: 0, bytes: 0 });
  await pool.do('startUserImport', { importId: slow, chunkCount: 2 });
  expect(await ended(pool, slow)).toMatchObject({ created: 1 });
  await doUpkeep(pool.server, task);
  expect(await pool.do('getUserImport', { importId: forgotten })).toMatchObject({ state: 'uploading' });
  await age(pool, forgotten, 30);
  await doUpkeep(pool.server, task);
  await expectGone(pool, forgotten);
});

test('an upload that goes on while idle files are deleted keeps all of its pieces', async () => {
  const pool = await testUserPool();
  const importId = await upload(pool, 'username\n');
  await age(pool, importId, 8);
  const { database } = pool.server;
  await database.withUserPool(pool.id, 'write', async (scope) => {
    await lockImport(scope, importId);
    await saveChunk(scope, importId, 1, Buffer.from('ada\n'));
    // Neither waits for the upload nor takes the piece that it can see already.
    await database.acrossUserPools(deleteIdleFiles);
  });
  await database.acrossUserPools(deleteIdleFiles);
  expect(await pool.rows('user_import_chunks')).toHaveLength(2);
  expect(await pool.do('getUserImport', { importId })).toMatchObject({ chunks: 2, bytes: 13 });
  await pool.do('startUserImport', { importId, chunkCount: 2 });
  expect(await ended(pool, importId)).toMatchObject({ created: 1 });
});

test('a piece that comes while its file is being deleted waits, is kept, and the start names what is missing', async () => {
  const pool = await testUserPool();
  const importId = await upload(pool, 'username\n');
  await age(pool, importId, 8);
  const { database } = pool.server;
  const uploading = await database.acrossUserPools(async (across) => {
    await deleteIdleFiles(across);
    const answer = put(pool, importId, 1, 'ada\n');
    // Until it waits for the lock.
    await expect
      .poll(
        () =>
          pool.server.sql(
            `select from pg_stat_activity where wait_event_type = 'Lock' and query like '%from user_imports%for no key update%'`,
          ),
        { timeout: 10_000 },
      )
      .not.toEqual([]);
    return { answer };
  });
  expect(await uploading.answer).toMatchObject({ statusCode: 200, data: { chunks: 1, bytes: 4 } });
  await database.acrossUserPools(deleteIdleFiles);
  expect(await pool.rows('user_import_chunks')).toHaveLength(1);
  expect(await pool.call('startUserImport', { importId, chunkCount: 2 })).toMatchObject({
    statusCode: 409,
    message: 'Chunk 0 is missing',
  });
});
