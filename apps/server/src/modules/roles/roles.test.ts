import { expect, inject, test } from 'vitest';
import { doUpkeep, startTestServer, testUserPool } from '../../testing/server.ts';

const chinese = { 'x-authing-lang': 'zh-CN' };

test('creates a role with what is given, in the default namespace unless told otherwise', async () => {
  const pool = await testUserPool();
  const bare = await pool.do('createRole', { code: 'manager' });
  expect(bare).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{24}$/),
    code: 'manager',
    name: 'manager',
    description: '',
    namespace: 'default',
    namespaceName: 'default',
    status: 'ENABLE',
    disableTime: null,
    enablePermissionApply: false,
  });
  const full = {
    code: 'manager',
    name: '经理 "100%"',
    namespace: '60b49eb83fd80adb96f26e68',
    description: 'leads',
    disableTime: '32503680000000',
    enablePermissionApply: true,
  };
  expect(await pool.do('createRole', full)).toMatchObject({ ...full, disableTime: 32503680000000 });
  expect(await pool.do('getRole', { code: 'manager' })).toEqual(bare);
  expect(await pool.do('getRole', { code: 'manager', namespace: full.namespace })).toMatchObject({ name: full.name });
  expect(await pool.events()).toMatchObject([
    { name: 'role.created', webhook: 'role:created', data: { role: { id: bare.id } } },
    { name: 'role.created', data: { role: { namespace: full.namespace } } },
  ]);
});

test('says what is wrong with a code in the words of V3', async () => {
  const pool = await testUserPool();
  expect(await pool.call('getRole', { code: 'nobody' }, chinese)).toMatchObject({
    statusCode: 404,
    message: '角色不存在',
  });
  for (const operation of ['getRole', 'createRole', 'updateRole']) {
    expect(await pool.call(operation, { code: 'a b' }, chinese)).toMatchObject({
      statusCode: 400,
      message: 'invalid role code: a b',
    });
    expect(await pool.call(operation, { code: 'x'.repeat(51) }, chinese)).toMatchObject({
      statusCode: 400,
      message: '参数 code 格式错误',
    });
  }
  expect((await pool.call('createRole', { code: 'a', namespace: '名' })).message).toBe('invalid namespace code: 名');
  expect((await pool.call('createRolesBatch', { list: [] }, chinese)).message).toBe('参数 list 格式错误');
  expect(await pool.call('createRolesBatch', { list: [{ code: 'a' }, { code: '' }] })).toMatchObject({
    statusCode: 400,
    message: 'role code must not empty',
  });
  expect((await pool.call('createRole', { code: 'a', description: 'x'.repeat(201) })).statusCode).toBe(400);
  expect((await pool.call('createRole', { code: 'a', customData: { icon: 'x' } })).message).toBe(
    'Custom field not defined: icon',
  );
});

test('a code is taken once in its namespace, even when many ask for it at the same moment', async () => {
  const pool = await testUserPool();
  const answers = await Promise.all(Array.from({ length: 8 }, () => pool.call('createRole', { code: 'manager' })));
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, ...Array(7).fill(409)]);
  expect(await pool.call('createRole', { code: 'manager' }, chinese)).toMatchObject({ message: '角色标识符已存在' });
  await pool.do('createRole', { code: 'manager', namespace: 'shop' });
  expect(await pool.rows('roles')).toHaveLength(2);
});

test('creates a batch whole or not at all', async () => {
  const pool = await testUserPool();
  await pool.do('createRolesBatch', { list: [{ code: 'a' }, { code: 'a', namespace: 'shop' }, { code: 'b' }] });
  for (const list of [
    [{ code: 'c' }, { code: 'b' }],
    [{ code: 'c' }, { code: 'd' }, { code: 'c' }],
  ]) {
    expect((await pool.call('createRolesBatch', { list })).statusCode).toBe(409);
  }
  expect(await pool.rows('roles')).toHaveLength(3);
  expect(await pool.events()).toHaveLength(3);
});

test('lists a namespace oldest first, and searches codes and names', async () => {
  const pool = await testUserPool();
  for (const code of ['Sales-Lead', 'accountant', 'sales_clerk']) await pool.do('createRole', { code });
  await pool.do('createRole', { code: 'boss', name: '销售 100% 主管' });
  await pool.do('createRole', { code: 'sales', namespace: 'shop' });
  const codes = async (input: object) =>
    (await pool.do('listRoles', { ...input })).list.map(({ code }: { code: string }) => code);
  expect(await codes({})).toEqual(['Sales-Lead', 'accountant', 'sales_clerk', 'boss']);
  expect(await codes({ limit: 2, page: 2 })).toEqual(['sales_clerk', 'boss']);
  expect(await codes({ keywords: 'SALES' })).toEqual(['Sales-Lead', 'sales_clerk']);
  expect(await codes({ keywords: '售 100%' })).toEqual(['boss']);
  expect(await codes({ keywords: '_' })).toEqual(['sales_clerk']);
  expect(await codes({ namespace: 'shop' })).toEqual(['sales']);
  expect(await codes({ namespace: '' })).toHaveLength(4);
  expect(await pool.do('listRoles', { limit: 1, page: 9 })).toEqual({ totalCount: 4, list: [] });
});

test('updates what is given and leaves the rest; name and new code are optional', async () => {
  const pool = await testUserPool();
  const { id } = await pool.do('createRole', { code: 'a', name: 'A', description: 'old' });
  await pool.do('createRole', { code: 'taken' });
  await pool.do('updateRole', { code: 'a', newCode: 'b', name: 'B' });
  expect((await pool.call('getRole', { code: 'a' })).statusCode).toBe(404);
  expect(await pool.do('getRole', { code: 'b' })).toMatchObject({ id, name: 'B', description: 'old' });
  await pool.do('updateRole', { code: 'b', newCode: '', name: '', description: null, enablePermissionApply: true });
  const after = { id, name: 'B', code: 'b', description: '', enablePermissionApply: true };
  expect(await pool.do('getRole', { code: 'b' })).toMatchObject(after);
  expect((await pool.call('updateRole', { code: 'b', newCode: 'taken' })).statusCode).toBe(409);
  expect((await pool.call('updateRole', { code: 'nobody' })).statusCode).toBe(404);
  await pool.do('updateRole', { code: 'b', name: 'B' });
  const updates = (await pool.events()).filter(({ name }) => name === 'role.updated');
  expect(updates.map(({ data }) => data.updates)).toEqual([
    { code: 'b', name: 'B' },
    { description: '', enablePermissionApply: true },
  ]);
  expect(await pool.audits()).toContainEqual(
    expect.objectContaining({ action: 'updateRole', target_id: id, origin_value: { code: 'a', name: 'A' } }),
  );
});

test('announces that a role was disabled, once', async () => {
  const pool = await testUserPool();
  await pool.do('createRole', { code: 'a' });
  for (const status of ['disable', 'DISABLE', 'enable']) await pool.do('updateRole', { code: 'a', status });
  const [disabled, ...more] = (await pool.events()).filter(({ name }) => name === 'role.disabled');
  expect(disabled).toMatchObject({ webhook: 'role:disable', data: { role: { code: 'a', status: 'DISABLE' } } });
  expect(more).toEqual([]);
  expect(await pool.do('getRole', { code: 'a' })).toMatchObject({ status: 'ENABLE' });
});

test.each([0, '0', ''])('a role made with the disable time %j stays enabled', async (disableTime) => {
  const pool = await testUserPool();
  expect(await pool.do('createRole', { code: 'a', disableTime })).toMatchObject({
    status: 'ENABLE',
    disableTime: null,
  });
});

test('a role disables itself when its time comes, without anybody doing anything', async () => {
  let now = Date.now();
  const server = await startTestServer(inject('connection'), { now: () => now });
  const pool = await testUserPool({ server });
  const disableTime = now + 10_000;
  await pool.do('createRole', { code: 'a', disableTime });
  expect(await pool.do('getRole', { code: 'a' })).toMatchObject({ status: 'ENABLE', disableTime });
  now = disableTime;
  expect(await pool.do('getRole', { code: 'a' })).toMatchObject({ status: 'DISABLE', disableTime });
  expect((await pool.do('listRoles', {})).list).toMatchObject([{ status: 'DISABLE' }]);
  // Enabling it again forgets the time, which would disable it at once; null does so explicitly.
  await pool.do('updateRole', { code: 'a', status: 'ENABLE' });
  expect(await pool.do('getRole', { code: 'a' })).toMatchObject({ status: 'ENABLE', disableTime: null });
  await pool.do('updateRole', { code: 'a', disableTime: now - 1 });
  expect(await pool.do('getRole', { code: 'a' })).toMatchObject({ status: 'DISABLE' });
  // Typed clients send an empty text for what was not given.
  await pool.do('updateRole', { code: 'a', disableTime: '' });
  expect(await pool.do('getRole', { code: 'a' })).toMatchObject({ status: 'DISABLE' });
  await pool.do('updateRole', { code: 'a', disableTime: null });
  expect(await pool.do('getRole', { code: 'a' })).toMatchObject({ status: 'ENABLE' });
  await pool.do('updateRole', { code: 'a', disableTime: now - 1 });
  await pool.do('updateRole', { code: 'a', status: 'ENABLE', disableTime: '' });
  expect(await pool.do('getRole', { code: 'a' })).toMatchObject({ status: 'ENABLE', disableTime: null });
  await server.composition.close();
});

const disabling = 'announce roles disabled by the clock';

test('a role that disables itself is announced once, when its time has come, however many servers look', async () => {
  let now = Date.now();
  const [server, ...others] = [
    await startTestServer(inject('connection'), { now: () => now }),
    await startTestServer(inject('connection'), { now: () => now }),
  ] as const;
  const servers = [server, ...others];
  const pool = await testUserPool({ server });
  const start = now;
  const seconds = (number: number) => start + number * 1000;
  await pool.do('createRolesBatch', {
    list: [
      { code: 'later', disableTime: seconds(120) },
      { code: 'a', disableTime: seconds(60) },
      { code: 'b', disableTime: seconds(60) },
      { code: 'never' },
      { code: 'gone', disableTime: seconds(60) },
      { code: 'off', disableTime: seconds(60) },
      { code: 'past', disableTime: seconds(-60) },
    ],
  });
  await pool.do('deleteRolesBatch', { codeList: ['gone'] });
  await pool.do('updateRole', { code: 'off', status: 'DISABLE' });
  const disabled = async () =>
    (await pool.events()).filter(({ name }) => name === 'role.disabled').map(({ data }) => data.role.code);
  const pass = async (time: number) => {
    now = time;
    await Promise.all([...servers, ...servers].map((one) => doUpkeep(one, disabling)));
    return (await disabled()).sort();
  };
  const audits = (await pool.audits()).length;
  // By hand, as ever.
  expect(await pass(seconds(59))).toEqual(['off']);
  expect(await pass(seconds(60))).toEqual(['a', 'b', 'off']);
  expect(await pass(seconds(61))).toEqual(['a', 'b', 'off']);
  expect(
    (await pool.events()).find(({ data }) => data.role?.code === 'a' && data.role.status === 'DISABLE'),
  ).toMatchObject({
    webhook: 'role:disable',
    data: { role: { disableTime: seconds(60) } },
  });
  // Servers that look at the same moment may share them.
  const rows = (await pool.audits()).slice(audits);
  for (const row of rows) {
    expect(row).toMatchObject({ action: 'disableRoles', operation_type: 'update', resource_type: 'role' });
  }
  const audited = rows.flatMap(({ target_value }) => target_value.map(({ code }: { code: string }) => code));
  expect(audited.sort()).toEqual(['a', 'b']);
  // A new time is announced anew; one that has passed already is announced by who sets it.
  await pool.do('updateRole', { code: 'a', disableTime: seconds(90) });
  await pool.do('updateRole', { code: 'b', disableTime: seconds(90) });
  await pool.do('updateRole', { code: 'b', disableTime: seconds(1) });
  expect(await pass(seconds(61))).toEqual(['a', 'b', 'b', 'off']);
  expect(await pass(seconds(90))).toEqual(['a', 'a', 'b', 'b', 'off']);
  await Promise.all(servers.map((one) => one.composition.close()));
});

test('a change that comes after a role has disabled itself, and before that is announced, announces it first', async () => {
  let now = Date.now();
  const server = await startTestServer(inject('connection'), { now: () => now });
  const pool = await testUserPool({ server });
  const disableTime = now + 60_000;
  await pool.do('createRole', { code: 'a', disableTime });
  now = disableTime;
  await pool.do('updateRole', { code: 'a', disableTime: now + 60_000 });
  await doUpkeep(server, disabling);
  const told = (await pool.events()).map(({ name, data }) => `${name} ${data.role.status}`);
  expect(told).toEqual(['role.created ENABLE', 'role.disabled DISABLE', 'role.updated ENABLE']);
  await server.composition.close();
});

test('deletes roles of one namespace or several, and ignores who is gone already', async () => {
  const pool = await testUserPool();
  await pool.do('createRolesBatch', {
    list: ['a', 'b', 'c'].flatMap((code) => [{ code }, { code, namespace: 'shop' }]),
  });
  for (let i = 0; i < 2; i++) {
    expect(await pool.do('deleteRolesBatch', { codeList: ['a', 'b', 'nobody'] })).toEqual({ success: true });
  }
  const roleList = [{ code: 'c', namespace: 'default' }, { code: 'c', namespace: 'shop' }, { code: 'a' }];
  expect(await pool.do('deleteRoles', { roleList })).toEqual({ success: true });
  expect(await pool.rows('roles')).toMatchObject([
    { code: 'a', namespace: 'shop' },
    { code: 'b', namespace: 'shop' },
  ]);
  const deleted = (await pool.events()).filter(({ name }) => name === 'role.deleted');
  expect(deleted.map(({ data }) => data.role.code).sort()).toEqual(['a', 'b', 'c', 'c']);
});

test('keeps the roles of administrators in a namespace of their own', async () => {
  const pool = await testUserPool();
  const admin = { code: 'auditor', name: 'Auditor', description: 'reads' };
  expect(await pool.do('createAdminRole', admin)).toMatchObject({ ...admin, namespace: 'system', isValid: true });
  expect((await pool.call('createAdminRole', admin)).statusCode).toBe(409);
  expect(await pool.do('getRole', { code: 'auditor', namespace: 'system' })).toMatchObject({ name: 'Auditor' });
  expect((await pool.call('getRole', { code: 'auditor' })).statusCode).toBe(404);
  const inSystem = { code: 'x', namespace: 'system' };
  expect((await pool.call('createRole', inSystem)).statusCode).toBe(403);
  expect((await pool.call('createRolesBatch', { list: [{ code: 'y' }, inSystem] })).statusCode).toBe(403);
  await pool.do('createAdminRole', { ...admin, code: 'operator' });
  await pool.do('deleteAdminRolesBatch', { codeList: ['auditor', 'nobody'] });
  await pool.do('deleteRoles', { roleList: [{ code: 'operator' }] });
  expect(await pool.rows('roles')).toEqual([]);
});

test('tells beforehand whether a role could be created', async () => {
  const pool = await testUserPool();
  await pool.do('createRole', { code: 'taken' });
  const check = async (input: object) => (await pool.call('checkParamsNamespace', { ...input }, chinese)).data;
  expect(await check({ code: 'free', namespace: 'default', name: 'x' })).toEqual({ isValid: true, message: '' });
  expect(await check({ code: 'taken', namespace: 'shop' })).toEqual({ isValid: true, message: '' });
  expect(await check({ code: 'taken', namespace: 'default' })).toEqual({
    isValid: false,
    message: '角色标识符已存在',
  });
  expect(await check({ code: '名', namespace: 'default' })).toEqual({
    isValid: false,
    message: 'invalid role code: 名',
  });
  expect(await check({ code: 'x'.repeat(51), namespace: 'default' })).toMatchObject({ isValid: false });
  expect(await check({ code: 'a', namespace: '!' })).toMatchObject({ message: 'invalid namespace code: !' });
});

test('authorizes a role for nothing while there are no resources', async () => {
  const pool = await testUserPool();
  await pool.do('createRole', { code: 'a' });
  const resources = await pool.do('getRoleAuthorizedResources', { code: 'a', resourceType: 'DATA' });
  expect(resources).toEqual({ totalCount: 0, list: [] });
  expect((await pool.call('getRoleAuthorizedResources', { code: 'b' })).statusCode).toBe(404);
});

test('finds no role of another user pool', async () => {
  const [own, other] = await Promise.all([testUserPool(), testUserPool()]);
  await other.do('createRole', { code: 'theirs' });
  for (const [operation, input] of [
    ['getRole', { code: 'theirs' }],
    ['updateRole', { code: 'theirs', name: 'mine' }],
    ['getRoleAuthorizedResources', { code: 'theirs' }],
  ] as const) {
    expect((await own.call(operation, input)).statusCode).toBe(404);
  }
  await own.do('deleteRolesBatch', { codeList: ['theirs'] });
  expect(await other.do('getRole', { code: 'theirs' })).toMatchObject({ name: 'theirs' });
});
