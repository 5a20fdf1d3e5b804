import { expect, test } from 'vitest';
import { callOperation, managementToken, testUserPool } from '../../testing/server.ts';

test('creates a key whose secret is shown once and opens the user pool', async () => {
  const pool = await testUserPool();
  const [key] = await pool.do('createAccessKey', { type: 'userpool' });
  expect(key).toMatchObject({ userPoolId: pool.id, enable: true, status: 'activated', userId: null });
  const token = await managementToken(pool.server.origin, key.accessKeyId, key.accessKeySecret);
  const answer = await callOperation(pool.server, 'getAccessKeyList', {}, { authorization: token });
  expect(answer.data).toHaveLength(1);
  expect(answer.data[0].accessKeySecret).toBe('********');
  expect(JSON.stringify(await pool.rows('access_keys'))).not.toContain(key.accessKeySecret);
});

test('a disabled key and its tokens are refused at once, and the tokens stay refused', async () => {
  const pool = await testUserPool();
  const [key] = await pool.do('createAccessKey', { type: 'userpool' });
  const token = await managementToken(pool.server.origin, key.accessKeyId, key.accessKeySecret);
  const list = () => callOperation(pool.server, 'getAccessKeyList', {}, { authorization: `Bearer ${token}` });
  expect((await list()).statusCode).toBe(200);
  await pool.do('updateAccessKey', { accessKeyId: key.accessKeyId, enable: false });
  expect((await list()).statusCode).toBe(401);
  await expect(managementToken(pool.server.origin, key.accessKeyId, key.accessKeySecret)).rejects.toThrow('wrong');
  await pool.do('updateAccessKey', { accessKeyId: key.accessKeyId, enable: true });
  expect((await list()).statusCode).toBe(401);
  expect(await managementToken(pool.server.origin, key.accessKeyId, key.accessKeySecret)).toBeTypeOf('string');
});

test('a deleted key is not found, and its tokens are refused', async () => {
  const pool = await testUserPool();
  const [key] = await pool.do('createAccessKey', { type: 'userpool' });
  const token = await managementToken(pool.server.origin, key.accessKeyId, key.accessKeySecret);
  await pool.do('deleteAccessKey', { accessKeyId: key.accessKeyId });
  const { statusCode } = await callOperation(pool.server, 'getAccessKeyList', {}, { authorization: token });
  expect(statusCode).toBe(401);
  expect((await pool.call('getAccessKey', { accessKeyId: key.accessKeyId })).statusCode).toBe(404);
  expect((await pool.call('deleteAccessKey', { accessKeyId: key.accessKeyId })).statusCode).toBe(404);
});

test('refuses unknown types, users and tenants', async () => {
  const pool = await testUserPool();
  expect((await pool.call('createAccessKey', { type: 'spaceship' })).statusCode).toBe(400);
  expect((await pool.call('createAccessKey', { type: 'user', userId: pool.id })).statusCode).toBe(404);
  expect((await pool.call('createAccessKey', { type: 'tenant', tenantId: pool.id })).statusCode).toBe(404);
  expect(await pool.rows('access_keys')).toEqual([]);
});
