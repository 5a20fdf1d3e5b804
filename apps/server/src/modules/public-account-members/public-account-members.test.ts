import { expect, test } from 'vitest';
import { newId } from '../../platform/ids.ts';
import { answerBesideLocks } from '../../testing/lock-order.ts';
import { type TestUserPool, testUserPool } from '../../testing/server.ts';

async function make(pool: TestUserPool, operation: string, ...usernames: string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const username of usernames) ids.push((await pool.do(operation, { username })).userId);
  return ids;
}

async function names(pool: TestUserPool, operation: string, input: object): Promise<string[]> {
  return (await pool.do(operation, { ...input })).list.map((one: { username: string }) => one.username);
}

test('users are bound from either side, beside those that are there, and unbound one by one', async () => {
  const pool = await testUserPool();
  const [desk, lobby] = (await make(pool, 'createPublicAccount', 'desk', 'lobby')) as [string, string];
  const [ada, grace] = (await make(pool, 'createUser', 'ada', 'grace')) as [string, string];
  const before = (await pool.events()).length;
  await pool.do('bindUsersPublicAccount', { publicAccountId: desk, userIds: [ada, ada] });
  await pool.do('bindUsersPublicAccount', { publicAccountId: desk, userIds: [ada, grace] });
  await pool.do('setuserOfPublicAccount', { userId: ada, publicAccountIds: [lobby, desk] });
  expect(await names(pool, 'getUsersOfPublicAccount', { publicAccountId: desk })).toEqual(['grace', 'ada']);
  expect((await names(pool, 'getPublicAccountsOfUser', { userId: ada })).sort()).toEqual(['desk', 'lobby']);
  expect(await pool.do('getUsersOfPublicAccount', { publicAccountId: desk, page: 2, limit: 1 })).toMatchObject({
    totalCount: 2,
    list: [{ username: 'ada' }],
  });
  expect((await pool.events()).slice(before).map(({ name, webhook, data }) => [name, webhook, data])).toEqual(
    [
      [desk, 'desk', ada],
      [desk, 'desk', grace],
      [lobby, 'lobby', ada],
    ].map(([id, username, user]) => [
      'public_account.bound',
      'public-account:bound',
      { publicAccount: { id, username, email: null }, subject: { type: 'USER', id: user } },
    ]),
  );
  for (let time = 0; time < 2; time++) {
    expect(await pool.do('unbindUsersPublicAccount', { userId: ada, publicAccountId: desk })).toEqual({
      success: true,
    });
  }
  expect(await names(pool, 'getUsersOfPublicAccount', { publicAccountId: desk })).toEqual(['grace']);
  const unbound = (await pool.events()).filter(({ name }) => name === 'public_account.unbound');
  expect(unbound).toHaveLength(1);
  expect((await pool.audits()).map(({ action }) => action)).toContain('unbindUsersPublicAccount');
});

test('only people are bound to public accounts, all or none', async () => {
  const pool = await testUserPool();
  const [desk, lobby] = (await make(pool, 'createPublicAccount', 'desk', 'lobby')) as [string, string];
  const [ada] = (await make(pool, 'createUser', 'ada')) as [string];
  const gone = await pool.do('createUser', { username: 'gone', status: 'Resigned' });
  const unknown = newId();
  for (const [operation, input, statusCode] of [
    ['bindUsersPublicAccount', { publicAccountId: desk, userIds: [ada, lobby] }, 404],
    ['bindUsersPublicAccount', { publicAccountId: desk, userIds: [ada, unknown] }, 404],
    ['bindUsersPublicAccount', { publicAccountId: desk, userIds: [ada, gone.userId] }, 422],
    ['bindUsersPublicAccount', { publicAccountId: ada, userIds: [ada] }, 404],
    ['bindUsersPublicAccount', { publicAccountId: desk, userIds: [] }, 400],
    ['setuserOfPublicAccount', { userId: ada, publicAccountIds: [desk, unknown] }, 404],
    ['setuserOfPublicAccount', { userId: ada, publicAccountIds: [ada] }, 404],
    ['setuserOfPublicAccount', { userId: desk, publicAccountIds: [lobby] }, 404],
    ['unbindUsersPublicAccount', { userId: unknown, publicAccountId: desk }, 404],
    ['unbindUsersPublicAccount', { userId: ada, publicAccountId: unknown }, 404],
    ['getPublicAccountsOfUser', { userId: desk }, 404],
    ['getUsersOfPublicAccount', { publicAccountId: ada }, 404],
  ] as const) {
    expect([operation, input, (await pool.call(operation, input)).statusCode]).toEqual([operation, input, statusCode]);
  }
  expect(await pool.rows('public_account_users')).toEqual([]);
});

test('groups are linked by id or code, beside those that are there, without the account joining them', async () => {
  const pool = await testUserPool();
  const [userId] = (await make(pool, 'createPublicAccount', 'desk')) as [string];
  const a = await pool.do('createGroup', { code: 'a', name: 'A' });
  // A code that looks like the id of another group does not hide it.
  const b = await pool.do('createGroup', { code: a.id, name: 'B' });
  await pool.do('getPublicAccountOfGroups', { userId, groupIds: ['a'] });
  await pool.do('getPublicAccountOfGroups', { userId, groupIds: [a.id, b.id] });
  expect(await pool.do('getGroupsOfPublicAccount', { userId: 'desk', userIdType: 'username' })).toMatchObject({
    totalCount: 2,
    list: [{ code: a.id }, { code: 'a' }],
  });
  for (const groupId of ['a', a.id, b.id]) {
    expect(await names(pool, 'getPublicAccountsOfGroup', { groupId })).toEqual(['desk']);
  }
  expect(await pool.do('listGroupMembers', { code: 'a' })).toMatchObject({ totalCount: 0 });
  await pool.do('unbindPublicAccountOfGroups', { userId, groupIds: ['a'] });
  await pool.do('unbindPublicAccountOfGroups', { userId, groupIds: ['a'] });
  expect(await pool.do('getGroupsOfPublicAccount', { userId })).toMatchObject({ list: [{ id: b.id }] });
  await pool.do('deleteGroupsBatch', { codeList: [b.code] });
  expect(await pool.do('getGroupsOfPublicAccount', { userId })).toEqual({ totalCount: 0, list: [] });

  const message = 'group not exists with code: nothing';
  for (const [operation, input] of [
    ['getPublicAccountOfGroups', { userId, groupIds: ['a', 'nothing'] }],
    ['unbindPublicAccountOfGroups', { userId, groupIds: ['nothing'] }],
    ['getPublicAccountsOfGroup', { groupId: 'nothing' }],
  ] as const) {
    expect(await pool.call(operation, input)).toMatchObject({ statusCode: 404, message });
  }
  const many = Array.from({ length: 11 }, (_, index) => `${index}`);
  expect(await pool.call('getPublicAccountOfGroups', { userId, groupIds: many })).toMatchObject({ statusCode: 400 });
  expect(await pool.call('getPublicAccountOfGroups', { userId, groupIds: [] })).toMatchObject({ statusCode: 400 });
  expect(await pool.rows('public_account_groups')).toEqual([]);
});

test('roles are linked by id, or by code in the default namespace, without the account getting them', async () => {
  const pool = await testUserPool();
  const [userId] = (await make(pool, 'createPublicAccount', 'desk')) as [string];
  const clerk = await pool.do('createRole', { code: 'clerk' });
  const shop = await pool.do('createRole', { code: 'clerk', namespace: 'shop' });
  await pool.do('bindPublicAccountOfRoles', { userId, roleIds: ['clerk'] });
  await pool.do('bindPublicAccountOfRoles', { userId, roleIds: [shop.id] });
  expect(await pool.do('getPublicAccountRoles', { userId })).toMatchObject({
    totalCount: 1,
    list: [{ id: clerk.id, namespace: 'default' }],
  });
  expect(await pool.do('getPublicAccountRoles', { userId, namespace: '' })).toMatchObject({ list: [{ id: clerk.id }] });
  expect(await pool.do('getPublicAccountRoles', { userId, namespace: 'shop' })).toMatchObject({
    list: [{ id: shop.id }],
  });
  expect(await pool.call('getPublicAccountRoles', { userId, namespace: 'a b' })).toMatchObject({
    statusCode: 400,
    message: 'invalid namespace code: a b',
  });
  expect(await names(pool, 'getPublicAccountsOfRole', { roleId: 'clerk' })).toEqual(['desk']);
  expect(await names(pool, 'getPublicAccountsOfRole', { roleId: shop.id })).toEqual(['desk']);
  expect(await pool.do('listRoleMembers', { code: 'clerk' })).toMatchObject({ totalCount: 0 });
  await pool.do('unbindPublicAccountOfRoles', { userId, roleIds: [shop.id] });
  expect(await pool.do('getPublicAccountRoles', { userId, namespace: 'shop' })).toEqual({ totalCount: 0, list: [] });
  await pool.do('deleteRolesBatch', { codeList: ['clerk'] });
  expect(await pool.rows('public_account_roles')).toEqual([]);

  for (const [operation, input] of [
    ['bindPublicAccountOfRoles', { userId, roleIds: [shop.id, 'nothing'] }],
    ['unbindPublicAccountOfRoles', { userId, roleIds: ['nothing'] }],
    ['getPublicAccountsOfRole', { roleId: 'nothing' }],
  ] as const) {
    expect(await pool.call(operation, input)).toMatchObject({ statusCode: 404, message: 'Role not found' });
  }
  expect(await pool.call('bindPublicAccountOfRoles', { userId, roleIds: [] })).toMatchObject({ statusCode: 400 });
  expect(await pool.rows('public_account_roles')).toEqual([]);
});

test('whoever links groups or roles that are being deleted waits for that, and the deletion never for him', async () => {
  const pool = await testUserPool();
  const [userId] = (await make(pool, 'createPublicAccount', 'desk')) as [string];
  const groups = [await pool.do('createGroup', { code: 'a' }), await pool.do('createGroup', { code: 'b' })] as const;
  const roles = [await pool.do('createRole', { code: 'a' }), await pool.do('createRole', { code: 'b' })] as const;
  const link = (operation: string, input: object) => () => pool.call(operation, { userId, ...input });
  for (const [table, [one, other], call] of [
    ['groups', groups, link('getPublicAccountOfGroups', { groupIds: ['b', 'a'] })],
    ['roles', roles, link('bindPublicAccountOfRoles', { roleIds: ['b', 'a'] })],
  ] as const) {
    const deleted = [
      [table, one.id],
      [table, other.id],
    ] as const;
    expect(await answerBesideLocks(pool, deleted, call)).toMatchObject({ statusCode: 200 });
  }
  expect(await pool.rows('public_account_groups')).toHaveLength(2);
  expect(await pool.rows('public_account_roles')).toHaveLength(2);
});

test('people and accounts that are linked are locked in one order, for an account may have been a person', async () => {
  const pool = await testUserPool();
  const [ada] = (await make(pool, 'createUser', 'ada')) as [string];
  const [desk, lobby] = (await make(pool, 'createPublicAccount', 'desk', 'lobby')) as [string, string];
  for (const [operation, input] of [
    ['bindUsersPublicAccount', { publicAccountId: lobby, userIds: [ada] }],
    ['setuserOfPublicAccount', { userId: ada, publicAccountIds: [lobby, desk] }],
  ] as const) {
    const changed = [
      ['users', ada],
      ['users', lobby],
    ] as const;
    const answer = await answerBesideLocks(pool, changed, () => pool.call(operation, input));
    expect(answer).toMatchObject({ statusCode: 200 });
  }
  expect(await pool.rows('public_account_users')).toHaveLength(2);
});

test('an account has one post at most: setting another replaces it', async () => {
  const pool = await testUserPool();
  const [userId] = (await make(pool, 'createPublicAccount', 'desk')) as [string];
  const a = await pool.do('createPost', { code: 'a', name: 'A' });
  const b = await pool.do('createPost', { code: 'b', name: 'B' });
  expect(await pool.do('getPostOfPublicUser', { userId })).toBeNull();
  const before = (await pool.events()).length;
  await pool.do('setPublicAccountOfnPost', { userId, postId: a.id });
  await pool.do('setPublicAccountOfnPost', { userId, postId: a.id });
  await pool.do('setPublicAccountOfnPost', { userId, postId: b.id });
  expect((await pool.events()).slice(before).map(({ name, data }) => [name, data.subject.id])).toEqual([
    ['public_account.bound', a.id],
    ['public_account.unbound', a.id],
    ['public_account.bound', b.id],
  ]);
  expect(await pool.call('getPostOfPublicUser', { userId })).toMatchObject({ code: 'b', data: { id: b.id } });
  expect(await names(pool, 'getPublicAccountsOfPost', { postId: b.id })).toEqual(['desk']);
  expect(await names(pool, 'getPublicAccountsOfPost', { postId: a.id })).toEqual([]);
  expect(await pool.do('getPublicAccount', { userId, withPost: true })).toMatchObject({ postIdList: [b.id] });
  // Counts are of people.
  expect(await pool.do('postList', {})).toMatchObject({ list: [{ userCount: 0 }, { userCount: 0 }] });
  await pool.do('unbindPublicAccountOfPost', { userId, postId: a.id });
  expect(await pool.do('getPostOfPublicUser', { userId })).toMatchObject({ code: 'b' });
  await pool.do('unbindPublicAccountOfPost', { userId, postId: b.id });
  expect(await pool.do('getPostOfPublicUser', { userId })).toBeNull();
  await pool.do('setPublicAccountOfnPost', { userId, postId: a.id });
  await pool.do('removePost', { code: 'a' });
  expect(await pool.do('getPostOfPublicUser', { userId })).toBeNull();

  const postId = newId();
  for (const operation of ['setPublicAccountOfnPost', 'unbindPublicAccountOfPost', 'getPublicAccountsOfPost']) {
    const answer = await pool.call(operation, { userId, postId });
    expect(answer).toMatchObject({ statusCode: 404, message: `Post not found: ${postId}` });
  }
});

test('members of what an account is linked to may use it, by every way there is, and no longer than that', async () => {
  const pool = await testUserPool();
  const [ada, grace] = (await make(pool, 'createUser', 'ada', 'grace')) as [string, string];
  const organizationCode = 'acme';
  const root = await pool.do('createOrganization', { organizationCode, organizationName: 'Acme' });
  const branch = { organizationCode, parentDepartmentId: 'root', name: 'Branch' };
  const { departmentId } = await pool.do('createDepartment', branch);
  await pool.do('addDepartmentMembers', { organizationCode, departmentId, userIds: [ada] });
  const group = await pool.do('createGroup', { code: 'g', name: 'G' });
  await pool.do('addGroupMembers', { code: 'g', userIds: [ada] });
  const post = await pool.do('createPost', { code: 'p', name: 'P' });
  await pool.do('setUserPosts', { userId: ada, postIds: [post.id] });
  for (const code of ['own', 'of-group', 'above']) await pool.do('createRole', { code });
  const assign = (code: string, targetType: string, targetIdentifier: string) =>
    pool.do('assignRole', { code, targets: [{ targetType, targetIdentifier }] });
  await assign('own', 'USER', ada);
  await assign('of-group', 'GROUP', 'g');
  await assign('above', 'ROLE', 'own');

  const linked: Record<string, (userId: string) => Promise<unknown>> = {
    user: (id) => pool.do('bindUsersPublicAccount', { publicAccountId: id, userIds: [ada] }),
    department: (userId) => pool.do('setPublicAccountOfDepartments', { userId, departments: [{ departmentId }] }),
    root: (userId) =>
      pool.do('setPublicAccountOfDepartments', { userId, departments: [{ departmentId: root.departmentId }] }),
    group: (userId) => pool.do('getPublicAccountOfGroups', { userId, groupIds: [group.id] }),
    post: (userId) => pool.do('setPublicAccountOfnPost', { userId, postId: post.id }),
    ownRole: (userId) => pool.do('bindPublicAccountOfRoles', { userId, roleIds: ['own'] }),
    groupRole: (userId) => pool.do('bindPublicAccountOfRoles', { userId, roleIds: ['of-group'] }),
    roleAbove: (userId) => pool.do('bindPublicAccountOfRoles', { userId, roleIds: ['above', 'own'] }),
  };
  for (const [username, link] of Object.entries(linked)) {
    await link((await pool.do('createPublicAccount', { username })).userId);
  }
  await pool.do('createPublicAccount', { username: 'unlinked' });

  const usable = async (userId: string) =>
    (await names(pool, 'getPublicAccountsOfUser', { userId, includeInherited: true })).sort();
  expect(await usable(ada)).toEqual(Object.keys(linked).sort());
  expect(await usable(grace)).toEqual([]);
  expect(await names(pool, 'getPublicAccountsOfUser', { userId: ada })).toEqual(['user']);
  const page = { userId: ada, includeInherited: true, limit: 3, page: 3 };
  expect(await pool.do('getPublicAccountsOfUser', page)).toMatchObject({ totalCount: 8, list: [{}, {}] });

  await pool.do('removeGroupMembers', { code: 'g', userIds: [ada] });
  await pool.do('updateRole', { code: 'own', status: 'DISABLE' });
  await pool.do('setUserPosts', { userId: ada, postIds: [] });
  expect(await usable(ada)).toEqual(['department', 'root', 'user']);
  await pool.do('removeDepartmentMembers', { organizationCode, departmentId, userIds: [ada] });
  expect(await usable(ada)).toEqual(['user']);
});

test('operations that call the account a user find no person', async () => {
  const pool = await testUserPool();
  const [userId] = (await make(pool, 'createUser', 'ada')) as [string];
  const group = await pool.do('createGroup', { code: 'a', name: 'A' });
  const post = await pool.do('createPost', { code: 'a', name: 'A' });
  await pool.do('createRole', { code: 'a' });
  for (const [operation, input] of [
    ['getPublicAccountRoles', {}],
    ['bindPublicAccountOfRoles', { roleIds: ['a'] }],
    ['unbindPublicAccountOfRoles', { roleIds: ['a'] }],
    ['getGroupsOfPublicAccount', {}],
    ['getPublicAccountOfGroups', { groupIds: [group.id] }],
    ['unbindPublicAccountOfGroups', { groupIds: [group.id] }],
    ['getPostOfPublicUser', {}],
    ['setPublicAccountOfnPost', { postId: post.id }],
    ['unbindPublicAccountOfPost', { postId: post.id }],
  ] as const) {
    expect([operation, await pool.call(operation, { ...input, userId })]).toMatchObject([
      operation,
      { statusCode: 404 },
    ]);
  }
});

test.each(['Resigned', 'Archived', 'deleted'])('a person who is %s uses no public account any more', async (status) => {
  const pool = await testUserPool();
  const [desk] = (await make(pool, 'createPublicAccount', 'desk')) as [string];
  const [ada, grace] = (await make(pool, 'createUser', 'ada', 'grace')) as [string, string];
  await pool.do('bindUsersPublicAccount', { publicAccountId: desk, userIds: [ada, grace] });
  if (status === 'deleted') await pool.do('deleteUsersBatch', { userIds: [ada] });
  else await pool.do('updateUser', { userId: ada, status });
  expect(await names(pool, 'getUsersOfPublicAccount', { publicAccountId: desk })).toEqual(['grace']);
  const unbound = (await pool.events()).filter(({ name }) => name === 'public_account.unbound');
  expect(unbound.map(({ data }) => data.subject.id)).toEqual([ada]);
});

test('groups, roles, posts, people and accounts of another user pool are unknown', async () => {
  const [pool, foreign] = await Promise.all([testUserPool(), testUserPool()]);
  const things = async (one: TestUserPool) => ({
    account: (await one.do('createPublicAccount', { username: 'desk' })).userId,
    person: (await one.do('createUser', { username: 'ada' })).userId,
    group: (await one.do('createGroup', { code: 'g', name: 'G' })).id,
    role: (await one.do('createRole', { code: 'r' })).id,
    post: (await one.do('createPost', { code: 'p', name: 'P' })).id,
  });
  const [own, other] = [await things(pool), await things(foreign)];
  for (const [operation, input] of [
    ['bindUsersPublicAccount', { publicAccountId: own.account, userIds: [other.person] }],
    ['bindUsersPublicAccount', { publicAccountId: other.account, userIds: [own.person] }],
    ['setuserOfPublicAccount', { userId: own.person, publicAccountIds: [other.account] }],
    ['unbindUsersPublicAccount', { userId: own.person, publicAccountId: other.account }],
    ['getPublicAccountOfGroups', { userId: own.account, groupIds: [other.group] }],
    ['bindPublicAccountOfRoles', { userId: own.account, roleIds: [other.role] }],
    ['setPublicAccountOfnPost', { userId: own.account, postId: other.post }],
    ['getPublicAccountsOfUser', { userId: other.person }],
    ['getUsersOfPublicAccount', { publicAccountId: other.account }],
    ['getPublicAccountsOfGroup', { groupId: other.group }],
    ['getPublicAccountsOfRole', { roleId: other.role }],
    ['getPublicAccountsOfPost', { postId: other.post }],
    ['changeIntoPersonalAccount', { userId: other.account }],
    ['changeIntoPublicAccount', { userId: other.person }],
  ] as const) {
    expect([operation, (await pool.call(operation, input)).statusCode]).toEqual([operation, 404]);
  }
});
