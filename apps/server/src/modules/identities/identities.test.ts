import { expect, test } from 'vitest';
import { type TestUserPool, testSeal, testUserPool } from '../../testing/server.ts';

const source = '6076bac0a1b2c3d4d80d993b';
const openid = { extIdpId: source, provider: 'wechat', type: 'openid', userIdInIdp: 'oj7Nq05R' };
const unionid = { ...openid, type: 'unionid', userIdInIdp: 'union-1' };

async function withIdentities(pool: TestUserPool) {
  const identities = [
    { ...openid, userInfoInIdp: { name: '张三' }, originConnIds: ['605492ac41a1b2c3e0362f07'] },
    { ...unionid, accessToken: 'secret-access-token', refreshToken: 'secret-refresh-token' },
  ];
  return pool.do('createUser', { username: 'bob', identities });
}

test('a user is created with the accounts he has elsewhere, and nobody is shown their tokens', async () => {
  const pool = await testUserPool();
  const { userId, identities } = await withIdentities(pool);
  expect(identities).toBeUndefined();
  const shown = [
    { ...openid, userInfoInIdp: { name: '张三' }, originConnIds: ['605492ac41a1b2c3e0362f07'] },
    { ...unionid, userInfoInIdp: {}, originConnIds: [] },
  ];
  const list = await pool.do('getUserIdentities', { userId: 'bob', userIdType: 'username' });
  expect(list.map(({ identityId: _, ...identity }: { identityId: string }) => identity)).toEqual(shown);
  expect((await pool.do('getUser', { userId, withIdentities: true })).identities).toEqual(list);
  expect((await pool.do('getUserBatch', { userIds: [userId], withIdentities: true }))[0].identities).toEqual(list);
  expect((await pool.do('listUsers', { options: { withIdentities: true } })).list[0].identities).toEqual(list);

  const rows = await pool.rows<{ id: string; access_token_sealed: Buffer }>('identities');
  const row = rows.find(({ id }) => id === list[1].identityId);
  const context = `identities/${pool.id}/${row?.id}/access_token`;
  expect(testSeal.open(row?.access_token_sealed ?? Buffer.alloc(0), context)).toBe('secret-access-token');
  expect(JSON.stringify([list, await pool.audits(), await pool.events()])).not.toMatch(/secret-/);
});

test('a user is found by an account, whatever its type', async () => {
  const pool = await testUserPool();
  const { userId } = await withIdentities(pool);
  const find = (id: string) => pool.call('getUser', { userId: id, userIdType: 'identity' });
  expect((await find(`${source}:oj7Nq05R`)).data?.userId).toBe(userId);
  expect((await find(`${source}:union-1`)).data?.userId).toBe(userId);
  expect(await find(`${source}:nobody`)).toMatchObject({ statusCode: 404, apiCode: 2004 });
  expect(await find('elsewhere:oj7Nq05R')).toMatchObject({ statusCode: 404 });
  expect(await find(source)).toMatchObject({ statusCode: 400, message: 'Parameter userId is malformed' });
  const search = async (value: unknown, operator = 'IN') =>
    pool.call('listUsers', { advancedFilter: [{ field: 'identity', operator, value }] });
  await pool.do('createUser', { username: 'eve' });
  for (const filter of [{ extIdpId: source }, { provider: 'wechat', type: 'openid' }, { userIdInIdp: 'union-1' }, {}]) {
    expect((await search([filter])).data.list.map((user: { userId: string }) => user.userId)).toEqual([userId]);
  }
  expect((await search([{ provider: 'wechat', type: 'openid', userIdInIdp: 'union-1' }])).data.totalCount).toBe(0);
  expect((await search([])).data.totalCount).toBe(0);
  expect(await search('wechat')).toMatchObject({ statusCode: 400 });
  expect(await search([{}], 'EQUAL')).toMatchObject({ statusCode: 400 });
});

test('one account belongs to one user', async () => {
  const pool = await testUserPool();
  const { userId } = await withIdentities(pool);
  const other = { username: 'eve', identities: [{ ...openid, userIdInIdp: 'new' }, openid] };
  expect(await pool.call('createUser', other)).toMatchObject({
    statusCode: 409,
    apiCode: 2026,
    message: 'user already exists with identities.1',
  });
  const batch = ['eve', 'joe'].map((username) => ({ username, identities: [{ ...openid, userIdInIdp: 'same' }] }));
  expect(await pool.call('createUsersBatch', { list: batch })).toMatchObject({
    statusCode: 409,
    message: 'user already exists with list.1.identities.0',
  });
  expect(await pool.rows('users')).toHaveLength(1);
  expect(await pool.rows('identities')).toHaveLength(2);
  const eve = await pool.do('createUser', { username: 'eve' });
  const account = { extIdpId: source, type: 'openid', userIdInIdp: openid.userIdInIdp };
  expect(await pool.call('linkIdentity', { ...account, userId: eve.userId })).toMatchObject({ statusCode: 409 });
  // The same id of another type, or in another user pool, is another account.
  await pool.do('linkIdentity', { ...account, userId: eve.userId, type: 'primary' });
  await withIdentities(await testUserPool());

  const many = await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      pool.call('linkIdentity', { extIdpId: source, userIdInIdp: 'race', userId: [userId, eve.userId][index % 2] }),
    ),
  );
  const [winner] = await pool.do('getUserBatch', { userIds: [`${source}:race`], userIdType: 'identity' });
  const expected = [userId, eve.userId].map((id) => (id === winner.userId ? 200 : 409));
  expect(many.map(({ statusCode }) => statusCode)).toEqual(many.map((_, index) => expected[index % 2]));
});

test('links accounts at sources somebody named before, each once, and announces it', async () => {
  const pool = await testUserPool();
  const { userId } = await withIdentities(pool);
  const seen = (await pool.events()).length;
  const link = { userId, extIdpId: source, userIdInIdp: 'generic-1' };
  expect(await pool.do('linkIdentity', link)).toEqual({ success: true });
  expect(await pool.do('linkIdentity', { ...link, type: '', isSocial: true })).toEqual({ success: true });
  const events = (await pool.events()).slice(seen);
  expect(events).toHaveLength(1);
  expect(events[0]).toMatchObject({ name: 'user.account.linked', webhook: 'user:link-account' });
  expect(events[0]?.data).toMatchObject({
    user: { userId },
    identity: { extIdpId: source, provider: 'wechat', type: 'generic', userIdInIdp: 'generic-1' },
  });
  expect(await pool.call('linkIdentity', { ...link, extIdpId: 'unknown' })).toMatchObject({
    statusCode: 404,
    message: 'Identity source not found: unknown',
  });
  expect(await pool.call('linkIdentity', { ...link, userId: 'nobody' })).toMatchObject({
    statusCode: 404,
    apiCode: 2004,
  });
  const contrary = { username: 'eve', identities: [{ ...openid, userIdInIdp: 'x', provider: 'github' }] };
  expect(await pool.call('createUser', contrary)).toMatchObject({
    statusCode: 400,
    message: `Identity source ${source} is of provider wechat`,
  });
});

test('unlinks every account at a source, or those of one type, and deleting a user frees his', async () => {
  const pool = await testUserPool();
  const { userId } = await withIdentities(pool);
  const seen = (await pool.events()).length;
  const types = async () => (await pool.do('getUserIdentities', { userId })).map(({ type }: { type: string }) => type);
  expect(await pool.do('unlinkIdentity', { userId, extIdpId: source, type: 'unionid' })).toEqual({ success: true });
  expect(await types()).toEqual(['openid']);
  await pool.do('linkIdentity', { userId, extIdpId: source, userIdInIdp: 'x' });
  expect(await types()).toEqual(['openid', 'generic']);
  await pool.do('unlinkIdentity', { userId, extIdpId: 'elsewhere' });
  await pool.do('unlinkIdentity', { userId, extIdpId: source, isSocial: true });
  await pool.do('unlinkIdentity', { userId, extIdpId: source, type: '' });
  expect(await types()).toEqual([]);
  const names = (await pool.events()).slice(seen).map(({ name }) => name.replace('user.account.', ''));
  expect(names).toEqual(['unlinked', 'linked', 'unlinked', 'unlinked']);
  expect(await pool.call('unlinkIdentity', { userId: 'nobody', extIdpId: source })).toMatchObject({ statusCode: 404 });

  await pool.do('linkIdentity', { userId, extIdpId: source, userIdInIdp: 'x' });
  await pool.do('deleteUsersBatch', { userIds: [userId] });
  await pool.do('createUser', { username: 'eve', identities: [{ ...openid, type: 'generic', userIdInIdp: 'x' }] });
});
