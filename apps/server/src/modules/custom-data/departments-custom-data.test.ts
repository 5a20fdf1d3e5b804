/** Custom data as it comes and goes with departments and organizations. */
import { expect, test } from 'vitest';
import { testUserPool } from '../../testing/server.ts';

const secret = '110101199001011234';

async function place() {
  const pool = await testUserPool();
  const list = [
    { key: '图标' },
    { key: 'floor', dataType: 'NUMBER' },
    { key: 'costCenter', isUnique: true },
    { key: 'secret', encrypted: true },
  ].map((field) => ({ targetType: 'DEPARTMENT', ...field }));
  await pool.do('setCustomFields', { list });
  const root = await pool.do('createOrganization', { organizationCode: 'acme', organizationName: 'Acme' });
  const parent = { organizationCode: 'acme', parentDepartmentId: root.departmentId };
  return {
    pool,
    rootId: root.departmentId as string,
    create: (more: object) => pool.call('createDepartment', { ...parent, name: 'Research', ...more }),
  };
}

test('a department is made with custom data and shows it wherever it is asked for', async () => {
  const { pool, rootId, create } = await place();
  const customData = { 图标: 'https://example.com/logo', floor: 3, secret };
  const { data: department } = await create({ code: 'research', customData });
  expect(department).not.toHaveProperty('customData');
  const { departmentId } = department;
  const acme = { organizationCode: 'acme', withCustomData: true };
  const below = { ...acme, departmentId };
  const team = await pool.do('createDepartment', { ...below, parentDepartmentId: departmentId, name: 'Team' });
  const { userId } = await pool.do('createUser', { username: 'ada', departmentIds: [departmentId] });
  const shown = await Promise.all([
    pool.do('getDepartment', below),
    pool.do('getDepartment', { ...acme, departmentCode: 'research' }),
    pool.do('getDepartmentById', { departmentId, withCustomData: true }),
    pool.do('getParentDepartment', { ...below, departmentId: team.departmentId }),
    pool.do('listChildrenDepartments', { ...below, departmentId: rootId }).then(({ list }) => list[0]),
    pool.do('getAllDepartments', below).then(({ list }) => list[0]),
    pool.do('searchDepartments', { ...acme, keywords: 'research' }).then(([first]) => first),
    pool
      .do('searchDepartmentsList', {
        ...acme,
        advancedFilter: [{ field: 'name', operator: 'EQUAL', value: 'Research' }],
      })
      .then(([first]) => first),
    pool.do('getUserDepartments', { userId, withCustomData: true }).then(({ list }) => list[0]),
  ]);
  expect(shown.map((one) => one.customData)).toEqual(shown.map(() => customData));
  const flat = await pool.do('getDepartment', { ...below, flatCustomData: true });
  expect(flat).toMatchObject({ departmentId, name: 'Research', ...customData });
  expect(flat).not.toHaveProperty('customData');
  expect(await pool.do('getDepartment', { organizationCode: 'acme', departmentId })).not.toHaveProperty('customData');
  const kept = await Promise.all([pool.audits(), pool.events(), pool.rows('departments')]);
  expect(JSON.stringify(kept)).not.toContain(secret);
  const audit = (await pool.audits()).find(({ action }) => action === 'createDepartment');
  expect(audit.target_value.customData).toEqual({ ...customData, secret: '[redacted]' });
});

test('an organization shows the custom data of its root department', async () => {
  const { pool, rootId } = await place();
  await pool.do('updateDepartment', { organizationCode: 'acme', departmentId: 'root', customData: { floor: 1 } });
  await pool.do('setCustomData', {
    targetType: 'DEPARTMENT',
    targetIdentifier: rootId,
    list: [{ key: '图标', value: 'x' }],
  });
  const flag = { withCustomData: true };
  const shown = await Promise.all([
    pool.do('getOrganization', { organizationCode: 'acme', ...flag }),
    pool.do('getOrganizationsBatch', { organizationCodeList: ['acme'], ...flag }).then(([first]) => first),
    pool
      .do('listOrganizations', flag)
      .then(({ list }) => list.find((one: { organizationCode: string }) => one.organizationCode === 'acme')),
    pool.do('searchOrganizations', { keywords: 'acme', ...flag }).then(({ list }) => list[0]),
  ]);
  expect(shown.map(({ customData }) => customData)).toEqual(shown.map(() => ({ floor: 1, 图标: 'x' })));
});

test('an organization is made and changed with custom data of its root department', async () => {
  const { pool } = await place();
  const named = { organizationCode: 'globex' };
  await pool.do('createOrganization', { ...named, organizationName: 'Globex', customData: { floor: 7, secret } });
  const before = (await pool.events()).length;
  await pool.do('updateOrganization', { ...named, customData: { floor: 8 } });
  expect((await pool.do('getOrganization', { ...named, withCustomData: true })).customData).toEqual({
    floor: 8,
    secret,
  });
  const told = (await pool.events()).slice(before);
  expect(told.at(-1)).toMatchObject({ webhook: 'organization:udv-changed', data: { updates: { floor: 8 } } });
  expect(JSON.stringify([await pool.audits(), await pool.events()])).not.toContain(secret);
});

test('an update changes what is given, loses what is null, and tells so', async () => {
  const { pool, create } = await place();
  const { data } = await create({ customData: { 图标: 'a', floor: 3, secret } });
  const named = { organizationCode: 'acme', departmentId: data.departmentId };
  const before = (await pool.events()).length;
  await pool.do('updateDepartment', { ...named, name: 'Science', customData: { floor: null, 图标: 'b' } });
  expect((await pool.do('getDepartment', { ...named, withCustomData: true })).customData).toEqual({
    图标: 'b',
    secret,
  });
  const events = (await pool.events()).slice(before);
  expect(events.map(({ webhook }) => webhook)).toEqual(['organization:node-updated', 'organization:udv-changed']);
  expect(events[1]?.data).toMatchObject({
    node: { id: data.departmentId, name: 'Science' },
    updates: { 图标: 'b', floor: null },
  });
  expect((await pool.audits()).at(-1)).toMatchObject({
    origin_value: { name: 'Research', customData: { 图标: 'a', floor: 3 } },
    target_value: { name: 'Science', customData: { 图标: 'b', floor: null } },
  });
  for (const [customData, message] of [
    [{ unknown: 1 }, 'Custom field not defined: unknown'],
    [{ floor: 'third' }, 'customData.floor is not of type NUMBER'],
    [{ 图标: 'x'.repeat(1025) }, 'customData must be less than 1024 characters'],
  ] as const) {
    const rows = await pool.rows('departments');
    expect(await pool.call('updateDepartment', { ...named, name: 'x', customData })).toMatchObject({
      statusCode: 400,
      message,
    });
    expect(await create({ customData })).toMatchObject({ statusCode: 400, message });
    expect(await pool.rows('departments')).toEqual(rows);
  }
});

test('a unique field names its department, in its own organization and user pool', async () => {
  const [here, other] = [await place(), await place()];
  const { pool } = here;
  const { data } = await here.create({ customData: { costCenter: 'C:1' } });
  expect(await here.create({ customData: { costCenter: 'C:1' } })).toMatchObject({
    statusCode: 409,
    message: 'customData.costCenter is taken',
  });
  const by = (departmentId: string, organizationCode = 'acme', from = pool) =>
    from.call('getDepartment', { organizationCode, departmentId, departmentIdType: 'custom_field' });
  expect((await by('costCenter:C:1')).data.departmentId).toBe(data.departmentId);
  expect(await by('costCenter:C:2')).toMatchObject({ statusCode: 404 });
  expect(await by('costCenter:C:1', 'acme', other.pool)).toMatchObject({ statusCode: 404 });
  await pool.do('createOrganization', { organizationCode: 'globex', organizationName: 'Globex' });
  expect(await by('costCenter:C:1', 'globex')).toMatchObject({ statusCode: 404, message: 'department not found' });
  expect(await by('costCenter:C:1', 'nowhere')).toMatchObject({
    statusCode: 404,
    message: 'organization not found for code: nowhere',
  });
  expect(await by('nothing:1')).toMatchObject({ statusCode: 400, message: 'Custom field not defined: nothing' });
  expect(await by('floor:1')).toMatchObject({ statusCode: 400, message: 'Parameter departmentId is malformed' });
  expect((await by('root')).statusCode).toBe(200);

  const options = { departmentIdType: 'custom_field' };
  const { userId } = await pool.do('createUser', { username: 'ada', departmentIds: ['costCenter:C:1'], options });
  const { list } = await pool.do('getUserDepartments', { userId });
  expect(list).toMatchObject([{ departmentId: data.departmentId }]);
  expect(await pool.call('createUser', { username: 'b', departmentIds: ['costCenter:none'], options })).toMatchObject({
    statusCode: 404,
  });
  const team = {
    organizationCode: 'acme',
    name: 'Team',
    parentDepartmentId: 'costCenter:C:1',
    departmentIdType: 'custom_field',
  };
  expect(await pool.do('createDepartment', team)).toMatchObject({ parentDepartmentId: data.departmentId });
});
