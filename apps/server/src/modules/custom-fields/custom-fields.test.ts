import { describe, expect, test } from 'vitest';
import { type TestUserPool, testServer, testUserPool } from '../../testing/server.ts';

const define = (pool: TestUserPool, ...fields: readonly object[]) =>
  pool.call('setCustomFields', { list: fields.map((field) => ({ targetType: 'USER', ...field })) });

async function fieldsOf(pool: TestUserPool, targetType = 'USER') {
  return pool.do('getCustomFields', { targetType });
}

const keysOf = (fields: readonly { key: string }[]) => fields.map(({ key }) => key);

describe('definitions', () => {
  test('start as V3 documents, keep their order, and belong to one kind of target', async () => {
    const pool = await testUserPool();
    const { data } = await define(
      pool,
      { key: 'school' },
      { key: '工号', label: '员工工号', dataType: 'NUMBER', isUnique: true },
      { key: 'school', targetType: 'DEPARTMENT', dataType: 'BOOLEAN' },
      { key: 'level', dataType: 'ENUM', options: [{ value: 'a', label: '甲' }] },
    );
    expect(data).toMatchObject([
      {
        targetType: 'USER',
        key: 'school',
        dataType: 'STRING',
        label: 'school',
        encrypted: false,
        isUnique: false,
        userEditable: false,
        visibleInAdminConsole: true,
        visibleInUserCenter: true,
        options: [],
        i18n: null,
      },
      { key: '工号', label: '员工工号', dataType: 'NUMBER', isUnique: true },
      { targetType: 'DEPARTMENT', key: 'school', dataType: 'BOOLEAN' },
      { key: 'level', options: [{ value: 'a', label: '甲' }] },
    ]);
    expect(keysOf(await fieldsOf(pool))).toEqual(['school', '工号', 'level']);
    expect(keysOf(await fieldsOf(pool, 'DEPARTMENT'))).toEqual(['school']);
    expect(await fieldsOf(pool, 'ROLE')).toEqual([]);
    expect(await fieldsOf(await testUserPool())).toEqual([]);
  });

  test('change what is given and nothing else, and take the nulls and empty lists of Go for what was not given', async () => {
    const pool = await testUserPool();
    const options = [{ value: 'a', label: 'A' }];
    await define(pool, { key: 'level', dataType: 'ENUM', label: 'Level', description: 'how far', options });
    const [before] = await fieldsOf(pool);
    const i18n = { label: { 'en-US': { enabled: true, value: 'Grade' } } };
    await define(pool, {
      key: 'level',
      label: null,
      description: null,
      dataType: null,
      encrypted: null,
      isUnique: null,
      validateRules: null,
      appIds: null,
      options: [],
      i18n,
      userEditable: true,
    });
    expect(await fieldsOf(pool)).toEqual([{ ...before, userEditable: true, i18n }]);
    await define(pool, { key: 'level', i18n: { label: null }, visibleInUserCenter: false, validateRules: {} });
    expect(await fieldsOf(pool)).toEqual([{ ...before, userEditable: true, i18n, visibleInUserCenter: false }]);
  });

  test('keep type and encryption, and change nothing when one of a call is refused', async () => {
    const pool = await testUserPool();
    await define(pool, { key: 'school' }, { key: 'secret', encrypted: true });
    const before = await fieldsOf(pool);
    const wrong = [
      [{ key: 'school', dataType: 'NUMBER' }, 'dataType of the field school cannot be changed'],
      [{ key: 'school', encrypted: true }, 'encrypted of the field school cannot be changed'],
      [{ key: 'secret', encrypted: false }, 'encrypted of the field secret cannot be changed'],
      [
        { key: 'when', dataType: 'DATETIME', isUnique: true },
        'Only fields of type STRING or NUMBER can be unique: when',
      ],
      [{ key: 'level', dataType: 'ENUM' }, 'The field level needs options'],
      [
        { key: 'level', dataType: 'ENUM', options: ['a', 'b', 'a'].map((value) => ({ value, label: '' })) },
        'The field level has the option a twice',
      ],
    ] as const;
    for (const [field, message] of wrong) {
      expect(await define(pool, { key: 'fine' }, field)).toMatchObject({ statusCode: 400, message });
    }
    expect(await fieldsOf(pool)).toEqual(before);
    expect((await pool.events()).filter(({ name }) => name.startsWith('custom_field.'))).toHaveLength(2);
    // Saying again what is so is no change.
    await define(pool, { key: 'school', dataType: 'STRING', encrypted: false });
    expect(await pool.events()).toHaveLength(2);
  });

  test.each(['userId', 'email', 'customData', 'departmentIds', 'birthdate'])('cannot be called %s', async (key) => {
    const pool = await testUserPool();
    expect(await define(pool, { key })).toMatchObject({
      statusCode: 400,
      message: `${key} is the key of a built-in field`,
    });
    // Another kind of target has other built-in fields.
    expect(await define(pool, { key: 'organizationCode' })).toMatchObject({ statusCode: 200 });
    expect(await define(pool, { key: 'organizationCode', targetType: 'DEPARTMENT' })).toMatchObject({
      statusCode: 400,
    });
  });

  test.each(['department', 'identity', 'userSource', 'loggedInApps', 'lastLoginTime', 'role'])(
    'of users cannot be called %s, which is another condition in filters and rules',
    async (key) => {
      const pool = await testUserPool();
      expect(await define(pool, { key: 'fine' }, { key })).toMatchObject({
        statusCode: 400,
        message: `${key} is the key of a built-in field`,
      });
      expect(await define(pool, { key, targetType: 'GROUP' })).toMatchObject({ statusCode: 200 });

      // Who has one from before keeps it.
      await define(pool, { key: 'fine' });
      const { userId } = await pool.do('createUser', { username: 'ann', customData: { fine: 'mine' } });
      await pool.server.sql(`update custom_fields set key = $2 where user_pool_id = $1 and key = 'fine'`, [
        pool.id,
        key,
      ]);
      await pool.server.sql(`update users set custom_data = jsonb_build_object($2::text, 'mine') where id = $1`, [
        userId,
        key,
      ]);
      expect(await define(pool, { key, label: 'Ours' })).toMatchObject({ statusCode: 200 });
      expect(await pool.do('getCustomFields', { targetType: 'USER' })).toMatchObject([{ key, label: 'Ours' }]);
      expect((await pool.do('updateUser', { userId, customData: { [key]: 'yours' } })).userId).toBe(userId);
      expect(await pool.do('getUser', { userId, withCustomData: true })).toMatchObject({
        customData: { [key]: 'yours' },
      });
    },
  );

  test.each(['__proto__', 'a:b', 'a b', '', '-a', 'a.b', 'e\u0301', 'x'.repeat(65)])(
    'cannot be called %j, which is no key',
    async (key) => {
      expect(await define(await testUserPool(), { key })).toMatchObject({ statusCode: 400 });
    },
  );

  test('may be called like what every object has', async () => {
    const pool = await testUserPool();
    const keys = ['constructor', 'toString', 'hasOwnProperty', 'prototype', '学校'];
    await define(pool, ...keys.map((key) => ({ key })));
    expect(keysOf(await fieldsOf(pool))).toEqual(keys);
    const values = Object.fromEntries(keys.map((key) => [key, `of ${key}`]));
    const { userId } = await pool.do('createUser', { username: 'ada' });
    const list = Object.entries(values).map(([key, value]) => ({ key, value }));
    await pool.do('setCustomData', { targetType: 'USER', targetIdentifier: userId, list });
    expect(await pool.do('getCustomData', { targetType: 'USER', targetIdentifier: userId })).toEqual(values);
  });

  test('announce themselves, and leave an audit row with before and after', async () => {
    const pool = await testUserPool();
    await define(pool, { key: 'school' });
    await define(pool, { key: 'school', label: '学校' }, { key: 'age', dataType: 'NUMBER' });
    const list = ['school', 'age', 'nothing'].map((key) => ({ targetType: 'USER', key }));
    await pool.do('deleteCustomFields', { list });
    await pool.do('deleteCustomFields', { list, tenantId: '' });
    expect((await pool.events()).map(({ webhook, name, data }) => [webhook ?? name, data.field.key])).toEqual([
      ['user-pool:udf-added', 'school'],
      ['user-pool:udf-added', 'age'],
      ['custom_field.updated', 'school'],
      ['user-pool:udf-deleted', 'school'],
      ['user-pool:udf-deleted', 'age'],
    ]);
    expect((await pool.audits())[1]).toMatchObject({
      origin_value: [{ key: 'school', label: 'school' }],
      target_value: [{ key: 'school', label: '学校' }, { key: 'age' }],
    });
    expect(await fieldsOf(pool)).toEqual([]);
  });

  test('of several kinds of targets stand in one audit row', async () => {
    const pool = await testUserPool();
    await define(pool, { key: 'a' }, { key: 'b', targetType: 'ROLE' }, { key: 'c', targetType: 'GROUP' });
    const [audit] = await pool.audits();
    expect(audit.target_value.map(({ key }: { key: string }) => key).sort()).toEqual(['a', 'b', 'c']);
  });

  test('of an unknown tenant are not found', async () => {
    const pool = await testUserPool();
    for (const [operation, input] of [
      ['getCustomFields', { targetType: 'USER' }],
      ['listCustFields', { targetType: 'USER' }],
      ['listUserBaseFields', {}],
      ['setCustomFields', { list: [{ targetType: 'USER', key: 'a' }] }],
      ['deleteCustomFields', { list: [{ targetType: 'USER', key: 'a' }] }],
    ] as const) {
      expect(await pool.call(operation, { ...input, tenantId: 'xxxx' })).toMatchObject({
        statusCode: 404,
        message: 'Tenant not found',
      });
    }
  });
});

describe('lists', () => {
  test('filter, count whatever the visibility, and speak the language asked for', async () => {
    const pool = await testUserPool();
    const i18n = {
      label: { 'en-US': { enabled: true, value: 'University' }, 'ja-JP': { enabled: false, value: '大学' } },
    };
    await define(
      pool,
      { key: 'school', label: '学校', i18n },
      { key: 'age', dataType: 'NUMBER', visibleInUserCenter: false },
      { key: 'level', dataType: 'ENUM', options: [{ value: 'a', label: 'A' }], visibleInAdminConsole: false },
      { key: 'badge', appIds: ['app1'] },
    );
    const list = async (filters: object) => {
      const { count, list } = await pool.do('listCustFields', { targetType: 'USER', ...filters });
      return { count, keys: keysOf(list), labels: list.map(({ label }: { label: string }) => label) };
    };
    const count = { all: 4, userVisible: 3, adminVisible: 3 };
    expect(await list({})).toMatchObject({ count, keys: ['school', 'age', 'level', 'badge'] });
    expect(await list({ userVisible: true })).toMatchObject({ count, keys: ['school', 'level', 'badge'] });
    expect(await list({ adminVisible: false })).toMatchObject({ count, keys: ['level'] });
    expect(await list({ accessControl: true })).toMatchObject({ count: { all: 1 }, keys: ['badge'] });
    expect(await list({ dataType: 'SELECT' })).toMatchObject({ count: { all: 1 }, keys: ['level'] });
    expect(await list({ dataType: 'OBJECT' })).toMatchObject({ count: { all: 0 }, keys: [] });
    expect(await list({ keyword: 'SCHO' })).toMatchObject({ count: { all: 1 }, keys: ['school'] });
    expect(await list({ keyword: '学' })).toMatchObject({ keys: ['school'] });
    expect(await list({ keyword: 'univ', lang: 'en-US' })).toMatchObject({ labels: ['University'] });
    expect(await list({ lang: 'ja-JP', limit: 1 })).toMatchObject({ count, labels: ['学校'] });
    expect(await list({ page: 2, limit: 3 })).toMatchObject({ count, keys: ['badge'] });
  });
});

describe('rules', () => {
  test('refuse values in the words of whoever made them', async () => {
    const pool = await testUserPool();
    const made = await define(
      pool,
      {
        key: 'plate',
        validateRules: [{ type: 'regExp', content: '^[\\u4e00-\\u9fa5][A-Z]\\d{5}$', error: '车牌号不正确' }],
      },
      { key: 'mail', validateRules: { type: 'email' } },
      { key: 'mobile', validateRules: [{ type: 'phone', content: '', error: '' }] },
      { key: 'digits', validateRules: [{ type: 'isNumber' }] },
      { key: 'badge', validateRules: [{ type: 'UNIQUE', content: '', error: '已存在' }, { type: 'None' }] },
    );
    expect(made.data.map(({ isUnique }: { isUnique: boolean }) => isUnique)).toEqual([
      false,
      false,
      false,
      false,
      true,
    ]);
    const people = await Promise.all(['ada', 'grace'].map((username) => pool.do('createUser', { username })));
    const set = (key: string, value: string, person = 0) =>
      pool.call('setCustomData', {
        targetType: 'USER',
        targetIdentifier: people[person].userId,
        list: [{ key, value }],
      });
    expect(await set('plate', '京A12345')).toMatchObject({ statusCode: 200 });
    expect(await set('plate', 'xx京A12345')).toMatchObject({ statusCode: 400, message: '车牌号不正确' });
    expect(await set('mail', 'ada@example.com')).toMatchObject({ statusCode: 200 });
    expect(await set('mail', 'ada')).toMatchObject({
      message: 'customData.mail does not satisfy the rule email of the field',
    });
    for (const number of ['18812345678', '+86 188 1234 5678', '+44 20 7946 0958']) {
      expect(await set('mobile', number)).toMatchObject({ statusCode: 200 });
    }
    expect(await set('mobile', 'call me')).toMatchObject({ statusCode: 400 });
    expect(await set('digits', '-12.50')).toMatchObject({ statusCode: 200 });
    expect(await set('digits', '12a')).toMatchObject({ statusCode: 400 });
    expect(await set('badge', 'A1')).toMatchObject({ statusCode: 200 });
    expect(await set('badge', 'A1', 1)).toMatchObject({ statusCode: 409, message: '已存在' });
  });

  test('that would hold up the server are refused or harmless', async () => {
    const pool = await testUserPool();
    for (const content of ['(', '(?=a)b', '(a)\\1', '((a{1,100}){1,100}){1,100}', '(\\pL{1,1000})?'.repeat(10), '']) {
      expect(await define(pool, { key: 'a', validateRules: [{ type: 'regExp', content }] })).toMatchObject({
        statusCode: 400,
      });
    }
    const content = '^((a+)+|(a|aa)+|(.*a){20})$';
    expect(await define(pool, { key: 'a', validateRules: [{ type: 'regExp', content }] })).toMatchObject({
      statusCode: 200,
    });
    const { userId } = await pool.do('createUser', { username: 'ada' });
    const startedAt = performance.now();
    const list = [{ key: 'a', value: `${'a'.repeat(1023)}!` }];
    const answer = await pool.call('setCustomData', { targetType: 'USER', targetIdentifier: userId, list });
    expect(answer).toMatchObject({ statusCode: 400 });
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  test('that cost a command too much refuse it, name the field, and leave nothing behind', async () => {
    const pool = await testUserPool();
    // All different: what an expression has once learnt of a text makes the next match cheap.
    const rulesOf = (letter: string) =>
      Array.from({ length: 10 }, (_, at) => ({ type: 'regExp', content: `\\p{L}{${400 + at}}[^${letter}]?` }));
    const fields = [...'abcdefghijklm'].map((letter) => ({ key: `field_${letter}`, validateRules: rulesOf(letter) }));
    expect(await define(pool, ...fields)).toMatchObject({ statusCode: 200 });
    const customData = Object.fromEntries(fields.map(({ key }) => [key, 'aé中'.repeat(341)]));
    const list = [{ username: 'ada', customData }];
    expect(await pool.call('createUsersBatch', { list })).toMatchObject({
      statusCode: 422,
      message: expect.stringMatching(
        /^Checking list\.0\.customData\.field_[a-m] takes too long: the regular expressions of the fields are too complicated$/,
      ),
    });
    expect(await pool.rows('users')).toEqual([]);
  });

  test('are told of in the order of the values, whatever kind of rule it is that refuses', async () => {
    const pool = await testUserPool();
    const { userId } = await pool.do('createUser', { username: 'ada' });
    await define(
      pool,
      { key: 'plate', validateRules: [{ type: 'regExp', content: '^[A-Z]{3}$' }, { type: 'email' }] },
      { key: 'digits', validateRules: [{ type: 'isNumber' }] },
    );
    const messageFor = async (customData: object) => (await pool.call('updateUser', { userId, customData })).message;
    const refused = (field: string, rule: string) =>
      `customData.${field} does not satisfy the rule ${rule} of the field`;
    expect(await messageFor({ plate: 'abc', digits: 'x' })).toBe(refused('plate', 'regExp'));
    expect(await messageFor({ digits: 'x', plate: 'abc' })).toBe(refused('digits', 'isNumber'));
    expect(await messageFor({ plate: 'ABC', digits: 'x' })).toBe(refused('plate', 'email'));
    expect(await messageFor({ plate: 'abc', unknown: 1 })).toBe(refused('plate', 'regExp'));
  });
});

describe('uniqueness', () => {
  const number = (pool: TestUserPool, targetIdentifier: string, value: string) =>
    pool.call('setCustomData', { targetType: 'USER', targetIdentifier, list: [{ key: 'badge', value }] });

  test.each([false, true])('comes later only while values are unique, encrypted: %s', async (encrypted) => {
    const pool = await testUserPool();
    await define(pool, { key: 'badge', encrypted });
    const [ada, grace] = await Promise.all(['ada', 'grace'].map((username) => pool.do('createUser', { username })));
    await number(pool, ada.userId, 'A1');
    await number(pool, grace.userId, 'A1');
    expect(await define(pool, { key: 'badge', isUnique: true })).toMatchObject({
      statusCode: 409,
      message: 'The field badge cannot become unique: it has the same value more than once',
    });
    expect((await fieldsOf(pool))[0].isUnique).toBe(false);
    await number(pool, grace.userId, 'A2');
    expect(await define(pool, { key: 'badge', isUnique: true })).toMatchObject({ statusCode: 200 });
    expect(await number(pool, grace.userId, 'A1')).toMatchObject({
      statusCode: 409,
      message: 'customData.badge is taken',
    });
    await define(pool, { key: 'badge', isUnique: false });
    expect(await number(pool, grace.userId, 'A1')).toMatchObject({ statusCode: 200 });
  });

  test('holds when many ask for one value at once, also while the field is becoming unique', async () => {
    const pool = await testUserPool();
    const { sql } = await testServer();
    await define(pool, { key: 'badge' });
    const list = Array.from({ length: 12 }, (_, at) => ({ username: `u${at}` }));
    const people: { userId: string }[] = await pool.do('createUsersBatch', { list });
    const attempt = () => Promise.all(people.map(({ userId }) => number(pool, userId, 'A1')));
    const [answers, made] = await Promise.all([attempt(), define(pool, { key: 'badge', isUnique: true })]);
    const holders = await sql(`select id from users where user_pool_id = $1 and custom_data ->> 'badge' = 'A1'`, [
      pool.id,
    ]);
    if (made.statusCode === 200) expect(holders.length).toBe(1);
    else expect(answers.every(({ statusCode }) => statusCode === 200)).toBe(true);

    await pool.do('deleteCustomFields', { list: [{ targetType: 'USER', key: 'badge' }] });
    await define(pool, { key: 'badge', isUnique: true });
    const codes = (await attempt()).map(({ statusCode }) => statusCode).sort();
    expect(codes).toEqual([200, ...Array.from({ length: 11 }, () => 409)]);
    expect(await pool.rows('user_unique_values')).toHaveLength(1);
  });
});

test('a deleted field takes its values along, and one of the same name starts anew', async () => {
  const pool = await testUserPool();
  await define(pool, { key: 'school', isUnique: true }, { key: 'kept' });
  const { userId } = await pool.do('createUser', { username: 'ada' });
  const data = { targetType: 'USER', targetIdentifier: userId };
  await pool.do('setCustomData', {
    ...data,
    list: [
      { key: 'school', value: 'pku' },
      { key: 'kept', value: 'yes' },
    ],
  });
  await pool.do('deleteCustomFields', { list: [{ targetType: 'USER', key: 'school' }] });
  expect(await pool.do('getCustomData', data)).toEqual({ kept: 'yes' });
  expect(await pool.rows('user_unique_values')).toEqual([]);
  expect(await pool.call('setCustomData', { ...data, list: [{ key: 'school', value: 'pku' }] })).toMatchObject({
    statusCode: 400,
    message: 'Custom field not defined: school',
  });
  await define(pool, { key: 'school', dataType: 'NUMBER' });
  expect(await pool.do('getCustomData', data)).toEqual({ kept: 'yes' });
});

test('a field that thousands have becomes unique and is deleted, page by page', { timeout: 60_000 }, async () => {
  const pool = await testUserPool();
  const { sql } = await testServer();
  await define(pool, { key: 'badge' }, { key: 'kept' });
  await sql(
    `insert into users (user_pool_id, id, username, custom_data)
     select $1, lpad(to_hex(i), 24, '0'), 'u' || i, jsonb_build_object('badge', 'A' || i % 5100, 'kept', 'yes')
     from generate_series(1, 5200) i`,
    [pool.id],
  );
  expect((await define(pool, { key: 'badge', isUnique: true })).statusCode).toBe(409);
  await sql(`update users set custom_data = jsonb_set(custom_data, '{badge}', to_jsonb(id)) where user_pool_id = $1`, [
    pool.id,
  ]);
  expect((await define(pool, { key: 'badge', isUnique: true })).statusCode).toBe(200);
  expect(await pool.rows('user_unique_values')).toHaveLength(5200);
  await pool.do('deleteCustomFields', { list: [{ targetType: 'USER', key: 'badge' }] });
  expect(await pool.rows('user_unique_values')).toEqual([]);
  const left = await sql<{ data: object; count: number }>(
    `select custom_data as data, count(*)::integer as count from users where user_pool_id = $1 group by custom_data`,
    [pool.id],
  );
  expect(left).toEqual([{ data: { kept: 'yes' }, count: 5200 }]);
});
