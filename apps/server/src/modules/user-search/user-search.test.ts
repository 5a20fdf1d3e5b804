import { expect, test } from 'vitest';
import { type TestUserPool, testUserPool } from '../../testing/server.ts';

const people = [
  { username: 'ann', name: 'Ann Énée', email: 'ann@example.com', company: 'steamory', gender: 'F', externalId: 'x-1' },
  { username: 'bob', name: '张三', phone: '18812345678', company: 'acme', gender: 'M', emailVerified: true },
  { username: 'cat', nickname: 'Kitty', email: 'cat@example.org', birthdate: '1990-06-03', status: 'Suspended' },
  { username: 'dan', status: 'Resigned' },
  { username: 'eve', status: 'Archived' },
];

async function poolOfPeople(): Promise<TestUserPool> {
  const pool = await testUserPool();
  await pool.do('createUsersBatch', { list: people });
  for (const [index, { username }] of people.entries()) {
    // No operation logs anybody in yet.
    await pool.server.sql(
      `update users set logins_count = $3, last_login_at = $4, last_login_ip = $5, created_at = $6, updated_at = $6
       where user_pool_id = $1 and username = $2`,
      [
        pool.id,
        username,
        index,
        index === 1 ? null : new Date(Date.UTC(2024, index)),
        `10.0.0.${index}`,
        new Date(Date.UTC(2022, index)),
      ],
    );
  }
  return pool;
}

function usernames(page: { list: { username: string }[] }): string {
  return page.list.map(({ username }) => username).join(' ');
}

test('lists the newest first, page by page, without those who left', async () => {
  const pool = await poolOfPeople();
  const page = await pool.do('listUsers', { options: { pagination: { page: 1, limit: 2 } } });
  expect(page.totalCount).toBe(3);
  expect(usernames(page)).toBe('cat bob');
  expect(usernames(await pool.do('listUsers', { options: { pagination: { page: 2, limit: 2 } } }))).toBe('ann');
  const beyond = await pool.do('listUsers', { options: { pagination: { page: 3, limit: 2 } } });
  expect(beyond).toEqual({ totalCount: 3, list: [] });
  expect(usernames(await pool.do('listUsers', {}))).toBe('cat bob ann');
});

test('finds keywords inside the fields named, whatever their case', async () => {
  const pool = await poolOfPeople();
  const search = async (keywords: string, options = {}) =>
    usernames(
      await pool.do('listUsers', { keywords, options: { sort: [{ field: 'username', order: 'asc' }], ...options } }),
    );
  expect(await search('EXAMPLE')).toBe('ann cat');
  expect(await search('énÉe')).toBe('ann');
  expect(await search('张')).toBe('bob');
  expect(await search('kitt')).toBe('cat');
  expect(await search('1234')).toBe('bob');
  expect(await search('acme')).toBe('');
  expect(await search('ACME', { fuzzySearchOn: ['company'] })).toBe('bob');
  expect(await search('X-1', { fuzzySearchOn: ['externalId', 'identityNumber'] })).toBe('ann');
  expect(await search('%')).toBe('');
  expect(await search("' or true --")).toBe('');
  expect(await search('  ')).toBe('ann bob cat');
});

test.each([
  ['username', 'EQUAL', 'bob', 'bob'],
  ['username', 'NOT_EQUAL', 'bob', 'ann cat'],
  ['email', 'EQUAL', 'ANN@example.com', 'ann'],
  ['email', 'NOT_EQUAL', 'ann@example.com', 'bob cat'],
  ['email', 'IS_NULL', undefined, 'bob'],
  ['email', 'NOT_NULL', undefined, 'ann cat'],
  ['email', 'CONTAINS', '.ORG', 'cat'],
  ['email', 'NOT_CONTAINS', '.org', 'ann bob'],
  ['company', 'IN', ['acme', 'steamory'], 'ann bob'],
  ['company', 'IN', [], ''],
  ['company', 'IS_NULL', undefined, 'cat'],
  ['birthdate', 'BETWEEN', ['1990-01-01', '1991-01-01'], 'cat'],
  ['gender', 'IN', ['M', 'F'], 'ann bob'],
  ['gender', 'EQUAL', 'U', 'cat'],
  ['status', 'EQUAL', 'Archived', 'eve'],
  ['status', 'NOT_EQUAL', 'Activated', 'cat dan eve'],
  ['workStatus', 'EQUAL', 'Active', 'ann bob cat'],
  ['emailVerified', 'EQUAL', false, 'ann bob cat'],
  ['loginsCount', 'GREATER', 1, 'bob cat'],
  ['loginsCount', 'LESSER', '1', 'ann bob'],
  ['loginsCount', 'BETWEEN', [1, 1.5], 'bob'],
  ['loginsCount', 'IN', [0, 2], 'ann cat'],
  ['lastLogin', 'GREATER', Date.UTC(2024, 1), 'cat'],
  ['lastLoginTime', 'LESSER', '2024-01-01T00:00:00.000Z', 'ann'],
  ['lastLogin', 'IS_NULL', undefined, 'bob'],
  ['createdAt', 'BETWEEN', [Date.UTC(2022, 0) / 1000, Date.UTC(2022, 1)], 'ann bob'],
  ['identityNumber', 'IS_NULL', undefined, 'ann bob cat'],
  ['registerSource', 'CONTAINS', 'import:manual', 'ann bob cat'],
  ['registerSource', 'NOT_CONTAINS', 'import:manual', ''],
  ['registerSource', 'IS_NULL', undefined, ''],
  ['mainDepartmentId', 'IS_NULL', undefined, 'ann bob cat'],
  ['userSource', 'IN', [{ type: 'adminCreated' }, { type: 'sync', id: '7' }], 'ann bob cat'],
  ['userSource', 'IN', [{ type: 'register' }], ''],
  ['loggedInApps', 'IN', ['6229ffa0a1b2c3d4cade3e3d'], ''],
])('filters %s %s %j', async (field, operator, value, expected) => {
  const pool = await sharedPool();
  const page = await pool.do('listUsers', {
    advancedFilter: [{ field, operator, value }],
    options: { sort: [{ field: 'username', order: 'asc' }] },
  });
  expect(usernames(page)).toBe(expected);
  expect(page.totalCount).toBe(page.list.length);
});

let shared: Promise<TestUserPool> | undefined;

/** Nobody changes the people of this pool. */
function sharedPool(): Promise<TestUserPool> {
  shared ??= poolOfPeople();
  return shared;
}

test('all filters must match', async () => {
  const pool = await sharedPool();
  const filter = [
    { field: 'company', operator: 'NOT_NULL' },
    { field: 'gender', operator: 'EQUAL', value: 'F' },
  ];
  expect(usernames(await pool.do('listUsers', { keywords: 'a', advancedFilter: filter }))).toBe('ann');
  expect((await pool.do('listUsers', { keywords: 'b', advancedFilter: filter })).totalCount).toBe(0);
});

test.each([
  ['status', 'EQUAL', 'Happy', 'value'],
  ['gender', 'IN', 'M', 'value'],
  ['gender', 'CONTAINS', 'M', 'operator'],
  ['loginsCount', 'EQUAL', 'many', 'value'],
  ['loginsCount', 'CONTAINS', '1', 'operator'],
  ['loginsCount', 'BETWEEN', [1], 'value'],
  ['loginsCount', 'BETWEEN', [1, 2, 3], 'value'],
  ['lastLogin', 'GREATER', 'yesterday', 'value'],
  ['lastLogin', 'GREATER', 8.64e15, 'value'],
  ['lastLogin', 'GREATER', -1, 'value'],
  ['emailVerified', 'EQUAL', 'perhaps', 'value'],
  ['emailVerified', 'GREATER', true, 'operator'],
  ['name', 'EQUAL', true, 'value'],
  ['name', 'GREATER', 7, 'value'],
  ['name', 'BETWEEN', ['a', 7], 'value'],
  ['name', 'EQUAL', undefined, 'value'],
  ['name', 'EQUAL', { $ne: 1 }, 'value'],
  ['identityNumber', 'EQUAL', '420421199001011234', 'operator'],
  ['department', 'EQUAL', 'rd', 'operator'],
  ['department', 'IN', ['rd'], 'value'],
  ['userSource', 'IN', [{ type: 'moon' }], 'value'],
])('refuses the filter %s %s %j', async (field, operator, value, at) => {
  const pool = await sharedPool();
  const answer = await pool.call('listUsers', { advancedFilter: [{ field, operator, value }] });
  expect(answer).toMatchObject({ statusCode: 400, message: `Parameter advancedFilter.0.${at} is malformed` });
});

test('refuses custom fields nobody defined, and queries of search engines', async () => {
  const pool = await sharedPool();
  const custom = { field: 'school', operator: 'EQUAL', value: 'x' };
  expect(await pool.call('listUsers', { advancedFilter: [custom] })).toMatchObject({
    statusCode: 400,
    message: 'Custom field not defined: school',
  });
  expect(await pool.call('listUsers', { searchQuery: { query: {} } })).toMatchObject({
    statusCode: 422,
    message: 'searchQuery is not supported, use advancedFilter',
  });
});

test.each([
  ['id', 'desc', 'cat bob ann'],
  ['createdAt', 'asc', 'ann bob cat'],
  ['updatedAt', 'desc', 'cat bob ann'],
  ['email', 'asc', 'ann cat bob'],
  ['email', 'desc', 'cat ann bob'],
  ['username', 'desc', 'cat bob ann'],
  ['externalId', 'asc', 'ann bob cat'],
  ['phone', 'desc', 'bob cat ann'],
  ['status', 'desc', 'cat bob ann'],
  ['statusChangedAt', 'asc', 'ann bob cat'],
  ['passwordLastSetAt', 'desc', 'cat bob ann'],
  ['loginsCount', 'asc', 'ann bob cat'],
  ['gender', 'asc', 'ann bob cat'],
  ['lastLogin', 'desc', 'cat ann bob'],
  ['userSourceType', 'asc', 'ann bob cat'],
  ['lastMfaTime', 'asc', 'ann bob cat'],
  ['passwordSecurityLevel', 'desc', 'cat bob ann'],
  ['phoneCountryCode', 'asc', 'bob ann cat'],
  ['lastIp', 'desc', 'cat bob ann'],
])('sorts by %s %s, empty values last and ids between equals', async (field, order, expected) => {
  const pool = await sharedPool();
  expect(usernames(await pool.do('listUsers', { options: { sort: [{ field, order }] } }))).toBe(expected);
});

test('finds the members of departments, with those below when asked to', async () => {
  const pool = await testUserPool();
  const organizationCode = 'steamory';
  await pool.do('createOrganization', { organizationName: 'Steamory', organizationCode });
  const department = (code: string, parentDepartmentId: string) =>
    pool.do('createDepartment', { organizationCode, name: code, code, parentDepartmentId });
  const upper = await department('upper', 'root');
  const lower = await department('lower', upper.departmentId);
  await pool.do('createUsersBatch', {
    list: [
      { username: 'ann', departmentIds: [upper.departmentId] },
      { username: 'bob', departmentIds: [lower.departmentId, upper.departmentId] },
      { username: 'cat', departmentIds: [lower.departmentId] },
      { username: 'dan' },
    ],
  });
  const search = (value: object[]) =>
    pool.call('listUsers', {
      advancedFilter: [{ field: 'department', operator: 'IN', value }],
      options: { sort: [{ field: 'username', order: 'asc' }], withDepartmentIds: true },
    });
  const named = { organizationCode, departmentId: 'upper', departmentIdType: 'code' };
  expect(usernames((await search([named])).data)).toBe('ann bob');
  const all = (await search([{ ...named, includeChildrenDepartments: true }])).data;
  expect(all.totalCount).toBe(3);
  expect(all.list[1].departmentIds).toEqual([upper.departmentId, lower.departmentId]);
  expect(usernames((await search([named, { organizationCode, departmentId: lower.departmentId }])).data)).toBe(
    'ann bob cat',
  );
  expect((await search([])).data.totalCount).toBe(0);
  expect(await search([{ ...named, departmentId: 'none' }])).toMatchObject({ statusCode: 404 });
});

test('the older list filters by status and by time of change, in seconds or milliseconds', async () => {
  const pool = await sharedPool();
  const list = async (input = {}) => usernames(await pool.do('listUsersLegacy', input));
  expect(await list()).toBe('cat bob ann');
  expect(await list({ status: 'Archived' })).toBe('eve');
  expect(await list({ page: 2, limit: 2 })).toBe('ann');
  expect(await list({ updatedAtStart: Date.UTC(2022, 1) })).toBe('cat bob');
  expect(await list({ updatedAtStart: Date.UTC(2022, 1) / 1000, updatedAtEnd: Date.UTC(2022, 1) })).toBe('bob');
  expect(await pool.call('listUsersLegacy', { updatedAtStart: 'soon' })).toMatchObject({ statusCode: 400 });
});

test('answers under the name the Java SDK knows, and takes what it sends', async () => {
  const pool = await sharedPool();
  // Its options carry everything, given or not.
  const options = {
    pagination: { page: 1, limit: 10 },
    sort: null,
    fuzzySearchOn: null,
    withCustomData: false,
    withPost: null,
    withIdentities: false,
    withDepartmentIds: false,
    flatCustomData: null,
  };
  const page = await pool.do('listUsersByKeywords', {
    keywords: '张三',
    advancedFilter: null,
    searchQuery: null,
    options,
  });
  expect(usernames(page)).toBe('bob');
  expect(usernames(await pool.do('listUsers', { keywords: '张三', searchQuery: {}, options: {} }))).toBe('bob');
});

test('finds a few namesakes among many, who came one after the other, whatever the order', {
  timeout: 30_000,
}, async () => {
  const pool = await testUserPool();
  const people = Array.from({ length: 760 }, (_, index) => ({
    username: `user-${String(index).padStart(3, '0')}`,
    ...(index < 7 ? { nickname: 'Namesake', city: 'Namesake City' } : { city: 'Elsewhere' }),
  }));
  for (let at = 0; at < people.length; at += 40) {
    await pool.do('createUsersBatch', { list: people.slice(at, at + 40) });
  }
  const page = async (input: object, order: string, number: number) => {
    const options = { sort: [{ field: 'username', order }], pagination: { page: number, limit: 3 } };
    const { totalCount, list } = await pool.do('listUsers', { ...input, options });
    return `${totalCount} ${list.map(({ username }: { username: string }) => username.slice(-3)).join(' ')}`;
  };
  for (const input of [
    { keywords: 'namesake' },
    { advancedFilter: [{ field: 'city', operator: 'EQUAL', value: 'Namesake City' }] },
    { advancedFilter: [{ field: 'city', operator: 'NOT_EQUAL', value: 'Elsewhere' }] },
  ]) {
    expect(await page(input, 'asc', 1)).toBe('7 000 001 002');
    expect(await page(input, 'desc', 2)).toBe('7 003 002 001');
    expect(await page(input, 'desc', 3)).toBe('7 000');
    expect(await page(input, 'desc', 4)).toBe('7 ');
  }
  const everybody = { keywords: 'user-' };
  expect(await page(everybody, 'desc', 1)).toBe('760 759 758 757');
  expect(await page(everybody, 'asc', 254)).toBe('760 759');
});

test('a page is the same when the total is known already, of few as of many, and after it has changed', {
  timeout: 30_000,
}, async () => {
  const pool = await testUserPool();
  const people = Array.from({ length: 800 }, (_, index) => ({
    username: `user-${String((index * 337) % 800).padStart(3, '0')}`,
    ...(index % 40 === 0 ? { company: 'Few', email: `${(index * 7) % 800}@few.example` } : { company: 'Many' }),
  }));
  for (let at = 0; at < people.length; at += 50) {
    await pool.do('createUsersBatch', { list: people.slice(at, at + 50) });
  }
  const sorts = [
    [],
    [{ field: 'username', order: 'asc' }],
    [{ field: 'email', order: 'desc' }],
    [{ field: 'lastLogin', order: 'asc' }],
    [
      { field: 'gender', order: 'asc' },
      { field: 'username', order: 'desc' },
    ],
  ];
  const pages = async (input: object) => {
    const texts: string[] = [];
    for (const sort of sorts) {
      for (const page of [1, 2, 4, 5, 99]) {
        const { totalCount, list } = await pool.do('listUsers', {
          ...input,
          options: { sort, pagination: { page, limit: 6 } },
        });
        texts.push(`${totalCount} ${list.map(({ username }: { username: string }) => username.slice(-3)).join(' ')}`);
      }
    }
    return texts;
  };
  const ofCompany = (company: string) => ({
    advancedFilter: [{ field: 'company', operator: 'EQUAL', value: company }],
  });
  const [first, ...others] = [...people]
    .filter(({ company }) => company === 'Few')
    .sort((a, b) => (a.username < b.username ? -1 : 1));
  const few = await pages(ofCompany('Few'));
  expect(few[0]).toMatch(/^20( \d{3}){6}$/);
  expect(few.slice(5, 10)).toEqual(
    [0, 6, 18, 24, 588].map((at) => {
      const names = [first, ...others].slice(at, at + 6).map((one) => one?.username.slice(-3));
      return `20 ${names.join(' ')}`;
    }),
  );
  expect(await pages(ofCompany('Few'))).toEqual(few);
  const many = await pages({ ...ofCompany('Many'), keywords: 'user' });
  expect(many[0]).toMatch(/^780( \d{3}){6}$/);
  expect(await pages({ ...ofCompany('Many'), keywords: 'user' })).toEqual(many);

  const { userId } = await pool.do('getUser', { userId: first?.username, userIdType: 'username' });
  await pool.do('updateUser', { userId, company: 'Many' });
  expect((await pages(ofCompany('Few')))[5]).toBe(
    `19 ${others
      .slice(0, 6)
      .map(({ username }) => username.slice(-3))
      .join(' ')}`,
  );
  expect((await pages({ ...ofCompany('Many'), keywords: 'user' }))[5]).toMatch(/^781 /);
});
