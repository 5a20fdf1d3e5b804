import { expect, test } from 'vitest';
import { type TestUserPool, testUserPool } from '../../testing/server.ts';

async function found(pool: TestUserPool, operation: string, field: string, operator: string, value?: unknown) {
  const options = { sort: [{ field: 'username', order: 'asc' }] };
  const { totalCount, list } = await pool.do(operation, { advancedFilter: [{ field, operator, value }], options });
  const names = list.map(({ username }: { username: string }) => username);
  expect(names).toHaveLength(totalCount);
  return names.join(' ');
}

test('finds users and public accounts by the ids of their departments and posts', async () => {
  const pool = await testUserPool();
  const organizationCode = 'acme';
  await pool.do('createOrganization', { organizationCode, organizationName: 'Acme' });
  const department = async (name: string) =>
    (await pool.do('createDepartment', { organizationCode, name, parentDepartmentId: 'root' })).departmentId;
  const [rd, sales] = [await department('R&D'), await department('Sales')];
  const [tester, driver] = [
    (await pool.do('createPost', { code: 'tester', name: 'Tester' })).id,
    (await pool.do('createPost', { code: 'driver', name: 'Driver' })).id,
  ];
  const [ann, bob] = await pool.do('createUsersBatch', {
    list: [
      { username: 'ann', departmentIds: [rd, sales] },
      { username: 'bob', departmentIds: [sales] },
      { username: 'cat' },
    ],
  });
  await pool.do('setUserPosts', { userId: ann.userId, postIds: [tester] });
  await pool.do('setUserPosts', { userId: bob.userId, postIds: [tester, driver] });
  await pool.do('createPublicAccount', { username: 'desk' });
  const gate = await pool.do('createPublicAccount', { username: 'gate', departmentIds: [sales] });
  await pool.do('setPublicAccountOfnPost', { userId: gate.userId, postId: driver });

  const expected: readonly (readonly [string, string, unknown, string, string])[] = [
    ['departmentIds', 'EQUAL', rd, 'ann', ''],
    ['departmentIds', 'CONTAINS', sales, 'ann bob', 'gate'],
    ['departmentIds', 'IN', [rd, sales], 'ann bob', 'gate'],
    ['departmentIds', 'IN', [], '', ''],
    ['departmentIds', 'NOT_EQUAL', rd, 'bob cat', 'desk gate'],
    ['departmentIds', 'NOT_CONTAINS', sales, 'cat', 'desk'],
    ['departmentIds', 'IS_NULL', undefined, 'cat', 'desk'],
    ['departmentIds', 'NOT_NULL', undefined, 'ann bob', 'gate'],
    ['postIdList', 'EQUAL', driver, 'bob', 'gate'],
    ['postIdList', 'IN', [tester, driver], 'ann bob', 'gate'],
    ['postIdList', 'NOT_EQUAL', driver, 'ann cat', 'desk'],
    ['postIdList', 'IS_NULL', undefined, 'cat', 'desk'],
    ['postIdList', 'NOT_NULL', undefined, 'ann bob', 'gate'],
    ['postIdList', 'EQUAL', 'nothing', '', ''],
  ];
  for (const [field, operator, value, people, accounts] of expected) {
    expect(await found(pool, 'listUsers', field, operator, value), `${field} ${operator}`).toBe(people);
    expect(await found(pool, 'listPublicAccounts', field, operator, value), `${field} ${operator}`).toBe(accounts);
  }
  for (const [operator, value, at] of [
    ['GREATER', rd, 'operator'],
    ['EQUAL', [rd], 'value'],
    ['IN', rd, 'value'],
  ]) {
    expect(
      await pool.call('listUsers', { advancedFilter: [{ field: 'departmentIds', operator, value }] }),
    ).toMatchObject({ statusCode: 400, message: `Parameter advancedFilter.0.${at} is malformed` });
  }

  const other = await testUserPool();
  await other.do('createUser', { username: 'eve' });
  expect(await found(other, 'listUsers', 'departmentIds', 'IN', [rd, sales])).toBe('');
  expect(await found(other, 'listUsers', 'postIdList', 'IS_NULL')).toBe('eve');
});

test('nobody has a tenant as long as there are none, as every answer says', async () => {
  const pool = await testUserPool();
  await pool.do('createUser', { username: 'ann' });
  for (const [operator, value, expected] of [
    ['EQUAL', '623c20b2a062aaaaf41b17da', ''],
    ['IN', ['623c20b2a062aaaaf41b17da'], ''],
    ['NOT_NULL', undefined, ''],
    ['IS_NULL', undefined, 'ann'],
    ['NOT_EQUAL', '623c20b2a062aaaaf41b17da', 'ann'],
  ] as const) {
    expect(await found(pool, 'listUsers', 'tenantId', operator, value), operator).toBe(expected);
  }
});
