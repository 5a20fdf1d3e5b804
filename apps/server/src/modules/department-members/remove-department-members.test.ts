import { expect, inject, test } from 'vitest';
import {
  callOperation,
  managementToken,
  startTestServer,
  type TestUserPool,
  testUserPool,
} from '../../testing/server.ts';

/*
 * `remove-department-members`, the operation this project began with: one test for each row of its table of cases.
 * Rows that tell of the console are shown by what the console relies on; rows that need sync tasks, posts, roles, sessions
 * or public accounts are shown as far as these exist.
 */

interface Fixture {
  readonly pool: TestUserPool;
  readonly a: string;
  readonly b: string;
  readonly other: string;
  readonly ann: string;
  readonly bob: string;
  remove(input?: object, headers?: Readonly<Record<string, string>>): ReturnType<TestUserPool['call']>;
  add(departmentId: string, ...userIds: string[]): Promise<void>;
  memberIds(departmentId: string): Promise<string[]>;
}

/** Steamory with department a, b below it, and other; ann and bob are direct members of a. */
async function fixture(): Promise<Fixture> {
  const pool = await testUserPool();
  await pool.do('createOrganization', { organizationCode: 'steamory', organizationName: 'Steamory' });
  const create = async (name: string, parentDepartmentId: string) =>
    (
      await pool.do('createDepartment', {
        organizationCode: 'steamory',
        name,
        code: name,
        openDepartmentId: `ou_${name}`,
        parentDepartmentId,
      })
    ).departmentId as string;
  const a = await create('a', 'root');
  const b = await create('b', a);
  const other = await create('other', 'root');
  const [ann, bob] = [await userOf(pool, 'ann'), await userOf(pool, 'bob')];
  const add: Fixture['add'] = async (departmentId, ...userIds) => {
    await pool.do('addDepartmentMembers', { organizationCode: 'steamory', departmentId, userIds });
  };
  await add(a, ann, bob);
  return {
    pool,
    a,
    b,
    other,
    ann,
    bob,
    add,
    remove: (input = {}, headers = {}) =>
      pool.call(
        'removeDepartmentMembers',
        { organizationCode: 'steamory', departmentId: a, userIds: [ann], ...input },
        headers,
      ),
    memberIds: (departmentId) => pool.do('listDepartmentMemberIds', { organizationCode: 'steamory', departmentId }),
  };
}

async function userOf(pool: TestUserPool, username: string): Promise<string> {
  return (await pool.do('createUser', { username })).userId;
}

const chinese = { 'x-authing-lang': 'zh-CN' };

test('1: removes direct members and answers success', async () => {
  const { remove, memberIds, a, bob } = await fixture();
  expect(await remove()).toMatchObject({ statusCode: 200, message: 'Success', data: { success: true } });
  expect(await memberIds(a)).toEqual([bob]);
  expect((await remove({ userIds: [bob] }, chinese)).message).toBe('');
});

test('2: the same call again answers success again', async () => {
  const { remove } = await fixture();
  await remove();
  expect(await remove()).toMatchObject({ statusCode: 200, data: { success: true } });
});

test('3: removes a user from his only department', async () => {
  const { remove, pool, ann } = await fixture();
  expect((await remove()).statusCode).toBe(200);
  expect(await pool.do('getUserDepartments', { userId: ann })).toMatchObject({ totalCount: 0, list: [] });
  expect((await pool.do('getUser', { userId: ann })).status).toBe('Activated');
});

test('3b, 3c: tells a console whether a department is the only one, and does not refuse by itself', async () => {
  const { pool, ann, remove } = await fixture();
  expect((await pool.do('getUserDepartments', { userId: ann })).totalCount).toBe(1);
  expect((await remove()).statusCode).toBe(200);
});

test('4: an unknown, empty or blank organization code is not found', async () => {
  const { remove } = await fixture();
  for (const organizationCode of ['nobody', '', '  ']) {
    expect(await remove({ organizationCode })).toMatchObject({
      statusCode: 404,
      message: `organization not found for code: ${organizationCode}`,
    });
  }
});

test('5: an organization code of more than 64 characters is malformed', async () => {
  const { remove } = await fixture();
  const answer = await remove({ organizationCode: 'x'.repeat(65) }, chinese);
  expect(answer).toMatchObject({ statusCode: 400, message: '参数 organizationCode 格式错误' });
});

test('6: a missing organization code is named', async () => {
  const { remove } = await fixture();
  const answer = await remove({ organizationCode: undefined });
  expect(answer).toMatchObject({ statusCode: 400, message: 'organizationCode should not be empty' });
});

test('7: a department that is unknown or of another organization is not found', async () => {
  const { remove, pool } = await fixture();
  await pool.do('createOrganization', { organizationCode: 'elsewhere', organizationName: 'Elsewhere' });
  const foreign = await pool.do('createDepartment', {
    organizationCode: 'elsewhere',
    name: 'f',
    parentDepartmentId: 'root',
  });
  for (const departmentId of ['60b49eb83fd80adb96f26e68', foreign.departmentId]) {
    expect(await remove({ departmentId })).toMatchObject({ statusCode: 404, message: 'department not found' });
  }
});

test('8: `root` removes direct members of the root only', async () => {
  const { remove, pool, add, memberIds, a, ann, bob } = await fixture();
  await add('root', ann);
  await remove({ departmentId: 'root', userIds: [ann, bob] });
  expect(await memberIds('root')).toEqual([]);
  expect(await memberIds(a)).toEqual([ann, bob]);
  expect(await pool.rows('department_members')).toHaveLength(2);
});

test('9: an unknown departmentIdType is malformed', async () => {
  const { remove } = await fixture();
  const answer = await remove({ departmentIdType: 'name' }, chinese);
  expect(answer).toMatchObject({ statusCode: 400, message: '参数 departmentIdType 格式错误' });
});

test('9: every known departmentIdType finds its department', async () => {
  const { remove, memberIds, add, pool, a, ann } = await fixture();
  await pool.server.sql(
    'insert into department_sync_relations (user_pool_id, department_id, provider, id_in_provider) values ($1, $2, $3, $4)',
    [pool.id, a, 'wechatwork', '7'],
  );
  for (const [departmentIdType, departmentId] of [
    ['department_id', a],
    ['open_department_id', 'ou_a'],
    ['code', 'a'],
    ['sync_relation', 'wechatwork:7'],
  ]) {
    expect((await remove({ departmentIdType, departmentId })).statusCode).toBe(200);
    expect(await memberIds(a)).not.toContain(ann);
    await add(a, ann);
  }
  // No department field is defined, so none is unique.
  expect((await remove({ departmentIdType: 'custom_field', departmentId: 'key:value' })).statusCode).toBe(400);
});

test('10: userIds that are missing, no list or not texts are refused', async () => {
  const { remove } = await fixture();
  for (const userIds of [undefined, 'ann', { 0: 'ann' }, [1], [null], null]) {
    expect((await remove({ userIds })).statusCode).toBe(400);
  }
});

test('11: an empty list is refused', async () => {
  const { remove } = await fixture();
  expect(await remove({ userIds: [] })).toMatchObject({ statusCode: 400, message: 'userIds should not be empty' });
});

test('12: up to 100 ids are accepted', async () => {
  const { remove, ann } = await fixture();
  const ids = (count: number) => Array.from({ length: count }, (_, i) => (i === 0 ? ann : `nobody${i}`));
  expect((await remove({ userIds: ids(100) })).statusCode).toBe(200);
  expect((await remove({ userIds: ids(101) })).statusCode).toBe(400);
});

test('13: an id named twice counts once', async () => {
  const { remove, pool, ann } = await fixture();
  expect((await remove({ userIds: [ann, ann] })).statusCode).toBe(200);
  expect((await pool.events()).filter(({ name }) => name === 'department.member.removed')).toHaveLength(1);
});

test('14: an id of nobody is ignored', async () => {
  const { remove, memberIds, a, ann, bob } = await fixture();
  expect((await remove({ userIds: ['623c20b2a062aaaaf41b17da', ann] })).statusCode).toBe(200);
  expect(await memberIds(a)).toEqual([bob]);
});

test('15: a user who is no member is ignored, and announced to nobody', async () => {
  const { remove, pool, memberIds, a } = await fixture();
  const eve = await userOf(pool, 'eve');
  expect((await remove({ userIds: [eve] })).statusCode).toBe(200);
  expect(await memberIds(a)).toHaveLength(2);
  expect((await pool.events()).filter(({ name }) => name === 'department.member.removed')).toEqual([]);
});

test('16: a member of a department below stays one', async () => {
  const { remove, pool, add, memberIds, b } = await fixture();
  const eve = await userOf(pool, 'eve');
  await add(b, eve);
  expect((await remove({ userIds: [eve] })).statusCode).toBe(200);
  expect(await memberIds(b)).toEqual([eve]);
});

test('17: a leader who was a member no longer leads; one who never was a member stays leader', async () => {
  const { remove, pool, a, ann } = await fixture();
  const boss = await userOf(pool, 'boss');
  await pool.do('updateDepartment', { organizationCode: 'steamory', departmentId: a, leaderUserIds: [boss, ann] });
  await remove({ userIds: [ann, boss] });
  expect((await pool.do('getDepartmentById', { departmentId: a })).leaderUserIds).toEqual([boss]);
});

test('18: the main department moves to the one joined first of those that remain, else there is none', async () => {
  const { remove, pool, add, other, b, ann } = await fixture();
  await add(other, ann);
  await add(b, ann);
  await remove();
  expect((await pool.do('getUser', { userId: ann })).mainDepartmentId).toBe(other);
  await remove({ departmentId: other });
  await remove({ departmentId: b });
  expect((await pool.do('getUser', { userId: ann })).mainDepartmentId ?? null).toBeNull();
});

test('19, 20: nothing of the user changes but his departments', async () => {
  const { remove, pool, ann } = await fixture();
  const [before] = (await pool.rows('users')).filter(({ id }) => id === ann);
  await remove();
  const [after] = (await pool.rows('users')).filter(({ id }) => id === ann);
  expect(after).toEqual(before);
});

test('21: tokens bought before go on working', async () => {
  const { remove, pool } = await fixture();
  const token = await managementToken(pool.server.origin, pool.id, pool.secret);
  await remove();
  const answer = await callOperation(pool.server, 'listOrganizations', {}, { authorization: token });
  expect(answer.statusCode).toBe(200);
});

test('22: suspended and deactivated users are removed like others', async () => {
  const { remove, pool, memberIds, a, ann, bob } = await fixture();
  await pool.do('updateUser', { userId: ann, status: 'Suspended' });
  await pool.do('updateUser', { userId: bob, status: 'Deactivated' });
  expect((await remove({ userIds: [ann, bob] })).statusCode).toBe(200);
  expect(await memberIds(a)).toEqual([]);
});

test('23: with a tenant, a pool-level organization is not found', async () => {
  const { remove, memberIds, a } = await fixture();
  expect((await remove({ tenantId: '623c20b2a062aaaaf41b17da' })).statusCode).toBe(404);
  expect((await remove({}, { 'x-authing-app-tenant-id': '623c20b2a062aaaaf41b17da' })).statusCode).toBe(404);
  expect(await memberIds(a)).toHaveLength(2);
});

test('24: a tenant, department or user of another pool is not found, and nothing there changes', async () => {
  const mine = await fixture();
  const theirs = await fixture();
  expect((await mine.remove({ tenantId: theirs.pool.id })).statusCode).toBe(404);
  expect((await mine.remove({ departmentId: theirs.a, userIds: [theirs.ann] })).statusCode).toBe(404);
  expect((await mine.remove({ userIds: [theirs.ann] })).statusCode).toBe(200);
  expect(await theirs.memberIds(theirs.a)).toHaveLength(2);
});

test('25, 26: a department that is linked to a directory elsewhere is no exception, and the link stays', async () => {
  const { remove, pool, a } = await fixture();
  await pool.server.sql(
    'insert into department_sync_relations (user_pool_id, department_id, provider, id_in_provider) values ($1, $2, $3, $4)',
    [pool.id, a, 'dingtalk', '1'],
  );
  expect((await remove()).statusCode).toBe(200);
  expect(await pool.rows('department_sync_relations')).toHaveLength(1);
});

test('27: an administrator without the right to it is refused', async () => {
  const { remove, pool, bob, memberIds, a } = await fixture();
  const [key] = await pool.do('createAccessKey', { type: 'user', userId: bob });
  const token = await managementToken(pool.server.origin, key.accessKeyId, key.accessKeySecret);
  expect(await remove({}, { authorization: token })).toMatchObject({ statusCode: 403 });
  expect(await memberIds(a)).toHaveLength(2);
});

test('28: without a valid credential nothing happens', async () => {
  const { remove, memberIds, a } = await fixture();
  expect(await remove({}, { authorization: '' })).toMatchObject({ statusCode: 401 });
  expect(await remove({}, { authorization: 'Bearer nonsense' })).toMatchObject({ statusCode: 401 });
  expect(await memberIds(a)).toHaveLength(2);
});

test('29: what fails changes nothing at all', async () => {
  const { pool, remove, a } = await fixture();
  const tables = ['department_members', 'department_counts', 'audit_logs', 'outbox_events', 'department_leaders'];
  const read = () => Promise.all(tables.map((table) => pool.rows(table)));
  const before = await read();
  await remove({ departmentId: 'nobody' });
  await remove({ departmentId: a, userIds: ['x'.repeat(65)] });
  expect(await read()).toEqual(before);
});

test('30: the audit log has the departments before and after', async () => {
  const { remove, pool, add, a, other, ann } = await fixture();
  await add(other, ann);
  const { requestId } = await remove({}, { 'user-agent': 'a test' });
  const last = (await pool.audits()).at(-1);
  expect(last).toMatchObject({
    action: 'removeDepartmentMembers',
    operation_type: 'remove',
    resource_type: 'org',
    target_id: a,
    access_key_id: pool.id,
    request_id: requestId,
    user_agent: 'a test',
    operation_param: { userIds: [ann], organizationCode: 'steamory', departmentId: a },
    origin_value: [{ userId: ann, departmentIds: [a, other] }],
    target_value: [{ userId: ann, departmentIds: [other] }],
  });
});

test('31: webhooks are told of each user who was a member', async () => {
  const { remove, pool, a, ann, bob } = await fixture();
  await remove({ userIds: [ann, bob, 'nobody'] });
  const removed = (await pool.events()).filter(({ webhook }) => webhook === 'organization:member-removed');
  expect(removed.map(({ data }) => data.user.id).toSorted()).toEqual([ann, bob].toSorted());
  expect(removed[0]?.data.node).toMatchObject({ id: a, name: 'a', code: 'a' });
  const changed = (await pool.events()).filter(({ webhook }) => webhook === 'user:organization-node-update');
  expect(changed.at(-1)?.data).toMatchObject({ departmentIds: [] });
});

test('32: the event bus is told that the user changed', async () => {
  const { remove, pool, ann } = await fixture();
  const count = async () => (await pool.events()).filter(({ topic }) => topic === 'authing.user.updated').length;
  const before = await count();
  await remove({ userIds: [ann] });
  expect(await count()).toBe(before + 1);
});

test('33: whatever kind of user an id is of, he is removed like any other', async () => {
  const { remove, memberIds, a, bob } = await fixture();
  expect((await remove({ userIds: [bob] })).statusCode).toBe(200);
  expect(await memberIds(a)).not.toContain(bob);
});

test('of several servers removing and adding the same users at once, all leave exact counts', async () => {
  const { pool, a, ann, bob, add, remove } = await fixture();
  const second = await startTestServer(inject('connection'));
  const token = await managementToken(second.origin, pool.id, pool.secret);
  const input = { organizationCode: 'steamory', departmentId: a, userIds: [ann, bob] };
  await Promise.all(
    Array.from({ length: 10 }, (_, i) =>
      i % 2 === 0
        ? remove({ userIds: [ann, bob] })
        : callOperation(second, 'addDepartmentMembers', input, { authorization: token }),
    ),
  );
  await add(a, ann, bob);
  expect(await pool.do('getDepartmentById', { departmentId: a })).toMatchObject({ membersCount: 2 });
  await second.composition.close();
  await second.database.close();
});
