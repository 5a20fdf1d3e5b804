import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Log } from '../log.ts';
import { EmbeddedPostgresError } from './embedded-binaries.ts';

/**
 * Ends a PostgreSQL that outlived its server. Returns what the next one has to be told in its environment.
 *
 * A server that is killed leaves its PostgreSQL running. It is stopped and not adopted: its log goes to a closed pipe,
 * nobody is told when it ends, and its settings may be another version's. A fast shutdown keeps what was committed,
 * and what was not was acknowledged to nobody.
 *
 * A process id in `postmaster.pid` that now belongs to another program is the other case. PostgreSQL sees a living
 * process and refuses to start. Deleting the file, as is often advised, would also delete the note by which PostgreSQL
 * notices that connections of the dead one are still at work on the files. `PG_GRANDPARENT_PID` is how pg_ctl says
 * "that process id is no PostgreSQL"; the note stays.
 */
export async function endPredecessor(clusterDirectory: string, log: Log): Promise<Readonly<Record<string, string>>> {
  const pid = await readPid(clusterDirectory);
  if (pid === undefined) return {};
  const isRunning = () => isPostgresOf(pid, clusterDirectory);
  if (!(await isRunning())) return { PG_GRANDPARENT_PID: String(pid) };

  log.warn({ pid }, 'stopping the PostgreSQL that a killed server left running');
  const stages = [
    ['SIGINT', 30_000],
    ['SIGQUIT', 10_000],
  ] as const;
  for (const [signal, patienceMilliseconds] of stages) {
    signalIfThere(pid, signal);
    const deadline = performance.now() + patienceMilliseconds;
    while (performance.now() < deadline) {
      if (!(await isRunning())) return {};
      await sleep(10);
    }
  }
  // Not SIGKILL: its connections would live on and work on the files while a new PostgreSQL recovers them.
  throw new EmbeddedPostgresError(
    `The PostgreSQL with process id ${pid} works in ${clusterDirectory} and does not stop.`,
  );
}

async function readPid(clusterDirectory: string): Promise<number | undefined> {
  const text = await readFile(join(clusterDirectory, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  return pid > 0 ? pid : undefined;
}

/** Whether the process is a PostgreSQL of ours: told by its command line, which only its main process keeps. */
async function isPostgresOf(pid: number, clusterDirectory: string): Promise<boolean> {
  const [program, ...parameters] = await readCommandLine(pid);
  return program !== undefined && basename(program) === 'postgres' && parameters.includes(clusterDirectory);
}

/** Empty when the process is gone, or dead and not yet fetched by its parent. */
async function readCommandLine(pid: number): Promise<readonly string[]> {
  if (process.platform === 'linux') {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return text === '' ? [] : text.split('\0');
  }
  const { stdout } = await promisify(execFile)('ps', ['-ww', '-o', 'command=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }));
  // One line, blanks in paths included: cut where PostgreSQL is started with `-D <directory> -c ...`.
  const [, program, directory] = /^(.*?) -D (.*?) -c /.exec(stdout) ?? [];
  return program === undefined || directory === undefined ? [] : [program, directory];
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return;
    throw new EmbeddedPostgresError(
      `A PostgreSQL that a killed server left running (process id ${pid}) cannot be stopped by this user. Stop it first.`,
      { cause: error },
    );
  }
}
