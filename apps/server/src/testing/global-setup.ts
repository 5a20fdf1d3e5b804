import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { openDataDirectory } from '../platform/data-directory.ts';
import { startEmbeddedPostgres } from '../platform/database/embedded.ts';
import { migrate } from '../platform/database/migrate.ts';
import { openLog } from '../platform/log.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    connection: { host: string; port: number; user: string; database: string };
  }
}

/** One PostgreSQL for the whole run, migrated once; every test makes a user pool of its own in it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const log = openLog('error');
  const path = await mkdtemp(join(tmpdir(), 'genauth-test-'));
  const directory = await openDataDirectory(path, { log });
  const postgres = await startEmbeddedPostgres({ directory, log });
  await migrate(postgres.connection, log);
  project.provide('connection', postgres.connection);
  return async () => {
    await postgres.stop();
    await directory.release();
    await rm(path, { recursive: true, force: true });
  };
}
