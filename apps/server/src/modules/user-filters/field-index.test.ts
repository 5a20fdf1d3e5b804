import { expect, test } from 'vitest';
import { type TestUserPool, testUserPool } from '../../testing/server.ts';
import { beginningsOfNumbers, beginningsOfTimes } from './field-tokens.ts';

let state = 20261126;
function below(end: number): number {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  return Math.floor((state / 2 ** 32) * end);
}
function any<T>(list: readonly T[]): T {
  return list[below(list.length)] as T;
}

type Value = string | number | boolean;
type Person = Record<string, Value | undefined>;

const kinds = {
  city: 'text',
  country: 'text',
  company: 'text',
  school: 'text',
  age: 'number',
  hired: 'time',
  remote: 'boolean',
  secret: 'sealed',
} as const;
type Field = keyof typeof kinds;
const fieldNames = Object.keys(kinds) as Field[];
const ofProfile = ['city', 'country', 'company'];
const operators = {
  text: 'EQUAL NOT_EQUAL IN CONTAINS NOT_CONTAINS IS_NULL NOT_NULL GREATER LESSER BETWEEN',
  number: 'EQUAL NOT_EQUAL IN IS_NULL NOT_NULL GREATER LESSER BETWEEN',
  time: 'EQUAL NOT_EQUAL IN IS_NULL NOT_NULL GREATER LESSER BETWEEN',
  boolean: 'EQUAL NOT_EQUAL IN IS_NULL NOT_NULL',
  sealed: 'IS_NULL NOT_NULL',
};

const odd = [
  "it's",
  'back\\slash',
  '张三',
  '21.5',
  'true',
  '2024-01-02T03:04:05.678Z',
  'x'.repeat(200),
  `${'x'.repeat(199)}y`,
];

/** Values that many have beside values that one has: they are found in other ways. */
function anyValue(field: Field): Value | undefined {
  const share = below(100);
  switch (kinds[field]) {
    case 'number':
      return share < 20
        ? undefined
        : share < 60
          ? 7
          : any([below(2000) - 1000, (below(2000) - 1000) / 8, 2 ** 53 - 1, 0, -0.25]);
    case 'time':
      if (share < 20) return undefined;
      return new Date(share < 60 ? Date.UTC(2024, 0, 2) : Date.UTC(1950, 0, 1) + below(4e9) * 1000).toISOString();
    case 'boolean':
      return share < 20 ? undefined : share >= 98;
    case 'sealed':
      return share < 97 ? undefined : 'hidden';
    default:
      return share < 20 ? undefined : share < 60 ? 'common' : share < 70 ? any(odd) : `${field}-${below(120)}`;
  }
}

function toInput(person: Person): Record<string, unknown> {
  const given = Object.entries(person).map(([field, value]) => [field, value ?? null] as const);
  return {
    ...Object.fromEntries(given.filter(([field]) => ofProfile.includes(field))),
    customData: Object.fromEntries(given.filter(([field]) => !ofProfile.includes(field))),
  };
}

interface Filter {
  readonly field: Field;
  readonly operator: string;
  readonly value: Value | readonly Value[];
}

function holds({ field, operator, value: given }: Filter, person: Person): boolean {
  const value = person[field];
  const [first, second = first] = [given].flat() as Value[];
  const isIn = value !== undefined && [given].flat().includes(value);
  const contains = value !== undefined && String(value).toLowerCase().includes(String(first).toLowerCase());
  switch (operator) {
    case 'IS_NULL':
      return value === undefined;
    case 'NOT_NULL':
      return value !== undefined;
    case 'NOT_EQUAL':
      return !isIn;
    case 'CONTAINS':
      return contains;
    case 'NOT_CONTAINS':
      return !contains;
    case 'GREATER':
      return value !== undefined && first !== undefined && value >= first;
    case 'LESSER':
      return value !== undefined && first !== undefined && value <= first;
    case 'BETWEEN':
      return value !== undefined && first !== undefined && second !== undefined && value >= first && value <= second;
    default:
      return isIn;
  }
}

function anyFilter(field: Field): Filter {
  const operator = any(operators[kinds[field]].split(' '));
  const one = () => {
    for (;;) {
      const value = anyValue(field);
      // Before 1970 there are values, but no filters.
      if (value !== undefined && !String(value).startsWith('19')) return value;
    }
  };
  const pair = [one(), one()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  if (operator === 'IN' || operator === 'BETWEEN') return { field, operator, value: pair };
  const value = one();
  const isPart = operator.endsWith('CONTAINS');
  return { field, operator, value: isPart ? any([value, String(value).slice(1, 4), 'o']) : value };
}

async function search(pool: TestUserPool, input: object): Promise<{ totalCount: number; usernames: string[] }> {
  const usernames: string[] = [];
  for (let page = 1; ; page += 1) {
    const options = { sort: [{ field: 'username', order: 'asc' }], pagination: { page, limit: 50 } };
    const { totalCount, list } = await pool.do('listUsers', { ...input, options });
    usernames.push(...list.map(({ username }: { username: string }) => username));
    if (page * 50 >= totalCount) return { totalCount, usernames };
  }
}

test('every operator finds by index whom a plain look at everybody finds', { timeout: 120_000 }, async () => {
  const pool = await testUserPool();
  const custom = { targetType: 'USER', userEditable: false, visibleInAdminConsole: true, visibleInUserCenter: true };
  await pool.do('setCustomFields', {
    list: [
      { ...custom, key: 'school', label: 'School', dataType: 'STRING' },
      { ...custom, key: 'age', label: 'Age', dataType: 'NUMBER' },
      { ...custom, key: 'hired', label: 'Hired', dataType: 'DATETIME' },
      { ...custom, key: 'remote', label: 'Remote', dataType: 'BOOLEAN' },
      { ...custom, key: 'secret', label: 'Secret', dataType: 'STRING', encrypted: true },
    ],
  });
  const model = new Map<string, { userId: string; person: Person }>();
  for (let batch = 0; batch < 6; batch += 1) {
    const people = Array.from({ length: 45 }, (_, index) => ({
      username: `user-${String(batch * 45 + index).padStart(3, '0')}`,
      person: Object.fromEntries(fieldNames.map((field) => [field, anyValue(field)])) as Person,
    }));
    const made = await pool.do('createUsersBatch', {
      list: people.map(({ username, person }) => ({ username, ...toInput(person) })),
    });
    for (const { userId, username } of made) {
      model.set(username, { userId, person: people.find((one) => one.username === username)?.person ?? {} });
    }
  }
  const compare = async (advancedFilter: readonly Filter[], keywords?: string) => {
    const expected = [...model]
      .filter(([username, { person }]) =>
        [...advancedFilter.map((one) => holds(one, person)), username.includes(keywords ?? '')].every(Boolean),
      )
      .map(([username]) => username);
    const found = await search(pool, { advancedFilter, ...(keywords === undefined ? {} : { keywords }) });
    expect(found, JSON.stringify({ advancedFilter, keywords })).toEqual({
      totalCount: expected.length,
      usernames: expected.sort(),
    });
  };
  const compareSome = async () => {
    for (const field of fieldNames) {
      for (let round = 0; round < 15; round += 1) await compare([anyFilter(field)]);
    }
    for (let round = 0; round < 40; round += 1) {
      const filters = Array.from({ length: 1 + below(2) }, () => anyFilter(any(fieldNames)));
      await compare(filters, any(['user-', 'e', '7', 'r-01', '123', '26', undefined]));
    }
  };
  await compareSome();

  for (const [username, { userId, person }] of [...model]) {
    if (below(4) > 0) continue;
    if (below(4) === 0) {
      await pool.do('deleteUsersBatch', { userIds: [userId] });
      model.delete(username);
      continue;
    }
    const changed = Object.fromEntries([any(fieldNames), any(fieldNames)].map((field) => [field, anyValue(field)]));
    await pool.do('updateUser', { userId, ...toInput(changed) });
    model.set(username, { userId, person: { ...person, ...changed } });
  }
  await compareSome();
});

test('beginnings cover a range, and little more', () => {
  const bounds = [0, 1, -1, 0.1, 127.9, 128.1, 1000, 1001, -1000, 2 ** 53 - 1, 1e-9, 3.5];
  for (const from of bounds) {
    for (const to of bounds) {
      const beginnings = beginningsOfNumbers(from, to);
      expect(beginnings.length).toBeLessThanOrEqual(14 + 2 * 32);
      const isCovered = (value: number) => {
        const [token] = beginningsOfNumbers(value, value);
        return beginnings.some((beginning) => token?.startsWith(beginning));
      };
      if (from > to) {
        expect(beginnings).toEqual([]);
        continue;
      }
      for (const value of [from, to, (from + to) / 2, from + (to - from) / 3]) expect(isCovered(value)).toBe(true);
      const width = Math.max(to - from, Math.abs(from) / 8, Math.abs(to) / 8);
      expect(isCovered(from - width || -1e-3), `${from} to ${to}`).toBe(false);
      expect(isCovered(to + width || 1e-3), `${from} to ${to}`).toBe(false);
    }
  }
  expect(beginningsOfNumbers(null, null).length).toBeGreaterThan(0);
  expect(beginningsOfTimes('2024-01-01T00:00:00.000Z', '2024-01-31T23:59:59.999Z')).toContain('@2024011');
  expect(beginningsOfTimes('2024-01-02T03:04:05.678Z', '2024-01-02T03:04:05.678Z')).toEqual(['@20240102030405678']);
});

test('the function that may see every user pool finds nobody of another one, and nobody without one', async () => {
  const [pool, stranger] = [await testUserPool(), await testUserPool()];
  const { userId } = await pool.do('createUser', { username: 'ann', city: "O'Hara\\", name: 'Ann' });
  await stranger.do('createUser', { username: 'ann', city: "O'Hara\\", name: 'Ann' });
  const client = await pool.server.database.connect();
  const byField = `select genauth.find_users_by_field('pcity', '["O''Hara\\\\"]', '{}') as id`;
  // Whatever stands in the parameters, it stays inside its quotes.
  const forged = [
    `select genauth.find_users_by_field('pcity', '[]', array[''' | ''${stranger.id.slice(-10)}']) as id`,
    `select genauth.find_users_by_field(''' | ''${stranger.id.slice(-10)}', '[]', '{""}') as id`,
  ];
  const without = `select genauth.find_users_without('bob', null, '{}') as id`;
  try {
    await client.query(`begin; set local genauth.user_pool_id = '${pool.id}'`);
    expect((await client.query(byField)).rows).toEqual([{ id: userId }]);
    expect((await client.query(without)).rows).toEqual([{ id: userId }]);
    for (const one of forged) expect((await client.query(one)).rows).toEqual([]);
    // Tables of the caller's own stand before those of the schema, everywhere but in the functions.
    await client.query(`create temporary table users as select '${pool.id}'::text as user_pool_id, 'forged'::text as id,
      '{"city": "x"}'::jsonb as profile, '{}'::jsonb as custom_data`);
    await client.query(`create temporary table user_search as
      select '${pool.id}'::text as user_pool_id, 'forged'::text as user_id, ''::text as common, ''::text as other`);
    expect((await client.query(byField)).rows).toEqual([{ id: userId }]);
    expect((await client.query(without)).rows).toEqual([{ id: userId }]);
    await client.query('rollback; begin');
    for (const one of [byField, without]) expect((await client.query(one)).rows).toEqual([]);
    await client.query('rollback');
  } finally {
    await client.end();
  }
});

test('looks fields up by index, as the role that requests run as', async () => {
  const pool = await testUserPool();
  const client = await pool.server.database.connect();
  try {
    await client.query(`begin; set local role genauth_across_user_pools; set local enable_seqscan = off`);
    const { rows } = await client.query(`explain select id from users
      where genauth.user_field_tokens(user_pool_id, profile, custom_data) @@ '''x'''::tsquery
        and (profile <> '{}' or custom_data <> '{}') offset 0`);
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('Index Scan on users_fields');
  } finally {
    await client.end();
  }
});
