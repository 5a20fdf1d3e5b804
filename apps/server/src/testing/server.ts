import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { inject } from 'vitest';
import { type Composition, compose } from '../compose.ts';
import { createUserPool } from '../modules/user-pools/index.ts';
import { type Connection, type Database, openDatabase } from '../platform/database/database.ts';
import { newId, newSecret } from '../platform/ids.ts';
import { openLog } from '../platform/log.ts';
import { createSeal, type Seal } from '../platform/seal.ts';

/** The instance key of test servers: all of them share one database, so they share its seals. */
export const testSeal: Seal = createSeal('00'.repeat(32));

/** A real server on loopback, beside its own view of the database. */
export interface TestServer {
  readonly origin: string;
  readonly composition: Composition;
  readonly database: Database;
  /** Reads and writes tables as their owner, past every policy. For looking, and for what no operation makes yet. */
  sql<Row extends pg.QueryResultRow>(text: string, parameters?: readonly unknown[]): Promise<Row[]>;
  /** Writes rows just as they are, past triggers and foreign keys. For copies of what is right already. */
  restore(text: string, parameters: readonly unknown[]): Promise<void>;
}

let shared: Promise<TestServer> | undefined;

/** The test server of this worker, started at its first use. */
export function testServer(): Promise<TestServer> {
  shared ??= startTestServer(inject('connection'));
  return shared;
}

/** Starts a further server on the same database, as a fleet would have it. */
export async function startTestServer(
  connection: Connection,
  {
    now = Date.now,
    allowsPasswordHashExport = true,
    jobRetentionDays = 30,
  }: {
    readonly now?: () => number;
    readonly allowsPasswordHashExport?: boolean;
    readonly jobRetentionDays?: number;
  } = {},
): Promise<TestServer> {
  const database = openDatabase(connection, { size: 10 });
  const composition = await compose({
    database,
    seal: testSeal,
    log: openLog('error'),
    now,
    checkAnswers: true,
    allowsPasswordHashExport,
    jobRetentionDays,
    // All tests call from one address.
    publicRequestsPerSecond: 100_000,
  });
  await composition.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = composition.app.server.address() as AddressInfo;
  const owner = new pg.Pool({ ...connection, max: 2, options: '-c timezone=UTC' });
  const restorer = new pg.Pool({
    ...connection,
    max: 1,
    options: '-c timezone=UTC -c session_replication_role=replica',
  });
  return {
    origin: `http://127.0.0.1:${port}`,
    composition,
    database,
    sql: async (text, parameters = []) => (await owner.query(text, [...parameters])).rows,
    restore: async (text, parameters) => {
      await restorer.query(text, [...parameters]);
    },
  };
}

/** Any answer of the API. */
export interface Answer {
  readonly statusCode: number;
  readonly message: string;
  readonly apiCode?: number;
  readonly requestId: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read payloads of every operation
  readonly data?: any;
}

type Input = Readonly<Record<string, unknown>>;

/** Does now what the server does now and then. */
export async function doUpkeep({ composition }: TestServer, name: string): Promise<void> {
  const task = composition.upkeep.find((one) => one.name === name);
  if (task === undefined) throw new Error(`no upkeep task ${name}`);
  await task.run();
}

/** A user pool made for one test. */
export interface TestUserPool {
  readonly id: string;
  readonly secret: string;
  readonly server: TestServer;
  /** A management token of the pool's own key, bought once. */
  token(): Promise<string>;
  /** Calls an operation by name with a management token and answers the envelope. */
  call(operation: string, input?: Input, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** The same, for what a test needs but is not about: throws unless it succeeds, and answers the payload. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read payloads of every operation
  do(operation: string, input?: Input): Promise<any>;
  /** Rows of a table that belong to this pool. */
  rows<Row extends pg.QueryResultRow>(table: string): Promise<Row[]>;
  /** What commands announced in this pool, in order. */
  // biome-ignore lint/suspicious/noExplicitAny: event data of every kind
  events(): Promise<{ name: string; webhook: string | null; topic: string | null; data: any }[]>;
  /** Audit rows of this pool, in order. */
  // biome-ignore lint/suspicious/noExplicitAny: columns of every kind
  audits(): Promise<any[]>;
}

/** Makes a user pool of its own for a test. Its rate limit is out of the way unless the test is about it. */
export async function testUserPool({
  rateLimitPerSecond = 100_000,
  server: chosen,
}: {
  readonly rateLimitPerSecond?: number;
  readonly server?: TestServer;
} = {}): Promise<TestUserPool> {
  const server = chosen ?? (await testServer());
  const id = newId();
  const secret = newSecret();
  await server.database.acrossUserPools((across) => createUserPool(across, testSeal, { id, name: 'test', secret }));
  await server.sql('update user_pools set rate_limit_per_second = $2 where user_pool_id = $1', [
    id,
    rateLimitPerSecond,
  ]);

  let bought: Promise<string> | undefined;
  const token = () => (bought ??= managementToken(server.origin, id, secret));
  const call: TestUserPool['call'] = async (operation, input = {}, headers = {}) => {
    return callOperation(server, operation, input, { authorization: `Bearer ${await token()}`, ...headers });
  };
  return {
    id,
    secret,
    server,
    token,
    call,
    async do(operation, input) {
      const answer = await call(operation, input);
      if (answer.statusCode !== 200) throw new Error(`${operation}: ${JSON.stringify(answer)}`);
      return answer.data;
    },
    // In one order: left to itself, PostgreSQL changes it with its plans.
    rows: (table) => server.sql(`select * from ${table} where user_pool_id = $1 order by ${table}::text`, [id]),
    events: () =>
      server.sql('select name, webhook, topic, data from outbox_events where user_pool_id = $1 order by id', [id]),
    audits: () => server.sql('select * from audit_logs where user_pool_id = $1 order by id', [id]),
  };
}

/** Buys a management token. */
export async function managementToken(origin: string, accessKeyId: string, accessKeySecret: string): Promise<string> {
  const response = await fetch(`${origin}/api/v3/get-management-token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ accessKeyId, accessKeySecret }),
  });
  const answer = (await response.json()) as Answer;
  if (answer.statusCode !== 200) throw new Error(`no management token: ${JSON.stringify(answer)}`);
  return answer.data.access_token;
}

/** Calls an operation by its name over HTTP. */
export async function callOperation(
  server: TestServer,
  name: string,
  input: Input,
  headers: Readonly<Record<string, string>>,
): Promise<Answer> {
  const { operation } = requireOperation(server, name);
  const isQuery = operation.method === 'GET';
  const response = await fetch(`${server.origin}${operation.path}${isQuery ? toQuery(input) : ''}`, {
    method: operation.method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(isQuery ? {} : { body: JSON.stringify(input) }),
  });
  return (await response.json()) as Answer;
}

/** The operation of that name. */
export function requireOperation(server: TestServer, name: string) {
  for (const module of server.composition.modules) {
    const found = module.operations.find((one) => one.name === name);
    if (found !== undefined) return found;
  }
  throw new Error(`no operation ${name}`);
}

/** A query as Node's SDK writes it. */
function toQuery(input: Input): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(input)) {
    if (Array.isArray(value)) for (const one of value) parameters.append(`${name}[]`, String(one));
    else if (value !== undefined && value !== null) parameters.append(name, String(value));
  }
  return `?${parameters}`;
}
