import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { DataDirectoryInUse, DataDirectoryUnusable, openDataDirectory } from './data-directory.ts';
import { openLog } from './log.ts';

const log = openLog('silent');
const root = await mkdtemp(join(tmpdir(), 'genauth-data-directory-'));
const children: ChildProcess[] = [];

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(root, { recursive: true });
});

/** Starts a process that wants the directory; answers with the process and its first words. */
async function startHolder(path: string) {
  const program = fileURLToPath(new URL('../testing/hold-data-directory.ts', import.meta.url));
  const child = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [words] = await once(createInterface({ input: child.stdout }), 'line');
  return { child, words: String(words) };
}

async function kill(child: ChildProcess) {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

test('makes a missing directory for its user alone', async () => {
  const path = join(root, 'deep', 'data');
  await using directory = await openDataDirectory(path, { log });
  expect((await stat(directory.path)).mode & 0o777).toBe(0o700);
});

test('leaves the permissions of an existing directory as they are', async () => {
  const path = join(root, 'shared');
  await mkdir(path, { mode: 0o755 });
  await using directory = await openDataDirectory(path, { log });
  expect((await stat(directory.path)).mode & 0o777).toBe(0o755);
});

test('can be taken again once released, also twice released', async () => {
  const path = join(root, 'again');
  const first = await openDataDirectory(path, { log });
  await first.release();
  await first.release();
  await using _second = await openDataDirectory(path, { log });
  await first.release();
  await expect(openDataDirectory(path, { log })).rejects.toThrow(DataDirectoryInUse);
});

test('refuses a second server, says which process has it and what to do', async () => {
  const path = join(root, 'contended');
  const { child, words } = await startHolder(path);
  expect(words).toBe('held');
  const refusal = await openDataDirectory(path, { log }).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(DataDirectoryInUse);
  expect(refusal).toMatchObject({ pid: child.pid });
  expect(String(refusal)).toContain(`process id ${child.pid}`);
  expect(String(refusal)).toContain('GENAUTH_DATA_DIR');

  await kill(child);
  await using directory = await openDataDirectory(path, { log });
  expect(await readFile(join(directory.path, 'genauth.pid'), 'utf8')).toBe(`${process.pid}\n`);
});

test('is not fooled by the process id of a killed server that is in use again', async () => {
  const path = join(root, 'reused');
  await mkdir(path);
  await writeFile(join(path, 'genauth.pid'), `${process.ppid}\n`);
  await using directory = await openDataDirectory(path, { log });
  expect(directory.path).toBe(path);
});

test('goes to exactly one of several servers started at the same moment', async () => {
  const path = join(root, 'raced');
  const holders = await Promise.all(Array.from({ length: 5 }, () => startHolder(path)));
  const winners = holders.filter(({ words }) => words === 'held');
  expect(winners).toHaveLength(1);
  for (const { words } of holders) {
    if (words !== 'held') expect(words).toContain(`process id ${winners[0]?.child.pid}`);
  }
});

test('says so when the path cannot be a directory', async () => {
  const path = join(root, 'file');
  await writeFile(path, '');
  await expect(openDataDirectory(join(path, 'data'), { log })).rejects.toThrow(DataDirectoryUnusable);
});
