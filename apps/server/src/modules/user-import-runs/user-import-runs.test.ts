/** What an import does beyond the row itself: everything that follows from a user who is made or changed elsewhere. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type TestUserPool, testUserPool } from '../../testing/server.ts';

/** Thousands of rows take seconds, and on a busy machine some times as many. */
const timeout = 60_000;

async function importFile(pool: TestUserPool, content: string, options: object = {}, format = 'csv') {
  const { importId } = await pool.do('createUserImport', { format, options });
  await pool.do('uploadUserImportChunk', { importId, index: 0, content: Buffer.from(content).toString('base64') });
  await pool.do('startUserImport', { importId, chunkCount: 1 });
  for (;;) {
    const found = await pool.do('getUserImport', { importId });
    if (['done', 'failed', 'canceled'].includes(found.state)) return found;
    await sleep(20);
  }
}

async function refusedBy(pool: TestUserPool, importId: string): Promise<string[]> {
  return (await pool.do('getUserImportReport', { importId })).content.trim().split('\r\n').slice(1);
}

test('custom fields are checked, made unique and sealed as in create-user, from text or typed', async () => {
  const pool = await testUserPool();
  const field = (key: string, more: object) => ({ targetType: 'USER', key, dataType: 'STRING', label: key, ...more });
  await pool.do('setCustomFields', {
    list: [
      field('age', { dataType: 'NUMBER' }),
      field('staffNumber', { isUnique: true }),
      field('likesTea', { dataType: 'BOOLEAN' }),
      field('secretWord', { encrypted: true }),
      field('hobby', {}),
    ],
  });
  const file = [
    'username,age,staffNumber,likesTea,secretWord,customData.hobby',
    'ada,36,7,yes,swordfish,chess',
    'bob,thirty,8,,,',
    'eve,,7,,,',
    'joe,40,9,no,,',
    `max,,,,${'x'.repeat(1025)},`,
  ].join('\n');
  const done = await importFile(pool, file);
  expect(done).toMatchObject({ state: 'done', created: 2, failed: 3 });
  const refused = await refusedBy(pool, done.importId);
  expect(refused.map((line) => line.split(',')[0])).toEqual(['3', '4', '6']);
  expect(refused[0]).toContain('customData.age');
  expect(refused[1]).toContain('customData.staffNumber');
  const get = (username: string) =>
    pool.do('getUser', { userId: username, userIdType: 'username', withCustomData: true });
  expect((await get('ada')).customData).toEqual({
    age: 36,
    staffNumber: '7',
    likesTea: true,
    secretWord: 'swordfish',
    hobby: 'chess',
  });
  expect((await get('joe')).customData).toEqual({ age: 40, staffNumber: '9', likesTea: false });
  expect(JSON.stringify([await pool.rows('users'), await pool.events()])).not.toContain('swordfish');

  const lines = '{"username":"ada","age":37,"customData":{"hobby":null}}\n{"username":"zoe","staffNumber":"9"}\n';
  expect(await importFile(pool, lines, { onExisting: 'update' }, 'ndjson')).toMatchObject({ updated: 1, failed: 1 });
  expect((await get('ada')).customData).toMatchObject({ age: 37, staffNumber: '7' });
});

test('dynamic groups, searches and counts know the imported the moment the job is done', { timeout }, async () => {
  const pool = await testUserPool();
  const rule = { field: 'company', operator: 'EQUAL', value: 'acme' };
  await pool.do('createGroup', { code: 'acme', name: 'Acme', type: 'dynamic', rule });
  const people = Array.from({ length: 1200 }, (_, i) => `person-${i},${i % 3 === 0 ? 'acme' : 'other'},Acme/${i % 7}`);
  const done = await importFile(pool, ['username,company,departments', ...people].join('\n'));
  expect(done).toMatchObject({ state: 'done', created: 1200 });
  expect((await pool.do('listGroupMembers', { code: 'acme' })).totalCount).toBe(400);
  const found = await pool.do('listUsers', { keywords: 'person-1199' });
  expect(found).toMatchObject({ totalCount: 1, list: [{ username: 'person-1199' }] });
  const [root] = await pool.rows<{ organization_id: string }>('departments');
  const { list } = await pool.do('listOrganizations', { limit: 50 });
  expect(list).toMatchObject([{ organizationName: 'Acme', membersCount: 0 }]);
  const everybody = await pool.do('listDepartmentMembers', {
    organizationCode: list[0].organizationCode,
    departmentId: root?.organization_id,
    includeChildrenDepartments: true,
  });
  expect(everybody.totalCount).toBe(1200);

  await importFile(pool, 'username,company\nperson-0,other\nperson-1,acme\nperson-2,acme\n', { onExisting: 'update' });
  expect((await pool.do('listGroupMembers', { code: 'acme' })).totalCount).toBe(401);
});

test('who resigns by an import leaves everything, and whoever has left joins nothing', async () => {
  const pool = await testUserPool();
  await importFile(pool, 'username,departments\nada,Acme/Lab\nbob,Acme/Lab\n');
  const file = 'username,status,departments\nada,Resigned,\nbob,Resigned,Acme\n';
  const done = await importFile(pool, file, { onExisting: 'update' });
  expect(done).toMatchObject({ updated: 1, failed: 1 });
  const members = await pool.rows('department_members');
  expect(members).toHaveLength(1);
  const resigned = (await pool.events()).filter(({ name }) => name === 'user.resigned');
  expect(resigned.map(({ data }) => data.user.username)).toEqual(['ada']);
});

test('the columns of the old template are welcome, and refused where they would be lost', async () => {
  const pool = await testUserPool();
  const done = await importFile(pool, '用户名,unionid,openid,密码\nada,,,secret-1\nbob,o-1,,\n');
  expect(done).toMatchObject({ created: 1, failed: 1 });
  expect(await refusedBy(pool, done.importId)).toEqual(['3,unionid,Unknown field: unionid']);
});

test('a hundred bad rows among good ones cost nobody else', { timeout }, async () => {
  const pool = await testUserPool();
  await pool.do('setCustomFields', { list: [{ targetType: 'USER', key: 'age', dataType: 'NUMBER', label: 'age' }] });
  const rows = Array.from({ length: 1000 }, (_, i) => `u${i},${i % 10 === 0 ? 'old' : i}`);
  const done = await importFile(pool, ['username,age', ...rows].join('\n'));
  expect(done).toMatchObject({ state: 'done', created: 900, failed: 100 });
  expect(await refusedBy(pool, done.importId)).toHaveLength(100);
  expect((await pool.events()).filter(({ name }) => name === 'user.created')).toHaveLength(900);
});

test('a dry run refuses what the import refuses: values that are taken, identifiers of two rows in one', {
  timeout,
}, async () => {
  const pool = await testUserPool();
  const field = (key: string, more: object) => ({ targetType: 'USER', key, dataType: 'STRING', label: key, ...more });
  await pool.do('setCustomFields', {
    list: [field('badge', { isUnique: true }), field('token', { isUnique: true, encrypted: true })],
  });
  await pool.do('createUser', { username: 'there', email: 'there@example.com' });
  const others = Array.from({ length: 1000 }, (_, i) => `user-${i},user-${i}@example.com,,badge-${i},`);
  const file = [
    'username,email,externalId,badge,token',
    'ada,ada@example.com,1,A,secret',
    ...others,
    'bob,,,A,',
    'joe,,,,secret',
    'ada,user-7@example.com,,,',
    'there,user-7@example.com,,,',
    'ada,ada@example.com,2,A,secret',
    'user-7,,,A,',
    'max,,,B,other',
  ].join('\n');
  for (const onExisting of ['skip', 'update']) {
    const dry = await importFile(pool, file, { onExisting, dryRun: true });
    const real = await importFile(await sameFields(), file, { onExisting });
    const { rows, created, updated, skipped, failed } = dry;
    expect({ rows, created, updated, skipped, failed }).toEqual({
      rows: 1008,
      created: 1002,
      ...(onExisting === 'skip' ? { updated: 0, skipped: 2, failed: 4 } : { updated: 1, skipped: 0, failed: 5 }),
    });
    expect(real).toMatchObject({ rows, created, updated, skipped, failed });
  }
  expect(await pool.rows('user_import_identifiers')).toEqual([]);

  async function sameFields() {
    const other = await testUserPool();
    await other.do('setCustomFields', {
      list: [field('badge', { isUnique: true }), field('token', { isUnique: true, encrypted: true })],
    });
    await other.do('createUser', { username: 'there', email: 'there@example.com' });
    return other;
  }
});

test('"disabled" is named when it is neither yes nor no; "no" enables who was disabled, and brings nobody back', async () => {
  const pool = await testUserPool();
  const statuses = ['Activated', 'Suspended', 'Deactivated', 'Resigned', 'Archived'];
  for (const status of statuses) await pool.do('createUser', { username: status, status });
  const rows = [...statuses.map((status) => `${status},no`), 'new,perhaps', 'eve,yes', ''];
  const done = await importFile(pool, ['username,disabled', ...rows].join('\n'), { onExisting: 'update' });
  expect(done).toMatchObject({ created: 1, updated: 5, failed: 1 });
  expect(await refusedBy(pool, done.importId)).toEqual(['7,disabled,Parameter disabled is malformed']);
  const found = await pool.rows<{ username: string; status: string }>('users');
  expect(Object.fromEntries(found.map(({ username, status }) => [username, status]))).toEqual({
    Activated: 'Activated',
    Suspended: 'Activated',
    Deactivated: 'Activated',
    Resigned: 'Resigned',
    Archived: 'Archived',
    eve: 'Suspended',
  });
  const quiet = ['username,name,disabled', 'eve,Eve,', ''].join('\n');
  await importFile(pool, quiet, { onExisting: 'update' });
  expect(await pool.do('getUser', { userId: 'eve', userIdType: 'username' })).toMatchObject({ status: 'Suspended' });
});

test.each(['/', ' // ', 'Acme; /'])(
  'the path %j leads nowhere: its row is refused, and no department made',
  async (path) => {
    const pool = await testUserPool();
    const done = await importFile(pool, `username,departments\nada,${path}\nbob,/Acme/Lab/\n`);
    expect(done).toMatchObject({ created: 1, failed: 1 });
    expect(await refusedBy(pool, done.importId)).toEqual(['2,departments,Parameter departments is malformed']);
    const names = (await pool.rows<{ name: string }>('departments')).map(({ name }) => name);
    expect(names.sort()).toEqual(['Acme', 'Lab']);
  },
);

test('keys of custom fields are recognized as other columns are, unless they differ in capitals alone', async () => {
  const pool = await testUserPool();
  const keys = ['costCenter', 'age', 'AGE'];
  const list = keys.map((key) => ({ targetType: 'USER', key, dataType: 'STRING', label: key }));
  await pool.do('setCustomFields', { list });
  expect(await importFile(pool, 'username,Cost center,age,AGE\nada,7,1,2\n')).toMatchObject({ created: 1 });
  const ada = await pool.do('getUser', { userId: 'ada', userIdType: 'username', withCustomData: true });
  expect(ada.customData).toEqual({ costCenter: '7', age: '1', AGE: '2' });
  expect(await importFile(pool, 'username,Age\nbob,1\n')).toMatchObject({ state: 'failed' });
});
