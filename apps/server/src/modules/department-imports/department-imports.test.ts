import { expect, test } from 'vitest';
import { recount } from '../../testing/recount.ts';
import { type TestUserPool, testUserPool } from '../../testing/server.ts';

/** The departments of the only organization of that name, with their members' usernames, parents first. */
async function treeOf(pool: TestUserPool, name: string): Promise<string[]> {
  const { list } = await pool.do('searchOrganizations', { keywords: name });
  expect(list).toHaveLength(1);
  const { organizationCode } = list[0];
  const departments = (await pool.do('getAllDepartments', { organizationCode })).list;
  const rows: string[] = [];
  for (const department of departments) {
    const reference = { organizationCode, departmentId: department.departmentId, sortBy: 'createAt', orderBy: 'Asc' };
    const members = (await pool.do('listDepartmentMembers', reference)).list;
    const parent = departments.find(({ departmentId }: { departmentId: string }) => {
      return departmentId === department.parentDepartmentId;
    });
    const path = `${parent === undefined ? '' : `${parent.name} > `}${department.name}`;
    rows.push([path, ...members.map(({ username }: { username: string }) => username)].join(' '));
  }
  return rows;
}

const tree = {
  name: 'Acme',
  members: { username: 'ada' },
  children: [
    'Sales',
    {
      name: 'R&D',
      members: [
        { username: 'grace', email: 'Grace@example.com', name: 'Grace', country: 'US' },
        { username: 'edsger', phone: '020 7946 0018', phoneCountryCode: '44' },
      ],
      children: [{ name: 'Compilers', members: [{ email: 'grace@example.com' }] }],
    },
  ],
};

test('makes an organization with its departments and members, and counts them', async () => {
  const pool = await testUserPool();
  const result = { addUser: 3, updateUser: 0, addDepartment: 4, updateDepartment: 0 };
  expect(await pool.do('createDepartmentTree', tree)).toEqual(result);
  expect(await treeOf(pool, 'Acme')).toEqual([
    'Acme ada',
    'Acme > R&D grace edsger',
    'R&D > Compilers grace',
    'Acme > Sales',
  ]);
  expect(await pool.do('getUser', { userId: 'grace', userIdType: 'username' })).toMatchObject({
    name: 'Grace',
    country: 'US',
    email: 'grace@example.com',
  });
  expect(await recount(pool.server, pool.id)).toEqual([]);
  expect((await pool.audits()).at(-1)).toMatchObject({ action: 'createDepartmentTree', target_value: result });
});

test('repeated, finds everything and changes nothing', async () => {
  const pool = await testUserPool();
  await pool.do('createDepartmentTree', tree);
  const before = await treeOf(pool, 'Acme');
  const again = { addUser: 0, updateUser: 3, addDepartment: 0, updateDepartment: 4 };
  expect(await pool.do('createDepartmentTree', tree)).toEqual(again);
  expect(await treeOf(pool, 'Acme')).toEqual(before);
});

test('adds to what is there: the oldest organization of the name, departments by their place, users by any identifier', async () => {
  const pool = await testUserPool();
  await pool.do('createOrganization', { organizationCode: 'acme', organizationName: 'Acme' });
  const parent = { organizationCode: 'acme', parentDepartmentId: 'root' };
  const sales = await pool.do('createDepartment', { ...parent, name: 'Sales', code: 'sales' });
  await pool.do('createUser', { username: 'ada', name: 'Ada' });
  await pool.do('createUser', { phone: '2079460018', phoneCountryCode: '+44', username: 'ken' });
  const people = [
    { username: 'ada', name: 'changed' },
    { phone: '020 7946 0018', phoneCountryCode: '44' },
    { username: 'new' },
  ];
  const result = await pool.do('createDepartmentTree', {
    name: 'Acme',
    children: [
      { name: 'Sales', children: ['Sales', { name: 'North', members: people }] },
      { name: 'Sales', children: ['North', 'South'] },
    ],
  });
  expect(result).toEqual({ addUser: 1, updateUser: 2, addDepartment: 3, updateDepartment: 2 });
  expect(await treeOf(pool, 'Acme')).toEqual([
    'Acme',
    'Acme > Sales',
    'Sales > North ada ken new',
    'Sales > Sales',
    'Sales > South',
  ]);
  expect(await pool.do('getUser', { userId: 'ada', userIdType: 'username' })).toMatchObject({ name: 'Ada' });
  const imported = (await pool.events()).filter(({ name }) => name.startsWith('department.tree'));
  expect(imported).toMatchObject([
    {
      webhook: 'organization:imported',
      data: {
        organization: { code: 'acme', name: 'Acme' },
        modifyNodes: [{ name: 'Acme' }, { id: sales.departmentId, code: 'sales' }],
        newNodes: [{ name: 'Sales' }, { name: 'North' }, { name: 'South' }],
        source: 'JSON',
      },
    },
  ]);
});

test('makes one tree when two calls race', async () => {
  const pool = await testUserPool();
  const answers = await Promise.all(Array.from({ length: 4 }, () => pool.call('createDepartmentTree', tree)));
  expect(answers.map(({ data }) => data?.addDepartment).sort()).toEqual([0, 0, 0, 4]);
  expect(await treeOf(pool, 'Acme')).toHaveLength(4);
  expect(await recount(pool.server, pool.id)).toEqual([]);
});

test('names what is wrong by its place, and writes nothing', async () => {
  const pool = await testUserPool();
  await pool.do('createUser', { username: 'gone', status: 'Resigned' });
  const child = (it: unknown) => ({ name: 'Acme', children: ['fine', { name: 'fine too', children: [it] }] });
  const wrong: [input: Record<string, unknown>, statusCode: number, place: string][] = [
    [child({ name: ' ' }), 400, 'children.1.children.0.name'],
    [child({ children: [] }), 400, 'children.1.children.0.name'],
    [child(7), 400, 'children.1.children.0'],
    [child({ name: 'x', children: {} }), 400, 'children.1.children.0.children'],
    [child({ name: 'x', members: [{ email: 'nobody' }] }), 400, 'children.1.children.0.members'],
    [
      child({ name: 'x', members: [{ username: 'new' }, { name: 'Who?' }] }),
      400,
      'children.1.children.0.members.1.username',
    ],
    [child({ name: 'x', members: { phone: '1', username: 'new' } }), 400, 'children.1.children.0.members.phone'],
    [child({ name: 'x', members: { username: 'gone' } }), 422, 'Resigned'],
    [{ name: 'Acme', tenantId: 'nobody' }, 404, 'Tenant'],
    [{ name: 'Acme', children: Array.from({ length: 1000 }, (_, i) => `d${i}`) }, 422, '1000'],
    [{ name: 'Acme', members: Array.from({ length: 1001 }, (_, i) => ({ username: `u${i}` })) }, 422, '1000'],
  ];
  for (const [input, statusCode, place] of wrong) {
    const answer = await pool.call('createDepartmentTree', input);
    expect([answer.statusCode, answer.message]).toEqual([statusCode, expect.stringContaining(place)]);
  }
  expect(await pool.rows('departments')).toHaveLength(0);
  expect(await pool.rows('users')).toHaveLength(1);
});

test('refuses a tree that is deeper than departments may be', async () => {
  const pool = await testUserPool();
  let deep: Record<string, unknown> = { name: 'level 65' };
  for (let level = 64; level >= 1; level--) deep = { name: `level ${level}`, children: [deep] };
  const { statusCode } = await pool.call('createDepartmentTree', deep);
  expect([400, 422]).toContain(statusCode);
  expect(await pool.rows('departments')).toHaveLength(0);
});

test('takes the largest tree in one go', async () => {
  const pool = await testUserPool();
  const children = Array.from({ length: 37 }, (_, i) => ({
    name: `d${i}`,
    children: Array.from({ length: 26 }, (_, j) => ({ name: `d${i}.${j}`, members: { username: `u${i}.${j}` } })),
  }));
  expect(await pool.do('createDepartmentTree', { name: 'Acme', children })).toMatchObject({
    addDepartment: 1000,
    addUser: 962,
  });
  expect(await recount(pool.server, pool.id)).toEqual([]);
});
