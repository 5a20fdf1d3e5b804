import { chmod, mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './log.ts';

/** The directory one server keeps its state in. Whoever has this object is the only process that does. */
export interface DataDirectory extends AsyncDisposable {
  /** Absolute, without symbolic links. */
  readonly path: string;
  /** Gives the directory up. Call it last, when nothing writes into it any more. */
  release(): Promise<void>;
}

/** Another server works in this data directory. */
export class DataDirectoryInUse extends Error {
  override readonly name = 'DataDirectoryInUse';
  readonly path: string;
  readonly pid: number | undefined;

  constructor(path: string, pid: number | undefined) {
    const holder = pid === undefined ? 'another server' : `the server with process id ${pid}`;
    super(
      `The data directory ${path} is in use by ${holder}. ` +
        'Stop that server first, or give this one a directory of its own with GENAUTH_DATA_DIR.',
    );
    this.path = path;
    this.pid = pid;
  }
}

/** The data directory cannot be made, entered or written. */
export class DataDirectoryUnusable extends Error {
  override readonly name = 'DataDirectoryUnusable';
}

/** Locks this process holds. A `DatabaseSync` nobody refers to is collected, and would take its lock along. */
const held = new Set<DatabaseSync>();

/**
 * Makes the directory when it is missing and takes it for this process, or throws `DataDirectoryInUse`.
 *
 * A directory that is there already keeps its permissions: it may be a mount or somebody's home. What must be private
 * inside it is made private by itself.
 */
export async function openDataDirectory(wanted: string, { log }: { readonly log: Log }): Promise<DataDirectory> {
  const path = await makeDirectory(wanted);
  const lock = takeLock(path);
  if (lock === undefined) throw new DataDirectoryInUse(path, await findHolder(path));
  held.add(lock);
  const drop = () => {
    held.delete(lock);
    lock.close();
  };
  try {
    await writeFile(holderFile(path), `${process.pid}\n`, { mode: 0o600 });
  } catch (error) {
    drop();
    throw unusable(path, error);
  }
  log.debug({ path }, 'data directory taken');

  let released = false;
  const release = async () => {
    if (released) return;
    released = true;
    // In this order: without the lock the file may already be the next server's.
    await rm(holderFile(path), { force: true });
    drop();
    log.debug({ path }, 'data directory released');
  };
  return { path, release, [Symbol.asyncDispose]: release };
}

async function makeDirectory(wanted: string): Promise<string> {
  try {
    const made = await mkdir(wanted, { recursive: true, mode: 0o700 });
    const path = await realpath(wanted);
    // A permissive or odd umask has no say in this.
    if (made !== undefined) await chmod(path, 0o700);
    return path;
  } catch (error) {
    throw unusable(wanted, error);
  }
}

const lockFile = (path: string) => join(path, 'genauth.lock');
const holderFile = (path: string) => join(path, 'genauth.pid');

/**
 * Node.js has no file locks of its own, but the SQLite inside it does: an open exclusive transaction is a lock of the
 * kernel on the file. It is taken in one step, ends with the process however that ends, knows no stale state after a
 * reboot or when a process id is used again, and holds between containers that share the directory.
 *
 * The trap (fcntl(2)): it also ends when this process opens and closes the file by any other means. So nothing may
 * read it, and the holder's process id lives in a file beside it. Nor may anybody delete it, in use or not.
 */
function takeLock(path: string): DatabaseSync | undefined {
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(lockFile(path), { timeout: 0 });
    // Nothing is ever written, so there is nothing to keep a journal file for.
    lock.exec('pragma journal_mode = memory; begin exclusive');
    return lock;
  } catch (error) {
    lock?.close();
    const sqliteBusy = 5;
    if (error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy) return undefined;
    throw unusable(lockFile(path), error);
  }
}

/** The process id the holder wrote down. A holder that took the lock a moment ago gets the time to do so. */
async function findHolder(path: string): Promise<number | undefined> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const text = await readFile(holderFile(path), 'utf8').catch(() => '');
    const pid = /^\d+\n$/.test(text) ? Number.parseInt(text, 10) : undefined;
    // One that was killed leaves its file behind; the holder is alive.
    if (pid !== undefined && isAlive(pid)) return pid;
    await sleep(10);
  }
  return undefined;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It is there, but belongs to another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function unusable(path: string, error: unknown): DataDirectoryUnusable {
  const reason = error instanceof Error ? error.message : String(error);
  return new DataDirectoryUnusable(
    `The data directory cannot be used: ${path}: ${reason}. Check GENAUTH_DATA_DIR and who may write there.`,
    { cause: error },
  );
}
