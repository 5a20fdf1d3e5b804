import { randomBytes } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { compose } from './compose.ts';
import { createFirstOrganization } from './modules/organizations/index.ts';
import { createUserPool, isAnyUserPool } from './modules/user-pools/index.ts';
import { fillMissingTexts } from './modules/user-texts/index.ts';
import type { Configuration } from './platform/configuration.ts';
import { ConfigurationError } from './platform/configuration.ts';
import { type DataDirectory, openDataDirectory } from './platform/data-directory.ts';
import { type Connection, type Database, openDatabase } from './platform/database/database.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './platform/database/embedded.ts';
import { migrate } from './platform/database/migrate.ts';
import { newId, newSecret } from './platform/ids.ts';
import type { Log } from './platform/log.ts';
import { createSeal, type Seal } from './platform/seal.ts';

/** The first user pool, as written to `bootstrap.json` and shown at the first start. */
export interface Bootstrap {
  readonly origin: string;
  readonly userPoolId: string;
  readonly userPoolSecret: string;
}

/** A server that answers. */
export interface RunningServer {
  readonly origin: string;
  /** There when this start made the first user pool. */
  readonly bootstrap: Bootstrap | undefined;
  /** Settles with a sentence when the server cannot go on, for instance because PostgreSQL ended. */
  readonly failed: Promise<string>;
  /** Finishes running requests, then stops everything, PostgreSQL last. */
  stop(): Promise<void>;
}

/** Starts everything, in order; when a step fails, what was started is stopped again. */
export async function startServer(
  configuration: Configuration,
  log: Log,
  progress: (message: string) => void = () => {},
): Promise<RunningServer> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (let next = stops.pop(); next !== undefined; next = stops.pop()) await next();
  };
  try {
    const directory = await openDataDirectory(configuration.dataDirectory, { log });
    stops.push(() => directory.release());
    const seal = createSeal(configuration.masterKey ?? (await readOrMakeMasterKey(directory, configuration)));

    const { connection, postgres } = await reachPostgres(configuration, directory, log, progress);
    if (postgres !== undefined) stops.push(() => postgres.stop());
    await migrate(connection, log, progress);
    const database = openDatabase(connection);
    stops.push(() => database.close());
    await fillMissingTexts(database, seal, progress);

    const { trustedProxies, passwordHashCost, publicIps, allowsPasswordHashExport, jobRetentionDays } = configuration;
    const settings = { trustedProxies, passwordHashCost, publicIps, allowsPasswordHashExport, jobRetentionDays };
    const composition = await compose({ database, seal, log, ...settings });
    stops.push(() => composition.close());
    const origin = await composition.app.listen({ host: configuration.host, port: configuration.port });
    const bootstrap = await makeFirstUserPool(database, seal, directory, configuration, origin);
    return {
      origin,
      bootstrap,
      failed: new Promise((resolve) => {
        postgres?.exited.then((exit) => {
          if (!exit.requested) resolve(exit.description);
        });
      }),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function reachPostgres(
  configuration: Configuration,
  directory: DataDirectory,
  log: Log,
  progress: (message: string) => void,
): Promise<{ connection: Connection; postgres: EmbeddedPostgres | undefined }> {
  if (configuration.databaseUrl !== undefined) {
    return { connection: { connectionString: configuration.databaseUrl }, postgres: undefined };
  }
  const postgres = await startEmbeddedPostgres({ directory, log, progress });
  return { connection: postgres.connection, postgres };
}

/** Without a configured key, one is made at the first start. Whoever loses the file loses every sealed secret. */
async function readOrMakeMasterKey(directory: DataDirectory, { databaseUrl }: Configuration): Promise<string> {
  const path = join(directory.path, 'master.key');
  const known = await readOptional(path);
  if (known === undefined) {
    const made = randomBytes(32).toString('hex');
    await writeSecretFile(path, `${made}\n`);
    return made;
  }
  if (!/^[0-9a-f]{64}$/.test(known.trim())) {
    throw new ConfigurationError(
      `${path} does not hold a master key (64 hex digits). Restore it from a backup${databaseUrl === undefined ? '' : ' or set GENAUTH_MASTER_KEY'}.`,
    );
  }
  return known.trim();
}

/**
 * Makes the root user pool in a database that has none. The file is written before the pool, so that a start that is
 * killed in between makes the pool of that file next time and nobody is left with a pool whose secret is unknown.
 */
async function makeFirstUserPool(
  database: Database,
  seal: Seal,
  directory: DataDirectory,
  { rootUserPoolId, rootUserPoolSecret }: Configuration,
  origin: string,
): Promise<Bootstrap | undefined> {
  if (await database.acrossUserPools(isAnyUserPool)) return undefined;
  const path = join(directory.path, 'bootstrap.json');
  const written = await readOptional(path);
  const earlier = written === undefined ? undefined : (JSON.parse(written) as Bootstrap);
  const bootstrap = {
    origin,
    userPoolId: rootUserPoolId ?? earlier?.userPoolId ?? newId(),
    userPoolSecret: rootUserPoolSecret ?? earlier?.userPoolSecret ?? newSecret(),
  };
  await writeSecretFile(path, `${JSON.stringify(bootstrap, null, 2)}\n`);
  const isMade = await database.acrossUserPools((across) =>
    createUserPool(across, seal, { id: bootstrap.userPoolId, name: 'root', secret: bootstrap.userPoolSecret }),
  );
  if (!isMade) return undefined;
  await database.withUserPool(bootstrap.userPoolId, 'write', createFirstOrganization);
  return bootstrap;
}

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whole and on disk, or not at all. */
async function writeSecretFile(path: string, text: string): Promise<void> {
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}
