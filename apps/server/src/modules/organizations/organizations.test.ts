import { expect, test } from 'vitest';
import { testUserPool } from '../../testing/server.ts';

test('creates an organization with exactly one department, the root, of the same name', async () => {
  const pool = await testUserPool();
  const organization = await pool.do('createOrganization', {
    organizationCode: 'steamory',
    organizationName: 'Steamory',
    openDepartmentId: 'ou_1',
    description: 'Games',
    i18n: { organizationName: { 'zh-CN': { enabled: true, value: '蒸汽记忆' } } },
  });
  expect(organization).toMatchObject({
    organizationCode: 'steamory',
    organizationName: 'Steamory',
    openDepartmentId: 'ou_1',
    hasChildren: false,
    membersCount: 0,
    isVirtualNode: false,
    status: 'true',
    i18n: { organizationName: { 'zh-CN': { enabled: true, value: '蒸汽记忆' } } },
  });
  const root = await pool.do('getDepartment', { organizationCode: 'steamory', departmentId: 'root' });
  expect(root).toMatchObject({
    departmentId: organization.departmentId,
    name: 'Steamory',
    parentDepartmentId: '',
    parentDepartmentCode: '',
  });
  expect(await pool.do('getAllDepartments', { organizationCode: 'steamory' })).toMatchObject({ totalCount: 1 });
  const events = await pool.events();
  expect(events).toMatchObject([{ name: 'organization.created', webhook: 'organization:created' }]);
  expect(events[0]?.data.rootNode.id).toBe(organization.departmentId);
});

test('makes a code when none is given, and refuses blank, illegal and long ones', async () => {
  const pool = await testUserPool();
  const made = await pool.do('createOrganization', { organizationCode: '', organizationName: 'No code' });
  expect(made.organizationCode).toMatch(/^[0-9a-f]{24}$/);
  expect(await pool.call('createOrganization', { organizationCode: '  ', organizationName: 'x' })).toMatchObject({
    statusCode: 400,
    message: 'invalid organization code:   ',
  });
  expect(
    await pool.call(
      'createOrganization',
      { organizationCode: 'a'.repeat(65), organizationName: 'x' },
      { 'x-authing-lang': 'zh-CN' },
    ),
  ).toMatchObject({ statusCode: 400, message: '参数 organizationCode 格式错误' });
});

test('refuses a code or openDepartmentId that is taken, and writes nothing', async () => {
  const pool = await testUserPool();
  await pool.do('createOrganization', { organizationCode: 'one', organizationName: 'One' });
  const answer = await pool.call('createOrganization', { organizationCode: 'one', organizationName: 'Two' });
  expect(answer).toMatchObject({ statusCode: 409, message: 'organization code already exists: one' });
  expect(await pool.rows('departments')).toHaveLength(1);
});

test('gets a batch in the order asked for, without unknown codes', async () => {
  const pool = await testUserPool();
  for (const code of ['a', 'b', 'c'])
    await pool.do('createOrganization', { organizationCode: code, organizationName: code });
  const list = await pool.do('getOrganizationsBatch', { organizationCodeList: ['c', 'nobody', 'a'] });
  expect(list.map((one: { organizationCode: string }) => one.organizationCode)).toEqual(['c', 'a']);
});

test('lists oldest first, in pages or all at once, and by status', async () => {
  const pool = await testUserPool();
  for (let i = 0; i < 12; i++)
    await pool.do('createOrganization', { organizationCode: `o${i}`, organizationName: `O ${i}` });
  const page = await pool.do('listOrganizations', { page: 2, limit: 5 });
  expect(page.totalCount).toBe(12);
  expect(page.list.map((one: { organizationCode: string }) => one.organizationCode)).toEqual([
    'o5',
    'o6',
    'o7',
    'o8',
    'o9',
  ]);
  expect((await pool.do('listOrganizations', { fetchAll: true })).list).toHaveLength(12);
  const [first] = page.list;
  await pool.do('updateOrganizationStatus', { rootNodeId: first.departmentId, status: 'false' });
  expect((await pool.do('listOrganizations', { status: false })).list).toMatchObject([
    { organizationCode: 'o5', status: 'false' },
  ]);
  expect((await pool.do('listOrganizations', { status: true })).totalCount).toBe(11);
});

test('searches name and code, and asks for keywords', async () => {
  const pool = await testUserPool();
  await pool.do('createOrganization', { organizationCode: 'steamory', organizationName: '蒸汽记忆' });
  await pool.do('createOrganization', { organizationCode: 'other', organizationName: '100% Other_' });
  expect((await pool.do('searchOrganizations', { keywords: '汽记' })).totalCount).toBe(1);
  expect((await pool.do('searchOrganizations', { keywords: 'STEAM' })).totalCount).toBe(1);
  expect((await pool.do('searchOrganizations', { keywords: '%' })).totalCount).toBe(1);
  const answer = await pool.call('searchOrganizations', { keywords: '' }, { 'x-authing-lang': 'zh-CN' });
  expect(answer).toMatchObject({ statusCode: 400, message: '参数 keywords 格式错误' });
});

test('updates what is given, and the root department with it', async () => {
  const pool = await testUserPool();
  await pool.do('createOrganization', { organizationCode: 'old', organizationName: 'Old', description: 'kept' });
  const after = await pool.do('updateOrganization', {
    organizationCode: 'old',
    organizationNewCode: 'new',
    organizationName: 'New',
  });
  expect(after).toMatchObject({ organizationCode: 'new', organizationName: 'New', description: 'kept' });
  expect((await pool.call('getOrganization', { organizationCode: 'old' })).message).toBe(
    'organization not found for code: old',
  );
  expect(await pool.do('getDepartment', { organizationCode: 'new', departmentId: 'root' })).toMatchObject({
    name: 'New',
  });
  await pool.do('updateOrganization', { organizationCode: 'new', organizationNewCode: '' });
  const [, update] = await pool.audits();
  expect(update).toMatchObject({
    operation_type: 'update',
    resource_type: 'org',
    origin_value: { organizationCode: 'old' },
  });
});

test('deletes the whole tree, and only that', async () => {
  const pool = await testUserPool();
  for (const code of ['gone', 'stays']) {
    await pool.do('createOrganization', { organizationCode: code, organizationName: code });
    await pool.do('createDepartment', { organizationCode: code, name: 'child', parentDepartmentId: 'root', code: 'c' });
  }
  expect(await pool.do('deleteOrganization', { organizationCode: 'gone' })).toEqual({ success: true });
  expect(await pool.rows('departments')).toHaveLength(2);
  expect((await pool.call('deleteOrganization', { organizationCode: 'gone' })).statusCode).toBe(404);
  const empty = await pool.call('deleteOrganization', { organizationCode: '' }, { 'x-authing-lang': 'zh-CN' });
  expect(empty.message).toBe('参数 organizationCode 格式错误');
});

test('knows no tenants, posts or custom fields yet', async () => {
  const pool = await testUserPool();
  const organization = { organizationCode: 'a', organizationName: 'A' };
  expect((await pool.call('createOrganization', { ...organization, tenantId: pool.id })).statusCode).toBe(404);
  expect((await pool.call('createOrganization', { ...organization, postIdList: ['p'] })).statusCode).toBe(404);
  await pool.do('createOrganization', organization);
  expect((await pool.call('getOrganization', { organizationCode: 'a', tenantId: pool.id })).statusCode).toBe(404);
  const byHeader = await pool.call('getOrganization', { organizationCode: 'a' }, { 'x-authing-tenant-id': pool.id });
  expect(byHeader.statusCode).toBe(404);
});
