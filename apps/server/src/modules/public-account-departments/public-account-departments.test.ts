import { expect, test } from 'vitest';
import { newId } from '../../platform/ids.ts';
import { type TestUserPool, testUserPool } from '../../testing/server.ts';

const organizationCode = 'acme';

async function departments(pool: TestUserPool) {
  const root = await pool.do('createOrganization', { organizationCode, organizationName: 'Acme' });
  const make = async (name: string, more = {}): Promise<string> => {
    const input = { organizationCode, parentDepartmentId: 'root', name, code: name, ...more };
    return (await pool.do('createDepartment', input)).departmentId;
  };
  return {
    root: root.departmentId as string,
    a: await make('a'),
    b: await make('b'),
    team: await make('team', { isVirtualNode: true }),
  };
}

async function departmentsOf(pool: TestUserPool, userId: string) {
  const { list } = await pool.do('getPublicAccountDepartments', { userId, sortBy: 'DepartmentName', orderBy: 'Asc' });
  return list.map((one: { name: string; isMainDepartment: boolean; isLeader: boolean }) => [
    one.name,
    one.isMainDepartment,
    one.isLeader,
  ]);
}

test('a new account is linked to its departments, whose members and counts stay those of people', async () => {
  const pool = await testUserPool();
  const { a, b, team } = await departments(pool);
  const input = { username: 'desk', departmentIds: ['team', 'b', 'a'], options: { departmentIdType: 'code' } };
  const account = await pool.do('createPublicAccount', input);
  const { userId } = account;
  expect(account.mainDepartmentId).toBe(b);
  expect(await pool.do('getPublicAccount', { userId, withDepartmentIds: true })).toMatchObject({
    mainDepartmentId: b,
    departmentIds: expect.arrayContaining([a, b, team]),
  });
  expect(await departmentsOf(pool, userId)).toEqual([
    ['a', false, false],
    ['b', true, false],
    ['team', false, false],
  ]);
  expect(await pool.do('listDepartmentMembers', { organizationCode, departmentId: a })).toMatchObject({
    totalCount: 0,
  });
  expect(await pool.do('getDepartment', { organizationCode, departmentId: a })).toMatchObject({ membersCount: 0 });
  expect((await pool.events()).slice(-3).map(({ name, data }) => [name, data.subject.type])).toEqual(
    Array(3).fill(['public_account.bound', 'DEPARTMENT']),
  );
  for (const departmentIds of [[newId()], [a, newId()]]) {
    expect(await pool.call('createPublicAccount', { username: 'other', departmentIds })).toMatchObject({
      statusCode: 404,
    });
  }
  expect(await pool.rows('users')).toHaveLength(1);
});

test('setting departments replaces them, and keeps or chooses the main one as for users', async () => {
  const pool = await testUserPool();
  const { root, a, b, team } = await departments(pool);
  const { userId } = await pool.do('createPublicAccount', { username: 'desk' });
  const set = (list: object[], more = {}) =>
    pool.call('setPublicAccountOfDepartments', { userId, departments: list, ...more });
  expect(await set([{ departmentId: team }, { departmentId: a, isLeader: true }])).toMatchObject({ statusCode: 200 });
  expect(await departmentsOf(pool, userId)).toEqual([
    ['a', true, true],
    ['team', false, false],
  ]);
  const before = (await pool.events()).length;
  await set([{ departmentId: b, isMainDepartment: true }, { departmentId: a }]);
  expect(await departmentsOf(pool, userId)).toEqual([
    ['a', false, true],
    ['b', true, false],
  ]);
  expect((await pool.events()).slice(before).map(({ name, data }) => [name, data.subject?.id])).toEqual([
    ['public_account.unbound', team],
    ['public_account.bound', b],
    ['public_account.departments.changed', undefined],
  ]);
  for (let twice = 0; twice < 2; twice++) {
    await set([{ departmentId: a, isLeader: false }, { departmentId: b }], { options: { userIdType: 'user_id' } });
  }
  expect((await pool.events()).slice(before + 3)).toMatchObject([
    {
      name: 'public_account.departments.changed',
      webhook: 'public-account:organization-node-update',
      data: { publicAccount: { id: userId, username: 'desk', email: null }, departmentIds: [a, b] },
    },
  ]);
  expect(await departmentsOf(pool, userId)).toEqual([
    ['a', false, false],
    ['b', true, false],
  ]);
  // Leaders are people.
  expect(await pool.do('getDepartment', { organizationCode, departmentId: a })).toMatchObject({ leaderUserIds: [] });

  const unknown = newId();
  for (const [list, statusCode] of [
    [[{ departmentId: a }, { departmentId: unknown }], 404],
    [[], 400],
    [
      [
        { departmentId: a, isMainDepartment: true },
        { departmentId: root, isMainDepartment: true },
      ],
      400,
    ],
    [[{ departmentId: team, isMainDepartment: true }], 422],
  ] as const) {
    expect((await set([...list])).statusCode).toBe(statusCode);
  }
  const { userId: person } = await pool.do('createUser', { username: 'ada' });
  expect(
    await pool.call('setPublicAccountOfDepartments', { userId: person, departments: [{ departmentId: a }] }),
  ).toMatchObject({ statusCode: 404 });
  expect(await departmentsOf(pool, userId)).toHaveLength(2);
});

test('lists departments with paths and pages, and accounts of a department', async () => {
  const pool = await testUserPool();
  const { root, a, b } = await departments(pool);
  const accounts = await pool.do('createPublicAccountsBatch', {
    list: [{ username: 'x', departmentIds: [a, b] }, { username: 'y', departmentIds: [a] }, { username: 'z' }],
  });
  const page = await pool.do('getPublicAccountDepartments', {
    userId: 'x',
    userIdType: 'username',
    withDepartmentPaths: true,
    sortBy: 'DepartmemtCode',
    orderBy: 'Desc',
    limit: 1,
  });
  expect(page).toMatchObject({ totalCount: 2, list: [{ departmentId: b, departmentIdPath: [root, b] }] });
  const names = async (input: object) =>
    (await pool.do('getPublicAccountsOfDepartment', { ...input })).list.map(
      (one: { username: string }) => one.username,
    );
  expect((await names({ departmentId: a })).sort()).toEqual(['x', 'y']);
  expect(await names({ departmentId: a, limit: 1, page: 2 })).toHaveLength(1);
  expect(await names({ departmentId: root })).toEqual([]);
  expect(await pool.call('getPublicAccountsOfDepartment', { departmentId: newId() })).toMatchObject({
    statusCode: 404,
  });

  const filter = (includeChildrenDepartments: boolean) => ({
    advancedFilter: [
      {
        field: 'department',
        operator: 'IN',
        value: [{ organizationCode, departmentId: 'root', includeChildrenDepartments }],
      },
    ],
  });
  expect(await pool.do('listPublicAccounts', filter(true))).toMatchObject({ totalCount: 2 });
  expect(await pool.do('listPublicAccounts', filter(false))).toMatchObject({ totalCount: 0 });
  expect(await pool.do('listUsers', filter(true))).toMatchObject({ totalCount: 0 });
  expect(accounts).toHaveLength(3);
  const main = { advancedFilter: [{ field: 'mainDepartmentId', operator: 'EQUAL', value: a }] };
  expect(await pool.do('listPublicAccounts', main)).toMatchObject({ totalCount: 2 });
});

test('passing an account to remove-department-members unlinks it like a user, and the main department moves on', async () => {
  const pool = await testUserPool();
  const { a, b } = await departments(pool);
  const { userId } = await pool.do('createPublicAccount', { username: 'desk', departmentIds: [a, b] });
  const ada = await pool.do('createUser', { username: 'ada', departmentIds: [a] });
  const before = (await pool.events()).length;
  const remove = { organizationCode, departmentId: a, userIds: [userId, ada.userId, newId()] };
  expect(await pool.do('removeDepartmentMembers', remove)).toEqual({ success: true });
  expect(await departmentsOf(pool, userId)).toEqual([['b', true, false]]);
  const removed = (await pool.events()).slice(before).filter(({ name }) => name === 'department.member.removed');
  expect(removed.map(({ data }) => data.user.username).sort()).toEqual(['ada', 'desk']);
  await pool.do('removeDepartmentMembers', remove);
  await pool.do('removeDepartmentMembers', { ...remove, departmentId: b });
  expect(await departmentsOf(pool, userId)).toEqual([]);
  expect(await pool.do('getPublicAccount', { userId })).toMatchObject({ mainDepartmentId: null });
});

test('an account has one main department at most, and it is one of its own, when many calls race', async () => {
  const pool = await testUserPool();
  const { root, a, b } = await departments(pool);
  const { userId } = await pool.do('createPublicAccount', { username: 'desk', departmentIds: [a, b] });
  const set = (main: string, other: string) =>
    pool.call('setPublicAccountOfDepartments', {
      userId,
      departments: [{ departmentId: main, isMainDepartment: true }, { departmentId: other }],
    });
  const remove = (departmentId: string) =>
    pool.call('removeDepartmentMembers', { organizationCode, departmentId, userIds: [userId] });
  const calls = [
    () => set(a, b),
    () => remove(a),
    () => set(b, root),
    () => remove(b),
    () => set(root, a),
    () => remove(root),
  ];
  for (let round = 0; round < 5; round++) {
    await set(a, b);
    const answers = await Promise.all([...calls, ...calls].map((call) => call()));
    expect(answers.filter(({ statusCode }) => statusCode !== 200)).toEqual([]);
  }
  const links = await pool.rows<{ is_main: boolean }>('public_account_departments');
  expect(links.filter(({ is_main }) => is_main)).toHaveLength(links.length === 0 ? 0 : 1);
});

test('a deleted department leaves its public accounts, and is not kept by them', async () => {
  const pool = await testUserPool();
  const { a, b } = await departments(pool);
  const { userId } = await pool.do('createPublicAccount', { username: 'desk', departmentIds: [a, b] });
  expect(await pool.do('deleteDepartment', { organizationCode, departmentId: a })).toEqual({ success: true });
  expect(await departmentsOf(pool, userId)).toHaveLength(1);
  await pool.do('deleteOrganization', { organizationCode });
  expect(await departmentsOf(pool, userId)).toEqual([]);
});

test('departments and accounts of another user pool are unknown', async () => {
  const [pool, foreign] = await Promise.all([testUserPool(), testUserPool()]);
  const [own, other] = [await departments(pool), await departments(foreign)];
  const { userId } = await pool.do('createPublicAccount', { username: 'desk' });
  const { userId: stranger } = await foreign.do('createPublicAccount', { username: 'desk' });
  for (const [operation, input] of [
    ['setPublicAccountOfDepartments', { userId, departments: [{ departmentId: other.a }] }],
    ['setPublicAccountOfDepartments', { userId: stranger, departments: [{ departmentId: own.a }] }],
    ['getPublicAccountDepartments', { userId: stranger }],
    ['getPublicAccountsOfDepartment', { departmentId: other.a }],
    ['createPublicAccount', { username: 'x', departmentIds: [other.a] }],
  ] as const) {
    expect([operation, (await pool.call(operation, input)).statusCode]).toEqual([operation, 404]);
  }
});
