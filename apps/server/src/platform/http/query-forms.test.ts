import { expect, test } from 'vitest';
import { testServer, testUserPool } from '../../testing/server.ts';
import { send } from '../../testing/wire.ts';

const server = await testServer();
const pool = await testUserPool({ server });
const headers = { authorization: await pool.token() };
const codes = ['alpha', 'beta', 'gamma'];
for (const organizationCode of codes) {
  await pool.do('createOrganization', { organizationCode, organizationName: organizationCode });
}

async function get(path: string) {
  return (await send(server.origin, { method: 'GET', path, headers })).answer;
}

test.each([
  ['Node', 'organizationCodeList%5B%5D=alpha&organizationCodeList%5B%5D=gamma'],
  ['older Node', 'organizationCodeList[]=alpha&organizationCodeList[]=gamma'],
  ['indexed', 'organizationCodeList[0]=alpha&organizationCodeList[1]=gamma'],
  ['Python', 'organizationCodeList=alpha&organizationCodeList=gamma'],
  ['Go', 'organizationCodeList=%5Balpha+gamma%5D'],
  ['unencoded Go', 'organizationCodeList=[alpha%20gamma]'],
  ['Java', 'organizationCodeList=%5Balpha%2C+gamma%5D'],
  ['comma', 'organizationCodeList=alpha,gamma'],
])('a list as %s writes it', async (_client, list) => {
  const { data } = await get(`/api/v3/get-organization-batch?${list}`);
  expect(data.map((one: { organizationCode: string }) => one.organizationCode)).toEqual(['alpha', 'gamma']);
});

test.each(['true', 'True', '1'])('a boolean written %s is true', async (text) => {
  const { data } = await get(`/api/v3/list-organizations?fetchAll=${text}&limit=1`);
  expect(data.list).toHaveLength(3);
});

test.each(['false', 'False', '0', ''])('a boolean written "%s" is false', async (text) => {
  const { data } = await get(`/api/v3/list-organizations?fetchAll=${text}&limit=1`);
  expect(data.list).toHaveLength(1);
});

test.each(['2', '2.0', '2e0', '2e+00'])('a number written %s', async (text) => {
  const { data } = await get(`/api/v3/list-organizations?limit=${text}&page=1`);
  expect(data.list).toHaveLength(2);
});

test.each([
  ['limit=0x2', 'limit'],
  ['limit=Infinity', 'limit'],
  ['limit=1&limit=2', 'limit'],
  ['fetchAll=yes', 'fetchAll'],
  ['page[a]=1', 'page'],
])('%s is refused by name', async (query, field) => {
  expect(await get(`/api/v3/list-organizations?${query}`)).toMatchObject({
    statusCode: 400,
    message: `Parameter ${field} is malformed`,
  });
});

test.each([
  ['x-authing-app-tenant-id', '64f0c2a1b3d4e5f60718293a', 404],
  ['x-authing-tenant-id', '64f0c2a1b3d4e5f60718293a', 404],
  ['x-genauth-tenant-id', '64f0c2a1b3d4e5f60718293a', 404],
  ['x-authing-app-tenant-id', '', 200],
  ['x-authing-app-tenant-id', 'undefined', 200],
])('a tenant named by header %s: "%s"', async (name, tenantId, statusCode) => {
  const request = { method: 'GET', path: '/api/v3/list-organizations', headers: { ...headers, [name]: tenantId } };
  expect((await send(server.origin, request)).answer.statusCode).toBe(statusCode);
});
