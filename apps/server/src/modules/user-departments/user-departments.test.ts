import { expect, test } from 'vitest';
import { recount } from '../../testing/recount.ts';
import { type TestUserPool, testUserPool } from '../../testing/server.ts';

interface Place {
  readonly pool: TestUserPool;
  readonly userId: string;
  /** Ids of departments by name: acme > a > b > c, acme > v (virtual), other (another organization). */
  readonly ids: Readonly<Record<'acme' | 'a' | 'b' | 'c' | 'v' | 'other', string>>;
}

async function place(): Promise<Place> {
  const pool = await testUserPool();
  const { userId } = await pool.do('createUser', { username: 'ada', email: 'Ada@example.com' });
  const organization = async (name: string) =>
    (await pool.do('createOrganization', { organizationCode: name, organizationName: name })).departmentId;
  const department = async (name: string, parentDepartmentId: string, more = {}) =>
    (await pool.do('createDepartment', { organizationCode: 'acme', name, code: name, parentDepartmentId, ...more }))
      .departmentId;
  const [acme, other] = [await organization('acme'), await organization('other')];
  const a = await department('a', acme);
  const b = await department('b', a, { openDepartmentId: 'ou_b', description: 'makes b' });
  const c = await department('c', b, { code: '' });
  const v = await department('v', acme, { isVirtualNode: true });
  return { pool, userId, ids: { acme, a, b, c, v, other } };
}

const names = (answer: { list: { name: string }[] }) => answer.list.map(({ name }) => name);

async function set({ pool, userId }: Place, departments: readonly object[]): Promise<void> {
  await pool.do('setUserDepartments', { userId, departments });
}

function get({ pool, userId }: Place, more = {}) {
  return pool.do('getUserDepartments', { userId, sortBy: 'DepartmentName', orderBy: 'Asc', ...more });
}

async function mainOf(here: Place): Promise<string | null> {
  const { list } = await get(here);
  const mains = list.filter(({ isMainDepartment }: { isMainDepartment: boolean }) => isMainDepartment);
  expect(mains.length).toBeLessThan(2);
  const { mainDepartmentId } = await here.pool.do('getUser', { userId: here.userId });
  expect(mainDepartmentId).toBe(mains[0]?.departmentId ?? null);
  return mains[0]?.name ?? null;
}

test('shows a department with texts where V3 promises texts, and with what the user is in it', async () => {
  const here = await place();
  await set(here, [{ departmentId: here.ids.b, isLeader: true }, { departmentId: here.ids.c }]);
  const answer = await get(here);
  expect(answer).toMatchObject({ totalCount: 2, list: [{ name: 'b' }, { name: 'c' }] });
  expect(answer.list[0]).toMatchObject({
    organizationCode: 'acme',
    departmentId: here.ids.b,
    isRoot: false,
    description: 'makes b',
    openDepartmentId: 'ou_b',
    isLeader: true,
    code: 'b',
    isMainDepartment: true,
    isVirtualNode: false,
  });
  expect(answer.list[0]).not.toHaveProperty('departmentIdPath');
  expect(answer.list[1]).toMatchObject({ description: '', code: '', isLeader: false, isMainDepartment: false });
});

test('shows the way from the root on request, across organizations', async () => {
  const here = await place();
  const { acme, a, b, c, other } = here.ids;
  await set(here, [{ departmentId: c }, { departmentId: other }]);
  const { list } = await get(here, { withDepartmentPaths: true, withCustomData: true });
  expect(list).toMatchObject([
    {
      departmentIdPath: [acme, a, b, c],
      departmentCodePath: ['acme', 'a', 'b', ''],
      departmentNamePath: ['acme', 'a', 'b', 'c'],
      customData: {},
    },
    { isRoot: true, organizationCode: 'other', departmentIdPath: [other], departmentNamePath: ['other'] },
  ]);
});

test('orders by any key, the misspelt one too, and pages', async () => {
  const here = await place();
  const { a, b, c } = here.ids;
  await set(here, [{ departmentId: b }]);
  await set(here, [{ departmentId: b }, { departmentId: a }]);
  await set(here, [{ departmentId: b }, { departmentId: a }, { departmentId: c }]);
  expect(names(await get(here, { sortBy: 'JoinDepartmentAt', orderBy: 'Desc' }))).toEqual(['c', 'a', 'b']);
  expect(names(await get(here, { sortBy: 'JoinDepartmentAt' }))).toEqual(['b', 'a', 'c']);
  expect(names(await get(here, { sortBy: 'DepartmentCreatedAt', orderBy: 'Desc' }))).toEqual(['c', 'b', 'a']);
  expect(names(await get(here, { sortBy: 'DepartmemtCode' }))).toEqual(['c', 'a', 'b']);
  expect(names(await get(here, { sortBy: 'DepartmentCode', orderBy: 'Desc' }))).toEqual(['b', 'a', 'c']);
  expect(await get(here, { page: 2, limit: 2 })).toMatchObject({ totalCount: 3, list: [{ name: 'c' }] });
  expect(await get(here, { page: 3, limit: 2 })).toMatchObject({ totalCount: 3, list: [] });
});

test('finds the user by any kind of id, and answers the documented texts when there is none', async () => {
  const here = await place();
  const { pool } = here;
  await pool.do('setUserDepartments', {
    userId: 'ADA@example.com',
    departments: [{ departmentId: here.ids.a }],
    options: { userIdType: 'email' },
  });
  expect(names(await pool.do('getUserDepartments', { userId: 'ada', userIdType: 'username' }))).toEqual(['a']);
  const chinese = { 'x-authing-lang': 'zh-CN' };
  const call = (userId: string) => pool.call('getUserDepartments', { userId }, chinese);
  expect(await call('nobody')).toMatchObject({ statusCode: 404, message: '用户不存在' });
  expect(await call('')).toMatchObject({ statusCode: 400, message: '参数 userId 格式错误' });
});

test('refuses a list with an unknown department, names it, and changes nothing', async () => {
  const here = await place();
  const { pool, userId, ids } = here;
  await set(here, [{ departmentId: ids.a }]);
  const wrong = { userId, departments: [{ departmentId: ids.b }, { departmentId: 'nobody' }] };
  expect(await pool.call('setUserDepartments', wrong, { 'x-authing-lang': 'zh-CN' })).toMatchObject({
    statusCode: 404,
    message: '存在不合法的 departmentId: nobody',
  });
  const foreign = await place();
  const ofOthers = { userId, departments: [{ departmentId: foreign.ids.a }] };
  expect(await pool.call('setUserDepartments', ofOthers)).toMatchObject({ statusCode: 404 });
  expect(names(await get(here))).toEqual(['a']);
});

test('refuses several main departments and a virtual one', async () => {
  const { pool, userId, ids } = await place();
  const call = (departments: readonly object[]) => pool.call('setUserDepartments', { userId, departments });
  const main = (departmentId: string) => ({ departmentId, isMainDepartment: true });
  expect(await call([main(ids.a), main(ids.b)])).toMatchObject({ statusCode: 400 });
  expect(await call([main(ids.v)])).toMatchObject({ statusCode: 422 });
  expect(await call([])).toMatchObject({ statusCode: 400, message: 'departments should not be empty' });
  expect(await pool.rows('department_members')).toHaveLength(0);
});

test('keeps the main department while it can, else takes the first that is not virtual', async () => {
  const here = await place();
  const { a, b, c, v } = here.ids;
  await set(here, [{ departmentId: v }]);
  expect(await mainOf(here)).toBeNull();
  await set(here, [{ departmentId: v }, { departmentId: c }, { departmentId: b }]);
  expect(await mainOf(here)).toBe('c');
  await set(here, [{ departmentId: a }, { departmentId: c }]);
  expect(await mainOf(here)).toBe('c');
  await set(here, [{ departmentId: a, isMainDepartment: true }, { departmentId: c }]);
  expect(await mainOf(here)).toBe('a');
  await set(here, [{ departmentId: b }, { departmentId: c }]);
  expect(await mainOf(here)).toBe('b');
});

test('replaces departments in all organizations; who stays, stays since when he joined', async () => {
  const here = await place();
  const { a, b, c, other } = here.ids;
  await set(here, [{ departmentId: a }, { departmentId: other }]);
  const before = await get(here);
  await set(here, [{ departmentId: c }, { departmentId: a }, { departmentId: b }, { departmentId: c }]);
  const after = await get(here);
  expect(names(after)).toEqual(['a', 'b', 'c']);
  expect(after.list[0].joinedAt).toBe(before.list[0].joinedAt);
  expect(await recount(here.pool.server, here.pool.id)).toEqual([]);
});

test('makes leaders and ends it, leaves them alone when nothing is said, and forgets them who leave', async () => {
  const here = await place();
  const { pool, userId, ids } = here;
  const leaders = async (departmentId: string) =>
    (await pool.do('getDepartmentById', { departmentId })).leaderUserIds as string[];
  const { userId: grace } = await pool.do('createUser', { username: 'grace' });
  await pool.do('updateDepartment', { organizationCode: 'acme', departmentId: ids.a, leaderUserIds: [grace] });
  await set(here, [
    { departmentId: ids.a, isLeader: true },
    { departmentId: ids.b, isLeader: true },
  ]);
  expect(await leaders(ids.a)).toEqual([grace, userId]);
  await set(here, [{ departmentId: ids.a }, { departmentId: ids.b, isLeader: false }]);
  expect(await leaders(ids.a)).toEqual([grace, userId]);
  expect(await leaders(ids.b)).toEqual([]);
  await set(here, [{ departmentId: ids.b }]);
  expect(await leaders(ids.a)).toEqual([grace]);
});

test('refuses users who left', async () => {
  const { pool, userId, ids } = await place();
  for (const status of ['Resigned', 'Archived']) {
    await pool.do('updateUser', { userId, status });
    expect(await pool.call('setUserDepartments', { userId, departments: [{ departmentId: ids.a }] })).toMatchObject({
      statusCode: 422,
    });
  }
});

test('announces each department once and the user once, and notes both lists', async () => {
  const here = await place();
  const { pool, userId, ids } = here;
  await set(here, [{ departmentId: ids.a }, { departmentId: ids.b }]);
  const earlier = (await pool.events()).length;
  await set(here, [{ departmentId: ids.b }, { departmentId: ids.c, isLeader: true }]);
  const events = (await pool.events()).slice(earlier);
  expect(events).toMatchObject([
    { webhook: 'organization:member-added', data: { node: { id: ids.c, orgId: ids.acme }, user: { id: userId } } },
    { webhook: 'organization:member-removed', data: { node: { id: ids.a }, user: { username: 'ada' } } },
    { webhook: 'user:organization-node-update', data: { user: { id: userId }, departmentIds: [ids.b, ids.c] } },
  ]);
  expect(events).toHaveLength(3);
  const audit = (await pool.audits()).at(-1);
  expect(audit).toMatchObject({
    target_id: userId,
    origin_value: [
      { departmentId: ids.a, isMainDepartment: true, isLeader: false },
      { departmentId: ids.b, isMainDepartment: false, isLeader: false },
    ],
    target_value: [
      { departmentId: ids.b, isMainDepartment: true, isLeader: false },
      { departmentId: ids.c, isMainDepartment: false, isLeader: true },
    ],
  });
});

test('ends in one of the states asked for when many calls race, with exact counts', async () => {
  const here = await place();
  const { pool, userId, ids } = here;
  const lists = [
    [ids.a, ids.b],
    [ids.c, ids.other],
    [ids.acme, ids.c],
    [ids.b, ids.v],
  ];
  const answers = await Promise.all([
    ...[...lists, ...lists].map((list, index) =>
      pool.call('setUserDepartments', {
        userId,
        departments: list.map((departmentId, at) => ({
          departmentId,
          isMainDepartment: at === 0,
          isLeader: index < 4,
        })),
      }),
    ),
    pool.call('addDepartmentMembers', { organizationCode: 'acme', departmentId: ids.a, userIds: [userId] }),
    pool.call('removeDepartmentMembers', { organizationCode: 'other', departmentId: 'root', userIds: [userId] }),
    pool.call('updateDepartment', { organizationCode: 'acme', departmentId: ids.c, parentDepartmentId: ids.a }),
  ]);
  expect(answers.map(({ statusCode }) => statusCode)).toEqual(answers.map(() => 200));
  expect(await mainOf(here)).not.toBeNull();
  expect(await recount(pool.server, pool.id)).toEqual([]);
});

test('says nothing when nothing changes', async () => {
  const here = await place();
  const departments = [{ departmentId: here.ids.a, isLeader: true }, { departmentId: here.ids.b }];
  await set(here, departments);
  const before = await here.pool.events();
  await set(here, departments);
  expect(await here.pool.events()).toEqual(before);
});

test('either joins a department that is being deleted or finds it gone', async () => {
  const { pool, userId, ids } = await place();
  const departmentIds: string[] = await Promise.all(
    Array.from({ length: 8 }, async (_, index) => {
      const department = { organizationCode: 'acme', parentDepartmentId: ids.v, name: `doomed ${index}` };
      return (await pool.do('createDepartment', department)).departmentId;
    }),
  );
  for (const departmentId of departmentIds) {
    const [joining, deleting] = await Promise.all([
      pool.call('setUserDepartments', { userId, departments: [{ departmentId }, { departmentId: ids.a }] }),
      pool.call('deleteDepartment', { organizationCode: 'acme', departmentId }),
    ]);
    expect([[200, 422].join(), [404, 200].join()]).toContain([joining.statusCode, deleting.statusCode].join());
  }
  expect(await recount(pool.server, pool.id)).toEqual([]);
});

test('joins departments at creation by ids that are unique in the user pool only', async () => {
  const { pool, ids } = await place();
  const create = (username: string, departmentIds: readonly string[], departmentIdType: string) =>
    pool.call('createUser', { username, departmentIds, options: { departmentIdType } });
  const { data: user } = await create('grace', ['b', 'v'], 'code');
  expect(user.mainDepartmentId).toBe(ids.b);
  expect(names(await pool.do('getUserDepartments', { userId: user.userId }))).toHaveLength(2);
  expect((await create('edsger', ['ou_b', 'ou_b'], 'open_department_id')).data).toMatchObject({
    mainDepartmentId: ids.b,
  });
  const parent = { organizationCode: 'other', parentDepartmentId: 'root' };
  await pool.do('createDepartment', { ...parent, name: 'another b', code: 'b' });
  expect(await create('barbara', ['b'], 'code')).toMatchObject({ statusCode: 422 });
  expect(await create('barbara', ['nobody'], 'code')).toMatchObject({ statusCode: 404 });
  expect(await create('barbara', ['wechatwork:7'], 'sync_relation')).toMatchObject({ statusCode: 404 });
  expect(await create('barbara', ['key:value'], 'custom_field')).toMatchObject({ statusCode: 400 });
  expect(await create('barbara', [ids.a], 'department_id')).toMatchObject({ statusCode: 200 });
  expect(await recount(pool.server, pool.id)).toEqual([]);
});

test('ends all memberships of who resigns or is deleted, with exact counts', async () => {
  const here = await place();
  const { pool, userId, ids } = here;
  await set(here, [{ departmentId: ids.c, isLeader: true }, { departmentId: ids.other }]);
  const { userId: grace } = await pool.do('createUser', { username: 'grace', departmentIds: [ids.c, ids.v] });
  await pool.do('updateUser', { userId, status: 'Resigned' });
  expect(await get(here)).toEqual({ totalCount: 0, list: [] });
  expect((await pool.do('getDepartmentById', { departmentId: ids.c })).leaderUserIds).toEqual([]);
  await pool.do('deleteUsersBatch', { userIds: [grace] });
  expect(await pool.rows('department_members')).toHaveLength(0);
  expect(await recount(pool.server, pool.id)).toEqual([]);
  const removed = (await pool.events()).filter(({ webhook }) => webhook === 'organization:member-removed');
  expect(removed).toHaveLength(4);
});
