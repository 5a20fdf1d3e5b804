import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import writeWorkbook from 'write-excel-file/node';
import { askDatabase } from '../../../apps/server/src/testing/ask-database.ts';
import { type TestUserPool, testUserPool } from '../../../apps/server/src/testing/server.ts';
import { startServerProcess } from '../../../apps/server/src/testing/server-process.ts';
import { createProgress } from './progress.ts';
import { type Run, start } from './testing/run.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'genauth-cli-'));
});
afterAll(() => rm(folder, { recursive: true }));

function environmentOf(pool: Pick<TestUserPool, 'id' | 'secret'>, origin: string) {
  return {
    GENAUTH_URL: origin,
    GENAUTH_ACCESS_KEY_ID: pool.id,
    GENAUTH_ACCESS_KEY_SECRET: pool.secret,
    XDG_STATE_HOME: folder,
  };
}

async function file(name: string, text: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

async function importUsers(pool: TestUserPool, path: string, ...options: string[]): Promise<Run> {
  return start(['import', 'users', path, ...options], environmentOf(pool, pool.server.origin)).ended;
}

test('imports a CSV file, says what came of it, and ends with 0', async () => {
  const pool = await testUserPool();
  const path = await file('users.csv', 'Login,departments\nada,Acme/Research\nbob,Acme\n');
  const run = await importUsers(pool, path, '--column', 'Login=username');
  expect(run).toMatchObject({
    exitCode: 0,
    stdout: 'done: 2 rows: 2 created, 0 updated, 0 skipped, 0 refused\n',
  });
  expect(await pool.rows('users')).toHaveLength(2);
  expect(await pool.do('listUserImports')).toMatchObject({ list: [{ fileName: 'users.csv', state: 'done' }] });
});

test('ends with 3 where rows are refused, which a report then has', async () => {
  const pool = await testUserPool();
  const path = await file('some.ndjson', '{"username":"ada"}\n{"email":"nothing"}\n');
  const report = join(folder, 'errors.csv');
  const run = await importUsers(pool, path, '--report', report, '--dry-run');
  expect(run).toMatchObject({ exitCode: 3 });
  expect(run.stdout).toContain('1 created, 0 updated, 0 skipped, 1 refused (dry run: nothing was changed)');
  expect(await readFile(report, 'utf8')).toBe('row,field,message\r\n2,email,Parameter email is malformed\r\n');
  expect(await pool.rows('users')).toEqual([]);
});

test('the report, and the note of an interrupted import, are for who ran the command alone', async () => {
  const pool = await testUserPool();
  const path = await file('private.csv', `username,email\nada,x\n${'bob,\n'.repeat(200_000)}`);
  const report = join(folder, 'private-errors.csv');
  const notes = join(folder, 'genauth', 'imports');
  const before = new Set(await readdir(notes).catch(() => []));
  const interrupted = start(['import', 'users', path, '--report', report], environmentOf(pool, pool.server.origin));
  const own = async () => (await readdir(notes).catch(() => [])).filter((name) => !before.has(name));
  await expect.poll(own, { timeout: 10_000 }).toHaveLength(1);
  interrupted.interrupt();
  expect((await interrupted.ended).exitCode).toBe(130);
  const [note = ''] = await own();
  const modeOf = async (name: string) => (await stat(name)).mode & 0o777;
  expect(await modeOf(join(notes, note))).toBe(0o600);
  expect(await modeOf(notes)).toBe(0o700);
  const [{ job_id: jobId } = { job_id: null }] = await pool.rows<{ job_id: string | null }>('user_imports');
  if (jobId !== null) await pool.do('cancelJob', { jobId });
  const small = await file('small.csv', 'username,email\nada,x\n');
  expect(await importUsers(pool, small, '--report', report)).toMatchObject({ exitCode: 3 });
  expect(await modeOf(report)).toBe(0o600);
});

test('reads the first sheet of a workbook', async () => {
  const pool = await testUserPool();
  const path = join(folder, 'people.xlsx');
  await writeWorkbook([
    ['username', 'phone', 'birthdate', 'email verified', 'nickname'],
    ['ada', 18812345678, { value: new Date('1990-06-03T00:00:00Z'), format: 'yyyy-mm-dd' }, false, 'say "hi", Ada'],
    ['bob', null, null, null, null],
    ['bad', 'x', null, null, null],
  ]).toFile(path);
  const report = join(folder, 'sheet-errors.csv');
  expect((await importUsers(pool, path, '--report', report)).stdout).toContain('2 created');
  expect(await readFile(report, 'utf8')).toContain('\r\n4,phone,');
  const ada = await pool.do('getUser', { userId: 'ada', userIdType: 'username' });
  expect(ada).toMatchObject({ phone: '18812345678', birthdate: '1990-06-03', nickname: 'say "hi", Ada' });
});

test.each([
  [['import', 'users', 'nowhere.csv'], 2, /nowhere\.csv cannot be read/],
  [['import', 'users', import.meta.filename], 2, /none of \.csv/],
  [['import', 'people'], 2, /unknown command/],
  [['import', 'users', 'a.csv', '--on-existing', 'destroy'], 2, /Allowed choices are skip, update/],
  [
    ['import', 'users', import.meta.filename, '--report', 'nowhere/errors.csv'],
    2,
    /nowhere\/errors\.csv cannot be written/,
  ],
  [['import', 'users', import.meta.filename, '--report', import.meta.dirname], 2, /cannot be written/],
  [['export', 'users', 'nowhere/users.csv'], 2, /nowhere\/users\.csv cannot be written/],
  [['export', 'users', 'users.csv'], 1, /expected at http:\/\/127\.0\.0\.1:9; --host or GENAUTH_URL names another/],
])('%j ends with %d', async (parameters, exitCode, message) => {
  const pool = { id: '6229ffa0a1b2c3d4cade3e3d', secret: 'none' };
  const run = await start(parameters, environmentOf(pool, 'http://127.0.0.1:9')).ended;
  expect(run.exitCode).toBe(exitCode);
  expect(run.stderr).toMatch(message);
});

test.each([
  [['import', 'users', '--help'], /--on-existing <what>/],
  [['export', 'users', '--help'], /--where <field=value>/],
])('%j says what there is, and nothing that goes without saying', async (parameters, option) => {
  const run = await start(parameters, {}).ended;
  expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(option) });
  expect(run.stdout).not.toMatch(/default:\s+(false|\{|\[)/);
});

test('a terminal that does not say how wide it is shows as much as others', () => {
  const written: string[] = [];
  const terminal = { isTTY: true, columns: 0, write: (text: string) => written.push(text) > 0 };
  createProgress(terminal).show('Importing', 1, 2, '17 rows: 17 created');
  expect(written).toEqual(['\r\x1b[2KImporting [############............]  50%  17 rows: 17 created']);
});

test('names what is missing, and what the server says', async () => {
  const pool = await testUserPool();
  const path = await file('one.csv', 'username\nada\n');
  const environment = environmentOf(pool, pool.server.origin);
  const anonymous = await start(['import', 'users', path], { ...environment, GENAUTH_ACCESS_KEY_SECRET: '' }).ended;
  expect(anonymous).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('GENAUTH_ACCESS_KEY_SECRET') });
  const wrong = await start(['import', 'users', path], { ...environment, GENAUTH_ACCESS_KEY_SECRET: 'wrong' }).ended;
  expect(wrong).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('signature is not valid') });
  const unknown = await importUsers(pool, await file('two.csv', 'username,shoe size\nada,44\n'));
  expect(unknown).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('Unknown column: shoe size') });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test('carries an import through kill -9 of the server, and nobody comes twice or is missing', {
  timeout: 120_000,
}, async () => {
  const dataDirectory = join(folder, 'server');
  const fixed = { GENAUTH_PORT: String(await freePort()) };
  let server = await startServerProcess(dataDirectory, fixed);
  try {
    const count = 12_000;
    const rows = Array.from({ length: count }, (_, i) => `user-${i},user-${i}@example.com,Acme/${i % 50}`);
    const path = await file('many.csv', ['username,email,departments', ...rows].join('\n'));
    const pool = { id: server.userPoolId, secret: server.userPoolSecret };
    const importing = start(['import', 'users', path], environmentOf(pool, server.origin));
    // Whatever the speed of the machine: some of it is done, and some is not.
    for (let done = 0; done === 0; await sleep(20)) {
      done =
        (await askDatabase<{ done: number }>(dataDirectory, 'select rows::int as done from user_imports'))?.done ?? 0;
    }
    await server.kill('SIGKILL');
    server = await startServerProcess(dataDirectory, fixed);
    const run = await importing.ended;
    expect(run.stderr).not.toContain('refused.');
    expect(run).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining(`${count} created, 0 updated, 0 skipped`),
    });
    const counted = await askDatabase(
      dataDirectory,
      `select
      (select count(*)::int from users where username like 'user-%') as users,
      (select count(*)::int from outbox_events where name = 'user.created') as created,
      (select count(distinct data -> 'user' ->> 'userId')::int from outbox_events where name = 'user.created') as announced,
      (select count(*)::int from department_members) as members,
      (select sum(members)::int from department_counts) as counted,
      (select count(*)::int from user_import_chunks) as chunks,
      (select count(*)::int from jobs where state = 'done') as jobs`,
    );
    expect(counted).toEqual({
      users: count,
      created: count,
      announced: count,
      members: count,
      counted: count,
      chunks: 0,
      jobs: 1,
    });
  } finally {
    await server.kill('SIGTERM');
  }
});

test('an interrupted upload goes on where it was, and a started import is only watched', {
  timeout: 60_000,
}, async () => {
  const pool = await testUserPool();
  const line = (i: number) => `u${i},${'x'.repeat(200)}\n`;
  const path = await file('large.csv', `username,name\n${Array.from({ length: 12_000 }, (_, i) => line(i)).join('')}`);
  const environment = environmentOf(pool, pool.server.origin);
  const first = start(['import', 'users', path], environment);
  await expect.poll(() => pool.rows('user_imports'), { timeout: 10_000 }).toHaveLength(1);
  first.interrupt();
  const interrupted = await first.ended;
  expect(interrupted.exitCode).toBe(130);
  expect(interrupted.stderr).toContain('Run the same command again');
  const second = await start(['import', 'users', path], environment).ended;
  expect(second.stderr).toMatch(/Carrying on with import/);
  expect(second).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('12000 created') });
  expect(await pool.rows('user_imports')).toHaveLength(1);
  const third = await start(['import', 'users', path], environment).ended;
  expect(third.stdout).toContain('12000 skipped');
});

test('what a file or a server says reaches the terminal as text, never as a command to it', async () => {
  const pool = await testUserPool();
  const path = await file('hostile.csv', 'username,"\u001b]0;owned\u0007\u001b[2J\u202e\u009b31m"\nada,x\n');
  const run = await importUsers(pool, path);
  expect(run).toMatchObject({ exitCode: 1 });
  expect(run.stderr).toContain('Unknown column: \\u001b]0;owned\\u0007\\u001b[2J\\u202e\\u009b31m');
  expect(run.stderr).not.toMatch(/[^\P{Cc}\n]/u);
});

test('a workbook that would fill the memory is refused before it is unpacked', async () => {
  const pool = await testUserPool();
  const path = join(folder, 'bomb.xlsx');
  await writeWorkbook([[{ value: 'username' }], [{ value: 'ada' }]]).toFile(path);
  const bytes = await readFile(path);
  // The size of the first file, in the directory at the end.
  bytes.writeUInt32LE(0xf000_0000, bytes.indexOf('PK\u0001\u0002', 0, 'latin1') + 24);
  await writeFile(path, bytes);
  expect(await importUsers(pool, path)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('unpacked') });
});
