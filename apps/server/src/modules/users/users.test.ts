import { expect, test } from 'vitest';
import { testSeal, testUserPool } from '../../testing/server.ts';

const chinese = { 'x-authing-lang': 'zh-CN' };

test('creates a user, announces him, and stores of his password a hash', async () => {
  const pool = await testUserPool();
  const user = await pool.do('createUser', {
    username: 'zhang san',
    email: ' Zhang.San@Example.COM ',
    phone: '188 1234-5678',
    name: '张三',
    company: 'steamory',
    birthdate: '1990-06-03',
    emailVerified: true,
    password: 'passw0rd!',
    nickname: null,
    customData: {},
  });
  expect(user).toMatchObject({
    status: 'Activated',
    workStatus: 'Active',
    username: 'zhang san',
    email: 'zhang.san@example.com',
    phone: '18812345678',
    phoneCountryCode: '+86',
    emailVerified: true,
    phoneVerified: false,
    gender: 'U',
    company: 'steamory',
    birthdate: '1990-06-03',
    nickname: null,
    userSourceType: 'adminCreated',
    registerSource: ['import:manual'],
    passwordSecurityLevel: 3,
    loginsCount: 0,
    mainDepartmentId: null,
  });
  expect(user).not.toHaveProperty('customData');
  const [row] = await pool.rows<{ password_hash: string }>('users');
  expect(row?.password_hash).toMatch(/^\$argon2id\$v=19\$m=7168,t=5,p=1\$/);
  const [event] = await pool.events();
  expect(event).toMatchObject({ name: 'user.created', webhook: 'user:created', topic: 'authing.user.created' });
  expect(event?.data.user).toMatchObject({ userId: user.userId, username: 'zhang san' });
  const [audit] = await pool.audits();
  expect(audit).toMatchObject({ action: 'createUser', target_id: user.userId });
  expect(JSON.stringify([audit, event, user])).not.toMatch(/passw0rd|argon2/);
});

test('a user needs a username, a phone or an email', async () => {
  const pool = await testUserPool();
  for (const input of [{ name: 'nobody' }, { username: '', email: null, phone: '' }]) {
    expect(await pool.call('createUser', input)).toMatchObject({
      statusCode: 400,
      message: 'Must contain one of the following fields: username, phone, email',
    });
  }
});

test.each([
  ['email', 'not-an-address'],
  ['email', 'two@at@example.com'],
  ['email', 'a@localhost'],
  ['phone', '188xxxx8888'],
  ['phone', '123'],
  ['username', ' bob'],
  ['username', 'b\u202eob'],
  ['birthdate', '2022-13-01'],
  ['birthdate', '2022-02-31'],
  ['birthdate', '2023-02-29'],
  ['birthdate', '1900-02-29'],
  ['birthdate', '2022-04-31T00:00:00.000Z'],
  ['phoneCountryCode', '86a'],
])('refuses %s %j', async (field, value) => {
  const pool = await testUserPool();
  const answer = await pool.call('createUser', { username: 'bob', [field]: value }, chinese);
  expect(answer).toMatchObject({ statusCode: 400, message: `参数 ${field} 格式错误` });
});

test('takes days of birth that there are, with or without a time', async () => {
  const pool = await testUserPool();
  const days = ['2024-02-29', '2000-02-29', '1999-12-31', '2022-06-30T23:59:59.000Z', '2022-06-03 08:00', ''];
  const list = days.map((birthdate, index) => ({ username: `user-${index}`, birthdate }));
  const users = await pool.do('createUsersBatch', { list });
  expect(users.map(({ birthdate }: { birthdate: string | null }) => birthdate ?? '')).toEqual(days);
  expect(
    await pool.call('updateUserBatch', { list: [{ userId: users[0].userId, birthdate: '2023-02-29' }] }),
  ).toMatchObject({ statusCode: 400, message: 'Parameter list.0.birthdate is malformed' });
});

test('what typed clients send for a word that was not chosen is taken as not given', async () => {
  const pool = await testUserPool();
  const { userId } = await pool.do('createUser', {
    username: 'ada',
    status: '',
    gender: '',
    otp: { secret: '' },
    options: { departmentIdType: '', passwordEncryptType: '', sendNotification: {} },
  });
  await pool.do('updateUser', { userId, status: 'Suspended', gender: 'F' });
  const unchanged = { status: 'Suspended', gender: 'F' };
  expect(await pool.do('updateUser', { userId, status: '', gender: '', options: { userIdType: '' } })).toMatchObject(
    unchanged,
  );
  expect(await pool.do('updateUserBatch', { list: [{ userId, status: '', gender: '' }] })).toMatchObject([unchanged]);
  const sort = [{ field: 'email', order: '' }];
  expect(await pool.do('listUsers', { options: { pagination: {}, sort } })).toMatchObject({ totalCount: 1 });
  // Where a word has to be chosen, none is none.
  await pool.do('setCustomFields', { list: [{ targetType: 'USER', key: 'a', label: 'a', dataType: '' }] });
  expect(await pool.call('setCustomFields', { list: [{ targetType: '', key: 'b' }] })).toMatchObject({
    statusCode: 400,
  });
});

test('one number has one spelling, and countries keep their numbers apart', async () => {
  const pool = await testUserPool();
  const british = await pool.do('createUser', { phone: '07911 123456', phoneCountryCode: '44' });
  expect(british).toMatchObject({ phone: '7911123456', phoneCountryCode: '+44' });
  expect(await pool.call('createUser', { phone: '7911123456', phoneCountryCode: '+44' })).toMatchObject({
    statusCode: 409,
    message: 'user already exists with phone',
  });
  await pool.do('createUser', { phone: '7911123456', phoneCountryCode: '+7' });
  for (const userId of ['07911123456', '7911123456', '+447911123456']) {
    const found = await pool.do('getUser', { userId, userIdType: 'phone' });
    expect(found.userId).toBe(british.userId);
  }
});

test('a number may say its country itself, which is the one that is given, if any is', async () => {
  const pool = await testUserPool();
  const { userId } = await pool.do('createUser', { phone: '+86 188 1234 5678' });
  expect(await pool.do('getUser', { userId })).toMatchObject({ phone: '18812345678', phoneCountryCode: '+86' });
  expect(await pool.call('createUser', { phone: '18812345678' })).toMatchObject({ statusCode: 409 });
  const moved = await pool.do('updateUser', { userId, phone: '+447911123456' });
  expect(moved).toMatchObject({ phone: '7911123456', phoneCountryCode: '+44' });
  const same = await pool.do('updateUser', { userId, phone: '+44 7911 123456', phoneCountryCode: '44' });
  expect(same).toEqual(moved);
  for (const [phone, phoneCountryCode] of [
    ['+447911123456', '+86'],
    ['+0123456', ''],
    ['+', ''],
    ['+86+18812345678', ''],
  ]) {
    expect(await pool.call('updateUser', { userId, phone, phoneCountryCode })).toMatchObject({
      statusCode: 400,
      message: 'Parameter phone is malformed',
    });
  }
  const file = Buffer.from('username,phone,name\nada,+8613800000001,A\n,+44 7911-123456,B\n').toString('base64');
  const { importId } = await pool.do('createUserImport', { format: 'csv', options: { onExisting: 'update' } });
  await pool.do('uploadUserImportChunk', { importId, index: 0, content: file });
  await pool.do('startUserImport', { importId, chunkCount: 1 });
  await expect
    .poll(() => pool.do('getUserImport', { importId }), { timeout: 20_000 })
    .toMatchObject({
      state: 'done',
      created: 1,
      updated: 1,
    });
  expect(await pool.do('getUser', { userId })).toMatchObject({ name: 'B', phoneCountryCode: '+44' });
});

test('identifiers are unique in their user pool: username by case, email without', async () => {
  const pool = await testUserPool();
  const user = { username: 'bob', email: 'bob@example.com', phone: '18812345678', externalId: '10010' };
  await pool.do('createUser', user);
  await pool.do('createUser', { username: 'Bob' });
  const conflicts = { ...user, email: 'BOB@example.com' };
  for (const [field, value] of Object.entries(conflicts)) {
    const answer = await pool.call('createUser', { username: 'other', [field]: value });
    expect(answer).toMatchObject({ statusCode: 409, apiCode: 2026, message: `user already exists with ${field}` });
  }
  const elsewhere = await testUserPool();
  await elsewhere.do('createUser', user);
});

test('of users created at the same moment with one email, one comes to be', async () => {
  const pool = await testUserPool();
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, index) =>
      pool.call('createUser', { username: `racer-${index}`, email: 'race@example.com' }),
    ),
  );
  expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1);
  expect(answers.filter(({ statusCode }) => statusCode === 409)).toHaveLength(11);
  expect(await pool.rows('users')).toHaveLength(1);
});

test('a batch is created whole or not at all, and the error names the item', async () => {
  const pool = await testUserPool();
  const list = ['a', 'b', 'c', 'd'].map((name) => ({ username: name, email: `${name}@example.com` }));
  const users = await pool.do('createUsersBatch', { list, options: { resetPasswordOnFirstLogin: true } });
  expect(users.map(({ username }: { username: string }) => username)).toEqual(['a', 'b', 'c', 'd']);
  expect(users[3].resetPasswordOnNextLogin).toBe(true);
  expect((await pool.events()).map(({ data }) => data.user.username)).toEqual(['a', 'b', 'c', 'd']);

  const attempt = (...items: object[]) => pool.call('createUsersBatch', { list: items });
  expect((await attempt({ username: 'e' }, { username: 'f' }, { username: 'g', email: 'D@example.com' })).message).toBe(
    'user already exists with list.2.email',
  );
  expect((await attempt({ username: 'e' }, { username: 'e' })).message).toBe(
    'user already exists with list.1.username',
  );
  expect((await attempt({ username: 'e' }, { name: 'f' })).message).toBe(
    'Must contain one of the following fields: list.1.username, list.1.phone, list.1.email',
  );
  expect((await attempt({ username: 'e', phone: '12345', phoneCountryCode: '+999' })).message).toBe(
    'Parameter list.0.phone is malformed',
  );
  expect((await attempt({ username: 'e', email: 'x' })).message).toBe('Parameter list.0.email is malformed');
  expect(await pool.rows('users')).toHaveLength(4);
});

test('keeps a password hashed elsewhere as it is, with its salt', async () => {
  const pool = await testUserPool();
  const kept = { password: 'e10adc3949ba59abbe56e057f20f883e', salt: 'dgisaeieruur' };
  await pool.do('createUser', { username: 'bob', ...kept, options: { keepPassword: true } });
  await pool.do('createUser', { username: 'eve', options: { autoGeneratePassword: true } });
  await pool.do('createUser', { username: 'joe' });
  const rows = await pool.rows<{ username: string; password_hash: string; password_salt: string }>('users');
  const byName = new Map(rows.map((row) => [row.username, row]));
  expect(byName.get('bob')).toMatchObject({ password_hash: kept.password, password_salt: kept.salt });
  expect(byName.get('eve')?.password_hash).toMatch(/^\$argon2id\$/);
  expect(byName.get('joe')?.password_hash).toBeNull();
  expect(JSON.stringify([await pool.audits(), await pool.events()])).not.toMatch(/e10adc|dgisae/);
});

test.each([
  [{ customData: { school: 'x' } }, 400, 'Custom field not defined: school'],
  [{ metadataSource: { school: 'x' } }, 400, 'Data object not defined: school'],
  [{ tenantIds: ['63f867961ca1b2c341e7ccb5'] }, 404, 'Tenant not found: 63f867961ca1b2c341e7ccb5'],
  [{ otp: { secret: 'HZ2F6J3AGNAVSOTV' } }, 422, 'One-time passwords cannot be imported yet'],
  [{ options: { sendNotification: { sendEmailNotification: true } } }, 422, 'No message service is configured'],
  [{ departmentIds: ['624d930c3a1b2c3d4e5c08dd'] }, 404, 'department not found'],
])('refuses to create a user with %j', async (input, statusCode, message) => {
  const pool = await testUserPool();
  expect(await pool.call('createUser', { username: 'bob', ...input })).toMatchObject({ statusCode, message });
  expect(await pool.rows('users')).toEqual([]);
});

test('the identity number is sealed in the database, shown to administrators, and told to nobody else', async () => {
  const pool = await testUserPool();
  const { userId } = await pool.do('createUser', { username: 'bob', identityNumber: '420421199001011234' });
  expect(await pool.do('getUser', { userId })).toMatchObject({ identityNumber: '420421199001011234' });
  await pool.do('updateUser', { userId, identityNumber: '420421199001015678' });
  const [row] = await pool.rows<{ identity_number_sealed: Buffer }>('users');
  const context = `users/${pool.id}/${userId}/identity_number`;
  expect(testSeal.open(row?.identity_number_sealed ?? Buffer.alloc(0), context)).toBe('420421199001015678');
  expect(JSON.stringify([await pool.audits(), await pool.events()])).not.toContain('4204211990');
  expect(await pool.do('updateUser', { userId, identityNumber: null })).toMatchObject({ identityNumber: null });
});

test('finds a user by each of his ids, and says so when there is none', async () => {
  const pool = await testUserPool();
  const identifiers = { username: 'bob', email: 'bob@example.com', phone: '18812345678', externalId: '10010' };
  const { userId } = await pool.do('createUser', identifiers);
  const find = async (value: string, userIdType: string) =>
    pool.call('getUser', { userId: value, userIdType }, chinese);
  const keys = [
    ['user_id', userId],
    ['username', 'bob'],
    ['email', 'BOB@Example.com'],
    ['phone', '188 1234 5678'],
    ['external_id', '10010'],
  ] as const;
  for (const [type, value] of keys) expect((await find(value, type)).data?.userId).toBe(userId);

  for (const [type] of keys) {
    expect(await find('nobody', type)).toMatchObject({ statusCode: 404, apiCode: 2004, message: '用户不存在' });
  }
  expect(await find('6076bac0a1b2c3d4d80d993b:x', 'identity')).toMatchObject({ statusCode: 404 });
  expect(await find('wechatwork:zhangsan', 'sync_relation')).toMatchObject({ statusCode: 404 });
  expect(await find('wechatwork', 'sync_relation')).toMatchObject({ statusCode: 400, message: '参数 userId 格式错误' });
  expect(await find('school:x', 'custom_field')).toMatchObject({
    statusCode: 400,
    message: '未定义的自定义字段：school',
  });
  expect(await find('', 'user_id')).toMatchObject({ statusCode: 400, message: '参数 userId 格式错误' });
});

test('shows custom data, posts, identities and departments only when asked to', async () => {
  const pool = await testUserPool();
  const { userId } = await pool.do('createUser', { username: 'bob' });
  const plain = await pool.do('getUser', { userId });
  for (const name of ['customData', 'postIdList', 'identities', 'departmentIds']) expect(plain[name]).toBeUndefined();
  const flags = { withCustomData: true, withPost: true, withIdentities: true, withDepartmentIds: true };
  expect(await pool.do('getUser', { userId, ...flags })).toMatchObject({
    customData: {},
    postIdList: [],
    identities: [],
    departmentIds: [],
  });
  expect(await pool.do('getUser', { userId, ...flags, flatCustomData: true })).not.toHaveProperty('customData');
});

test('a batch of users comes in the order asked for, without those that do not exist', async () => {
  const pool = await testUserPool();
  await pool.do('createUsersBatch', { list: [{ username: 'a' }, { username: 'b' }, { username: 'c' }] });
  const users = await pool.do('getUserBatch', { userIds: ['c', 'nobody', 'a', 'c'], userIdType: 'username' });
  expect(users.map(({ username }: { username: string }) => username)).toEqual(['c', 'a']);
});

test('tells whether a user exists by any identifier, and wants one', async () => {
  const pool = await testUserPool();
  await pool.do('createUser', { username: 'bob', email: 'bob@example.com', phone: '18812345678', externalId: '10010' });
  const exists = async (input: object) => (await pool.do('isUserExists', { ...input })).exists;
  expect(await exists({ username: 'bob' })).toBe(true);
  expect(await exists({ username: 'BOB' })).toBe(false);
  expect(await exists({ email: 'BOB@example.com' })).toBe(true);
  expect(await exists({ phone: '18812345678' })).toBe(true);
  expect(await exists({ username: 'nobody', externalId: '10010' })).toBe(true);
  expect(await exists({ username: 'nobody', externalId: '' })).toBe(false);
  expect(await pool.call('isUserExists', { username: '' })).toMatchObject({
    statusCode: 400,
    message: 'Parameter username, email, phone, externalId is malformed',
  });
});
