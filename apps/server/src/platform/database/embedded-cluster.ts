import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Log } from '../log.ts';
import { type PostgresAccount, postgresEnvironment } from './embedded-account.ts';
import { type EmbeddedBinaries, EmbeddedPostgresError } from './embedded-binaries.ts';

/** The superuser of a cluster made here. */
export const superuser = 'postgres';

const unfinished = 'postgres.new-';

interface Preparation {
  readonly dataDirectory: string;
  readonly clusterDirectory: string;
  readonly binaries: EmbeddedBinaries;
  readonly account: PostgresAccount;
  readonly log: Log;
  readonly progress: (message: string) => void;
}

/**
 * Leaves a cluster in `clusterDirectory` that PostgreSQL can be started on: the one that is there, or a new one.
 * A cluster gets its name when it is complete and on disk, so a start that was interrupted leaves only a name to remove.
 */
export async function prepareCluster(preparation: Preparation): Promise<void> {
  await removeUnfinished(preparation);
  await setAsideWhatNeverWasACluster(preparation);
  if (await exists(preparation.clusterDirectory)) await adoptFiles(preparation);
  else await makeCluster(preparation);
}

async function removeUnfinished({ dataDirectory, log }: Preparation): Promise<void> {
  for (const name of await readdir(dataDirectory)) {
    if (!name.startsWith(unfinished)) continue;
    const path = join(dataDirectory, name);
    log.info({ path }, 'removing a database cluster whose making was interrupted');
    await rm(path, { recursive: true, force: true, maxRetries: 3 }).catch((error: unknown) => {
      // Its initdb may still be at work. The next start tries again; nothing depends on it.
      log.warn({ path, error: String(error) }, 'cannot remove an unfinished database cluster');
    });
  }
}

/**
 * Without `global/pg_control` and any database below `base` nothing was ever stored here: somebody made the directory,
 * or stopped an initdb of his own. Anything more is data, and PostgreSQL shall say what is wrong with it.
 */
async function setAsideWhatNeverWasACluster({ clusterDirectory, log }: Preparation): Promise<void> {
  if (!(await exists(clusterDirectory))) return;
  if (await exists(join(clusterDirectory, 'global', 'pg_control'))) return;
  const databases = await readdir(join(clusterDirectory, 'base')).catch(() => []);
  if (databases.length > 0) return;
  const aside = `${clusterDirectory}.incomplete-${randomBytes(4).toString('hex')}`;
  await rename(clusterDirectory, aside);
  log.warn(
    { path: clusterDirectory, aside },
    'set aside a directory that is no database cluster, and making a new one',
  );
}

/** Makes files right that came back from a backup: PostgreSQL accepts neither another owner nor open permissions. */
async function adoptFiles({ clusterDirectory, account, log }: Preparation): Promise<void> {
  const { uid, mode } = await stat(clusterDirectory);
  const { owner } = account;
  if (owner !== undefined && uid !== owner.uid) {
    log.info({ path: clusterDirectory, uid: owner.uid }, 'giving the database files to the user PostgreSQL runs as');
    await promisify(execFile)('chown', ['-R', '-h', '--', `${owner.uid}:${owner.gid}`, clusterDirectory]);
  }
  if (owner === undefined && uid !== process.getuid?.()) {
    throw new EmbeddedPostgresError(
      `${clusterDirectory} belongs to user ${uid}. Start GenAuth as that user or as root, or change the owner.`,
    );
  }
  if ((mode & 0o027) !== 0) await chmod(clusterDirectory, 0o700);
}

async function makeCluster(preparation: Preparation): Promise<void> {
  const { dataDirectory, clusterDirectory, binaries, account, progress } = preparation;
  progress('Creating the database');
  const path = join(dataDirectory, `${unfinished}${randomBytes(4).toString('hex')}`);
  await mkdir(path, { mode: 0o700 });
  if (account.owner !== undefined) await chown(path, account.owner.uid, account.owner.gid);
  // Left to itself, initdb ends with flushing all files to disk; doing it later in one pass measured no better.
  const [file, parameters] = account.command(binaries.initdb, [
    `--pgdata=${path}`,
    `--username=${superuser}`,
    '--auth-local=trust', // the socket's directory lets nobody in
    '--auth-host=reject',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin', // sorts alike on every machine, whatever its C library
    '--builtin-locale=C.UTF-8',
    '--data-checksums',
    '--no-instructions',
    // Given, they are not found out by starting PostgreSQL several times.
    '--set=max_connections=60',
    '--set=shared_buffers=128MB',
  ]);
  try {
    await promisify(execFile)(file, parameters, { cwd: '/', env: postgresEnvironment });
  } catch (error) {
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
    throw new EmbeddedPostgresError(`The database cannot be created in ${dataDirectory}. ${reasonOf(error)}`, {
      cause: error,
    });
  }
  await rename(path, clusterDirectory);
  const directory = await open(dataDirectory);
  await directory.sync();
  await directory.close();
}

function reasonOf(error: unknown): string {
  const output = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
  return output === '' ? String(error) : output;
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    // Any other trouble is not absence, and must not lead to a new cluster beside an old one.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}
