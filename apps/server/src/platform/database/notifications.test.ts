import { afterAll, expect, inject, test } from 'vitest';
import { managementToken, startTestServer, testServer, testUserPool } from '../../testing/server.ts';
import { send } from '../../testing/wire.ts';
import { newSecret } from '../ids.ts';

const server = await testServer();
const name = `listener-${newSecret()}`;
const named = { ...inject('connection'), application_name: name };
const further = await startTestServer(named);

afterAll(async () => {
  await further.composition.close();
  await further.database.close();
});

/** Ends the connection the further server hears of credentials on; answers how many there were. */
async function cutListener(): Promise<number> {
  const ended = await server.sql(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and query = 'listen genauth_credentials'`,
    [name],
  );
  return ended.length;
}

test('a server that cannot hear of changes trusts no remembered key, and listens again by itself', async () => {
  const pool = await testUserPool({ server });
  const [key] = await pool.do('createAccessKey', { type: 'userpool' });
  const authorization = await managementToken(further.origin, key.accessKeyId, key.accessKeySecret);
  const list = async () => {
    const request = { method: 'GET', path: '/api/v3/list-access-key', headers: { authorization } };
    return (await send(further.origin, request)).answer.statusCode;
  };
  expect(await list()).toBe(200);
  expect(await cutListener()).toBe(1);
  await pool.do('updateAccessKey', { accessKeyId: key.accessKeyId, enable: false });
  await expect.poll(list, { timeout: 1000, interval: 5 }).toBe(401);
  await expect.poll(cutListener, { timeout: 3000, interval: 50 }).toBe(1);
});
