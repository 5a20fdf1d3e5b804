import { expect, test } from 'vitest';
import { type TestUserPool, testUserPool } from '../../testing/server.ts';

/** Acme with four departments made and changed in different years, beside another organization. */
async function poolWithDepartments(): Promise<TestUserPool> {
  const pool = await testUserPool();
  await pool.do('createOrganization', { organizationCode: 'acme', organizationName: 'Acme' });
  await pool.do('createOrganization', { organizationCode: 'other', organizationName: 'Sales of others' });
  const made: [name: string, code: string | undefined, createdAt: string, updatedAt: string][] = [
    ['Sales', 'sales', '2020-01-01T00:00:00.000Z', '2024-01-01T00:00:00.000Z'],
    ['sales, south', undefined, '2021-01-01T00:00:00.000Z', '2023-01-01T00:00:00.000Z'],
    ['R&D 100%', 'pre-SALES', '2022-01-01T00:00:00.000Z', '2022-01-01T00:00:00.123Z'],
    ['Finance', undefined, '2023-01-01T00:00:00.000Z', '2022-01-01T00:00:00.123Z'],
  ];
  for (const [name, code, createdAt, updatedAt] of made) {
    const parent = { organizationCode: 'acme', parentDepartmentId: 'root' };
    const { departmentId } = await pool.do('createDepartment', {
      ...parent,
      name,
      ...(code === undefined ? {} : { code }),
    });
    await pool.server.sql(
      'update departments set created_at = $3, updated_at = $4 where user_pool_id = $1 and id = $2',
      [pool.id, departmentId, createdAt, updatedAt],
    );
  }
  return pool;
}

const names = (list: { name: string }[]) => list.map(({ name }) => name);

test('finds departments by part of their name or code, whatever the case, in one organization only', async () => {
  const pool = await poolWithDepartments();
  const search = async (keywords: string) =>
    names(await pool.do('searchDepartments', { organizationCode: 'acme', keywords }));
  expect((await search('SALES')).sort()).toEqual(['R&D 100%', 'Sales', 'sales, south']);
  expect(await search('acme')).toEqual(['Acme']);
  expect(await search('%')).toEqual(['R&D 100%']);
  expect(await search('_')).toEqual([]);
});

test('filters by all conditions at once', async () => {
  const pool = await poolWithDepartments();
  const list = async (...advancedFilter: [field: string, operator: string, value: unknown][]) => {
    const input = {
      organizationCode: 'acme',
      advancedFilter: advancedFilter.map(([field, operator, value]) => ({ field, operator, value })),
      sort: [{ field: 'createdAt', order: 'asc' }],
    };
    return names(await pool.do('searchDepartmentsList', input));
  };
  expect(await list(['name', 'EQUAL', 'Sales'])).toEqual(['Sales']);
  expect(await list(['name', 'IN', ['Finance', 'Sales', 'nobody']])).toEqual(['Sales', 'Finance']);
  expect(await list(['name', 'CONTAINS', 'sAL'])).toEqual(['Sales', 'sales, south']);
  expect(await list(['name', 'CONTAINS', "' or true --"])).toEqual([]);
  expect(await list(['createdAt', 'BETWEEN', ['2020-01-01T00:00:00Z', '2021-01-01']])).toEqual([
    'Sales',
    'sales, south',
  ]);
  expect(await list(['createdAt', 'LESSER', '2020-01-01T08:00:00+08:00'])).toEqual(['Sales']);
  expect(await list(['updatedAt', 'EQUAL', Date.parse('2022-01-01T00:00:00.123Z')])).toEqual(['R&D 100%', 'Finance']);
  expect(await list(['updatedAt', 'IN', [String(Date.parse('2023-01-01'))]])).toEqual(['sales, south']);
  expect(
    await list(
      ['createdAt', 'GREATER', '2021-01-01'],
      ['createdAt', 'LESSER', '2023-01-01'],
      ['name', 'CONTAINS', 's'],
    ),
  ).toEqual(['sales, south']);
});

test('names the condition whose value or operator does not fit its field', async () => {
  const pool = await poolWithDepartments();
  const wrong: [item: object, field: string][] = [
    [{ field: 'createdAt', operator: 'EQUAL', value: 'yesterday' }, 'value'],
    [{ field: 'createdAt', operator: 'EQUAL', value: 1e18 }, 'value'],
    [{ field: 'createdAt', operator: 'EQUAL', value: '10000-01-01' }, 'value'],
    [{ field: 'createdAt', operator: 'GREATER', value: ['2020-01-01'] }, 'value'],
    [{ field: 'createdAt', operator: 'BETWEEN', value: ['2020-01-01'] }, 'value'],
    [{ field: 'createdAt', operator: 'BETWEEN', value: '2020-01-01' }, 'value'],
    [{ field: 'createdAt', operator: 'GREATER', value: '2022-02-31' }, 'value'],
    [{ field: 'updatedAt', operator: 'IN', value: ['2023-02-29T00:00:00Z'] }, 'value'],
    [{ field: 'name', operator: 'EQUAL', value: 7 }, 'value'],
    [{ field: 'name', operator: 'IN', value: [] }, 'value'],
    [{ field: 'name', operator: 'EQUAL', value: { $ne: 1 } }, 'value'],
    [{ field: 'name', operator: 'EQUAL' }, 'value'],
    [{ field: 'createdAt', operator: 'CONTAINS', value: '2020' }, 'operator'],
    [{ field: 'password', operator: 'EQUAL', value: 'x' }, 'field'],
  ];
  for (const [item, field] of wrong) {
    const advancedFilter = [{ field: 'name', operator: 'CONTAINS', value: 'a' }, item];
    const answer = await pool.call('searchDepartmentsList', { organizationCode: 'acme', advancedFilter });
    expect(answer.statusCode).toBe(400);
    expect(answer.message).toContain(`advancedFilter.1.${field}`);
  }
});

test('orders by the last change first, unless told otherwise; `sort` wins', async () => {
  const pool = await poolWithDepartments();
  const filter = { advancedFilter: [{ field: 'createdAt', operator: 'LESSER', value: '2024-01-01' }] };
  const list = async (more: object) =>
    names(await pool.do('searchDepartmentsList', { organizationCode: 'acme', ...filter, ...more }));
  expect(await list({})).toEqual(['Sales', 'sales, south', 'Finance', 'R&D 100%']);
  const oldestFirst = { sortBy: 'createdAt', orderBy: 'ASC' };
  expect(await list(oldestFirst)).toEqual(['Sales', 'sales, south', 'R&D 100%', 'Finance']);
  const sort = [
    { field: 'updatedAt', order: 'asc' },
    { field: 'name', direction: 'desc' },
  ];
  expect(await list({ ...oldestFirst, sort })).toEqual(['R&D 100%', 'Finance', 'sales, south', 'Sales']);
  expect(await list({ ...oldestFirst, page: 2, limit: 3 })).toEqual(['Finance']);
  expect(await list({ ...oldestFirst, page: 3, limit: 3 })).toEqual([]);
});
