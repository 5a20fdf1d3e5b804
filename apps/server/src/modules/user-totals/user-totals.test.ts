import { expect, inject, test } from 'vitest';
import { type Answer, callOperation, startTestServer, type TestUserPool, testUserPool } from '../../testing/server.ts';
import { fieldConditionOf } from '../user-filters/index.ts';
import { createUserTotals } from './index.ts';
import { type Moment, mostChanges, type UserSet } from './store.ts';

/** What the tests search by, as the server is asked and as anybody would read it in the answer. */
interface Search {
  readonly input: Readonly<Record<string, unknown>>;
  // biome-ignore lint/suspicious/noExplicitAny: users as lists answer them
  readonly isMet: (user: any) => boolean;
}

const filter = (field: string, operator: string, value?: unknown) => ({ field, operator, value });
const isPresent = (user: { status: string }) => !['Resigned', 'Archived'].includes(user.status);
const texts = (user: Record<string, string | null>) =>
  ['phone', 'email', 'name', 'username', 'nickname'].map((field) => user[field]?.toLowerCase() ?? '');

const searches: readonly Search[] = [
  {
    input: { advancedFilter: [filter('country', 'EQUAL', 'cn')] },
    isMet: (user) => isPresent(user) && user.country === 'cn',
  },
  {
    input: { advancedFilter: [filter('country', 'NOT_EQUAL', 'cn')] },
    isMet: (user) => isPresent(user) && user.country !== 'cn',
  },
  { input: { keywords: 'e' }, isMet: (user) => isPresent(user) && texts(user).some((text) => text.includes('e')) },
  {
    input: { keywords: 'an', advancedFilter: [filter('gender', 'NOT_EQUAL', 'M')] },
    isMet: (user) => isPresent(user) && texts(user).some((text) => text.includes('an')) && user.gender !== 'M',
  },
  {
    input: { advancedFilter: [filter('name', 'NOT_CONTAINS', 'an')] },
    isMet: (user) => isPresent(user) && !(user.name ?? '').toLowerCase().includes('an'),
  },
  {
    input: { advancedFilter: [filter('floor', 'BETWEEN', [1, 5])] },
    isMet: (user) => isPresent(user) && user.customData.floor >= 1 && user.customData.floor <= 5,
  },
  {
    input: { advancedFilter: [filter('floor', 'IS_NULL'), filter('status', 'NOT_EQUAL', 'Deactivated')] },
    isMet: (user) => user.customData.floor === undefined && user.status !== 'Deactivated',
  },
  {
    input: { advancedFilter: [filter('nickname', 'NOT_NULL')] },
    isMet: (user) => isPresent(user) && user.nickname !== null,
  },
  {
    input: { advancedFilter: [filter('identityNumber', 'NOT_NULL')] },
    isMet: (user) => isPresent(user) && user.identityNumber !== null,
  },
];

const floor = {
  ...{ targetType: 'USER', key: 'floor', label: 'Floor', dataType: 'NUMBER' },
  ...{ userEditable: false, visibleInAdminConsole: true, visibleInUserCenter: true },
};

/** Calls an operation of a pool; by whichever server. */
type Call = (operation: string, input: object) => Promise<Answer>;

async function expectTotals(pool: TestUserPool, calls: readonly Call[]): Promise<void> {
  // biome-ignore lint/suspicious/noExplicitAny: users as lists answer them
  const users: any[] = [];
  for (const status of ['Activated', 'Suspended', 'Deactivated', 'Resigned', 'Archived']) {
    for (let page = 1, last = 0; page === 1 || users.length - last === 50; page += 1) {
      last = users.length;
      const { list } = await pool.do('listUsers', {
        advancedFilter: [filter('status', 'EQUAL', status)],
        options: { pagination: { page, limit: 50 }, withCustomData: true },
      });
      users.push(...list);
    }
  }
  const expected = searches.map(({ isMet }) => users.filter(isMet).length);
  for (const call of calls) {
    const answers = await Promise.all(searches.map(({ input }) => call('listUsers', input)));
    expect(answers.map(({ data }) => data.totalCount)).toEqual(expected);
  }
}

function randomly(seed: number) {
  let state = seed;
  const below = (end: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor((state / 2 ** 32) * end);
  };
  return { below, any: <T>(list: readonly T[]) => list[below(list.length)] as T };
}

const countries = ['cn', 'cn', 'de', undefined];
const names = ['Anna', 'Hanna', 'Jon', 'Eve', 'Stan', undefined];
const statuses = ['Activated', 'Activated', 'Suspended', 'Deactivated', 'Resigned', 'Archived'];

test('totals that were counted once follow every change, on each of two servers', { timeout: 120_000 }, async () => {
  const pool = await testUserPool();
  const second = await startTestServer(inject('connection'));
  try {
    const authorization = `Bearer ${await pool.token()}`;
    const bySecond: Call = (operation, input) => callOperation(second, operation, { ...input }, { authorization });
    const byFirst: Call = (operation, input) => pool.call(operation, { ...input });
    await pool.do('setCustomFields', { list: [floor] });
    const { below, any } = randomly(20261127);
    let made = 0;
    const properties = () => ({
      ...(below(2) ? { country: any(countries) ?? '' } : {}),
      ...(below(2) ? { name: any(names) ?? '', nickname: any(names) ?? '' } : {}),
      ...(below(3) ? {} : { identityNumber: below(2) ? `42042${below(99)}` : '' }),
      ...(below(2) ? { customData: { floor: below(9) } } : {}),
      gender: any(['M', 'F', 'U']),
    });
    const user = () => ({ username: `user${(made += 1)}`, status: any(statuses), ...properties() });
    const ids: string[] = [];
    const add = async (count: number) => {
      const list = Array.from({ length: count }, user);
      ids.push(...(await pool.do('createUsersBatch', { list })).map(({ userId }: { userId: string }) => userId));
    };
    await add(50);
    await add(50);
    await expectTotals(pool, [byFirst, bySecond]);

    const change = async () => {
      const call = below(2) ? byFirst : bySecond;
      switch (below(7)) {
        case 0:
          return add(1 + below(3));
        case 1:
          return call('deleteUsersBatch', { userIds: ids.splice(below(ids.length), 1 + below(2)) });
        case 2:
          return call('updateUserBatch', {
            list: [...new Set([any(ids), any(ids)])].map((userId) => ({ userId, status: any(statuses) })),
          });
        case 3:
          return call('setCustomData', {
            ...{ targetIdentifier: any(ids), targetType: 'USER' },
            list: [{ key: 'floor', value: below(9) }],
          });
        case 4:
          return call('resignUser', { userId: any(ids) });
        default:
          return call('updateUser', { userId: any(ids), ...properties() });
      }
    };
    for (let round = 0; round < 12; round += 1) {
      await Promise.all(Array.from({ length: below(9) }, change));
      await expectTotals(pool, [byFirst, bySecond]);
    }
    // While it goes on, nobody waits for anything; afterwards, it is right again.
    const asking = Promise.all(searches.map(({ input }) => bySecond('listUsers', input)));
    await Promise.all([...Array.from({ length: 20 }, change), asking]);
    await expectTotals(pool, [byFirst, bySecond]);
  } finally {
    await second.composition.close();
    await second.database.close();
  }
});

async function poolOf(count: number): Promise<TestUserPool> {
  const pool = await testUserPool();
  for (let from = 0; from < count; from += 50) {
    const list = Array.from({ length: 50 }, (_, index) => ({ username: `user${from + index}`, country: 'cn' }));
    await pool.do('createUsersBatch', { list });
  }
  return pool;
}

const inChina = { advancedFilter: [filter('country', 'EQUAL', 'cn')] };
const totalOf = async (pool: TestUserPool, input: Readonly<Record<string, unknown>> = inChina) =>
  (await pool.do('listUsers', input)).totalCount;

test('a transaction that was open when they were counted is looked at once it has committed', async () => {
  const pool = await poolOf(50);
  const [first, second] = [await pool.server.database.connect(), await pool.server.database.connect()];
  try {
    for (const [client, country] of [
      [first, 'de'],
      [second, 'cn'],
    ] as const) {
      await client.query(`begin; set local genauth.user_pool_id = '${pool.id}'`);
      await client.query(
        `update users set profile = jsonb_build_object('country', $1::text)
         where username = case $1::text when 'de' then 'user1' else 'user2' end`,
        [country],
      );
    }
    await first.query(
      `insert into users (user_pool_id, id, profile) values ('${pool.id}', 'made', '{"country":"cn"}')`,
    );
    expect(await totalOf(pool)).toBe(50);
    await pool.do('deleteUsersBatch', { userIds: [(await pool.rows<{ id: string }>('users'))[9]?.id] });
    expect(await totalOf(pool)).toBe(49);
    await first.query(`delete from users where username = 'user3'`);
    await first.query('commit');
    expect(await totalOf(pool)).toBe(48);
    await second.query('rollback');
    expect(await totalOf(pool)).toBe(48);
  } finally {
    await first.end();
    await second.end();
  }
});

test('one statement about very many, and very many statements, have them counted anew', async () => {
  const pool = await poolOf(200);
  expect(await totalOf(pool)).toBe(200);
  await pool.server.sql(`update users set profile = '{}' where user_pool_id = $1 and username > 'user15'`, [pool.id]);
  const [{ count } = { count: -1 }] = await pool.server.sql<{ count: number }>(
    `select count(*)::integer as count from users where user_pool_id = $1 and profile <> '{}'`,
    [pool.id],
  );
  expect(count).toBeLessThan(100);
  expect(await totalOf(pool)).toBe(count);
  for (let turn = 0; turn <= mostChanges / 50; turn += 1) {
    await pool.server.sql(
      `update users set profile = '{"country":"cn"}' where user_pool_id = $1 and id in (
         select id from users where user_pool_id = $1 order by username limit 50 offset $2)`,
      [pool.id, (turn % 4) * 50],
    );
  }
  expect(await totalOf(pool)).toBe(200);
});

function chinese(): UserSet {
  const condition = fieldConditionOf({ field: 'country', operator: 'EQUAL', value: 'cn' }, 'filter', new Map());
  if (condition === undefined) throw new Error('country is a field');
  return { kind: 'personal', condition };
}

async function momentOf(pool: TestUserPool): Promise<Moment> {
  const [{ snapshot, server } = { snapshot: '', server: '' }] = await pool.server.sql<{
    snapshot: string;
    server: string;
  }>('select pg_current_snapshot()::text as snapshot, pg_postmaster_start_time()::text as server');
  return { snapshot, server };
}

test('it is the kept total that is answered, until what has changed since is forgotten', async () => {
  const pool = await poolOf(50);
  const { database } = pool.server;
  const totals = createUserTotals();
  const set = chinese();
  const find = () => database.withUserPool(pool.id, 'read', (scope) => totals.find(scope, set));
  const keep = async (total: number) => {
    const moment = await momentOf(pool);
    await database.withUserPool(pool.id, 'read', async (scope) => totals.keep(scope, set, { total, ...moment }));
  };

  expect(await find()).toBeUndefined();
  await keep(1000);
  expect(await find()).toBe(1000);
  await pool.do('createUser', { username: 'one-more', country: 'cn' });
  expect(await find()).toBe(1001);
  // Of another run of PostgreSQL: its numbers mean something else.
  const moment = await momentOf(pool);
  await database.withUserPool(pool.id, 'read', async (scope) =>
    totals.keep(scope, set, { total: 1, ...moment, server: '2020-01-01 00:00:00+00' }),
  );
  expect(await find()).toBeUndefined();

  await keep(1001);
  await totals.forgetChanges(database);
  await pool.do('createUser', { username: 'another', country: 'cn' });
  // Transactions of other tests that are still open hold back what can be forgotten; then it says so.
  await expect
    .poll(async () => {
      await totals.forgetChanges(database);
      return (await pool.rows('former_users')).length;
    })
    .toBe(0);
  expect(await find()).toBeUndefined();
  await keep(52);
  expect(await find()).toBe(52);
});

test('who asks while somebody else is counting waits for him, and is told what holds by now', async () => {
  const pool = await poolOf(50);
  const { database } = pool.server;
  const totals = createUserTotals();
  let counts = 0;
  const release = Promise.withResolvers<void>();
  const ask = (counted: () => Promise<number>) =>
    database.withUserPool(pool.id, 'read', (scope) =>
      totals.count(scope, chinese(), async () => {
        counts += 1;
        const moment = await momentOf(pool);
        return { total: await counted(), ...moment };
      }),
    );
  const first = ask(async () => {
    await release.promise;
    return 50;
  });
  await expect.poll(() => counts).toBe(1);
  await pool.do('createUser', { username: 'one-more', country: 'cn' });
  const others = [1, 2, 3].map(() => ask(async () => -1));
  release.resolve();
  expect(await Promise.all([first, ...others])).toEqual([50, 51, 51, 51]);
  expect(counts).toBe(1);

  // One who fails is no help to anybody else.
  const fresh = createUserTotals();
  const failing = database.withUserPool(pool.id, 'read', (scope) =>
    fresh.count(scope, chinese(), async () => {
      throw new Error('canceled');
    }),
  );
  const next = database.withUserPool(pool.id, 'read', (scope) =>
    fresh.count(scope, chinese(), async () => ({ total: 51, ...(await momentOf(pool)) })),
  );
  await expect(failing).rejects.toThrow('canceled');
  expect(await next).toBe(51);
});

test('nothing of a password is kept, and nothing at all of a user pool that is deleted', async () => {
  const pool = await poolOf(50);
  const { userId } = await pool.do('createUser', { username: 'eve', password: 'Passw0rd!' });
  await pool.do('updateUser', { userId, password: 'An0ther!' });
  await pool.do('deleteUsersBatch', { userIds: [userId] });
  const rows = await pool.rows<{ part: string; user_id: string; was: object | null }>('former_users');
  const ofUser = rows.filter(({ user_id, part }) => user_id === userId && part === 'users');
  expect(ofUser.map(({ was }) => was === null)).toEqual([true, false, false]);
  expect(JSON.stringify(rows)).not.toMatch(/password_hash|password_salt|argon2/);
  await pool.server.sql('delete from user_pools where user_pool_id = $1', [pool.id]);
  expect(await pool.rows('former_users')).toEqual([]);
});
