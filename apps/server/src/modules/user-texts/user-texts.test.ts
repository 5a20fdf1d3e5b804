import { expect, test } from 'vitest';
import { type TestUserPool, testSeal, testUserPool } from '../../testing/server.ts';
import { fillMissingTexts } from './index.ts';

const people = [
  { username: 'ann', name: 'Straße 12', email: 'ann@example.com', company: '100%_sure\\', website: "it's" },
  { username: 'bob', name: '张三', nickname: '李四王五', phone: '18812345678', company: 'Über \u0001 Ärzte' },
  { username: 'cat', name: 'İstanbul ΟΔΟΣ', nickname: 'ＦＵＬＬ　ｗｉｄｔｈ', externalId: 'HR-7' },
  { username: 'dan', name: 'Cafe\u0301 👩‍💻🎉', nickname: '100%_sure\\ it\'s "x" & y | !z :*', address: '张家口三号' },
];

let shared: Promise<TestUserPool> | undefined;

/** Nobody changes the people of this pool. */
function sharedPool(): Promise<TestUserPool> {
  shared ??= (async () => {
    const [pool, other] = [await testUserPool(), await testUserPool()];
    for (const one of [pool, other]) await one.do('createUsersBatch', { list: people });
    return pool;
  })();
  return shared;
}

async function search(pool: TestUserPool, keywords: string, fuzzySearchOn?: readonly string[]): Promise<string> {
  const page = await pool.do('listUsers', {
    keywords,
    options: { sort: [{ field: 'username', order: 'asc' }], ...(fuzzySearchOn === undefined ? {} : { fuzzySearchOn }) },
  });
  expect(page.totalCount).toBe(page.list.length);
  return page.list.map(({ username }: { username: string }) => username).join(' ');
}

test.each([
  ['STRASSE', 'ann'],
  ['strasse 1', 'ann'],
  ['ß', 'ann'],
  ['istanbul', 'cat'],
  ['İSTANBUL', 'cat'],
  ['οδος', 'cat'],
  ['ΔΟ', 'cat'],
  ['full width', 'cat'],
  ['ｆｕｌｌ', 'cat'],
  ['CAFÉ', 'dan'],
  ['cafe', ''],
  ['👩‍💻', 'dan'],
  ['🎉', 'dan'],
  ['张三', 'bob'],
  ['张', 'bob'],
  ['三', 'bob'],
  ['四王', 'bob'],
  ['四王五', 'bob'],
  ['张四', ''],
  ['三李', ''],
  ['188', 'bob'],
  ['1881', 'bob'],
  ['18812', 'bob'],
  ['881234', 'bob'],
  ['18812345678', 'bob'],
  ['18812345679', ''],
  ['ann@example.com', 'ann'],
  ['nn@e', 'ann'],
  ['ann@example.org', ''],
  ['@example', 'ann'],
  ['4567', 'bob'],
  ['78', 'bob'],
  ['example.com', 'ann'],
  ['M', 'ann'],
  ['N', 'ann cat dan'],
  ['0', 'dan'],
  ['100%', 'dan'],
  ['%', 'dan'],
  ['_', 'dan'],
  ['\\', 'dan'],
  ['e\\ i', 'dan'],
  ["it's", 'dan'],
  ["'", 'dan'],
  ['"x" &', 'dan'],
  ['| !z :*', 'dan'],
  ['& y', 'dan'],
  ["' | 'a", ''],
  ['bobbob', ''],
  ['\u0001', 'ann bob cat dan'],
  ['12\u0001ann', ''],
  ['x'.repeat(255), ''],
  ['李四王五', 'bob'],
])('finds %j', async (keywords, expected) => {
  expect(await search(await sharedPool(), keywords)).toBe(expected);
});

test.each([
  ['100%_sure\\', ['company'], 'ann'],
  ['100%_sure\\', ['company', 'nickname'], 'ann dan'],
  ["it's", ['website', 'name'], 'ann'],
  ['张三', ['nickname'], ''],
  ['张三', ['name'], 'bob'],
  ['张三', ['address'], ''],
  ['家口', ['address'], 'dan'],
  ['张', ['address', 'name'], 'bob dan'],
  ['über ärzte', ['company'], 'bob'],
  ['hr-7', ['externalId'], 'cat'],
  ['hr-7', ['externalId', 'phone', 'email', 'name', 'username', 'nickname'], 'cat'],
  ['ann', ['phone', 'email', 'name', 'username', 'nickname', 'identityNumber'], 'ann'],
  ['hr-7', [], ''],
  ['a', ['postalCode'], ''],
] as const)('finds %j in %j', async (keywords, fields, expected) => {
  expect(await search(await sharedPool(), keywords, fields)).toBe(expected);
});

test('finds ids by their beginning', async () => {
  const pool = await testUserPool();
  const { userId } = await pool.do('createUser', { username: 'ann' });
  expect(await search(pool, userId, ['id'])).toBe('ann');
  expect(await search(pool, userId.slice(0, 16).toUpperCase(), ['id', 'name'])).toBe('ann');
  expect(await search(pool, userId.slice(2), ['id'])).toBe('');
  expect(await search(pool, userId)).toBe('');
});

test('finds identity numbers as a whole, of this user pool alone', async () => {
  const [pool, other] = [await testUserPool(), await testUserPool()];
  for (const one of [pool, other]) {
    await one.do('createUser', { username: 'ann', identityNumber: '42042119900101123X' });
    await one.do('createUser', { username: 'bob', identityNumber: 'L01-X00T47' });
  }
  expect(await search(pool, '42042119900101123x')).toBe('ann');
  expect(await search(pool, '420421 19900101 123X', ['identityNumber'])).toBe('ann');
  expect(await search(pool, 'l01x00t47', ['identityNumber', 'name'])).toBe('bob');
  expect(await search(pool, '42042119900101123x', ['name'])).toBe('');
  expect(await search(pool, '420421', ['identityNumber'])).toBe('');
  expect(await search(pool, 'ann', ['identityNumber'])).toBe('');
  const [{ userId }] = (await pool.do('listUsers', { keywords: 'L01-X00T47' })).list;
  await pool.do('updateUser', { userId, identityNumber: '110101199003077774' });
  expect(await search(pool, 'L01-X00T47')).toBe('');
  expect(await search(pool, '110101199003077774')).toBe('bob');
  await pool.do('updateUser', { userId, nickname: 'Bobby' });
  expect(await search(pool, '110101199003077774')).toBe('bob');
  await pool.do('updateUser', { userId, identityNumber: null });
  expect(await search(pool, '110101199003077774')).toBe('');
});

test('takes the longest texts there can be, of characters that fold to many', { timeout: 20_000 }, async () => {
  const pool = await testUserPool();
  const longest = { company: 255, givenName: 255, familyName: 255, middleName: 255, preferredUsername: 255 };
  const lengths = { ...longest, profile: 2048, website: 2048, address: 1024, formatted: 1024, streetAddress: 1024 };
  let random = 7;
  const any = () => {
    random = (Math.imul(random, 1103515245) + 12345) >>> 0;
    // Squares of four syllables, Arabic phrases, and characters outside the basic plane.
    return [0x3300 + ((random >>> 8) % 88), 0xfdf0 + ((random >>> 8) % 12), 0x20000 + ((random >>> 8) % 40_000)][
      (random >>> 4) % 3
    ] as number;
  };
  const texts = Object.entries(lengths).map(([field, length]) => [
    field,
    // Lengths are counted in UTF-16 code units.
    Array.from({ length: Math.floor(length / 2) }, () => String.fromCodePoint(any())).join(''),
  ]);
  const people = Array.from({ length: 5 }, (_, index) => ({ username: `long-${index}`, ...Object.fromEntries(texts) }));
  await pool.do('createUsersBatch', { list: people });
  expect(await search(pool, String(texts[0]?.[1]).slice(10, 40), ['company'])).toBe(
    'long-0 long-1 long-2 long-3 long-4',
  );
});

test('keeps up with changes: who is renamed is found by the new name alone, who is deleted not at all', async () => {
  const pool = await testUserPool();
  const { userId } = await pool.do('createUser', { username: 'ann', name: 'Before', company: 'Old' });
  await pool.do('updateUser', { userId, name: 'After' });
  expect([await search(pool, 'before'), await search(pool, 'after')]).toEqual(['', 'ann']);
  expect(await search(pool, 'old', ['company'])).toBe('ann');
  await pool.do('updateUser', { userId, company: null });
  expect(await search(pool, 'old', ['company'])).toBe('');
  await pool.do('deleteUsersBatch', { userIds: [userId] });
  expect(await search(pool, 'after')).toBe('');
  expect(await pool.rows('user_search')).toEqual([]);
});

test('the function that may see every user pool finds nobody of another one, and nobody without one', async () => {
  const pool = await sharedPool();
  const stranger = await testUserPool();
  await stranger.do('createUser', { username: 'zhang', name: '张三' });
  const find = `select genauth.find_users('张三', null, '{}', false) as id`;
  const ids = (
    await pool.server.sql<{ id: string }>(`select id from users where user_pool_id = $1 and name = '张三'`, [pool.id])
  ).map(({ id }) => id);
  const client = await pool.server.database.connect();
  try {
    await client.query(`begin; set local genauth.user_pool_id = '${pool.id}'`);
    expect((await client.query(find)).rows).toEqual(ids.map((id) => ({ id })));
    // Tables of the caller's own stand before those of the schema, everywhere but in the function.
    await client.query(`create temporary table user_search as
      select '${pool.id}'::text as user_pool_id, 'forged'::text as user_id, '张三'::text as common, ''::text as other`);
    expect((await client.query(find)).rows).toEqual(ids.map((id) => ({ id })));
    await client.query('rollback; begin');
    expect((await client.query(find)).rows).toEqual([]);
    await client.query('rollback');
    const { rows } = await client.query(`select pg_get_function_arguments('genauth.find_users'::regproc) as arguments`);
    expect(rows[0].arguments).toBe('needle text, in_common smallint[], in_other smallint[], by_id boolean');
  } finally {
    await client.end();
  }
});

test('searches by index, as the role that requests run as', async () => {
  const pool = await sharedPool();
  const client = await pool.server.database.connect();
  try {
    await client.query(`begin; set local role genauth_across_user_pools; set local enable_seqscan = off`);
    const { rows } = await client.query(`explain select user_id from user_search
      where genauth.search_grams(user_pool_id, common, other) @@ genauth.search_query('${pool.id}', 'a', '张三')::tsquery`);
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('Index Scan on user_search_grams');
  } finally {
    await client.end();
  }
});

test('folds the texts of users who were there before there were texts', async () => {
  const pool = await testUserPool();
  await pool.do('createUsersBatch', { list: people });
  await pool.do('createUser', { username: 'eve', identityNumber: '42042119900101123X' });
  await pool.server.sql('delete from user_search where user_pool_id = $1', [pool.id]);
  await pool.server.sql('update users set identity_number_digest = null where user_pool_id = $1', [pool.id]);
  await pool.server.sql(`insert into user_search_missing select user_pool_id, id from users where user_pool_id = $1`, [
    pool.id,
  ]);
  expect(await search(pool, 'strasse')).toBe('');
  const messages: string[] = [];
  await fillMissingTexts(pool.server.database, testSeal, (message) => messages.push(message));
  expect(messages).toEqual(['preparing the search for users (5/5)']);
  expect(await search(pool, 'strasse')).toBe('ann');
  expect(await search(pool, '家口', ['address'])).toBe('dan');
  expect(await search(pool, '42042119900101123x')).toBe('eve');
  expect(await pool.rows('user_search_missing')).toEqual([]);
});
