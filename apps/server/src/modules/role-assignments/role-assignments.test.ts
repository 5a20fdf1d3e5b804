import { expect, inject, test } from 'vitest';
import { answerBesideLocks } from '../../testing/lock-order.ts';
import { startTestServer, type TestUserPool, testUserPool } from '../../testing/server.ts';

interface World {
  readonly pool: TestUserPool;
  readonly userIds: readonly string[];
  readonly rootId: string;
  readonly departmentId: string;
}

async function aWorld(roles: readonly string[], options?: Parameters<typeof testUserPool>[0]): Promise<World> {
  const pool = await testUserPool(options);
  const list = ['ada', 'grace', 'linus'].map((username) => ({ username, name: `${username} X` }));
  const made = await pool.do('createUsersBatch', { list });
  const root = await pool.do('createOrganization', { organizationCode: 'acme', organizationName: 'Acme' });
  const parent = { organizationCode: 'acme', parentDepartmentId: root.departmentId };
  const research = await pool.do('createDepartment', { ...parent, name: 'Research', code: 'rd', description: 'R&D' });
  await pool.do('createGroup', { code: 'g', name: 'The Group', type: 'static' });
  if (roles.length > 0) await pool.do('createRolesBatch', { list: roles.map((code) => ({ code })) });
  return {
    pool,
    userIds: made.map(({ userId }: { userId: string }) => userId),
    rootId: root.departmentId,
    departmentId: research.departmentId,
  };
}

function targetOf(targetType: string, targetIdentifier: string | undefined, more: object = {}) {
  return { targetType, targetIdentifier, ...more };
}

function toUser(id: string | undefined) {
  return targetOf('USER', id);
}

async function membersOf(pool: TestUserPool, code: string, more: object = {}): Promise<string[]> {
  const { list } = await pool.do('listRoleMembers', { code, ...more });
  return list.map(({ username }: { username: string }) => username);
}

test('assigns a role to targets of every kind, once, and announces each once', async () => {
  const { pool, userIds, departmentId } = await aWorld(['a', 'b']);
  const targets = [
    toUser(userIds[0]),
    toUser(userIds[0]),
    targetOf('DEPARTMENT', departmentId),
    targetOf('GROUP', 'g'),
    targetOf('ROLE', 'b'),
  ];
  for (let i = 0; i < 2; i++) expect(await pool.do('assignRole', { code: 'a', targets })).toEqual({ success: true });
  expect(await pool.rows('role_assignments')).toHaveLength(4);
  const events = (await pool.events()).filter(({ name }) => name === 'role.assigned');
  expect(events).toMatchObject([
    {
      webhook: 'role:assigned',
      data: { role: { code: 'a', namespace: 'default' }, userIds: [userIds[0]], nodeIds: [departmentId] },
    },
  ]);
  expect(events[0]?.data.groupIds).toHaveLength(1);
  expect(events[0]?.data.roleIds).toHaveLength(1);
  expect((await pool.audits()).at(-1)).toMatchObject({
    action: 'assignRole',
    operation_type: 'add',
    resource_type: 'roleAssign',
  });
});

test('revokes what is assigned, ignores what is not, and announces what ended', async () => {
  const { pool, userIds, rootId, departmentId } = await aWorld(['a', 'b']);
  const all = [
    toUser(userIds[0]),
    toUser(userIds[1]),
    targetOf('ORG', departmentId),
    targetOf('GROUP', 'g'),
    targetOf('ROLE', 'b'),
  ];
  await pool.do('assignRole', { code: 'a', targets: all });
  const others = ['USER', 'DEPARTMENT', 'GROUP', 'ROLE'].map((kind) => targetOf(kind, 'nobody/at all'));
  const targets = [...all.slice(0, 1), ...all.slice(2), targetOf('DEPARTMENT', rootId), ...others];
  for (let i = 0; i < 2; i++) expect(await pool.do('revokeRole', { code: 'a', targets })).toEqual({ success: true });
  expect(await pool.rows('role_assignments')).toMatchObject([{ user_id: userIds[1] }]);
  const events = (await pool.events()).filter(({ name }) => name === 'role.unassigned');
  expect(events).toMatchObject([
    { webhook: 'role:unassigned', data: { role: { code: 'a' }, userIds: [userIds[0]], nodeIds: [departmentId] } },
  ]);
  expect((await pool.call('revokeRole', { code: 'nobody', targets: all })).statusCode).toBe(404);
});

test('assigns and revokes several roles at once, of several namespaces', async () => {
  const { pool, userIds } = await aWorld(['a', 'b']);
  await pool.do('createRole', { code: 'a', namespace: 'shop' });
  const roles = [{ code: 'a' }, { code: 'b' }, { code: 'a', namespace: 'shop' }, { code: 'a', namespace: '' }];
  const targets = userIds.slice(0, 2).map(toUser);
  await pool.do('assignRoleBatch', { roles, targets });
  expect(await pool.rows('role_assignments')).toHaveLength(6);
  expect((await pool.events()).filter(({ name }) => name === 'role.assigned')).toHaveLength(3);
  await pool.do('revokeRoleBatch', { roles: roles.slice(1, 3), targets });
  expect(await membersOf(pool, 'a')).toEqual(['ada', 'grace']);
  expect(await membersOf(pool, 'b')).toEqual([]);
  expect(await membersOf(pool, 'a', { namespace: 'shop' })).toEqual([]);
  const many = Array.from({ length: 11 }, () => ({ code: 'a' }));
  for (const operation of ['assignRoleBatch', 'revokeRoleBatch']) {
    expect((await pool.call(operation, { roles: many, targets })).statusCode).toBe(400);
    expect((await pool.call(operation, { roles: [{ code: 'a' }, { code: 'nobody' }], targets })).statusCode).toBe(404);
  }
  const tooMany = Array.from({ length: 51 }, () => toUser(userIds[0]));
  expect((await pool.call('assignRole', { code: 'a', targets: tooMany })).statusCode).toBe(400);
  expect((await pool.call('assignRoleBatch', { roles, targets: tooMany.slice(0, 11) })).statusCode).toBe(400);
});

test('assigns to all targets or to none', async () => {
  const { pool, userIds } = await aWorld(['a']);
  const unknown: [object, string][] = [
    [targetOf('USER', 'nobody'), 'User not found'],
    [targetOf('DEPARTMENT', 'nobody'), 'department not found'],
    [targetOf('GROUP', 'nobody'), 'group not exists with code: nobody'],
    [targetOf('ROLE', 'nobody'), 'Role not found'],
  ];
  for (const [target, message] of unknown) {
    const answer = await pool.call('assignRole', { code: 'a', targets: [toUser(userIds[0]), target] });
    expect(answer).toMatchObject({ statusCode: 404, message });
  }
  for (const status of ['Resigned', 'Archived']) {
    const { userId } = await pool.do('createUser', { username: status, status });
    const answer = await pool.call('assignRole', { code: 'a', targets: [toUser(userIds[0]), toUser(userId)] });
    expect(answer.statusCode).toBe(422);
  }
  expect(await pool.rows('role_assignments')).toEqual([]);
});

test('the last call says when an assignment holds', async () => {
  const { pool, userIds } = await aWorld(['a']);
  const targets = [toUser(userIds[0])];
  const [enableTime, end] = [Date.now() + 100_000, Date.now() + 200_000];
  await pool.do('assignRole', { code: 'a', targets, enableTime, endTime: String(end) });
  const one = async () => (await pool.do('listRoleAssignments', { roleCode: 'a' })).data;
  expect(await one()).toMatchObject([{ enableTime, endTime: end, status: 'DISABLE' }]);
  expect(await membersOf(pool, 'a')).toEqual([]);
  await pool.do('assignRole', { code: 'a', targets, enableTime: null });
  expect(await one()).toMatchObject([{ enableTime: null, endTime: null, status: 'ENABLE' }]);
  expect(await membersOf(pool, 'a')).toEqual(['ada']);
  for (const none of [0, '0', '']) {
    await pool.do('assignRole', { code: 'a', targets, enableTime, endTime: end });
    await pool.do('assignRole', { code: 'a', targets, enableTime: none, endTime: none });
    expect(await one()).toMatchObject([{ enableTime: null, endTime: null }]);
  }
  for (const endTime of [-1, 1e15, 1.5, 'soon']) {
    const answer = await pool.call('assignRole', { code: 'a', targets, endTime });
    expect(answer).toMatchObject({ statusCode: 400, message: 'Parameter endTime is malformed' });
  }
  const backwards = await pool.call('assignRole', { code: 'a', targets, enableTime: 5, endTime: 5 });
  expect(backwards).toMatchObject({ statusCode: 400, message: 'endTime must be later than enableTime' });
});

test('lists members, departments and all assignments of a role, in the order they were made', async () => {
  let now = Date.now();
  const server = await startTestServer(inject('connection'), { now: () => now });
  const { pool, userIds, rootId, departmentId } = await aWorld(['a', 'b'], { server });
  const assign = async (target: object, more: object = {}) => {
    now += 1000;
    await pool.do('assignRole', { code: 'a', targets: [target], ...more });
  };
  await assign(toUser(userIds[2]));
  await assign(targetOf('DEPARTMENT', departmentId, { includeChildrenDepartments: false }));
  await assign(toUser(userIds[0]));
  await assign(toUser(userIds[1]), { endTime: now + 5000 });
  await assign(targetOf('GROUP', 'g'));
  await assign(targetOf('ROLE', 'b'));
  await assign(targetOf('DEPARTMENT', rootId));
  expect(await membersOf(pool, 'a')).toEqual(['linus', 'ada', 'grace']);
  now += 60_000;
  expect(await membersOf(pool, 'a')).toEqual(['linus', 'ada']);
  expect(await pool.do('listRoleMembers', { code: 'a', page: 2, limit: 1, withDepartmentIds: true })).toMatchObject({
    totalCount: 2,
    list: [{ username: 'ada', departmentIds: [] }],
  });
  expect(await pool.do('listRoleDepartments', { code: 'a' })).toEqual({
    totalCount: 2,
    list: [
      { id: departmentId, code: 'rd', name: 'Research', description: 'R&D', includeChildrenDepartments: false },
      { id: rootId, code: 'acme', name: 'Acme', description: '', includeChildrenDepartments: true },
    ],
  });
  const { totalCount, data } = await pool.do('listRoleAssignments', { roleCode: 'a' });
  expect(totalCount).toBe(7);
  const shown = data.map((one: Record<string, unknown>) => [
    one['targetType'],
    one['targetIdentifier'],
    one['targetName'],
    one['status'],
  ]);
  expect(shown).toEqual([
    ['USER', userIds[2], 'linus X', 'ENABLE'],
    ['DEPARTMENT', departmentId, 'Research', 'ENABLE'],
    ['USER', userIds[0], 'ada X', 'ENABLE'],
    ['USER', userIds[1], 'grace X', 'DISABLE'],
    ['GROUP', 'g', 'The Group', 'ENABLE'],
    ['ROLE', 'b', 'b', 'ENABLE'],
    ['DEPARTMENT', rootId, 'Acme', 'ENABLE'],
  ]);
  expect(data[0]).toMatchObject({ roleCode: 'a', roleName: 'a', userPoolId: pool.id, description: '' });
  const find = async (input: object) => (await pool.do('listRoleAssignments', { roleCode: 'a', ...input })).totalCount;
  expect(await find({ targetType: ['USER', 'ORG'] })).toBe(5);
  expect(await find({ targetType: ['GROUP'] })).toBe(1);
  expect(await find({ query: 'GRAC' })).toBe(1);
  expect(await find({ query: 'x', targetType: ['USER'] })).toBe(3);
  expect(await find({ query: 'a', targetType: ['ROLE'] })).toBe(0);
  await pool.do('updateRole', { code: 'a', status: 'DISABLE' });
  expect(await membersOf(pool, 'a')).toEqual(['linus', 'ada']);
  const disabled = await pool.do('listRoleAssignments', { roleCode: 'a' });
  expect(new Set(disabled.data.map(({ status }: { status: string }) => status))).toEqual(new Set(['DISABLE']));
  for (const [operation, input] of [
    ['listRoleMembers', { code: 'nobody' }],
    ['listRoleDepartments', { code: 'nobody' }],
    ['listRoleAssignments', { roleCode: 'nobody' }],
  ] as const) {
    expect((await pool.call(operation, input)).statusCode).toBe(404);
  }
  await server.composition.close();
});

test('members of either kind are shown with what the flags ask for', async () => {
  const { pool, departmentId } = await aWorld(['a']);
  await pool.do('setCustomFields', { list: [{ targetType: 'USER', key: 'badge' }] });
  const identity = { extIdpId: '62299d8b866d2dab79a89dc4', provider: 'oidc', type: 'openid', userIdInIdp: '42' };
  const { userId } = await pool.do('createUser', {
    username: 'edsger',
    customData: { badge: 'B1' },
    departmentIds: [departmentId],
    identities: [identity],
  });
  await pool.do('assignRole', { code: 'a', targets: [toUser(userId)] });
  for (const includeInherited of [false, true]) {
    const flags = { withCustomData: true, withIdentities: true, withDepartmentIds: true };
    const { list } = await pool.do('listRoleMembers', { code: 'a', includeInherited, ...flags });
    expect(list).toMatchObject([
      { customData: { badge: 'B1' }, departmentIds: [departmentId], identities: [identity] },
    ]);
  }
});

test('who resigns or is archived loses what he was assigned, and it is announced', async () => {
  const { pool, userIds } = await aWorld(['a', 'b']);
  const targets = userIds.map(toUser);
  await pool.do('assignRoleBatch', { roles: [{ code: 'a' }, { code: 'b' }], targets });
  await pool.do('resignUser', { userId: userIds[0] });
  await pool.do('updateUser', { userId: userIds[1], status: 'Archived' });
  expect(await membersOf(pool, 'a')).toEqual(['linus']);
  const ended = (await pool.events()).filter(({ name }) => name === 'role.unassigned');
  expect(ended.map(({ data }) => [data.role.code, data.userIds]).sort()).toEqual(
    [
      ['a', [userIds[0]]],
      ['a', [userIds[1]]],
      ['b', [userIds[0]]],
      ['b', [userIds[1]]],
    ].sort(),
  );
  await pool.do('deleteUsersBatch', { userIds: [userIds[2]] });
  expect(await pool.rows('role_assignments')).toEqual([]);
});

test('an assignment ends with its department, group or role', async () => {
  const { pool, departmentId } = await aWorld(['a', 'b']);
  const targets = [targetOf('DEPARTMENT', departmentId), targetOf('GROUP', 'g'), targetOf('ROLE', 'b')];
  await pool.do('assignRole', { code: 'a', targets });
  await pool.do('deleteDepartment', { organizationCode: 'acme', departmentId });
  await pool.do('deleteGroupsBatch', { codeList: ['g'] });
  expect(await pool.rows('role_assignments')).toHaveLength(1);
  await pool.do('deleteRolesBatch', { codeList: ['b'] });
  expect(await pool.rows('role_assignments')).toEqual([]);
});

test('refuses a role that would lead back to itself', async () => {
  const { pool } = await aWorld(['a', 'b', 'c']);
  const give = (code: string, holder: string) =>
    pool.call('assignRole', { code, targets: [targetOf('ROLE', holder)] }).then(({ statusCode }) => statusCode);
  expect(await give('a', 'a')).toBe(422);
  expect(await give('b', 'a')).toBe(200);
  expect(await give('c', 'b')).toBe(200);
  expect(await give('a', 'b')).toBe(422);
  expect(await give('a', 'c')).toBe(422);
  expect(await give('c', 'a')).toBe(200);
  const both = { roles: [{ code: 'a' }, { code: 'b' }], targets: [targetOf('ROLE', 'c')] };
  expect((await pool.call('assignRoleBatch', both)).statusCode).toBe(422);
  expect(await pool.rows('role_assignments')).toHaveLength(3);
});

test('of assignments that would close a circle together, made at the same moment, one is refused', async () => {
  const codes = ['a', 'b', 'c', 'd'];
  const { pool } = await aWorld(codes);
  for (let round = 0; round < 5; round++) {
    const answers = await Promise.all(
      codes.map((code, index) =>
        pool.call('assignRole', { code, targets: [targetOf('ROLE', codes[(index + 1) % codes.length])] }),
      ),
    );
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 200, 200, 422]);
    for (const [index, code] of codes.entries()) {
      await pool.do('revokeRole', { code, targets: [targetOf('ROLE', codes[(index + 1) % codes.length])] });
    }
  }
});

test('whoever assigns roles that are being deleted waits for that, and the deletion never for him', async () => {
  const { pool, userIds } = await aWorld(['a', 'b']);
  const [a, b] = await Promise.all(['a', 'b'].map((code) => pool.do('getRole', { code })));
  for (const [operation, input] of [
    ['assignRoleBatch', { roles: [{ code: 'b' }, { code: 'a' }], targets: [toUser(userIds[0])] }],
    ['assignRole', { code: 'b', targets: [targetOf('ROLE', 'a')] }],
  ] as const) {
    const deleted = [
      ['roles', a.id],
      ['roles', b.id],
    ] as const;
    const answer = await answerBesideLocks(pool, deleted, () => pool.call(operation, input));
    expect(answer).toMatchObject({ statusCode: 200 });
  }
  expect(await pool.rows('role_assignments')).toHaveLength(3);
});

test('assignments made and users resigned at the same moment leave nothing behind', async () => {
  const { pool, userIds } = await aWorld(['a']);
  const [userId] = userIds;
  await Promise.all([
    ...Array.from({ length: 5 }, () => pool.call('assignRole', { code: 'a', targets: [toUser(userId)] })),
    pool.do('resignUser', { userId }),
  ]);
  expect(await pool.rows('role_assignments')).toEqual([]);
});

test('a role, user, group or department of another user pool is not found', async () => {
  const [own, other] = await Promise.all([aWorld(['a']), aWorld(['theirs'])]);
  await other.pool.do('createGroup', { code: 'their-group', name: 'x', type: 'static' });
  for (const target of [
    toUser(other.userIds[0]),
    targetOf('DEPARTMENT', other.departmentId),
    targetOf('GROUP', 'their-group'),
    targetOf('ROLE', 'theirs'),
  ]) {
    expect((await own.pool.call('assignRole', { code: 'a', targets: [target] })).statusCode).toBe(404);
    await own.pool.do('revokeRole', { code: 'a', targets: [target] });
  }
  const targets = [toUser(own.userIds[0])];
  expect((await own.pool.call('assignRole', { code: 'theirs', targets })).statusCode).toBe(404);
});
