import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { statement } from '../../platform/database/database.ts';
import { type Answer, type TestUserPool, testUserPool } from '../../testing/server.ts';

interface World {
  readonly pool: TestUserPool;
  /** Ids of departments by name: `a` with `b` below it, and `other` beside it. */
  readonly departments: { readonly root: string; readonly a: string; readonly b: string; readonly other: string };
  user(name: string): Promise<string>;
  add(departmentId: string, ...userIds: string[]): Promise<void>;
  members(departmentId: string, more?: object): Promise<string[]>;
}

async function world(): Promise<World> {
  const pool = await testUserPool();
  const organization = await pool.do('createOrganization', {
    organizationCode: 'steamory',
    organizationName: 'Steamory',
  });
  const create = async (name: string, parentDepartmentId: string, more = {}) =>
    (await pool.do('createDepartment', { organizationCode: 'steamory', name, parentDepartmentId, ...more }))
      .departmentId;
  const a = await create('a', 'root', { code: 'a', openDepartmentId: 'ou_a' });
  return {
    pool,
    departments: { root: organization.departmentId, a, b: await create('b', a), other: await create('other', 'root') },
    user: async (username) => (await pool.do('createUser', { username })).userId,
    add: async (departmentId, ...userIds) => {
      await pool.do('addDepartmentMembers', { organizationCode: 'steamory', departmentId, userIds });
    },
    members: async (departmentId, more = {}) => {
      const page = { organizationCode: 'steamory', departmentId, limit: 50, orderBy: 'Asc', ...more };
      const { list } = await pool.do('listDepartmentMembers', page);
      return list.map(({ userId }: { userId: string }) => userId);
    },
  };
}

describe('add-department-members', () => {
  test('adds users, all or none, and keeps who is a member already', async () => {
    const { pool, departments, user, add, members } = await world();
    const [ann, bob] = [await user('ann'), await user('bob')];
    await add(departments.a, ann);
    const [before] = await pool.rows('department_members');
    await add(departments.a, ann, bob, bob);
    expect((await members(departments.a)).toSorted()).toEqual([ann, bob].toSorted());
    const after = (await pool.rows('department_members')).find(({ user_id }) => user_id === ann);
    expect(after?.joined_at).toEqual(before?.joined_at);
    const input = { organizationCode: 'steamory', departmentId: departments.a, userIds: [await user('cat'), 'nobody'] };
    expect(await pool.call('addDepartmentMembers', input, { 'x-authing-lang': 'zh-CN' })).toMatchObject({
      statusCode: 404,
      message: '用户不存在',
    });
    expect(await members(departments.a)).toHaveLength(2);
  });

  test('makes a first department the main one, but never a virtual one', async () => {
    const { pool, departments, user, add } = await world();
    const virtual = await pool.do('createDepartment', {
      organizationCode: 'steamory',
      name: 'v',
      parentDepartmentId: 'root',
      isVirtualNode: true,
    });
    const ann = await user('ann');
    await add(virtual.departmentId, ann);
    expect((await pool.do('getUser', { userId: ann })).mainDepartmentId ?? null).toBeNull();
    await add(departments.a, ann);
    await add(departments.other, ann);
    expect((await pool.do('getUser', { userId: ann })).mainDepartmentId).toBe(departments.a);
  });

  test('refuses resigned and archived users', async () => {
    const { pool, departments, user } = await world();
    const ann = await user('ann');
    await pool.do('updateUser', { userId: ann, status: 'Resigned' });
    const input = { organizationCode: 'steamory', departmentId: departments.a, userIds: [ann] };
    expect((await pool.call('addDepartmentMembers', input)).statusCode).toBe(422);
  });

  test('announces each user who was none before, once', async () => {
    const { pool, departments, user, add } = await world();
    const ann = await user('ann');
    await add(departments.a, ann);
    await add(departments.a, ann);
    const events = (await pool.events()).filter(({ name }) => name === 'department.member.added');
    expect(events).toMatchObject([
      {
        webhook: 'organization:member-added',
        data: { node: { id: departments.a, code: 'a' }, user: { id: ann, username: 'ann' } },
      },
    ]);
  });
});

describe('reading members', () => {
  test('lists direct members in the order of joining, and with those below each user once', async () => {
    const { departments, user, add, members, pool } = await world();
    const [ann, bob, cat] = [await user('ann'), await user('bob'), await user('cat')];
    await add(departments.b, bob);
    await add(departments.a, ann);
    await add(departments.a, bob);
    await add(departments.b, cat);
    expect(await members(departments.a)).toEqual([ann, bob]);
    expect(await members(departments.a, { orderBy: 'Desc' })).toEqual([bob, ann]);
    const all = { organizationCode: 'steamory', departmentId: 'root', includeChildrenDepartments: true };
    expect(await pool.do('listDepartmentMembers', all)).toMatchObject({ totalCount: 3 });
    expect(await members('root', { includeChildrenDepartments: true })).toEqual([bob, ann, cat]);
    expect(await members('root')).toEqual([]);
    expect(await members('root', { includeChildrenDepartments: true, sortBy: 'userId', orderBy: 'Desc' })).toEqual(
      [ann, bob, cat].toSorted().toReversed(),
    );
    for (const sortBy of ['createAt', 'updatedAt', 'Default']) {
      expect(await members('root', { includeChildrenDepartments: true, sortBy })).toHaveLength(3);
    }
    const ids = { organizationCode: 'steamory', departmentId: departments.a };
    expect(await pool.do('listDepartmentMemberIds', ids)).toEqual([ann, bob]);
  });

  test('pages through a subtree without losing or repeating anybody, however it is walked', async () => {
    const { pool, departments, add } = await world();
    const create = (from: number) =>
      pool.do('createUsersBatch', { list: Array.from({ length: 50 }, (_, i) => ({ username: `u${from + i}` })) });
    const ids: string[] = [];
    for (const from of [0, 50, 100]) ids.push(...(await create(from)).map(({ userId }: { userId: string }) => userId));
    await add(departments.b, ...ids.slice(0, 100));
    await add(departments.a, ...ids.slice(50, 150));
    for (const orderBy of ['Asc', 'Desc']) {
      const seen: string[] = [];
      for (let page = 1; page <= 4; page++) {
        const input = {
          organizationCode: 'steamory',
          departmentId: 'root',
          includeChildrenDepartments: true,
          page,
          limit: 40,
          orderBy,
        };
        const answer = await pool.do('listDepartmentMembers', input);
        expect(answer.totalCount).toBe(150);
        seen.push(...answer.list.map(({ userId }: { userId: string }) => userId));
      }
      expect(seen.toSorted()).toEqual(ids.toSorted());
    }
  });

  test('adds department ids when asked to', async () => {
    const { pool, departments, user, add } = await world();
    const ann = await user('ann');
    await add(departments.a, ann);
    await add(departments.b, ann);
    const page = { organizationCode: 'steamory', departmentId: departments.a };
    expect((await pool.do('listDepartmentMembers', page)).list[0].departmentIds ?? null).toBeNull();
    const { list } = await pool.do('listDepartmentMembers', { ...page, withDepartmentIds: true });
    expect(list[0].departmentIds).toEqual([departments.a, departments.b]);
  });

  test('searches name, username, nickname, email and phone of members', async () => {
    const { pool, departments, add } = await world();
    const zhang = await pool.do('createUser', { username: 'zs', name: '张三', email: 'San@Example.com' });
    await add(departments.b, zhang.userId);
    const search = async (keywords: string, more = {}) =>
      (
        await pool.do('searchDepartmentMembers', {
          organizationCode: 'steamory',
          departmentId: departments.a,
          keywords,
          ...more,
        })
      ).totalCount;
    expect(await search('张')).toBe(0);
    expect(await search('张', { includeChildrenDepartments: true })).toBe(1);
    expect(await search('SAN@', { includeChildrenDepartments: true })).toBe(1);
    expect(await search('nobody', { includeChildrenDepartments: true })).toBe(0);
  });

  test('tells whether a user is in a department, or below it', async () => {
    const { pool, departments, user, add } = await world();
    const ann = await user('ann');
    await add(departments.b, ann);
    const input = { userId: ann, organizationCode: 'steamory', departmentId: departments.a };
    expect(await pool.do('isUserInDepartment', input)).toEqual({ inDepartment: false });
    expect(await pool.do('isUserInDepartment', { ...input, includeChildrenDepartments: true })).toEqual({
      inDepartment: true,
    });
    expect((await pool.call('isUserInDepartment', { ...input, userId: 'nobody' })).statusCode).toBe(404);
  });

  test('refuses to delete a department that has members', async () => {
    const { pool, departments, user, add } = await world();
    await add(departments.other, await user('ann'));
    const input = { organizationCode: 'steamory', departmentId: departments.other };
    expect(await pool.call('deleteDepartment', input)).toMatchObject({
      statusCode: 422,
      message: 'department is not empty',
    });
  });
});

const lockTree = statement<Record<never, never>, [organizationId: string]>(
  'select pg_advisory_xact_lock(hashtextextended($1, 0))',
);
const ownProcess = statement<{ pid: number }, []>('select pg_backend_pid() as pid');
const doNotWait = statement<Record<never, never>, []>(`set local lock_timeout = '200ms'`);
const moveMembership = statement<Record<never, never>, [departmentId: string, userId: string]>(`
  update department_members set path = path
  where user_pool_id = current_setting('genauth.user_pool_id') and department_id = $1 and user_id = $2
`);

test('members who have a main department in another tree leave beside a move there without waiting in a circle', async () => {
  const pool = await testUserPool();
  const [left, other] = await Promise.all(
    ['left', 'other'].map(async (organizationCode) => {
      const { departmentId } = await pool.do('createOrganization', {
        organizationCode,
        organizationName: organizationCode,
      });
      return departmentId as string;
    }),
  );
  const userIds: string[] = [];
  for (const username of ['ann', 'bob']) {
    const { userId } = await pool.do('createUser', { username, departmentIds: [left] });
    await pool.do('addDepartmentMembers', { organizationCode: 'other', departmentId: other, userIds: [userId] });
    userIds.push(userId);
  }
  const rows = await pool.rows<{ id: string; organization_id: string }>('departments');
  const organizationId = rows.find(({ id }) => id === other)?.organization_id ?? '';
  // A move writes the memberships of its tree in no order that anybody knows.
  for (const [first, second] of [userIds, userIds.toReversed()]) {
    let removal: Promise<Answer> | undefined;
    await pool.server.database.withUserPool(pool.id, 'write', async (scope) => {
      const [own] = await ownProcess(scope);
      await lockTree(scope, organizationId);
      await moveMembership(scope, other ?? '', first ?? '');
      removal = pool.call('removeDepartmentMembers', { organizationCode: 'left', departmentId: left, userIds });
      for (;;) {
        const waiting = await pool.server.sql('select from pg_stat_activity where $1 = any(pg_blocking_pids(pid))', [
          own?.pid,
        ]);
        if (waiting.length > 0) break;
        await sleep(5);
      }
      await doNotWait(scope);
      await moveMembership(scope, other ?? '', second ?? '');
    });
    expect(await removal).toMatchObject({ statusCode: 200 });
    for (const userId of userIds) {
      expect(await pool.do('getUser', { userId, withDepartmentIds: true })).toMatchObject({
        mainDepartmentId: other,
        departmentIds: [other],
      });
    }
    await pool.do('addDepartmentMembers', { organizationCode: 'left', departmentId: left, userIds });
    const departments = [{ departmentId: left, isMainDepartment: true }, { departmentId: other }];
    for (const userId of userIds) await pool.do('setUserDepartments', { userId, departments });
  }
});
