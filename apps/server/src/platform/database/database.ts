import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';

/**
 * The tables, by name. Each store adds its own by declaration merging, so that the platform knows none of them.
 */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the stores
export interface Tables {}

declare const scoped: unique symbol;

/** The connection of a transaction. For `statement` alone: what goes past it would go past the types. */
const clientOf: unique symbol = Symbol('client');

/**
 * A transaction inside one user pool. Only `withUserPool` makes one, and stores accept nothing else, so a query that
 * forgets its pool does not compile; row-level security refuses what compiles all the same.
 */
export interface Scope {
  readonly userPoolId: string;
  readonly db: Kysely<Tables>;
  readonly [clientOf]: Pick<pg.PoolClient, 'query'>;
  readonly [scoped]: 'user pool';
}

/** A transaction that sees every user pool. For start-up, credentials look-up and upkeep only. */
export interface AcrossUserPools {
  readonly db: Kysely<Tables>;
  readonly [clientOf]: Pick<pg.PoolClient, 'query'>;
  readonly [scoped]: 'across';
}

/** How to reach PostgreSQL: a connection string, or the socket of the embedded one. */
export type Connection =
  | { readonly connectionString: string }
  | { readonly host: string; readonly port: number; readonly user: string; readonly database: string };

/** The role requests run as: it owns no table and bypasses nothing. */
export const applicationRole = 'genauth_app';

const sessionSettings = {
  role: applicationRole,
  timezone: 'UTC',
  datestyle: 'ISO',
  statement_timeout: '60s',
  idle_in_transaction_session_timeout: '120s',
  // A statement made by `statement` is written for one plan, which is made once. Left to itself, PostgreSQL would plan the
  // larger ones again at every call, which takes longer than to run them.
  plan_cache_mode: 'force_generic_plan',
  // Statements are short; those that are planned as expensive and are not would wait for a compiler.
  jit: 'off',
  // New rows that wait for their place in an index of words are read to their end by every search: so many take a quarter of a
  // millisecond. Who adds thousands at a time allows himself more.
  gin_pending_list_limit: '256kB',
} as const;

/** The role of the loudly named door. */
const acrossRole = 'genauth_across_user_pools';

/** The database as the application sees it. */
export interface Database {
  /** Runs `work` in one transaction that sees one user pool. Read-only unless asked for otherwise. */
  withUserPool<Result>(
    userPoolId: string,
    mode: 'read' | 'write',
    work: (scope: Scope) => Promise<Result>,
  ): Promise<Result>;
  /** Runs `work` in one transaction that sees every user pool. */
  acrossUserPools<Result>(work: (scope: AcrossUserPools) => Promise<Result>): Promise<Result>;
  /** Opens a connection of its own, for `listen`. */
  connect(): Promise<pg.Client>;
  /** Connections in the pool: all, idle, and requests waiting for one. */
  connections(): { readonly total: number; readonly idle: number; readonly waiting: number };
  close(): Promise<void>;
}

/** Timestamps leave the database as they leave the server: ISO 8601, UTC, milliseconds. */
function toIsoTimestamp(text: string): string {
  // PostgreSQL drops trailing zeros of the fraction: `2026-11-22 23:55:00.1+00`.
  const fraction = text.charCodeAt(19) === 46 ? text.slice(20, text.indexOf('+', 20)) : '';
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${fraction.slice(0, 3).padEnd(3, '0')}Z`;
}

const parsers = new Map<number, (text: string) => unknown>([
  [pg.types.builtins.TIMESTAMPTZ, toIsoTimestamp],
  [pg.types.builtins.INT8, Number],
  [pg.types.builtins.DATE, (text) => text],
]);

const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    parsers.get(oid) ?? (format === 'binary' ? pg.types.getTypeParser(oid, 'binary') : pg.types.getTypeParser(oid)),
};

/** Texts made by `statement`, with the names they are prepared under on every connection. */
const prepared = new Map<string, string>();

/**
 * One SQL statement, prepared once per connection. Named for the question it answers; parameters are positional.
 *
 * @example const namesOf = statement<{ name: string }, [ids: readonly string[]]>(`select name from ... where id = any($1)`);
 */
export function statement<Row, Parameters extends readonly unknown[]>(text: string) {
  const compact = text.replace(/\s+/g, ' ').trim();
  const name = prepared.get(compact) ?? `s${prepared.size}`;
  prepared.set(compact, name);
  // Straight to the connection: a query builder in between costs a tenth of the CPU of a small request.
  return async (scope: Scope | AcrossUserPools, ...parameters: Parameters): Promise<Row[]> => {
    try {
      const { rows } = await scope[clientOf].query({ name, text: compact, values: [...parameters] });
      return rows;
    } catch (error) {
      // PostgreSQL's answer knows nothing of who asked.
      if (error instanceof Error) error.stack += `\n${new Error('asked').stack?.split('\n').slice(1).join('\n')}`;
      throw error;
    }
  };
}

/** Opens the connection pool. */
export function openDatabase(connection: Connection, { size = 20 }: { readonly size?: number } = {}): Database {
  const options = Object.entries(sessionSettings)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');
  const settings = {
    ...withOptions(connection, options),
    // Sent at connection start: no round trip, and no connection is ever handed out before it.
    options,
    types,
    // A link that died without a word is noticed: a listening connection never speaks first.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
  const pool = new pg.Pool({ ...settings, max: size, idleTimeoutMillis: 60_000, connectionTimeoutMillis: 10_000 });
  // An idle connection that breaks is replaced at its next use; without a listener it would end the process.
  pool.on('error', () => {});
  /** `scope` is what the transaction is, but for its connection. */
  const transaction = async <S extends Scope | AcrossUserPools, Result>(
    begin: string,
    scope: Omit<NoInfer<S>, 'db' | typeof clientOf | typeof scoped>,
    work: (scope: S) => Promise<Result>,
  ): Promise<Result> => {
    const client = await pool.connect();
    try {
      await client.query(begin);
      const opened = {
        ...scope,
        [clientOf]: client,
        get db() {
          return builderOf(client);
        },
      };
      const result = await work(opened as unknown as S);
      await client.query('commit');
      return result;
    } catch (error) {
      // When the connection itself is gone there is nothing left to roll back; the first error is the one that counts.
      await client.query('rollback').catch(() => {});
      throw error;
    } finally {
      client.release();
    }
  };

  return {
    withUserPool(userPoolId, mode, work) {
      // Goes into the statement's text, because the simple protocol has no parameters; so it must be an id, nothing else.
      if (!/^[0-9a-f]{24}$/.test(userPoolId)) throw new Error('not a user pool id');
      // The role once more: a pooler in between may have dropped the one of the connection, and with it all isolation.
      const begin = `begin${mode === 'read' ? ' read only' : ''}; set local role ${applicationRole}; set local genauth.user_pool_id = '${userPoolId}'`;
      return transaction(begin, { userPoolId }, work);
    },
    acrossUserPools(work) {
      const begin = `begin; set local role ${acrossRole}`;
      return transaction(begin, {}, work);
    },
    async connect() {
      const client = new pg.Client(settings);
      await client.connect();
      return client;
    },
    connections: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    close: () => pool.end(),
  };
}

/** Settings in a connection string would replace ours whole; here they come first, and ours win. */
function withOptions(connection: Connection, options: string): Connection {
  if (!('connectionString' in connection)) return connection;
  const url = new URL(connection.connectionString);
  const given = url.searchParams.get('options');
  if (given === null) return connection;
  url.searchParams.set('options', `${given} ${options}`);
  return { connectionString: url.href };
}

const builders = new WeakMap<pg.PoolClient, Kysely<Tables>>();

/** The query builder on one connection, for statements that are made for one request. */
function builderOf(client: pg.PoolClient): Kysely<Tables> {
  let builder = builders.get(client);
  if (builder === undefined) {
    const only = unprepared(client) as never;
    const pool = { connect: async () => only, end: async () => {}, options: {} };
    builders.set(client, (builder = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })));
  }
  return builder;
}

/** Sends statements that are not known beforehand. The connection is the transaction's, which gives it back itself. */
function unprepared(client: pg.PoolClient) {
  return {
    query: (text: string, values: readonly unknown[]) => {
      if (typeof text !== 'string') return client.query(text);
      // Without parameters the simple protocol is used, which takes several statements in one round trip.
      if (values.length === 0) return client.query(text);
      // A statement made for one request is planned for that request's values. Sent ahead, not waited for.
      client.query('set local plan_cache_mode = force_custom_plan').catch(() => {});
      return client.query(text, values as unknown[]);
    },
    release: () => {},
  };
}

const ping = statement<{ one: number }, []>(`select 1 as one`);

/** Whether the database answers right now. */
export function isDatabaseReady(database: Database): Promise<boolean> {
  return database.acrossUserPools(ping).then(
    () => true,
    () => false,
  );
}
