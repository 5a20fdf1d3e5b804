/** Custom data as it comes and goes with users. */
import { describe, expect, test } from 'vitest';
import { type TestUserPool, testServer, testUserPool } from '../../testing/server.ts';

const secret = '110101199001011234';

async function place(): Promise<TestUserPool> {
  const pool = await testUserPool();
  const list = [
    { key: '学校' },
    { key: 'age', dataType: 'NUMBER' },
    { key: 'badge', isUnique: true },
    { key: 'secret', encrypted: true },
  ].map((field) => ({ targetType: 'USER', ...field }));
  await pool.do('setCustomFields', { list });
  return pool;
}

describe('a user', () => {
  test('is made with custom data, and shows it to whoever asks, beside his fields or below them', async () => {
    const pool = await place();
    const customData = { 学校: '北京大学', age: 22, secret };
    const { userId, ...created } = await pool.do('createUser', { username: 'ada', customData });
    expect(created).not.toHaveProperty('customData');
    expect(await pool.do('getUser', { userId })).not.toHaveProperty('customData');
    expect((await pool.do('getUser', { userId, withCustomData: true })).customData).toEqual(customData);
    const flat = await pool.do('getUser', { userId, withCustomData: true, flatCustomData: true });
    expect(flat).toMatchObject({ userId, username: 'ada', ...customData });
    expect(flat).not.toHaveProperty('customData');
    expect((await pool.do('getUser', { userId, withCustomData: true, flatCustomData: false })).customData).toEqual(
      customData,
    );
    expect(await pool.do('getCustomData', { targetType: 'USER', targetIdentifier: userId })).toEqual(customData);
    const { userId: other } = await pool.do('createUser', { username: 'grace', customData: null });
    expect((await pool.do('getUser', { userId: other, withCustomData: true })).customData).toEqual({});
    const [audit] = (await pool.audits()).filter(({ action }) => action === 'createUser');
    expect(audit.target_value).toEqual([{ userId, customData: { 学校: '北京大学', age: 22, secret: '[redacted]' } }]);
    const kept = await Promise.all([pool.audits(), pool.events(), pool.rows('users')]);
    expect(JSON.stringify(kept)).not.toContain(secret);
  });

  test('is shown with it in every list', async () => {
    const pool = await place();
    const customData = { age: 22, secret };
    const { departmentId } = await pool.do('createOrganization', {
      organizationCode: 'acme',
      organizationName: 'Acme',
    });
    const { userId } = await pool.do('createUser', { username: 'ada', customData, departmentIds: [departmentId] });
    await pool.do('createGroup', { code: 'developers', name: 'Developers', description: '' });
    await pool.do('addGroupMembers', { code: 'developers', userIds: [userId] });
    const members = { organizationCode: 'acme', departmentId, withCustomData: true };
    const flag = { withCustomData: true };
    const lists = await Promise.all([
      pool.do('getUserBatch', { userIds: [userId], ...flag }).then((list) => ({ list })),
      pool.do('listUsersLegacy', flag),
      pool.do('listUsers', { options: flag }),
      pool.do('listDepartmentMembers', members),
      pool.do('searchDepartmentMembers', { ...members, keywords: 'ada' }),
      pool.do('listGroupMembers', { code: 'developers', ...flag }),
    ]);
    expect(lists.map(({ list }) => list[0].customData)).toEqual(lists.map(() => customData));
    const flat = await pool.do('listUsers', { options: { withCustomData: true, flatCustomData: true } });
    expect(flat.list[0]).toMatchObject({ username: 'ada', ...customData });
  });

  test('changes what is given of it, loses what is null, and tells so once', async () => {
    const pool = await place();
    const { userId } = await pool.do('createUser', { username: 'ada', customData: { 学校: 'pku', age: 22, secret } });
    const before = (await pool.events()).length;
    await pool.do('updateUser', {
      userId,
      customData: { age: null, 学校: '清华', secret: `${secret}5` },
      nickname: 'Countess',
    });
    const read = () => pool.do('getUser', { userId, withCustomData: true });
    expect((await read()).customData).toEqual({ 学校: '清华', secret: `${secret}5` });
    const events = (await pool.events()).slice(before);
    const updates = { 学校: '清华', age: null, secret: '[redacted]' };
    expect(events.map(({ webhook, data }) => [webhook, data.updates])).toEqual([
      ['user:updated', { nickname: 'Countess', customData: updates }],
      ['user:udv-changed', updates],
    ]);
    expect(events[0]?.data.user.nickname).toBe('Countess');
    const audit = (await pool.audits()).at(-1);
    expect(audit).toMatchObject({
      origin_value: { nickname: null, customData: { 学校: 'pku', age: 22, secret: '[redacted]' } },
      target_value: { nickname: 'Countess', customData: updates },
    });
    // Nothing new: nothing is told, and the time of the last change stays.
    const { updatedAt } = await read();
    await pool.do('updateUser', { userId, customData: { 学校: '清华', secret: `${secret}5` } });
    await pool.do('updateUser', { userId, customData: {} });
    expect((await read()).updatedAt).toBe(updatedAt);
    expect(await pool.events()).toHaveLength(before + 2);
    // Custom data alone is a change, too.
    const answer = await pool.do('updateUser', { userId, customData: { age: 23 } });
    expect(answer.updatedAt > updatedAt).toBe(true);
    expect((await read()).updatedAt).toBe(answer.updatedAt);
    expect((await pool.events()).slice(before + 2).map(({ webhook }) => webhook)).toEqual([
      'user:updated',
      'user:udv-changed',
    ]);
  });

  test('keeps what he had, with his other fields, when a value is refused', async () => {
    const pool = await place();
    const { userId } = await pool.do('createUser', { username: 'ada', customData: { age: 22 } });
    const wrong = [
      [{ unknown: 1 }, 400, 'Custom field not defined: unknown'],
      [{ age: '22' }, 400, 'customData.age is not of type NUMBER'],
      [{ age: [22] }, 400, 'customData.age is not of type NUMBER'],
      [{ 学校: { name: 'pku' } }, 400, 'customData.学校 is not of type STRING'],
      [{ 学校: 'x'.repeat(1025) }, 400, 'customData must be less than 1024 characters'],
      [{ unknown: 'x'.repeat(1025) }, 400, 'customData must be less than 1024 characters'],
      [{ constructor: 'x' }, 400, 'Custom field not defined: constructor'],
    ] as const;
    const before = await pool.rows('users');
    for (const [customData, statusCode, message] of wrong) {
      expect(await pool.call('updateUser', { userId, nickname: 'x', customData })).toMatchObject({
        statusCode,
        message,
      });
      expect(await pool.call('createUser', { username: 'b', customData })).toMatchObject({ statusCode, message });
    }
    expect(
      await pool.call('createUsersBatch', { list: [{ username: 'b' }, { username: 'c', customData: { age: 'x' } }] }),
    ).toMatchObject({
      message: 'list.1.customData.age is not of type NUMBER',
    });
    expect(await pool.rows('users')).toEqual(before);
  });
});

describe('a unique value', () => {
  test('is given out once, whatever the way it is asked for', async () => {
    const pool = await place();
    const people = Array.from({ length: 8 }, (_, at) => ({ username: `u${at}`, customData: { badge: 'A1' } }));
    const answers = await Promise.all(people.map((one) => pool.call('createUser', one)));
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, ...Array.from({ length: 7 }, () => 409)]);
    expect(answers.find(({ statusCode }) => statusCode === 409)?.message).toBe('customData.badge is taken');
    expect(await pool.rows('users')).toHaveLength(1);
    const twice = ['x', 'y'].map((username) => ({ username, customData: { badge: 'B1' } }));
    expect(await pool.call('createUsersBatch', { list: twice })).toMatchObject({
      statusCode: 409,
      message: 'list.1.customData.badge is taken',
    });
    const [x, y] = await pool.do('createUsersBatch', { list: [{ username: 'x' }, { username: 'y' }] });
    const both = [x, y].map(({ userId }) => ({ userId, customData: { badge: 'C1' } }));
    const refused = await pool.call('updateUserBatch', { list: both });
    expect(refused.statusCode).toBe(409);
    expect(refused.message).toMatch(/^list\.[01]\.customData\.badge is taken$/);
    expect(await pool.rows('user_unique_values')).toHaveLength(1);
    await pool.do('updateUserBatch', {
      list: [
        { userId: x.userId, customData: { badge: 'C1', age: 1 } },
        { userId: x.userId, customData: { badge: 'C2' } },
      ],
    });
    expect((await pool.do('getUser', { userId: x.userId, withCustomData: true })).customData).toEqual({
      badge: 'C2',
      age: 1,
    });
    expect(await pool.call('createUser', { username: 'z', customData: { badge: 'C1' } })).toMatchObject({
      statusCode: 200,
    });
  });

  test('names its user, and nobody in another user pool', async () => {
    const [pool, other] = [await place(), await place()];
    const { userId } = await pool.do('createUser', { username: 'ada', customData: { badge: 'A:1', secret, age: 7 } });
    const by = (id: string, from = pool) => from.call('getUser', { userId: id, userIdType: 'custom_field' });
    expect((await by('badge:A:1')).data.userId).toBe(userId);
    expect(await by('badge:A:2')).toMatchObject({ statusCode: 404 });
    expect(await by('badge:A:1', other)).toMatchObject({ statusCode: 404 });
    expect(await by('nothing:1')).toMatchObject({ statusCode: 400, message: 'Custom field not defined: nothing' });
    for (const id of ['age:7', `secret:${secret}`, 'badge', 'badge:', ':A1']) {
      expect(await by(id)).toMatchObject({ statusCode: 400, message: 'Parameter userId is malformed' });
    }
    const userIds = ['badge:none', 'badge:A:1'];
    expect(await pool.do('getUserBatch', { userIds, userIdType: 'custom_field' })).toMatchObject([{ userId }]);
    await pool.do('updateUser', { userId: 'badge:A:1', nickname: 'x', options: { userIdType: 'custom_field' } });
    await pool.do('deleteUsersBatch', { userIds: ['badge:A:1'], options: { userIdType: 'custom_field' } });
    expect(await pool.rows('user_unique_values')).toEqual([]);
  });
});

test('a public account has custom data like any user', async () => {
  const pool = await place();
  const { userId } = await pool.do('createPublicAccount', { username: 'desk', customData: { badge: 'A1', secret } });
  expect(await pool.call('createUser', { username: 'ada', customData: { badge: 'A1' } })).toMatchObject({
    statusCode: 409,
  });
  await pool.do('updatePublicAccount', { userId, customData: { age: 5 } });
  const customData = { badge: 'A1', secret, age: 5 };
  expect((await pool.do('getPublicAccount', { userId, withCustomData: true })).customData).toEqual(customData);
  expect((await pool.do('listPublicAccounts', { options: { withCustomData: true } })).list).toMatchObject([
    { customData },
  ]);
});

test('values written while a field is being deleted do not outlive it', async () => {
  const pool = await place();
  const { sql } = await testServer();
  const list = Array.from({ length: 10 }, (_, at) => ({ username: `u${at}` }));
  const people: { userId: string }[] = await pool.do('createUsersBatch', { list });
  const answers = await Promise.all([
    ...people.map(({ userId }, at) => pool.call('updateUser', { userId, customData: { badge: `b${at}` } })),
    pool.call('deleteCustomFields', { list: [{ targetType: 'USER', key: 'badge' }] }),
    ...people.map(({ userId }, at) => pool.call('updateUser', { userId, customData: { badge: `c${at}` } })),
  ]);
  expect(answers.every(({ statusCode }) => statusCode === 200 || statusCode === 400)).toBe(true);
  const left = await sql(`select from users where user_pool_id = $1 and custom_data ? 'badge'`, [pool.id]);
  expect(left).toHaveLength(0);
  expect(await pool.rows('user_unique_values')).toEqual([]);
});
