import { sql } from 'kysely';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { sentFor } from '../../testing/sent-statements.ts';
import { testServer, testUserPool } from '../../testing/server.ts';
import { newId } from '../ids.ts';
import { heldStatement, openDatabase, type Scope, statement } from './database.ts';
import { isDatabaseUnavailable } from './failures.ts';
import { withinSavepoint } from './savepoint.ts';

const server = await testServer();
const pool = await testUserPool({ server });
/** One connection: whoever comes next has the same, unless it was thrown away. */
const database = openDatabase(inject('connection'), { size: 1 });
/** Counts how often it was asked, and does not forget it when a transaction fails. */
const counter = `asked_${newId()}`;
await server.sql(`create sequence ${counter}`);
await server.sql(`grant usage on sequence ${counter} to genauth_app, genauth_across_user_pools`);

afterAll(async () => {
  await database.close();
  await server.sql(`drop sequence ${counter}`);
});

const ask = statement<{ asked: number }, []>(`select nextval('${counter}') as asked`);
const timesAsked = async () => {
  const [row] = await server.sql<{ asked: number }>(
    `select case when is_called then last_value::integer else 0 end as asked from ${counter}`,
  );
  return row?.asked;
};
const echo = statement<unknown, [value: unknown]>('select $1::text');
const connectionId = statement<{ id: number }, []>('select pg_backend_pid() as id');
const idOf = async (scope: Scope) => (await connectionId(scope))[0]?.id;
const addTree = `insert into organizations (user_pool_id, id, code) values ($1, $2, $3)`;
const add = statement<unknown, [userPoolId: string, id: string, code: string]>(addTree);
const addLater = heldStatement<[userPoolId: string, id: string, code: string]>(addTree);
const trees = async () => (await pool.rows<{ code: string }>('organizations')).map(({ code }) => code).sort();
const writing = <Result>(work: (scope: Scope) => Promise<Result>) => database.withUserPool(pool.id, 'write', work);
const reading = <Result>(work: (scope: Scope) => Promise<Result>) => database.withUserPool(pool.id, 'read', work);

/** What a pooler does that gives a connection to somebody else in between: what opens a transaction is not known any more. */
const forgetPrepared = () => reading((scope) => sql`deallocate all`.execute(scope.db));

describe('when a transaction cannot be opened', () => {
  const ways: Record<string, () => Promise<unknown>> = {
    'to write': () => writing(ask),
    'to read': () => reading((scope) => echo(scope, '')),
    'across user pools': () => database.acrossUserPools(ask),
  };
  test.each(Object.entries(ways))('%s, nothing runs outside, and the connection is not used again', async (_, open) => {
    await open();
    const before = { asked: await timesAsked(), connection: await reading(idOf) };
    await forgetPrepared();
    await expect(open()).rejects.toMatchObject({ code: '26000' });
    expect(await timesAsked()).toBe(before.asked);
    await open();
    expect(await reading(idOf)).not.toBe(before.connection);
  });

  test('nobody goes on without it who can live with a failure of his own', async () => {
    await writing(ask);
    const before = await timesAsked();
    await forgetPrepared();
    const work = async (scope: Scope) => {
      await withinSavepoint(scope, () => ask(scope)).catch(() => {});
      return ask(scope);
    };
    await expect(writing(work)).rejects.toThrow('the transaction is over');
    expect(await timesAsked()).toBe(before);
  });
});

describe('a statement that fails', () => {
  test('fails under its name, and its transaction with it, whichever it is and whether it was waited for', async () => {
    const id = newId();
    await writing((scope) => add(scope, pool.id, id, 'first'));
    const again = { code: '23505', constraint: 'organizations_pkey' };
    const failing = [
      (scope: Scope) => add(scope, pool.id, id, 'second'),
      async (scope: Scope) => {
        await add(scope, pool.id, newId(), 'third');
        await add(scope, pool.id, id, 'fourth');
      },
      async (scope: Scope) => {
        await add(scope, pool.id, newId(), 'fifth');
        addLater(scope, pool.id, id, 'sixth');
      },
      async (scope: Scope) => {
        addLater(scope, pool.id, id, 'seventh');
        await add(scope, pool.id, newId(), 'eighth');
      },
      (scope: Scope) =>
        Promise.all(['ninth', 'tenth'].map((code, index) => add(scope, pool.id, index === 0 ? id : newId(), code))),
    ];
    for (const work of failing) await expect(writing<unknown>(work)).rejects.toMatchObject(again);
    expect(await trees()).toEqual(['first']);
  });

  test('inside a savepoint leaves the rest, and says where it was asked', async () => {
    const [id, other] = [newId(), newId()];
    const error = await writing(async (scope) => {
      await add(scope, pool.id, id, 'kept');
      const failed = await withinSavepoint(scope, () => add(scope, pool.id, id, 'undone')).catch((error) => error);
      await withinSavepoint(scope, () => add(scope, pool.id, other, 'kept, too'));
      return failed;
    });
    expect(error).toMatchObject({ constraint: 'organizations_pkey' });
    expect(error.stack).toContain('database.test.ts');
    expect(await trees()).toEqual(['first', 'kept', 'kept, too']);
  });

  test('to read: writes are refused, and what comes after them is not', async () => {
    await reading(async (scope) => {
      await expect(add(scope, pool.id, newId(), 'x')).rejects.toMatchObject({ code: '25006' });
      expect(await idOf(scope)).toBeTypeOf('number');
    });
  });
});

test('a value that cannot be written out fails before anything is sent', async () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  await writing(ask);
  const connection = await reading(idOf);
  await expect(writing((scope) => echo(scope, circle))).rejects.toThrow('circular');
  expect(await reading(idOf)).toBe(connection);
});

test('a failure that nobody minded is no success: nothing of the transaction was done', async () => {
  const swallowing = writing(async (scope) => {
    await add(scope, pool.id, newId(), 'swallowed');
    await sql`select 1 / 0`.execute(scope.db).catch(() => {});
  });
  await expect(swallowing).rejects.toThrow('a statement failed');
  expect(await trees()).not.toContain('swallowed');
});

test('what comes after the end of a transaction goes nowhere', async () => {
  let left: Scope | undefined;
  await writing(async (scope) => {
    left = scope;
    await ask(scope);
  });
  const before = await timesAsked();
  if (left !== undefined) await expect(ask(left)).rejects.toThrow('the transaction is over');
  expect(await timesAsked()).toBe(before);
});

describe('a connection that is killed', () => {
  const sleep = statement<unknown, []>('select pg_sleep(30)');
  test.each([
    ['to write', writing],
    ['to read', reading],
  ] as const)('%s, before it answers, is an unavailable database, and the next one is fine', async (_, open) => {
    const failure = await open(async (scope) => {
      if (open === writing) await add(scope, pool.id, newId(), 'lost');
      const id = await idOf(scope);
      await Promise.all([sleep(scope), server.sql('select pg_terminate_backend($1, 5000)', [id])]);
    }).catch((error) => error);
    expect(isDatabaseUnavailable(failure)).toBe(true);
    expect(await open(idOf)).toBeTypeOf('number');
    expect(await trees()).not.toContain('lost');
  });

  test('between two statements, or before the commit, loses the transaction and nothing else', async () => {
    const kill = async (scope: Scope) => {
      await add(scope, pool.id, newId(), 'lost');
      await server.sql('select pg_terminate_backend($1, 5000)', [await idOf(scope)]);
    };
    const works = [
      async (scope: Scope) => {
        await kill(scope);
        await ask(scope);
      },
      async (scope: Scope) => {
        await kill(scope);
        addLater(scope, pool.id, newId(), 'lost, too');
      },
    ];
    for (const work of works) {
      const failure = await writing(work).catch((error) => error);
      expect(isDatabaseUnavailable(failure)).toBe(true);
      expect(await writing(idOf)).toBeTypeOf('number');
    }
    expect((await trees()).filter((code) => code.startsWith('lost'))).toEqual([]);
  });
});

test('what is asked ahead goes with the next statement, and is answered though that one fails', async () => {
  const id = newId();
  const sent: number[][] = [];
  await writing(async (scope) => {
    const answers = [connectionId.ahead(scope), ask.ahead(scope)] as const;
    const taken = () => add(scope, pool.id, id, 'asked');
    await withinSavepoint(scope, taken);
    await expect(withinSavepoint(scope, taken)).rejects.toMatchObject({ code: '23505' });
    const unsent = connectionId.ahead(scope);
    sent.push((await Promise.all([answers[0](), unsent(), unsent(), answers[0]()])).map(([row]) => row?.id ?? 0));
    expect(await answers[1]()).toHaveLength(1);
  });
  expect(new Set(sent.flat()).size).toBe(1);
  const failing = writing(async (scope) => {
    const answer = statement<unknown, []>('select 1 / 0').ahead(scope);
    await ask(scope).catch(() => {});
    return answer();
  });
  await expect(failing).rejects.toThrow('the transaction is over');
});

test('a user is made in two exchanges with PostgreSQL, and read in one a statement', async () => {
  await pool.do('createUser', { username: 'first' });
  const made = await sentFor(pool.id, () => pool.do('createUser', { username: 'second' }));
  expect(made.map((batch) => [batch[0]?.slice(0, 6), batch.length])).toEqual([
    ['begin', 5],
    ['with a', 2],
  ]);
  expect(made.at(-1)?.at(-1)).toBe('commit');
  const read = await sentFor(pool.id, () => pool.do('getUser', { userId: 'first', userIdType: 'username' }));
  expect(read.map((batch) => batch.length)).toEqual([2, 2]);
});
