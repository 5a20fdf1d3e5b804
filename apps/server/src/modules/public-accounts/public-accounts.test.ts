import { expect, test } from 'vitest';
import { newId } from '../../platform/ids.ts';
import { type TestUserPool, testUserPool } from '../../testing/server.ts';

async function eventsSince(pool: TestUserPool, count: number): Promise<string[]> {
  return (await pool.events()).slice(count).map(({ name }) => name);
}

test('creates a public account like a user, under events of its own', async () => {
  const pool = await testUserPool();
  const account = await pool.do('createPublicAccount', {
    username: 'reception',
    email: 'Desk@Example.com',
    name: '前台',
    password: 'passw0rd!',
    identityNumber: '420421199001011234',
  });
  expect(account).toMatchObject({
    username: 'reception',
    email: 'desk@example.com',
    name: '前台',
    status: 'Activated',
    mainDepartmentId: null,
    identityNumber: '420421199001011234',
  });
  const { userId } = account;
  expect(await pool.do('getPublicAccount', { userId: 'reception', userIdType: 'username' })).toEqual(account);
  expect(await pool.do('getPublicAccountBatch', { userIds: [newId(), userId] })).toEqual([account]);
  expect(await pool.rows('users')).toMatchObject([{ kind: 'public' }]);
  const [event] = await pool.events();
  expect(event).toMatchObject({
    name: 'public_account.created',
    webhook: 'public-account:created',
    topic: 'authing.public-account.created',
    data: { user: { userId, username: 'reception' } },
  });
  expect(JSON.stringify([event, await pool.audits()])).not.toMatch(/passw0rd|argon2|420421199001011234/);
  expect(await pool.call('createPublicAccount', { username: 'desk', birthdate: '2022-02-31' })).toMatchObject({
    statusCode: 400,
    message: 'Parameter birthdate is malformed',
  });
  expect((await pool.audits()).at(-1)).toMatchObject({
    action: 'createPublicAccount',
    resource_type: 'public_account',
    target_id: userId,
  });
});

test('people and public accounts do not see each other, and share their identifiers', async () => {
  const pool = await testUserPool();
  const person = await pool.do('createUser', { username: 'ada', email: 'ada@example.com' });
  const account = await pool.do('createPublicAccount', { username: 'desk', email: 'desk@example.com' });

  expect(await pool.call('getUser', { userId: account.userId })).toMatchObject({ statusCode: 404, apiCode: 2004 });
  expect(await pool.call('getPublicAccount', { userId: person.userId })).toMatchObject({ statusCode: 404 });
  expect(await pool.do('getPublicAccountBatch', { userIds: [person.userId] })).toEqual([]);
  expect(await pool.do('listUsers', {})).toMatchObject({ totalCount: 1, list: [{ userId: person.userId }] });
  expect(await pool.do('listPublicAccounts', {})).toMatchObject({ totalCount: 1, list: [{ userId: account.userId }] });
  expect(await pool.do('listUsers', { keywords: 'desk' })).toMatchObject({ totalCount: 0 });
  expect(await pool.do('listPublicAccounts', { keywords: 'desk' })).toMatchObject({ totalCount: 1 });
  expect(await pool.do('listPublicAccounts', { keywords: 'ada' })).toMatchObject({ totalCount: 0 });

  for (const [operation, input, field] of [
    ['createUser', { username: 'desk' }, 'username'],
    ['createPublicAccount', { email: 'ADA@example.com' }, 'email'],
    ['updateUser', { userId: person.userId, email: 'desk@example.com' }, 'email'],
    ['updatePublicAccount', { userId: account.userId, username: 'ada' }, 'username'],
  ] as const) {
    expect(await pool.call(operation, input)).toMatchObject({
      statusCode: 409,
      apiCode: 2026,
      message: `user already exists with ${field}`,
    });
  }
  for (const [operation, userId] of [
    ['updateUser', account.userId],
    ['updatePublicAccount', person.userId],
  ]) {
    expect(await pool.call(operation as string, { userId, name: 'x' })).toMatchObject({ statusCode: 404 });
  }
  for (const operation of ['deletePublicAccountsBatch', 'resignPublicAccountBatch']) {
    expect(await pool.do(operation, { userIds: [person.userId] })).toEqual({ success: true });
  }
  for (const operation of ['deleteUsersBatch', 'resignUserBatch']) {
    expect(await pool.do(operation, { userIds: [account.userId] })).toEqual({ success: true });
  }
  expect(await pool.do('getUser', { userId: person.userId })).toMatchObject({ status: 'Activated' });
  expect(await pool.do('getPublicAccount', { userId: account.userId })).toMatchObject({ status: 'Activated' });
});

test('one identifier goes to one account, whichever kind many racing calls ask for', async () => {
  const pool = await testUserPool();
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      pool.call(index % 2 === 0 ? 'createUser' : 'createPublicAccount', { username: 'desk' }),
    ),
  );
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, ...Array(7).fill(409)]);
  expect(await pool.rows('users')).toHaveLength(1);
});

test('creates in batches, all or none, each with its own options or those of the call', async () => {
  const pool = await testUserPool();
  const list = [
    { username: 'a', options: { resetPasswordOnFirstLogin: true } },
    { username: 'b', password: 'passw0rd!' },
  ];
  const made = await pool.do('createPublicAccountsBatch', { list, options: { autoGeneratePassword: true } });
  expect(made).toMatchObject([
    { username: 'a', resetPasswordOnNextLogin: true, passwordSecurityLevel: null },
    { username: 'b', resetPasswordOnNextLogin: false, passwordSecurityLevel: 3 },
  ]);
  const again = { list: [{ username: 'c' }, { username: 'b' }] };
  expect(await pool.call('createPublicAccountsBatch', again)).toMatchObject({
    statusCode: 409,
    message: 'user already exists with list.1.username',
  });
  expect(await pool.call('createPublicAccountsBatch', { list: [{ name: 'x' }] })).toMatchObject({ statusCode: 400 });
  expect(await pool.call('createPublicAccountsBatch', { list: [] })).toMatchObject({ statusCode: 400 });
  expect(await pool.rows('users')).toHaveLength(2);
});

test('updates announce what changed of public accounts, and no event of users', async () => {
  const pool = await testUserPool();
  const { userId } = await pool.do('createPublicAccount', { username: 'desk' });
  const before = (await pool.events()).length;
  await pool.do('updatePublicAccount', { userId, nickname: 'Desk', password: 'passw0rd!' });
  await pool.do('updatePublicAccount', {
    userId: 'desk',
    status: 'Suspended',
    options: { userIdType: 'username' },
  });
  await pool.do('updatePublicAccountBatch', { list: [{ userId, status: 'Activated' }] });
  expect(await eventsSince(pool, before)).toEqual([
    'public_account.updated',
    'public_account.password.changed',
    'public_account.updated',
    'public_account.blocked',
    'public_account.updated',
    'public_account.unblocked',
  ]);
  const unknown = newId();
  const list = [{ userId, name: 'x' }, { userId: unknown }];
  expect(await pool.call('updatePublicAccountBatch', { list })).toMatchObject({ statusCode: 404 });
  expect(await pool.do('getPublicAccount', { userId })).toMatchObject({ name: null, nickname: 'Desk' });
});

test('custom data of users is custom data of public accounts, unique over both', async () => {
  const pool = await testUserPool();
  await pool.do('setCustomFields', { list: [{ targetType: 'USER', key: 'desk_number', isUnique: true }] });
  const customData = { desk_number: '12' };
  const { userId } = await pool.do('createPublicAccount', { username: 'desk', customData });
  expect(await pool.do('getPublicAccount', { userId, withCustomData: true })).toMatchObject({ customData });
  expect(await pool.call('createUser', { username: 'ada', customData })).toMatchObject({ statusCode: 409 });
  const before = (await pool.events()).length;
  await pool.do('updatePublicAccount', { userId, customData: { desk_number: '13' } });
  expect(await eventsSince(pool, before)).toEqual(['public_account.updated', 'public_account.custom_data.changed']);
  const found = { userId: 'desk_number:13', userIdType: 'custom_field' };
  expect(await pool.do('getPublicAccount', found)).toMatchObject({ userId });
  expect(await pool.call('getUser', found)).toMatchObject({ statusCode: 404 });
  const target = { targetType: 'USER', targetIdentifier: userId };
  expect(await pool.call('getCustomData', target)).toMatchObject({ statusCode: 404 });
});

test('a dynamic group takes a person when he comes back from being a public account, and never the account', async () => {
  const pool = await testUserPool();
  await pool.do('createGroup', {
    code: 'desks',
    name: 'Desks',
    type: 'dynamic',
    rule: { field: 'username', operator: 'EQUAL', value: 'desk' },
  });
  const { userId } = await pool.do('createPublicAccount', { username: 'desk' });
  const members = async () => (await pool.do('listGroupMembers', { code: 'desks' })).totalCount;
  expect(await members()).toBe(0);
  await pool.do('changeIntoPersonalAccount', { userId });
  expect(await members()).toBe(1);
  await pool.do('changeIntoPublicAccount', { userId });
  expect(await members()).toBe(0);
});

test('a deleted public account is gone with its links', async () => {
  const pool = await testUserPool();
  const { userId: publicAccountId } = await pool.do('createPublicAccount', { username: 'desk' });
  const { userId } = await pool.do('createUser', { username: 'ada' });
  await pool.do('bindUsersPublicAccount', { publicAccountId, userIds: [userId] });
  const options = { userIdType: 'username' };
  expect(await pool.do('deletePublicAccountsBatch', { userIds: ['desk', 'nobody'], options })).toEqual({
    success: true,
  });
  expect(await pool.call('getPublicAccount', { userId: publicAccountId })).toMatchObject({ statusCode: 404 });
  expect(await pool.rows('public_account_users')).toEqual([]);
  expect(await pool.do('getPublicAccountsOfUser', { userId })).toEqual({ totalCount: 0, list: [] });
  expect((await pool.events()).at(-1)).toMatchObject({ name: 'public_account.deleted' });
});

/** A person, or an account, with everything that can hang on one. */
async function rich(pool: TestUserPool) {
  const organizationCode = 'acme';
  const root = await pool.do('createOrganization', { organizationCode, organizationName: 'Acme' });
  const group = await pool.do('createGroup', { code: 'staff', name: 'Staff' });
  await pool.do('createRole', { code: 'clerk' });
  const post = await pool.do('createPost', { code: 'clerk', name: 'Clerk' });
  return { organizationCode, departmentId: root.departmentId as string, group, post };
}

const linkTables = ['users', 'departments', 'groups', 'roles', 'posts'].map((name) => `public_account_${name}`);
const memberTables = ['department_members', 'group_members', 'role_assignments', 'post_members'];

test('a person becomes a public account: what he belonged to ends, what he is stays', async () => {
  const pool = await testUserPool();
  const { organizationCode, departmentId, group, post } = await rich(pool);
  const person = await pool.do('createUser', { username: 'ada', password: 'passw0rd!', departmentIds: [departmentId] });
  const { userId } = person;
  await pool.do('updateOrganization', { organizationCode, leaderUserIds: [userId] });
  await pool.do('addGroupMembers', { code: group.code, userIds: [userId] });
  await pool.do('assignRole', { code: 'clerk', targets: [{ targetType: 'USER', targetIdentifier: userId }] });
  await pool.do('setUserPosts', { userId, postIds: [post.id] });
  const { userId: desk } = await pool.do('createPublicAccount', { username: 'desk' });
  await pool.do('bindUsersPublicAccount', { publicAccountId: desk, userIds: [userId] });
  for (const table of memberTables) expect([table, (await pool.rows(table)).length]).toEqual([table, 1]);

  const before = (await pool.events()).length;
  expect(await pool.do('changeIntoPublicAccount', { userId })).toEqual({ success: true });
  for (const table of [...memberTables, 'department_leaders', ...linkTables]) {
    expect([table, await pool.rows(table)]).toEqual([table, []]);
  }
  const announced = await eventsSince(pool, before);
  expect(announced.slice(0, 3)).toEqual([
    'department.member.removed',
    'user.departments.changed',
    'user.became.public',
  ]);
  expect(new Set(announced.slice(3))).toEqual(
    new Set(['group.member.removed', 'role.unassigned', 'post.member.removed', 'public_account.unbound']),
  );
  expect((await pool.events()).find(({ name }) => name === 'user.became.public')).toMatchObject({
    webhook: 'user:transferred-into-public-account',
    data: { user: { userId, username: 'ada' } },
  });

  expect(await pool.call('getUser', { userId })).toMatchObject({ statusCode: 404 });
  const account = await pool.do('getPublicAccount', { userId });
  expect(account).toMatchObject({ userId, username: 'ada', passwordSecurityLevel: 3, createdAt: person.createdAt });
  expect(await pool.do('listUsers', {})).toMatchObject({ totalCount: 0 });
  expect(await pool.do('listPublicAccounts', {})).toMatchObject({ totalCount: 2 });
  expect(await pool.do('listDepartmentMembers', { organizationCode, departmentId: 'root' })).toMatchObject({
    totalCount: 0,
  });
  expect(await pool.do('postList', {})).toMatchObject({ list: [{ userCount: 0 }] });
  expect(await pool.call('changeIntoPublicAccount', { userId })).toMatchObject({ statusCode: 404 });
  expect((await pool.audits()).at(-1)).toMatchObject({
    action: 'changeIntoPublicAccount',
    target_id: userId,
    origin_value: { kind: 'personal' },
    target_value: { kind: 'public' },
  });
});

test('and back: its links end, and the person starts without any membership', async () => {
  const pool = await testUserPool();
  const { departmentId, group, post } = await rich(pool);
  const ada = await pool.do('createUser', { username: 'ada' });
  const { userId } = await pool.do('createPublicAccount', { username: 'desk', departmentIds: [departmentId] });
  await pool.do('bindUsersPublicAccount', { publicAccountId: userId, userIds: [ada.userId] });
  await pool.do('getPublicAccountOfGroups', { userId, groupIds: [group.id] });
  await pool.do('bindPublicAccountOfRoles', { userId, roleIds: ['clerk'] });
  await pool.do('setPublicAccountOfnPost', { userId, postId: post.id });
  for (const table of linkTables) expect([table, (await pool.rows(table)).length]).toEqual([table, 1]);

  const before = (await pool.events()).length;
  expect(await pool.do('changeIntoPersonalAccount', { userId })).toEqual({ success: true });
  for (const table of [...linkTables, ...memberTables]) expect([table, await pool.rows(table)]).toEqual([table, []]);
  const events = (await pool.events()).slice(before);
  expect(events[0]).toMatchObject({
    name: 'user.became.personal',
    webhook: 'user:transferred-into-personal-account',
    data: { user: { userId } },
  });
  expect(events.slice(1).map(({ name, data }) => [name, data.subject.type])).toEqual(
    ['DEPARTMENT', 'GROUP', 'POST', 'ROLE', 'USER'].map((type) => ['public_account.unbound', type]),
  );
  expect(await pool.do('getUser', { userId, withDepartmentIds: true, withPost: true })).toMatchObject({
    username: 'desk',
    departmentIds: [],
    postIdList: [],
    mainDepartmentId: null,
  });
  expect(await pool.call('changeIntoPersonalAccount', { userId })).toMatchObject({
    statusCode: 404,
    message: `Public account not found: ${userId}`,
  });
  await pool.do('changeIntoPublicAccount', { userId });
  expect(await pool.do('getPublicAccount', { userId })).toMatchObject({ username: 'desk' });
  expect(await pool.do('listUsers', {})).toMatchObject({ totalCount: 1 });
});

test('an administrator with keys stays a person', async () => {
  const pool = await testUserPool();
  const { userId } = await pool.do('createUser', { username: 'ada' });
  const [key] = await pool.do('createAccessKey', { type: 'user', userId });
  expect(await pool.call('changeIntoPublicAccount', { userId })).toMatchObject({ statusCode: 422 });
  expect(await pool.do('getUser', { userId })).toMatchObject({ username: 'ada' });
  await pool.do('deleteAccessKey', { accessKeyId: key.accessKeyId });
  expect(await pool.do('changeIntoPublicAccount', { userId })).toEqual({ success: true });
});

test.each(['Resigned', 'Archived'])('an account that is %s is not converted', async (status) => {
  const pool = await testUserPool();
  const person = await pool.do('createUser', { username: 'ada', status });
  const account = await pool.do('createPublicAccount', { username: 'desk', status });
  for (const [operation, { userId }] of [
    ['changeIntoPublicAccount', person],
    ['changeIntoPersonalAccount', account],
  ] as const) {
    expect(await pool.call(operation, { userId })).toMatchObject({ statusCode: 422 });
  }
});

test.each([
  ['updatePublicAccount', { status: 'Resigned' }, 'public_account.resigned'],
  ['updatePublicAccount', { status: 'Archived' }, 'public_account.archived'],
  ['resignPublicAccountBatch', undefined, 'public_account.resigned'],
] as const)('%s %j takes an account out of use, with all its links', async (operation, input, event) => {
  const pool = await testUserPool();
  const { departmentId, group, post } = await rich(pool);
  const ada = await pool.do('createUser', { username: 'ada' });
  const { userId } = await pool.do('createPublicAccount', { username: 'desk', departmentIds: [departmentId] });
  await pool.do('bindUsersPublicAccount', { publicAccountId: userId, userIds: [ada.userId] });
  await pool.do('getPublicAccountOfGroups', { userId, groupIds: [group.id] });
  await pool.do('bindPublicAccountOfRoles', { userId, roleIds: ['clerk'] });
  await pool.do('setPublicAccountOfnPost', { userId, postId: post.id });
  const before = (await pool.events()).length;
  await pool.do(operation, input === undefined ? { userIds: [userId, newId()] } : { userId, ...input });
  for (const table of linkTables) expect([table, await pool.rows(table)]).toEqual([table, []]);
  const names = await eventsSince(pool, before);
  expect(names).toContain(event);
  expect(names.filter((name) => name === 'public_account.unbound')).toHaveLength(5);
  expect(await pool.do('listPublicAccounts', {})).toMatchObject({ totalCount: 0 });
  for (const [link, more] of [
    ['bindUsersPublicAccount', { publicAccountId: userId, userIds: [ada.userId] }],
    ['setuserOfPublicAccount', { userId: ada.userId, publicAccountIds: [userId] }],
    ['getPublicAccountOfGroups', { userId, groupIds: [group.id] }],
    ['bindPublicAccountOfRoles', { userId, roleIds: ['clerk'] }],
    ['setPublicAccountOfnPost', { userId, postId: post.id }],
    ['setPublicAccountOfDepartments', { userId, departments: [{ departmentId }] }],
  ] as const) {
    expect([link, (await pool.call(link, more)).statusCode]).toEqual([link, 422]);
  }
});

test('an account converted while it is linked and joined ends clean, in either order', async () => {
  const pool = await testUserPool();
  const { organizationCode, group, post } = await rich(pool);
  const { userId: desk } = await pool.do('createPublicAccount', { username: 'desk' });
  for (let round = 0; round < 8; round++) {
    const { userId } = await pool.do('createUser', { username: `user ${round}` });
    const answers = await Promise.all([
      pool.call('changeIntoPublicAccount', { userId }),
      pool.call('bindUsersPublicAccount', { publicAccountId: desk, userIds: [userId] }),
      pool.call('addGroupMembers', { code: group.code, userIds: [userId] }),
      pool.call('addDepartmentMembers', { organizationCode, departmentId: 'root', userIds: [userId] }),
      pool.call('updateOrganization', { organizationCode, leaderUserIds: [userId] }),
      pool.call('setUserPosts', { userId, postIds: [post.id] }),
    ]);
    expect(answers[0]?.statusCode).toBe(200);
    expect(answers.filter(({ statusCode }) => statusCode !== 200 && statusCode !== 404)).toEqual([]);
    // The next round replaces leaders.
    expect(await pool.rows('department_leaders')).toEqual([]);
  }
  for (const table of ['department_members', 'group_members', 'post_members', 'public_account_users']) {
    expect([table, await pool.rows(table)]).toEqual([table, []]);
  }
});
