import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ManagementClient } from './index.ts';
import { selfSigned } from './testing/self-signed.ts';

let server: Server;
let host: string;

beforeAll(async () => {
  server = createServer(selfSigned, async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    if (request.url?.endsWith('silence')) return;
    response.end(JSON.stringify({ statusCode: 200, message: `${request.method} ${request.url}`, data: body }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host = `https://localhost:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

function clientOf(rejectUnauthorized: boolean): ManagementClient {
  return new ManagementClient({ accessKeyId: 'a', accessKeySecret: 'b', host, rejectUnauthorized, retries: 0 });
}

test('a certificate that nobody vouches for is refused', async () => {
  await expect(clientOf(true).listOrganizations()).rejects.toMatchObject({ name: 'GenAuthConnectionError' });
});

test('with rejectUnauthorized: false it is accepted', async () => {
  const client = clientOf(false);
  expect(await client.listOrganizations({ limit: 1 })).toMatchObject({
    message: 'GET /api/v3/list-organizations?limit=1',
  });
  const input = { organizationCode: '组织' };
  expect(await client.deleteOrganization(input)).toMatchObject({ data: JSON.stringify(input) });
});

test('and a call can still be ended', async () => {
  const call = clientOf(false).makeRequest({ method: 'GET', url: '/silence' }, { timeout: 50 });
  await expect(call).rejects.toMatchObject({ name: 'GenAuthConnectionError', timedOut: true });
});
