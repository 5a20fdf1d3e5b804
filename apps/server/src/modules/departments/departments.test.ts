import { expect, test } from 'vitest';
import { type TestUserPool, testUserPool } from '../../testing/server.ts';

async function poolWithOrganization(): Promise<TestUserPool> {
  const pool = await testUserPool();
  await pool.do('createOrganization', { organizationCode: 'acme', organizationName: 'Acme' });
  return pool;
}

function create(pool: TestUserPool, name: string, parentDepartmentId = 'root', more = {}) {
  return pool.do('createDepartment', { organizationCode: 'acme', name, parentDepartmentId, ...more });
}

const names = (answer: { list: { name: string }[] }) => answer.list.map(({ name }) => name);

test('creates departments below a parent named by any kind of id', async () => {
  const pool = await poolWithOrganization();
  const first = await create(pool, 'R&D', 'root', { code: 'rd', openDepartmentId: 'ou_rd', description: 'makes' });
  expect(first).toMatchObject({ name: 'R&D', code: 'rd', parentDepartmentCode: 'acme', status: true, membersCount: 0 });
  await create(pool, 'by id', first.departmentId);
  await create(pool, 'by code', 'rd', { departmentIdType: 'code' });
  await create(pool, 'by open id', 'ou_rd', { departmentIdType: 'open_department_id' });
  const children = await pool.do('listChildrenDepartments', {
    organizationCode: 'acme',
    departmentId: first.departmentId,
  });
  expect(names(children)).toEqual(['by code', 'by id', 'by open id']);
  expect(children.totalCount).toBe(3);
  expect(
    await pool.call('createDepartment', {
      organizationCode: 'acme',
      name: 'x',
      parentDepartmentId: 'k:v',
      departmentIdType: 'custom_field',
    }),
  ).toMatchObject({ statusCode: 400 });
  const [, created] = await pool.events();
  expect(created).toMatchObject({
    webhook: 'organization:node-added',
    data: { node: { id: first.departmentId, code: 'rd' } },
  });
});

test('answers the documented texts for organizations that are not there', async () => {
  const pool = await poolWithOrganization();
  const input = { name: 'x', parentDepartmentId: 'root' };
  expect(await pool.call('createDepartment', { ...input, organizationCode: '   ' })).toMatchObject({
    statusCode: 400,
    message: 'invalid organization code    ',
  });
  for (const organizationCode of ['', ' ', 'nobody']) {
    expect(await pool.call('getDepartment', { organizationCode, departmentId: 'root' })).toMatchObject({
      statusCode: 404,
      message: `organization not found for code: ${organizationCode}`,
    });
  }
  expect(await pool.call('getDepartment', { organizationCode: 'acme', departmentId: 'nobody' })).toMatchObject({
    statusCode: 404,
    message: 'department not found',
  });
  expect((await pool.call('getDepartment', { organizationCode: 'acme' })).statusCode).toBe(400);
});

test('finds a department by code too, and by id when both are given', async () => {
  const pool = await poolWithOrganization();
  const a = await create(pool, 'a', 'root', { code: 'a' });
  await create(pool, 'b', 'root', { code: 'b' });
  expect(await pool.do('getDepartment', { organizationCode: 'acme', departmentCode: 'b' })).toMatchObject({
    name: 'b',
  });
  const both = { organizationCode: 'acme', departmentId: a.departmentId, departmentCode: 'b' };
  expect(await pool.do('getDepartment', both)).toMatchObject({ name: 'a' });
  expect(await pool.do('getDepartmentById', { departmentId: a.departmentId })).toMatchObject({ name: 'a' });
});

test('asks for the organization unless the id is a system id', async () => {
  const pool = await poolWithOrganization();
  const { departmentId } = await create(pool, 'a', 'root', { code: 'a', openDepartmentId: 'ou_a' });
  expect(await pool.do('getDepartment', { departmentId })).toMatchObject({ name: 'a', organizationCode: 'acme' });
  expect((await pool.call('getDepartment', { departmentId: 'nobody' })).message).toBe('department not found');
  expect((await pool.call('getDepartment', { departmentId, tenantId: 'nobody' })).statusCode).toBe(404);
  for (const named of [
    { departmentCode: 'a' },
    { departmentId: 'root' },
    { departmentId: 'ou_a', departmentIdType: 'open_department_id' },
  ]) {
    expect(await pool.call('getDepartment', named)).toMatchObject({
      statusCode: 400,
      message: 'organizationCode should not be empty',
    });
  }
});

test('keeps codes and open ids unique in an organization, under races too', async () => {
  const pool = await poolWithOrganization();
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, i) =>
      pool.call('createDepartment', {
        organizationCode: 'acme',
        name: `n${i}`,
        parentDepartmentId: 'root',
        code: 'same',
      }),
    ),
  );
  expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1);
  expect(answers.filter(({ statusCode }) => statusCode === 409)).toHaveLength(7);
  await create(pool, 'x', 'root', { openDepartmentId: 'ou' });
  const again = { organizationCode: 'acme', name: 'y', parentDepartmentId: 'root', openDepartmentId: 'ou' };
  expect(await pool.call('createDepartment', again)).toMatchObject({ statusCode: 409 });
});

test('moves a department with everything below it, and not below itself', async () => {
  const pool = await poolWithOrganization();
  const a = await create(pool, 'a');
  const b = await create(pool, 'b', a.departmentId);
  const c = await create(pool, 'c', b.departmentId);
  const target = await create(pool, 'target');
  const move = (departmentId: string, parentDepartmentId: string) =>
    pool.call('updateDepartment', { organizationCode: 'acme', departmentId, parentDepartmentId });
  expect((await move(b.departmentId, target.departmentId)).data).toMatchObject({
    parentDepartmentId: target.departmentId,
  });
  const below = await pool.do('getAllDepartments', { organizationCode: 'acme', departmentId: target.departmentId });
  expect(names(below)).toEqual(['target', 'b', 'c']);
  expect(await pool.do('getDepartmentById', { departmentId: a.departmentId })).toMatchObject({ hasChildren: false });
  expect((await move(b.departmentId, c.departmentId)).statusCode).toBe(422);
  expect((await move(b.departmentId, b.departmentId)).statusCode).toBe(422);
  expect((await move('root', a.departmentId)).statusCode).toBe(422);
  const webhooks = (await pool.events()).map(({ webhook }) => webhook);
  expect(webhooks).toEqual(expect.arrayContaining(['organization:node-moved', 'organization:tree-updated']));
});

test('holds 64 levels and refuses the 65th, by creation and by move', async () => {
  const pool = await poolWithOrganization();
  let parent = 'root';
  for (let level = 2; level <= 64; level++) parent = (await create(pool, `level ${level}`, parent)).departmentId;
  const tooDeep = { organizationCode: 'acme', name: 'x', parentDepartmentId: parent };
  expect(await pool.call('createDepartment', tooDeep)).toMatchObject({ statusCode: 422 });
  const other = await create(pool, 'other');
  const move = { organizationCode: 'acme', departmentId: other.departmentId, parentDepartmentId: parent };
  expect(await pool.call('updateDepartment', move)).toMatchObject({ statusCode: 422 });
  expect((await pool.do('getAllDepartments', { organizationCode: 'acme' })).totalCount).toBe(65);
});

test('updates what is given and clears what is null or empty', async () => {
  const pool = await poolWithOrganization();
  const a = await create(pool, 'a', 'root', { code: 'a', description: 'old' });
  const update = (changes: object) =>
    pool.call('updateDepartment', { organizationCode: 'acme', departmentId: a.departmentId, ...changes });
  expect((await update({ name: 'A' })).data).toMatchObject({ name: 'A', code: 'a', description: 'old' });
  expect((await update({ code: '', description: null, status: false })).data).toMatchObject({
    code: null,
    description: null,
    status: false,
  });
  expect(await update({ code: 'no code!' })).toMatchObject({
    statusCode: 400,
    message: 'invalid organization code: no code!',
  });
  expect((await update({ customData: { icon: 'x' } })).statusCode).toBe(400);
  expect((await update({ leaderUserIds: ['nobody'] })).statusCode).toBe(404);
  expect((await pool.do('updateNodeStatus', { departmentId: a.departmentId, status: true })).status).toBe(true);
});

test('lists children by status and kind of node', async () => {
  const pool = await poolWithOrganization();
  await create(pool, 'real');
  const off = await create(pool, 'virtual', 'root', { isVirtualNode: true });
  await pool.do('updateNodeStatus', { departmentId: off.departmentId, status: false });
  const list = async (flags: object) =>
    names(await pool.do('listChildrenDepartments', { organizationCode: 'acme', departmentId: 'root', ...flags }));
  expect(await list({})).toEqual(['real', 'virtual']);
  expect(await list({ excludeVirtualNode: true })).toEqual(['real']);
  expect(await list({ onlyVirtualNode: true })).toEqual(['virtual']);
  expect(await list({ onlyVirtualNode: true, excludeVirtualNode: true })).toEqual([]);
  expect(await list({ status: false })).toEqual(['virtual']);
});

test('deletes an empty department, and neither the root nor one with departments below it', async () => {
  const pool = await poolWithOrganization();
  const a = await create(pool, 'a');
  const b = await create(pool, 'b', a.departmentId);
  const remove = (departmentId: string) => pool.call('deleteDepartment', { organizationCode: 'acme', departmentId });
  expect(await remove(a.departmentId)).toMatchObject({ statusCode: 422, message: 'department is not empty' });
  expect(await remove('root')).toMatchObject({ statusCode: 422 });
  expect((await remove(b.departmentId)).statusCode).toBe(200);
  expect((await remove(a.departmentId)).statusCode).toBe(200);
  expect(await remove(a.departmentId)).toMatchObject({ statusCode: 404 });
});

test('gets the parent, and null for the root', async () => {
  const pool = await poolWithOrganization();
  const a = await create(pool, 'a');
  const parent = { organizationCode: 'acme', departmentId: a.departmentId };
  expect(await pool.do('getParentDepartment', parent)).toMatchObject({ name: 'Acme' });
  expect(await pool.do('getParentDepartment', { organizationCode: 'acme', departmentId: 'root' })).toBeNull();
});

test('takes what clients send for fields that were not given: null, an empty text, an empty object', async () => {
  const pool = await poolWithOrganization();
  const i18n = { name: { 'en-US': { enabled: true, value: 'Research' } } };
  const a = await create(pool, 'a', 'root', {
    code: 'a',
    i18n,
    metadata: null,
    departmentIdType: null,
    tenantId: null,
  });
  const reference = { organizationCode: 'acme', departmentId: a.departmentId };
  for (const idle of [{ i18n: {} }, { i18n: { name: {} } }]) {
    expect(await pool.do('updateDepartment', { ...reference, description: 'only this', ...idle })).toMatchObject({
      i18n,
    });
  }
  expect((await pool.do('updateDepartment', { ...reference, i18n: null })).i18n).toBeNull();
  const byCode = { organizationCode: 'acme', departmentId: '', departmentCode: 'a' };
  expect(await pool.do('getDepartment', byCode)).toMatchObject({ departmentId: a.departmentId });
});

test('tells of a department that is moved and renamed at once by its new name', async () => {
  const pool = await poolWithOrganization();
  const a = await create(pool, 'a');
  const b = await create(pool, 'b');
  const input = {
    organizationCode: 'acme',
    departmentId: b.departmentId,
    name: 'b2',
    parentDepartmentId: a.departmentId,
  };
  await pool.do('updateDepartment', input);
  const moved = (await pool.events()).find(({ name }) => name === 'department.moved');
  expect(moved?.data).toMatchObject({ node: { name: 'b2' }, parentNode: { id: a.departmentId } });
});
