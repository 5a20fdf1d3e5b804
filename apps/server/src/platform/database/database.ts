import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Sent } from './batch.ts';
import { type Link, type Opening, openLink } from './link.ts';
import { types } from './values.ts';

/**
 * The tables, by name. Each store adds its own by declaration merging, so that the platform knows none of them.
 */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the stores
export interface Tables {}

declare const scoped: unique symbol;

/** How statements reach PostgreSQL in a transaction. For `statement` alone: what goes past it would go past the types. */
const linkOf: unique symbol = Symbol('link');

/**
 * A transaction inside one user pool. Only `withUserPool` makes one, and stores accept nothing else, so a query that
 * forgets its pool does not compile; row-level security refuses what compiles all the same.
 */
export interface Scope {
  readonly userPoolId: string;
  readonly db: Kysely<Tables>;
  readonly [linkOf]: Link;
  readonly [scoped]: 'user pool';
}

/** A transaction that sees every user pool. For start-up, credentials look-up and upkeep only. */
export interface AcrossUserPools {
  readonly db: Kysely<Tables>;
  readonly [linkOf]: Link;
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

/** Texts made by `statement`, with the names they are prepared under on every connection. */
const prepared = new Map<string, string>();

function prepare<Parameters extends readonly unknown[]>(text: string) {
  const compact = text.replace(/\s+/g, ' ').trim();
  const name = prepared.get(compact) ?? `s${prepared.size}`;
  prepared.set(compact, name);
  return (...values: Parameters): Sent => ({ name, text: compact, values });
}

const begin = prepare<[]>('begin');
const commit = prepare<[]>('commit');
const rollback = prepare<[]>('rollback');
const planForValues = prepare<[]>(`select set_config('plan_cache_mode', 'force_custom_plan', true)`);
// The role once more: a pooler in between may have dropped the one of the connection, and with it all isolation.
const enter = prepare<[userPoolId: string]>(
  `select set_config('role', '${applicationRole}', true), set_config('genauth.user_pool_id', $1, true)`,
);
const enterToRead = prepare<[userPoolId: string]>(
  `select set_config('role', '${applicationRole}', true), set_config('genauth.user_pool_id', $1, true),
     set_config('transaction_read_only', 'on', true)`,
);
const enterAcross = prepare<[]>(`set local role ${acrossRole}`);

/** The database as the application sees it. */
export interface Database {
  /**
   * Runs `work` in one transaction that sees one user pool. To `read`, every statement is a transaction of its own: in one for
   * all of them each would see what is committed by then just the same, and to end it would cost another round trip.
   */
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

/**
 * One SQL statement, prepared once per connection. Named for the question it answers; parameters are positional.
 *
 * @example const namesOf = statement<{ name: string }, [ids: readonly string[]]>(`select name from ... where id = any($1)`);
 */
export function statement<Row, Parameters extends readonly unknown[]>(text: string) {
  const toSent = prepare<Parameters>(text);
  // Straight to the connection: a query builder in between costs a tenth of the CPU of a small request.
  const ask = async (scope: Scope | AcrossUserPools, ...parameters: Parameters): Promise<Row[]> =>
    (await scope[linkOf].send<Row>(toSent(...parameters))).rows;
  return Object.assign(ask, {
    /** Asks with the next statement of the transaction, whoever sends it, and no later than the answer is wanted. */
    ahead(scope: Scope, ...parameters: Parameters): () => Promise<Row[]> {
      const answer = scope[linkOf].ask<Row>(toSent(...parameters));
      return async () => (await answer()).rows;
    },
  });
}

/**
 * A statement nobody waits for: it goes out with whatever follows it in its transaction, `commit` at the latest, and fails
 * in its stead. For the last one of a transaction this saves a round trip.
 */
export function heldStatement<Parameters extends readonly unknown[]>(text: string) {
  const toSent = prepare<Parameters>(text);
  return (scope: Scope, ...parameters: Parameters): void => scope[linkOf].hold(toSent(...parameters));
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
  // One that breaks while it is used says so to whoever waits for an answer; when nobody does, the next statement will.
  pool.on('connect', (client) => client.on('error', () => {}));
  const transaction = async <S extends Scope | AcrossUserPools, Result>(
    opening: Opening,
    /** What the transaction is, but for its connection. */
    scope: Omit<NoInfer<S>, 'db' | typeof linkOf | typeof scoped>,
    work: (scope: S) => Promise<Result>,
  ): Promise<Result> => {
    const client = await pool.connect();
    const link = openLink(client, opening);
    let builder: Kysely<Tables> | undefined;
    const opened = {
      ...scope,
      [linkOf]: link,
      get db() {
        return (builder ??= builderOn(link));
      },
    };
    try {
      const result = await work(opened as unknown as S);
      if (opening.before === 'first') {
        const { tag } = await link.send(commit());
        // What PostgreSQL says when a statement failed and nobody minded: nothing was done.
        if (tag !== 'COMMIT') throw new Error('a statement failed, and the transaction with it');
      }
      return result;
    } catch (error) {
      await link.undo(rollback());
      throw error;
    } finally {
      const { isUsable } = link.close();
      client.release(!isUsable);
    }
  };

  return {
    withUserPool(userPoolId, mode, work) {
      if (!/^[0-9a-f]{24}$/.test(userPoolId)) throw new Error('not a user pool id');
      const opening: Opening =
        mode === 'read'
          ? { before: 'each', statements: [enterToRead(userPoolId)] }
          : { before: 'first', statements: [begin(), enter(userPoolId)] };
      return transaction(opening, { userPoolId }, work);
    },
    acrossUserPools(work) {
      return transaction({ before: 'first', statements: [begin(), enterAcross()] }, {}, work);
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

/** The query builder in one transaction, for statements that are made for one request. */
function builderOn(link: Link): Kysely<Tables> {
  const client = {
    // A statement made for one request is planned for that request's values.
    query: async (text: string, values: readonly unknown[]) => {
      const { rows, tag } = await link.send(planForValues(), { text, values });
      const words = tag.split(' ');
      return { rows, command: words[0], rowCount: Number(words.at(-1)) || 0 };
    },
    release: () => {},
  };
  const pool = { connect: async () => client as never, end: async () => {}, options: {} };
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
}

const ping = statement<{ one: number }, []>(`select 1 as one`);

/** Whether the database answers right now. */
export function isDatabaseReady(database: Database): Promise<boolean> {
  return database.acrossUserPools(ping).then(
    () => true,
    () => false,
  );
}
