import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import pg from 'pg';
import type { Log } from '../log.ts';
import type { Connection } from './database.ts';

const directory = new URL('../../../migrations/', import.meta.url);

/** One lock for all servers of a database: the first migrates, the others wait and find nothing to do. */
const migrationLock = 7_446_232_771;

/** A database this server cannot use as it is. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

/**
 * Applies what is missing of `migrations/*.sql`, in order, each in a transaction of its own. Forward only: a file that
 * was applied may not change, and a database that is ahead of this server is refused.
 */
export async function migrate(
  connection: Connection,
  log: Log,
  progress: (message: string) => void = () => {},
): Promise<void> {
  const files = await readMigrations();
  const client = new pg.Client({ ...connection, options: '-c timezone=UTC -c client_min_messages=warning' });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [migrationLock]);
    await client.query(
      'create table if not exists genauth_migrations (name text primary key, checksum text not null, applied_at timestamptz not null default now())',
    );
    const { rows } = await client.query<{ name: string; checksum: string }>(
      'select name, checksum from genauth_migrations',
    );
    const applied = new Map(rows.map(({ name, checksum }) => [name, checksum]));
    refuseForeignHistory(applied, files);
    const missing = files.filter(({ name }) => !applied.has(name));
    for (const [index, { name, text, checksum }] of missing.entries()) {
      progress(`migrating the database (${index + 1}/${missing.length}) ${name}`);
      log.debug({ migration: name }, 'migrating');
      await client.query('begin');
      await client.query(text).catch((error: unknown) => {
        throw new MigrationError(`migration ${name}: ${error instanceof Error ? error.message : error}`, {
          cause: error,
        });
      });
      await client.query('insert into genauth_migrations (name, checksum) values ($1, $2)', [name, checksum]);
      await client.query('commit');
    }
  } finally {
    await client.end();
  }
}

function refuseForeignHistory(applied: ReadonlyMap<string, string>, files: readonly Migration[]): void {
  for (const [name, checksum] of applied) {
    const file = files.find((one) => one.name === name);
    if (file === undefined) {
      throw new MigrationError(
        `The database was migrated by a newer server (${name}). Start that version or a later one.`,
      );
    }
    if (file.checksum !== checksum)
      throw new MigrationError(`Migration ${name} was changed after it had been applied.`);
  }
}

interface Migration {
  readonly name: string;
  readonly text: string;
  readonly checksum: string;
}

async function readMigrations(): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(new URL(name, directory), 'utf8');
      return { name, text, checksum: createHash('sha256').update(text).digest('hex') };
    }),
  );
}
