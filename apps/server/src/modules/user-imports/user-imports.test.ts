import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expect, test, vi } from 'vitest';
import { type TestUserPool, testUserPool } from '../../testing/server.ts';
import { deleteIdleFiles } from './index.ts';

const chunkBytes = 300_000;

/** Uploads a file and starts its import; answers its id. */
/** Thousands of rows take seconds, and on a busy machine some times as many. */
const timeout = 60_000;

async function startImport(
  pool: TestUserPool,
  content: string | Uint8Array,
  { format = 'csv', size = chunkBytes, ...options }: Record<string, unknown> = {},
): Promise<string> {
  const { importId } = await pool.do('createUserImport', { format, fileName: `users.${format}`, options });
  const bytes = Buffer.from(content as string);
  const step = size as number;
  let index = 0;
  for (let at = 0; at < bytes.length || index === 0; at += step, index++) {
    const piece = bytes.subarray(at, at + step).toString('base64');
    await pool.do('uploadUserImportChunk', { importId, index, content: piece || 'Cg==' });
  }
  await pool.do('startUserImport', { importId, chunkCount: index });
  return importId;
}

async function ended(pool: TestUserPool, importId: string) {
  for (;;) {
    const found = await pool.do('getUserImport', { importId });
    if (['done', 'failed', 'canceled'].includes(found.state)) return found;
    await sleep(20);
  }
}

async function importFile(pool: TestUserPool, content: string | Uint8Array, options: Record<string, unknown> = {}) {
  return ended(pool, await startImport(pool, content, options));
}

async function reportOf(pool: TestUserPool, importId: string, language = 'en-US'): Promise<string> {
  let text = '';
  for (let after: number | null = 0; after !== null; ) {
    const query = { importId, after, limit: 2 };
    const { data } = await pool.call('getUserImportReport', query, { 'x-authing-lang': language });
    text += data.content;
    after = data.next;
  }
  return text;
}

async function userNamed(pool: TestUserPool, username: string) {
  const flags = { withDepartmentIds: true };
  return pool.do('getUser', { userId: username, userIdType: 'username', ...flags });
}

test('imports a spreadsheet as people write them: byte order mark, quotes, blank rows, names of columns in Chinese', async () => {
  const pool = await testUserPool();
  const file = [
    '\ufeff用户名,邮箱,邮箱是否验证,手机号,性别,昵称,Company,Street-Address,是否禁用',
    'zhang,Zhang@Example.com,是,188 1234 5678,女,"三, 小\r\n""张""",蒸汽记忆,,否',
    '',
    "li,,,,W,'=1+1,,,是",
    'wang,,,,male,,,,',
  ].join('\r\n');
  const done = await importFile(pool, file, { size: 7 });
  expect(done).toMatchObject({ state: 'done', rows: 3, created: 3, updated: 0, skipped: 0, failed: 0, chunks: 0 });
  expect(done.bytesRead).toBe(Buffer.byteLength(file));
  expect(await userNamed(pool, 'zhang')).toMatchObject({
    email: 'zhang@example.com',
    emailVerified: true,
    phone: '18812345678',
    gender: 'F',
    nickname: '三, 小\r\n"张"',
    company: '蒸汽记忆',
    status: 'Activated',
    userSourceType: 'excel',
    registerSource: ['import:excel'],
  });
  expect(await userNamed(pool, 'li')).toMatchObject({ gender: 'F', nickname: '=1+1', status: 'Suspended' });
  expect(await userNamed(pool, 'wang')).toMatchObject({ gender: 'M', nickname: null });
  const events = await pool.events();
  expect(events.map(({ name, data }) => [name, data.user.username])).toEqual([
    ['user.created', 'zhang'],
    ['user.created', 'li'],
    ['user.created', 'wang'],
  ]);
  const actions = (await pool.audits()).map(({ action }) => action);
  expect(actions.filter((action) => action === 'import-users').length).toBeGreaterThan(0);
  expect(await pool.rows('user_import_chunks')).toEqual([]);
});

test('refuses rows, not files: each with its number, its field and the reason in the language of whoever asks', async () => {
  const pool = await testUserPool();
  await pool.do('createUser', { username: 'taken', email: 'taken@example.com' });
  await pool.do('createUser', { username: 'other', email: 'other@example.com' });
  const file = [
    'username,email,phone,birthdate,name',
    'ok,ok@example.com,,,',
    ',,,,nobody',
    'bad,not-an-address,,,',
    'ragged,a@example.com',
    'ragged,a@example.com,,,,surplus',
    'fine,b@example.com,,,,',
    'bad,,188xxxx,,',
    'bad,,1,,',
    'bad,,,1990-13-01,',
    'taken,other@example.com,,,',
    'nul\0,,,,',
    `long,,,,${'x'.repeat(1024 * 1024)}`,
    'leap,,,2023-02-29,',
    'last,,,2024-02-29,',
  ].join('\n');
  const told = { state: 'done', rows: 14, created: 3, skipped: 0, failed: 11 };
  const tried = await importFile(pool, file, { dryRun: true });
  expect(tried).toMatchObject(told);
  const { importId, ...done } = await importFile(pool, file);
  expect(done).toMatchObject(told);
  expect(await reportOf(pool, tried.importId)).toBe(await reportOf(pool, importId));
  expect(await reportOf(pool, importId)).toBe(
    [
      'row,field,message',
      '3,,"Must contain one of the following fields: username, phone, email"',
      '4,email,Parameter email is malformed',
      '5,,"The row has 2 cells, the file 5 columns"',
      '6,,"The row has 6 cells, the file 5 columns"',
      '8,phone,Parameter phone is malformed',
      '9,phone,Parameter phone is malformed',
      '10,birthdate,Parameter birthdate is malformed',
      '11,email,user already exists with email',
      '12,username,Parameter username is malformed',
      '13,name,Parameter name is malformed',
      '14,birthdate,Parameter birthdate is malformed',
      '',
    ].join('\r\n'),
  );
  expect(await reportOf(pool, importId, 'zh-CN')).toContain('\r\n4,email,参数 email 格式错误\r\n');
  expect(await pool.rows('users')).toHaveLength(5);
});

test('rows are imported as if one came after the other: who is there is skipped, also when the file made him', async () => {
  const pool = await testUserPool();
  await pool.do('createUser', { username: 'ada', name: 'Ada' });
  const file =
    'username,email,name\nada,,Countess\nbob,B@example.com,Bob\nbob,,Robert\neve,b@EXAMPLE.com,Eve\nbob,,Bobby\n';
  expect(await importFile(pool, file)).toMatchObject({ created: 1, skipped: 4, updated: 0, failed: 0 });
  expect(await userNamed(pool, 'ada')).toMatchObject({ name: 'Ada' });
  expect(await userNamed(pool, 'bob')).toMatchObject({ name: 'Bob' });
});

test('or is updated, by what the row says and nothing else', async () => {
  const pool = await testUserPool();
  await pool.do('createUser', { username: 'ada', name: 'Ada', nickname: 'A', email: 'ada@example.com' });
  await pool.do('createUser', { username: 'joe', email: 'joe@example.com' });
  const file =
    'username,email,name,nickname,externalId\nada,,Countess,,\nbob,,Bob,,7\n,,Robert,,7\nada,joe@example.com,,,\nbob,bob@example.com,,B,\n';
  const before = (await pool.events()).length;
  const { importId, ...done } = await importFile(pool, file, { onExisting: 'update' });
  expect(await reportOf(pool, importId)).toBe('row,field,message\r\n5,email,user already exists with email\r\n');
  expect(done).toMatchObject({ created: 1, updated: 3, failed: 1 });
  expect(await userNamed(pool, 'ada')).toMatchObject({ name: 'Countess', nickname: 'A', email: 'ada@example.com' });
  expect(await userNamed(pool, 'bob')).toMatchObject({ name: 'Robert', nickname: 'B', email: 'bob@example.com' });
  const events = (await pool.events()).slice(before).map(({ name }) => name);
  expect(events.filter((name) => name === 'user.updated').length).toBeGreaterThanOrEqual(2);
});

test('joins departments by path, made where they are missing, and by id', async () => {
  const pool = await testUserPool();
  const root = await pool.do('createOrganization', { organizationName: 'Acme', organizationCode: 'acme' });
  const parent = { organizationCode: 'acme', parentDepartmentId: root.departmentId };
  const research = await pool.do('createDepartment', { ...parent, name: 'Research', code: 'rd' });
  const file = [
    'username,departments,departmentIds',
    'ada,Acme/Research,',
    'bob,Acme/Research/Lab; Acme/R\\&D\\/Ops,',
    'eve,,rd',
    'joe,Globex/Sales,rd',
    'mia,,nothing',
  ].join('\n');
  const { importId, ...done } = await importFile(pool, file, { departmentIdType: 'code' });
  expect(done).toMatchObject({ created: 4, failed: 1 });
  expect(await reportOf(pool, importId)).toContain('\r\n6,,department not found\r\n');
  const departments = await pool.rows<{ id: string; name: string; description: string | null }>('departments');
  const idOf = (name: string) => departments.find((one) => one.name === name)?.id;
  expect(departments.map(({ name }) => name).sort()).toEqual(['Acme', 'Globex', 'Lab', 'R&D/Ops', 'Research', 'Sales']);
  expect(departments.find(({ name }) => name === 'Lab')?.description).toBe('Import from Excel');
  expect((await userNamed(pool, 'ada')).departmentIds).toEqual([research.departmentId]);
  expect([...(await userNamed(pool, 'bob')).departmentIds].sort()).toEqual([idOf('Lab'), idOf('R&D/Ops')].sort());
  expect([...(await userNamed(pool, 'joe')).departmentIds].sort()).toEqual(
    [research.departmentId, idOf('Sales')].sort(),
  );
  const acme = await pool.do('getDepartment', { organizationCode: 'acme', departmentId: 'root' });
  const members = await pool.do('listDepartmentMembers', {
    organizationCode: 'acme',
    departmentId: acme.departmentId,
    includeChildrenDepartments: true,
  });
  expect(members.totalCount).toBe(4);

  const strict = await importFile(pool, 'username,department\nzoe,Acme/Research\nliz,Acme/Nowhere\n', {
    onMissingDepartment: 'refuse',
  });
  expect(strict).toMatchObject({ created: 1, failed: 1 });
  expect(await pool.rows('departments')).toHaveLength(departments.length);
});

test('keeps hashed passwords with their salt, hashes others, and shows neither anywhere', async () => {
  const pool = await testUserPool();
  const kept = 'username,password,salt\nbob,e10adc3949ba59abbe56e057f20f883e,dgisaeieruur\n';
  expect(await importFile(pool, kept, { keepPassword: true })).toMatchObject({ created: 1 });
  expect(await importFile(pool, 'username,password\neve,Very-Secret-1\n')).toMatchObject({ created: 1 });
  const rows = await pool.rows<{ username: string; password_hash: string; password_salt: string }>('users');
  const byName = new Map(rows.map((row) => [row.username, row]));
  expect(byName.get('bob')).toMatchObject({
    password_hash: 'e10adc3949ba59abbe56e057f20f883e',
    password_salt: 'dgisaeieruur',
  });
  expect(byName.get('eve')?.password_hash).toMatch(/^\$argon2id\$/);
  const everything = JSON.stringify([
    await pool.audits(),
    await pool.events(),
    await pool.rows('jobs'),
    await pool.rows('user_import_chunks'),
  ]);
  expect(everything).not.toMatch(/e10adc|dgisae|Very-Secret/);
  expect(everything).not.toContain(Buffer.from(kept).toString('base64').slice(0, 40));
});

test('a dry run tells what would happen, duplicates across batches included, and does nothing of it', {
  timeout,
}, async () => {
  const pool = await testUserPool();
  await pool.do('createUser', { username: 'ada' });
  const people = Array.from({ length: 1500 }, (_, i) => `user-${i},,New/Department`);
  const file = ['username,email,departments', 'ada,,', ...people, 'user-3,,', ',bad,', ''].join('\n');
  const before = [await pool.events(), await pool.rows('users')];
  const done = await importFile(pool, file, { dryRun: true });
  expect(done).toMatchObject({ state: 'done', rows: 1503, created: 1500, skipped: 2, failed: 1 });
  expect([await pool.events(), await pool.rows('users')]).toEqual(before);
  expect(await pool.rows('departments')).toEqual([]);
  expect(await pool.rows('user_import_identifiers')).toEqual([]);
});

test('reads NDJSON with typed values, and says which line is none', async () => {
  const pool = await testUserPool();
  const lines = [
    '{"username":"ada","emailVerified":false,"departments":["A/B","A/C"],"name":null}',
    '  ',
    '[]',
    'nonsense',
    '{"username":"bob","shoeSize":44}',
    '{"username":42}',
    '{"username":"\\ud800"}',
    '{"username":"zoe","userId":"6229ffa0a1b2c3d4cade3e3d","createdAt":"2022-07-03T02:20:30.000Z"}',
  ];
  const { importId, ...done } = await importFile(pool, lines.join('\n'), { format: 'ndjson', size: 5 });
  expect(done).toMatchObject({ created: 2, failed: 6 });
  expect(await reportOf(pool, importId)).toBe(
    [
      'row,field,message',
      '2,,The line is not a JSON object',
      '3,,The line is not a JSON object',
      '4,,The line is not a JSON object',
      '5,shoeSize,Unknown field: shoeSize',
      '6,username,Parameter username is malformed',
      '7,username,Parameter username is malformed',
      '',
    ].join('\r\n'),
  );
  expect((await userNamed(pool, 'ada')).departmentIds).toHaveLength(2);
});

test.each([
  ['UTF-16', Buffer.from('\ufeffusername\nbob\n', 'utf16le'), {}, /not UTF-8/],
  ['another encoding', Buffer.from([117, 115, 101, 114, 110, 97, 109, 101, 10, 0xd5, 0xc5, 10]), {}, /not UTF-8/],
  ['a column whose name nobody can store', 'username,shoe\0size\nbob,44\n', {}, /Unknown column: shoe\ufffdsize/],
  ['an unknown column', 'username,shoe size\nbob,44\n', {}, /Unknown column: shoe size/],
  [
    'semicolons between its columns',
    'username;email\nbob;bob@example.com\n',
    {},
    /separated by ; rather than by commas/,
  ],
  ['tabs between its columns', 'username\temail\nbob\tbob@example.com\n', {}, /separated by TAB rather than by commas/],
  ['two columns for one field', 'username,user-name\nbob,bob\n', {}, /Two columns for the field username/],
  ['a quotation mark that is not closed', `username\n"${'x\n'.repeat(2_200_000)}`, {}, /quotation mark/],
  ['nothing in it', '\n', {}, /no row with the names/],
])('an import fails as a whole for a file with %s', async (_name, content, options, reason) => {
  const pool = await testUserPool();
  const done = await importFile(pool, content, options);
  expect(done).toMatchObject({ state: 'failed', created: 0 });
  expect(done.error).toMatch(reason);
  expect(await pool.rows('users')).toEqual([]);
});

test('columns without a name are nothing as long as there is nothing in them', async () => {
  const pool = await testUserPool();
  const done = await importFile(pool, 'username,, ,email,\nada,,,ada@example.com,\nbob,,x,,\njoe\n');
  expect(done).toMatchObject({ state: 'done', created: 1, failed: 2 });
  expect(await reportOf(pool, done.importId)).toContain('\r\n3,,"There is a value in column 3, which has no name"\r\n');
});

test('columns can be renamed and left out', async () => {
  const pool = await testUserPool();
  const columns = { 'shoe size': null, 'E-Mail (work)': 'email', Login: 'username' };
  const file = 'Login,E-Mail (work),shoe size\nbob,bob@example.com,44\n';
  expect(await importFile(pool, file, { columns })).toMatchObject({ state: 'done', created: 1 });
  expect(await userNamed(pool, 'bob')).toMatchObject({ email: 'bob@example.com' });
});

test('an upload can be repeated piece by piece, and starts only when it is complete', async () => {
  const pool = await testUserPool();
  const { importId } = await pool.do('createUserImport', { format: 'csv' });
  const put = (index: number, text: string) =>
    pool.call('uploadUserImportChunk', { importId, index, content: Buffer.from(text).toString('base64') });
  await put(0, 'username\n');
  await put(2, 'eve\n');
  const start = (chunkCount: number) => pool.call('startUserImport', { importId, chunkCount });
  expect(await start(3)).toMatchObject({ statusCode: 409, message: 'Chunk 1 is missing' });
  expect(await start(1)).toMatchObject({ statusCode: 409 });
  await put(1, 'mistake\n');
  expect((await put(1, 'bob\n')).data).toMatchObject({ chunks: 3, bytes: 17, state: 'uploading' });
  expect(await pool.call('uploadUserImportChunk', { importId, index: 1, content: 'no base64' })).toMatchObject({
    statusCode: 400,
  });
  const { data } = await start(3);
  expect((await start(3)).data.jobId).toBe(data.jobId);
  expect(await put(1, 'late\n')).toMatchObject({ statusCode: 409 });
  expect(await ended(pool, importId)).toMatchObject({ state: 'done', created: 2 });
  expect(await pool.do('listUserImports')).toMatchObject({ totalCount: 1, list: [{ importId, jobId: data.jobId }] });
  expect(await pool.do('getJob', { jobId: data.jobId })).toMatchObject({
    state: 'done',
    done: 2,
    total: 2,
    result: { created: 2 },
  });
});

test('of people created at the same moment elsewhere, each comes to be once', async () => {
  const pool = await testUserPool();
  const names = Array.from({ length: 300 }, (_, i) => `racer-${i}`);
  const importing = importFile(pool, ['username', ...names].join('\n'));
  const answers = await Promise.all(names.slice(0, 60).map((username) => pool.call('createUser', { username })));
  const done = await importing;
  const elsewhere = answers.filter(({ statusCode }) => statusCode === 200).length;
  expect(done).toMatchObject({ state: 'done', failed: 0, created: 300 - elsewhere, skipped: elsewhere });
  expect(await pool.rows('users')).toHaveLength(300);
  expect((await pool.events()).filter(({ name }) => name === 'user.created')).toHaveLength(300);
});

test('a canceled import keeps what is done, deletes the file, and does no more', { timeout }, async () => {
  const pool = await testUserPool();
  const names = Array.from({ length: 20_000 }, (_, i) => `user-${i}`);
  const importId = await startImport(pool, ['username', ...names].join('\n'));
  const { jobId } = await pool.do('getUserImport', { importId });
  await expect
    .poll(async () => (await pool.do('getUserImport', { importId })).created, { timeout: 10_000 })
    .toBeGreaterThan(0);
  await pool.do('cancelJob', { jobId });
  const { created, state } = await pool.do('getUserImport', { importId });
  expect(state).toBe('canceled');
  await sleep(300);
  expect(await pool.do('getUserImport', { importId })).toMatchObject({ created, rows: created });
  expect(await pool.rows('users')).toHaveLength(created);
  expect(created).toBeLessThan(20_000);
  // What upkeep does every minute, some at a time: there may be those of other tests.
  for (let turn = 0; turn < 100 && (await pool.rows('user_import_chunks')).length > 0; turn++) {
    await pool.server.database.acrossUserPools(deleteIdleFiles);
  }
  expect(await pool.rows('user_import_chunks')).toEqual([]);
});

test('a server that is gone between the last row and the end leaves nothing to do but to say so', async () => {
  const pool = await testUserPool();
  const done = await importFile(pool, 'username\nada\nbob\n');
  const before = await pool.events();
  await pool.server.sql(
    `with again as (update jobs set state = 'waiting', result = null, finished_at = null, due_at = now() where id = $1 returning id)
     select pg_notify('genauth_jobs', id) from again`,
    [done.jobId],
  );
  await expect
    .poll(async () => (await pool.do('getJob', { jobId: done.jobId })).state, { timeout: 10_000 })
    .toBe('done');
  expect(await ended(pool, done.importId)).toMatchObject({ created: 2, rows: 2, failed: 0 });
  expect(await pool.events()).toEqual(before);
});

test('the import of another user pool is not there', async () => {
  const [pool, other] = await Promise.all([testUserPool(), testUserPool()]);
  const importId = await startImport(pool, 'username\nbob\n');
  for (const [operation, input] of [
    ['getUserImport', {}],
    ['getUserImportReport', {}],
    ['startUserImport', { chunkCount: 1 }],
    ['uploadUserImportChunk', { index: 0, content: 'Cg==' }],
  ] as const) {
    expect(await other.call(operation, { importId, ...input })).toMatchObject({ statusCode: 404 });
  }
  await ended(pool, importId);
});

test('a thousand rows have the expressions of their fields matched at once, not row by row', {
  timeout: 60_000,
}, async () => {
  const pool = await testUserPool();
  const rule = { type: 'regExp', content: '^[A-Z]\\d+$' };
  await pool.do('setCustomFields', { list: [{ targetType: 'USER', key: 'badge', validateRules: [rule] }] });
  const asked = vi.spyOn(Worker.prototype, 'postMessage');
  // The servers of the other test files work on the same jobs: until it is this one that takes the import.
  for (let attempt = 0; attempt < 20 && asked.mock.calls.length === 0; attempt++) {
    const rows = Array.from({ length: 1000 }, (_, at) => `user${attempt}-${at},A${at}`);
    const done = await importFile(pool, ['username,badge', ...rows].join('\n'));
    expect(done).toMatchObject({ state: 'done', created: 1000, failed: 0 });
  }
  // Once when the rows are read, once when the users are made, for each step; those of the first pieces may be shorter.
  const counts = asked.mock.calls.map(([task]) => task.questions.length);
  asked.mockRestore();
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(2000);
  expect(counts.length).toBeLessThanOrEqual(4);
});
