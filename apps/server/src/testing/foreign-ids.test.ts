import { expect, test } from 'vitest';
import { fingerprintOf } from './fingerprint.ts';
import { sampleWorld } from './sample-world.ts';
import { testServer } from './server.ts';

/*
 * Ids of another user pool where the derived suites do not put them: in optional fields, in lists inside of objects, in
 * rules and filters.
 */
const server = await testServer();
const [own, foreign] = await Promise.all([sampleWorld(server), sampleWorld(server)]);
const theirs = foreign.values;
const ours = own.values;
const idOf = async (table: string) => (await foreign.pool.rows<{ id: string }>(table))[0]?.id;
const [roleId, groupId] = [await idOf('roles'), await idOf('groups')];
const acme = { organizationCode: 'acme' };
const inDepartment = { organizationCode: 'acme', departmentId: theirs['departmentId'] };
const desk = { userId: ours['publicAccountId'] };

type Call = [operation: string, input: Readonly<Record<string, unknown>>];
const refused: Call[] = [
  ['createUser', { username: 'a', departmentIds: theirs['departmentIds'] }],
  ['createDepartment', { ...acme, parentDepartmentId: theirs['departmentId'], name: 'X' }],
  ['updateDepartment', { ...acme, departmentId: ours['departmentId'], parentDepartmentId: theirs['departmentId'] }],
  ['updateDepartment', { ...acme, departmentId: ours['departmentId'], leaderUserIds: theirs['userIds'] }],
  ['listUsers', { advancedFilter: [{ field: 'department', operator: 'IN', value: [inDepartment] }] }],
  [
    'createUserExport',
    { format: 'csv', advancedFilter: [{ field: 'department', operator: 'IN', value: [inDepartment] }] },
  ],
  ...[
    { field: 'department', operator: 'IN', value: [{ departmentId: theirs['departmentId'] }] },
    { not: { field: 'role', operator: 'IN', value: [{ roleId }] } },
  ].map((rule): Call => ['createGroup', { code: 'e', type: 'dynamic', rule }]),
  ...[
    ['USER', theirs['userId']],
    ['DEPARTMENT', theirs['departmentId']],
    ['GROUP', groupId],
    ['ROLE', roleId],
  ].map(
    ([targetType, targetIdentifier]): Call => [
      'assignRole',
      { code: 'cashier', targets: [{ targetType, targetIdentifier }] },
    ],
  ),
  ['bindUsersPublicAccount', { publicAccountId: ours['publicAccountId'], userIds: theirs['userIds'] }],
  ['setuserOfPublicAccount', { userId: ours['userId'], publicAccountIds: theirs['publicAccountIds'] }],
  ['createPublicAccount', { username: 'b', departmentIds: theirs['departmentIds'] }],
  ['setPublicAccountOfDepartments', { ...desk, departments: [{ departmentId: theirs['departmentId'] }] }],
  ['bindPublicAccountOfRoles', { ...desk, roleIds: [roleId] }],
  ['getPublicAccountOfGroups', { ...desk, groupIds: [groupId] }],
  ['setPublicAccountOfnPost', { ...desk, postId: theirs['postId'] }],
  ['setUserPosts', { userId: ours['userId'], postIds: theirs['postIds'] }],
  ['updatePost', { id: ours['postId'], code: 'developer', name: 'D', departmentIdList: theirs['departmentIds'] }],
  ['setUserDepartments', { userId: ours['userId'], departments: [{ departmentId: theirs['departmentId'] }] }],
  [
    'setCustomData',
    { targetType: 'DEPARTMENT', targetIdentifier: theirs['departmentId'], list: [{ key: 'school', value: 'x' }] },
  ],
];

test.each(refused)('%s refuses an id of another user pool in %o', async (operation, input) => {
  const before = [await fingerprintOf(server, foreign.pool.id), await fingerprintOf(server, own.pool.id)];
  expect(await own.pool.call(operation, input)).toMatchObject({ statusCode: 404 });
  expect([await fingerprintOf(server, foreign.pool.id), await fingerprintOf(server, own.pool.id)]).toEqual(before);
});

test('an export of users of another user pool is empty, however it is read', async () => {
  const { exportId } = await own.pool.do('createUserExport', { format: 'ndjson', userIds: theirs['userIds'] });
  for (const after of [undefined, '0', theirs['userId']]) {
    expect(await own.pool.do('getUserExportPart', { exportId, after })).toEqual({ content: '', users: 0, next: null });
  }
});

test('looking for an id of another user pool finds nobody', async () => {
  const found = [
    { keywords: theirs['userId'], options: { fuzzySearchOn: ['id'] } },
    { advancedFilter: [{ field: 'id', operator: 'EQUAL', value: theirs['userId'] }] },
    { advancedFilter: [{ field: 'mainDepartmentId', operator: 'EQUAL', value: theirs['departmentId'] }] },
  ];
  for (const input of found) expect(await own.pool.do('listUsers', input)).toEqual({ totalCount: 0, list: [] });
});
