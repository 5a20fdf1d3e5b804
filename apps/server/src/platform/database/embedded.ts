import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, rm } from 'node:fs/promises';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { DataDirectory } from '../data-directory.ts';
import type { Log } from '../log.ts';
import { choosePostgresAccount, type PostgresAccount, postgresEnvironment } from './embedded-account.ts';
import {
  type EmbeddedBinaries,
  EmbeddedPostgresError,
  findEmbeddedBinaries,
  useAnotherDatabase,
} from './embedded-binaries.ts';
import { prepareCluster, superuser } from './embedded-cluster.ts';
import { type PostgresOutput, readPostgresOutput } from './embedded-output.ts';
import { endPredecessor } from './embedded-predecessor.ts';

export { EmbeddedPostgresError } from './embedded-binaries.ts';

/** The PostgreSQL inside the data directory, running as a child of this process. */
export interface EmbeddedPostgres extends AsyncDisposable {
  /** How its superuser reaches it. `host` is the directory of its socket; it listens on no network. */
  readonly connection: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly database: string;
  };
  readonly pid: number;
  /** Settles when it has ended, asked for or not. */
  readonly exited: Promise<PostgresExit>;
  /** Ends open transactions, writes everything to disk and stops. Can be called again. */
  stop(): Promise<void>;
}

/** How PostgreSQL ended. */
export interface PostgresExit {
  /** By `stop()`. Otherwise the server has lost its database and should say so and end too. */
  readonly requested: boolean;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** One sentence for the log. */
  readonly description: string;
}

interface StartOptions {
  readonly directory: DataDirectory;
  readonly log: Log;
  /** Told what takes a moment, for people who wait. */
  readonly progress?: (message: string) => void;
  /** Others than those npm installed for this machine. */
  readonly binaries?: EmbeddedBinaries;
}

const port = 5432;
const database = 'genauth';

const settings = {
  port,
  listen_addresses: '',
  unix_socket_permissions: '0700',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  // After each checkpoint every page is written to the log whole once more, and an import touches pages everywhere. So
  // checkpoints are rare, and pages not compressed: the only method these binaries have takes longer than to write them.
  wal_compression: 'off',
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
  max_connections: 60,
  shared_buffers: `${sharedBuffersMegabytes()}MB`,
  // Three processes less than `worker`, which measured a quarter slower on what the system has in its cache.
  io_method: 'sync',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_destination: 'stderr',
  logging_collector: 'off',
  log_line_prefix: '%e ',
  // Failed statements are the application's to report; their text and details can hold personal data.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
  // A statement whose server was killed ends soon, too, and does not keep the next start waiting.
  client_connection_check_interval: '2s',
} as const;

/** A quarter of the machine, as PostgreSQL's own documentation has it, within bounds; only what is used takes memory. */
function sharedBuffersMegabytes(): number {
  const quarter = Math.floor(totalmem() / 4 / 1024 / 1024);
  return Math.max(128, Math.min(1024, quarter));
}

/** Starts PostgreSQL in the data directory, which is made ready at the first start, and waits until it answers. */
export async function startEmbeddedPostgres(options: StartOptions): Promise<EmbeddedPostgres> {
  const { directory, log, progress = () => {} } = options;
  const binaries = options.binaries ?? (await findEmbeddedBinaries());
  const dataDirectory = directory.path;
  const clusterDirectory = join(dataDirectory, 'postgres');
  const account = await choosePostgresAccount(clusterDirectory);
  await prepareCluster({ dataDirectory, clusterDirectory, binaries, account, log, progress });

  const deadline = performance.now() + 20_000;
  for (;;) {
    const environment = await endPredecessor(clusterDirectory, log);
    const socketDirectory = await makeSocketDirectory(dataDirectory);
    const child = launch({ clusterDirectory, socketDirectory, binaries, account, environment, log });
    try {
      await waitUntilReady(child, progress);
      return child;
    } catch (error) {
      await child.stop();
      if (!isHeldByDyingPredecessor(child.output) || performance.now() > deadline) throw error;
      log.warn({}, 'waiting for what a killed PostgreSQL left running');
      await sleep(100);
    }
  }
}

/**
 * The main process was killed but one of its connections has not noticed yet, or it was still so young that it had not
 * written its process id. Both end by waiting.
 */
function isHeldByDyingPredecessor(output: PostgresOutput): boolean {
  return /pre-existing shared memory block|lock file "postmaster.pid" already exists/.test(output.recent());
}

/** The socket's directory. It lets in the server's user alone, which is all the authentication there is. */
async function makeSocketDirectory(dataDirectory: string): Promise<string> {
  const inside = join(dataDirectory, 'run');
  const path = isShortEnough(inside) ? inside : nameOutside(dataDirectory);
  await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const found = await lstat(path);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) {
    throw new EmbeddedPostgresError(`${path} is needed for PostgreSQL's socket, but is not a directory of this user.`);
  }
  if ((found.mode & 0o077) !== 0) await chmod(path, 0o700);
  // Left by a PostgreSQL that was killed; the one it belonged to is gone.
  await rm(join(path, `.s.PGSQL.${port}`), { force: true });
  await rm(join(path, `.s.PGSQL.${port}.lock`), { force: true });
  return path;
}

/** A socket's path has room for 108 bytes on Linux and 104 on macOS, the closing zero included (unix(7)). */
function isShortEnough(directory: string): boolean {
  return Buffer.byteLength(join(directory, `.s.PGSQL.${port}`)) < 104;
}

function nameOutside(dataDirectory: string): string {
  const name = createHash('sha256').update(dataDirectory).digest('hex').slice(0, 16);
  return join(tmpdir(), `genauth-${process.getuid?.()}-${name}`);
}

interface Launch {
  readonly clusterDirectory: string;
  readonly socketDirectory: string;
  readonly binaries: EmbeddedBinaries;
  readonly account: PostgresAccount;
  readonly environment: Readonly<Record<string, string>>;
  readonly log: Log;
}

interface PostgresProcess extends EmbeddedPostgres {
  readonly output: PostgresOutput;
}

function launch({ clusterDirectory, socketDirectory, binaries, account, environment, log }: Launch): PostgresProcess {
  const all = { ...settings, unix_socket_directories: `"${socketDirectory.replaceAll('"', '""')}"` };
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const [file, parameters] = account.command(binaries.postgres, ['-D', clusterDirectory, ...flags]);
  const child = spawn(file, parameters, {
    cwd: '/',
    env: { ...postgresEnvironment, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
    // A process group of its own: Ctrl-C in a terminal is for the server, which finishes its requests first.
    detached: true,
  });
  const output = readPostgresOutput(child.stderr, log);

  let requested = false;
  const exited = new Promise<PostgresExit>((resolve) => {
    child.once('error', (error) => {
      // When it could not be started there will be no `exit`. Later errors concern signals.
      if (child.pid !== undefined) return;
      const description = `PostgreSQL cannot be started on this machine (${error.message}). ${useAnotherDatabase}`;
      resolve({ requested, code: null, signal: null, description });
    });
    child.once('exit', (code, signal) => {
      const settle = () => {
        const how = signal === null ? `with code ${code}` : `by signal ${signal}`;
        const words = output.lastComplaint();
        const description = `PostgreSQL ended ${how}${words === '' ? '' : `: ${words}`}`;
        resolve({ requested, code, signal, description });
      };
      // Its last words may still be on their way. When it was killed, its connections hold the pipe open a while longer.
      const patience = setTimeout(settle, 200);
      child.once('close', () => {
        clearTimeout(patience);
        settle();
      });
    });
  });

  // When the server leaves by an uncaught error there is no time for `stop`; the signal alone does as well.
  const interrupt = () => child.kill('SIGINT');
  process.once('exit', interrupt);
  void exited.then(() => process.removeListener('exit', interrupt));

  const shutDown = async () => {
    requested = true;
    output.quiet();
    // Fast (end transactions, checkpoint), immediate (the next start recovers), none.
    const stages = [
      ['SIGINT', 30_000],
      ['SIGQUIT', 10_000],
      ['SIGKILL', 5_000],
    ] as const;
    for (const [signal, patienceMilliseconds] of stages) {
      child.kill(signal);
      const patience = new AbortController();
      const timeout = sleep(patienceMilliseconds, 'timeout', { signal: patience.signal }).catch(() => 'aborted');
      const first = await Promise.race([exited, timeout]);
      patience.abort();
      if (first !== 'timeout') return;
      log.warn({ signal, patienceMilliseconds }, 'PostgreSQL does not stop');
    }
  };
  let stopping: Promise<void> | undefined;
  const stop = () => (stopping ??= shutDown());

  return {
    connection: { host: socketDirectory, port, user: superuser, database },
    // 0 is nobody's: without a process `exited` has settled already, and it is never handed out.
    pid: child.pid ?? 0,
    exited,
    output,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Asks until it answers. It takes as long as it takes: after a crash it has its journal to replay. */
async function waitUntilReady(postgres: PostgresProcess, progress: (message: string) => void): Promise<void> {
  const started = performance.now();
  let announced = false;
  for (;;) {
    const outcome = await Promise.race([tryConnection(postgres), postgres.exited]);
    if (typeof outcome === 'object') throw new EmbeddedPostgresError(outcome.description);
    if (outcome === 'ready') break;
    if (!announced && performance.now() - started > 2_000) {
      announced = true;
      progress('PostgreSQL recovers from an interruption');
    }
    await sleep(outcome === 'starting' ? 10 : 3);
  }
  postgres.output.ready();
}

/** `absent`: nobody listens yet. `starting`: it listens and asks for patience. */
async function tryConnection({ connection }: EmbeddedPostgres): Promise<'absent' | 'starting' | 'ready'> {
  try {
    await query(connection, 'select');
    return 'ready';
  } catch (error) {
    switch (error instanceof Error && 'code' in error ? error.code : undefined) {
      case 'ENOENT':
      case 'ECONNREFUSED':
      case 'ECONNRESET':
      case 'EPIPE':
      case undefined: // the driver's own: the connection ended before there was an answer
        return 'absent';
      case '57P03': // cannot_connect_now
        return 'starting';
      case '3D000': // invalid_catalog_name: the first start
        // Copying files is the faster way while there is nothing else to write to disk.
        await query({ ...connection, database: 'postgres' }, `create database ${database} strategy file_copy`);
        return 'starting';
      default:
        throw error;
    }
  }
}

async function query(connection: EmbeddedPostgres['connection'], sql: string): Promise<void> {
  const client = new pg.Client(connection);
  // It may be cut off after it answered; that is not news, and must not end the process.
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query(sql);
  } finally {
    await client.end();
  }
}
