import { expect, test } from 'vitest';
import { type TestUserPool, testUserPool } from '../../testing/server.ts';

const statuses = ['Activated', 'Suspended', 'Deactivated', 'Resigned', 'Archived'];
const genders = ['M', 'F', 'U'];

/** What stored counts say and what counting says, as texts that are easy to compare. */
async function stored(pool: TestUserPool): Promise<string[]> {
  const rows = await pool.server.sql<{ text: string }>(
    `select concat_ws(' ', kind, status, gender, source_type, sum(total)) as text from user_counts
     where user_pool_id = $1 group by kind, status, gender, source_type having sum(total) <> 0 order by 1`,
    [pool.id],
  );
  return rows.map(({ text }) => text);
}

async function counted(pool: TestUserPool): Promise<string[]> {
  const rows = await pool.server.sql<{ text: string }>(
    `select concat_ws(' ', kind, status, gender, source_type, count(*)) as text from users
     where user_pool_id = $1 group by kind, status, gender, source_type order by 1`,
    [pool.id],
  );
  return rows.map(({ text }) => text);
}

test('totals stay exact while many clients make, change and delete users at once', { timeout: 60_000 }, async () => {
  const pool = await testUserPool();
  let random = 20261126;
  const below = (end: number) => {
    random = (Math.imul(random, 1103515245) + 12345) >>> 0;
    return Math.floor((random / 2 ** 32) * end);
  };
  const any = <T>(list: readonly T[]) => list[below(list.length)] as T;
  const model = new Map<string, { status: string; gender: string }>();
  const client = async (name: string) => {
    const mine: string[] = [];
    for (let step = 0; step < 12; step += 1) {
      const what = below(4);
      if (what === 0 || mine.length < 3) {
        const list = Array.from({ length: 1 + below(5) }, (_, index) => ({
          username: `${name}-${step}-${index}`,
          gender: any(genders),
          status: any(statuses),
        }));
        const made = await pool.do('createUsersBatch', { list });
        for (const { userId, status, gender } of made) {
          mine.push(userId);
          model.set(userId, { status, gender });
        }
      } else if (what === 1) {
        const list = mine.slice(0, 3).map((userId) => ({ userId, status: any(statuses), gender: any(genders) }));
        await pool.do('updateUserBatch', { list });
        for (const { userId, status, gender } of list) model.set(userId, { status, gender });
      } else if (what === 2) {
        const userIds = mine.splice(below(mine.length), 1 + below(2));
        await pool.do('deleteUsersBatch', { userIds });
        for (const userId of userIds) model.delete(userId);
      } else {
        // Taken already: nothing may be counted of what is refused.
        const refused = await pool.call('createUser', { username: `${name}-0-0` });
        if (refused.statusCode === 200) {
          mine.push(refused.data.userId);
          model.set(refused.data.userId, { status: 'Activated', gender: 'U' });
        }
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, index) => client(`client${index}`)));

  expect(await stored(pool)).toEqual(await counted(pool));
  const total = async (advancedFilter: object[]) => (await pool.do('listUsers', { advancedFilter })).totalCount;
  const users = [...model.values()];
  for (const status of statuses) {
    const filter = { field: 'status', operator: 'EQUAL', value: status };
    expect(await total([filter])).toBe(users.filter((user) => user.status === status).length);
    for (const gender of genders) {
      expect(await total([filter, { field: 'gender', operator: 'NOT_EQUAL', value: gender }])).toBe(
        users.filter((user) => user.status === status && user.gender !== gender).length,
      );
    }
  }
  const present = users.filter(({ status }) => status !== 'Resigned' && status !== 'Archived').length;
  expect(await total([])).toBe(present);
  expect(await total([{ field: 'userSourceType', operator: 'EQUAL', value: 'adminCreated' }])).toBe(present);
  expect(await total([{ field: 'userSource', operator: 'IN', value: [{ type: 'register' }] }])).toBe(0);
  expect((await pool.do('listUsersLegacy', {})).totalCount).toBe(present);
});

test('what is rolled back was never counted, and a kind is a count of its own', async () => {
  const pool = await testUserPool();
  const { userId } = await pool.do('createUser', { username: 'ann' });
  const client = await pool.server.database.connect();
  try {
    await client.query(`begin; set local genauth.user_pool_id = '${pool.id}'; delete from users; rollback`);
    await client.query(
      `begin; set local genauth.user_pool_id = '${pool.id}'; update users set kind = 'public'; commit`,
    );
  } finally {
    await client.end();
  }
  expect(await stored(pool)).toEqual(['public Activated U adminCreated 1']);
  expect((await pool.do('listUsers', {})).totalCount).toBe(0);
  await pool.server.sql('delete from user_pools where user_pool_id = $1', [pool.id]);
  expect(await pool.rows('user_counts')).toEqual([]);
  expect(userId).toHaveLength(24);
});

test('pages go on from those who have a value to those who have none, in either direction', async () => {
  const pool = await testUserPool();
  await pool.do('createUsersBatch', {
    list: ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((username, index) => ({
      username,
      ...(index % 2 === 0 ? { email: `${9 - index}@example.com` } : {}),
    })),
  });
  const page = async (order: string, number: number, limit: number) => {
    const { totalCount, list } = await pool.do('listUsers', {
      options: { sort: [{ field: 'email', order }], pagination: { page: number, limit } },
    });
    expect(totalCount).toBe(7);
    return list.map(({ username }: { username: string }) => username).join('');
  };
  const pages = async (order: string, limit: number) => {
    const texts: string[] = [];
    for (let number = 1; number <= Math.ceil(7 / limit); number += 1) texts.push(await page(order, number, limit));
    return texts;
  };
  expect(await pages('asc', 7)).toEqual(['gecabdf']);
  expect(await pages('desc', 7)).toEqual(['acegfdb']);
  expect(await pages('asc', 3)).toEqual(['gec', 'abd', 'f']);
  expect(await pages('desc', 2)).toEqual(['ac', 'eg', 'fd', 'b']);
  expect(await pages('desc', 1)).toEqual(['a', 'c', 'e', 'g', 'f', 'd', 'b']);
  expect(await page('asc', 4, 3)).toBe('');
});

test.each([
  [[{ field: 'email', order: 'desc' }]],
  [[{ field: 'email', order: 'asc' }]],
  [[{ field: 'gender', order: 'desc' }]],
  [[{ field: 'createdAt', order: 'desc' }]],
  [
    [
      { field: 'externalId', order: 'asc' },
      { field: 'email', order: 'desc' },
    ],
  ],
  [
    [
      { field: 'gender', order: 'asc' },
      { field: 'email', order: 'asc' },
      { field: 'phone', order: 'desc' },
    ],
  ],
])('pages of any size, put together, are the whole list in order: %j', async (sort) => {
  const pool = await testUserPool();
  await pool.do('createUsersBatch', {
    list: Array.from({ length: 23 }, (_, index) => ({
      username: `user-${index}`,
      gender: genders[(index * 7) % 3],
      ...(index % 3 === 0 ? {} : { email: `${(index * 11) % 23}@example.com` }),
      ...(index % 5 < 3 ? {} : { externalId: String((index * 5) % 23) }),
    })),
  });
  const list = async (page: number, limit: number) => {
    const answer = await pool.do('listUsers', { options: { sort, pagination: { page, limit } } });
    expect(answer.totalCount).toBe(23);
    return answer.list.map(({ username }: { username: string }) => username);
  };
  const whole = await list(1, 50);
  expect(new Set(whole).size).toBe(23);
  for (const limit of [1, 2, 4, 5, 7, 11, 12, 22]) {
    const pages: string[] = [];
    for (let page = 1; (page - 1) * limit < 23; page += 1) pages.push(...(await list(page, limit)));
    expect(pages, `pages of ${limit}`).toEqual(whole);
  }
});

test('a page behind the last one of a search still says how many there are', async () => {
  const pool = await testUserPool();
  await pool.do('createUsersBatch', { list: ['ann', 'anna', 'bob'].map((username) => ({ username })) });
  const search = (page: number) =>
    pool.do('listUsers', { keywords: 'ann', options: { pagination: { page, limit: 1 } } });
  expect(await search(2)).toMatchObject({ totalCount: 2, list: [{ username: 'ann' }] });
  expect(await search(3)).toEqual({ totalCount: 2, list: [] });
});
