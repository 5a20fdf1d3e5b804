import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

const main = fileURLToPath(new URL('../apps/server/src/main.ts', import.meta.url));

/** A server on a data directory, in a process of its own, with its PostgreSQL. */
export interface ServerUnderTest {
  readonly origin: string;
  readonly pid: number;
  readonly postgresPid: number;
  readonly dataDirectory: string;
  /** Milliseconds from spawn to ready. */
  readonly readyAfter: number;
  /** The owner's connection. */
  readonly connection: pg.ClientConfig;
  readonly bootstrap: { readonly userPoolId: string; readonly userPoolSecret: string };
  stop(): Promise<void>;
}

/** Starts the server as `npm start` would and waits until it says that it is ready. */
export async function startServerUnderTest(dataDirectory: string): Promise<ServerUnderTest> {
  if (!existsSync(dataDirectory)) mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  const startedAt = performance.now();
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, GENAUTH_DATA_DIR: dataDirectory, GENAUTH_PORT: '0', GENAUTH_LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const origin = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk;
      const ready = /GenAuth is ready at (\S+)/.exec(output)?.[1];
      if (ready !== undefined) resolve(ready);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('exit', (code) => reject(new Error(`the server ended with ${code}: ${output}`)));
  });
  const readyAfter = performance.now() - startedAt;
  const postgresPid = Number.parseInt(readFileSync(join(dataDirectory, 'postgres', 'postmaster.pid'), 'utf8'), 10);
  return {
    origin,
    pid: child.pid ?? 0,
    postgresPid,
    dataDirectory,
    readyAfter,
    connection: { host: join(dataDirectory, 'run'), port: 5432, user: 'postgres', database: 'genauth' },
    bootstrap: JSON.parse(readFileSync(join(dataDirectory, 'bootstrap.json'), 'utf8')),
    stop: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve();
        child.once('exit', () => resolve());
        child.kill('SIGTERM');
      }),
  };
}

/** Runs statements as the owner of the tables. */
export async function asOwner<Result>(
  { connection }: Pick<ServerUnderTest, 'connection'>,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
