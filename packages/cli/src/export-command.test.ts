import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSheet } from 'read-excel-file/node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestUserPool, testUserPool } from '../../../apps/server/src/testing/server.ts';
import { start } from './testing/run.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'genauth-cli-'));
});
afterAll(() => rm(folder, { recursive: true }));

function run(pool: TestUserPool, ...parameters: string[]) {
  return start(parameters, {
    GENAUTH_URL: pool.server.origin,
    GENAUTH_ACCESS_KEY_ID: pool.id,
    GENAUTH_ACCESS_KEY_SECRET: pool.secret,
    XDG_STATE_HOME: folder,
  }).ended;
}

async function withPeople(): Promise<TestUserPool> {
  const pool = await testUserPool();
  const { departmentId } = await pool.do('createOrganization', {
    organizationName: 'Acme; Inc/1',
    organizationCode: 'a',
  });
  await pool.do('createUser', {
    username: 'ada',
    email: 'ada@example.com',
    emailVerified: true,
    phone: '7911123456',
    phoneCountryCode: '+44',
    name: '=1+1',
    nickname: "'=2",
    gender: 'F',
    company: 'line one\nline "two", three',
    birthdate: '1990-06-03',
    departmentIds: [departmentId],
  });
  await pool.do('createUser', { username: '张三', status: 'Suspended', externalId: '-7' });
  return pool;
}

test.each(['csv', 'ndjson', 'xlsx'])('what is exported as %s and imported elsewhere is the same', async (type) => {
  const [from, to] = await Promise.all([withPeople(), testUserPool()]);
  const file = join(folder, `everybody.${type}`);
  expect(await run(from, 'export', 'users', file)).toMatchObject({ exitCode: 0, stdout: `2 users in ${file}\n` });
  expect(await run(to, 'import', 'users', file)).toMatchObject({
    exitCode: 0,
    stdout: 'done: 2 rows: 2 created, 0 updated, 0 skipped, 0 refused\n',
  });
  for (const username of ['ada', '张三']) {
    const [before, after] = await Promise.all(
      [from, to].map((pool) => pool.do('getUser', { userId: username, userIdType: 'username' })),
    );
    const own = (user: Record<string, unknown>) =>
      Object.fromEntries(
        Object.entries(user).filter(
          ([name]) => !/^(userId|.*At|signedUp|userSourceType|registerSource|mainDepartmentId)$/.test(name),
        ),
      );
    expect(own(after)).toEqual(own(before));
  }
  const [department] = await to.rows<{ name: string }>('departments');
  expect(department?.name).toBe('Acme; Inc/1');
  expect(await to.rows('department_members')).toHaveLength(1);
});

test('chooses users and fields, and overwrites nothing unasked', async () => {
  const pool = await withPeople();
  const file = join(folder, 'some.csv');
  const some = ['export', 'users', file, '--fields', 'username, status', '--where', 'status=Suspended'];
  expect(await run(pool, ...some)).toMatchObject({ exitCode: 0 });
  expect(await readFile(file, 'utf8')).toBe('username,status\r\n张三,Suspended\r\n');
  expect(await run(pool, ...some)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--force') });
  const filter = JSON.stringify({ field: 'username', operator: 'CONTAINS', value: 'ad' });
  const again = await run(pool, 'export', 'users', file, '--fields', 'username', '--filter', filter, '--force');
  expect(again).toMatchObject({ exitCode: 0 });
  expect(await readFile(file, 'utf8')).toBe('username\r\nada\r\n');
});

test('a workbook holds values, never formulas; and what fails leaves no file', async () => {
  const pool = await withPeople();
  const file = join(folder, 'sheet.xlsx');
  expect(await run(pool, 'export', 'users', file, '--fields', 'username,name,emailVerified')).toMatchObject({
    exitCode: 0,
  });
  expect(await readSheet(await readFile(file))).toEqual([
    ['username', 'name', 'emailVerified'],
    ['ada', '=1+1', true],
    ['张三', null, false],
  ]);
  const failed = await run(pool, 'export', 'users', join(folder, 'none.csv'), '--fields', 'shoeSize');
  expect(failed).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('Unknown field: shoeSize') });
  expect((await readdir(folder)).filter((name) => name.startsWith('none'))).toEqual([]);
});

test.each(['csv', 'xlsx'])(
  'a file of type %s is for who asked for it alone, whatever lay in its place',
  async (type) => {
    const pool = await withPeople();
    const file = join(folder, `private.${type}`);
    const elsewhere = join(folder, `elsewhere.${type}`);
    await writeFile(elsewhere, 'untouched', { mode: 0o666 });
    await symlink(elsewhere, `${file}.part`);
    expect(await run(pool, 'export', 'users', file)).toMatchObject({ exitCode: 0 });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(elsewhere, 'utf8')).toBe('untouched');
  },
);
