import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { documents } from '../../../apps/server/src/documents.ts';
import { sampleInput } from '../../../apps/server/src/testing/sample-input.ts';
import { type SampleWorld, sampleWorld } from '../../../apps/server/src/testing/sample-world.ts';
import { testServer, testUserPool } from '../../../apps/server/src/testing/server.ts';
import { Signer } from './credentials.ts';
import { operations } from './generated/operations.ts';
import { type CallOptions, GenAuthError, ManagementClient, type ManagementClientOptions } from './index.ts';
import { toWireInput } from './wire-input.ts';

const server = await testServer();
const document = JSON.parse(documents().find(({ path }) => path === 'openapi/management.json')?.text ?? '{}');
const implemented = server.composition.modules
  .flatMap((module) => module.operations)
  .filter(({ operation }) => operation.path in document.paths);

function clientOf(
  pool: { id: string; secret: string },
  options: Partial<ManagementClientOptions> = {},
): ManagementClient {
  const { id: accessKeyId, secret: accessKeySecret } = pool;
  return new ManagementClient({ accessKeyId, accessKeySecret, host: server.origin, lang: 'en-US', ...options });
}

/** Calls a method by its name, as a suite over all of them must. */
function callByName(client: ManagementClient, name: string, input: object, options?: CallOptions) {
  const method: unknown = Reflect.get(client, name);
  if (typeof method !== 'function') throw new Error(`the client has no ${name}`);
  return Reflect.apply(method, client, [input, options]);
}

test('there is a method for every operation of the server, and no other', () => {
  const names = implemented.map(({ name }) => name).sort();
  expect(Object.keys(operations).sort()).toEqual(names);
  const methods = Object.getOwnPropertyNames(ManagementClient.prototype).filter((name) => name !== 'constructor');
  expect(methods.sort()).toEqual(names);
});

describe.each(['signature', 'token'] as const)('every operation, with a %s', (authentication) => {
  let shared: SampleWorld;
  beforeAll(async () => {
    shared = await sampleWorld(server);
  });

  test.each(implemented.map((one) => [one.name, one] as const))('%s', async (name, one) => {
    const world = one.operation.kind === 'command' ? await sampleWorld(server) : shared;
    const client = clientOf(world.pool, { authentication, throwOnError: true });
    const answer = await callByName(client, name, sampleInput(one, world));
    expect(answer).toMatchObject({ statusCode: 200, message: 'Success', requestId: expect.any(String) });
  });
});

describe('with both ways to prove who it is', () => {
  test.each(['signature', 'token'] as const)(
    'a wrong secret is an answer, not an error: %s',
    async (authentication) => {
      const { id } = await testUserPool();
      const client = clientOf({ id, secret: 'wrong' }, { authentication });
      expect(await client.listOrganizations()).toMatchObject({
        statusCode: expect.any(Number),
        message: expect.any(String),
      });
      expect((await client.listOrganizations()).statusCode).not.toBe(200);
      await expect(client.listOrganizations({}, { throwOnError: true })).rejects.toBeInstanceOf(GenAuthError);
    },
  );

  test.each(['signature', 'token'] as const)('texts of every kind arrive as they are: %s', async (authentication) => {
    const client = clientOf(await testUserPool(), { authentication, throwOnError: true });
    const organizationName = '研发 & 测试 + "100%" = ok? \t\\ 🙂';
    await client.createOrganization({ organizationCode: 'a', organizationName, description: null });
    const { data } = await client.searchOrganizations({ keywords: organizationName.slice(0, 12) });
    expect(data.list.map((one) => one.organizationName)).toEqual([organizationName]);
    expect((await client.getOrganizationsBatch({ organizationCodeList: ['a', 'b,c'] })).data).toHaveLength(1);
  });
});

test('a signature made without the header of HTTP, as in a browser, is accepted', async () => {
  const pool = await testUserPool();
  const path = '/api/v3/list-organizations';
  const signer = new Signer({ accessKeyId: pool.id, accessKeySecret: pool.secret }, () => ({
    date: new Date(),
    nonce: crypto.randomUUID(),
    dateHeader: 'x-genauth-date',
  }));
  const signed = await signer.authorize({ method: 'GET', path, input: toWireInput('GET', {}), headers: {} });
  if (!('headers' in signed)) throw new Error('not signed');
  const answer = await fetch(`${server.origin}${path}`, { headers: signed.headers });
  expect(await answer.json()).toMatchObject({ statusCode: 200 });
});

test('lists give all items, whatever the size of a page', async () => {
  const client = clientOf(await testUserPool(), { throwOnError: true });
  const codes = ['a', 'b', 'c', 'd', 'e'];
  for (const organizationCode of codes) await client.createOrganization({ organizationCode, organizationName: 'x' });
  const read: string[] = [];
  for await (const { organizationCode } of client.listOrganizations({ limit: 2 })) read.push(organizationCode);
  expect(read).toEqual(codes);
  const everything: string[] = [];
  for await (const one of client.listOrganizations({ fetchAll: true, limit: 2 })) everything.push(one.organizationCode);
  expect(everything).toEqual(codes);
});

test('a path without a method is called by itself', async () => {
  const client = clientOf(await testUserPool());
  const url = '/api/v3/list-organizations';
  expect(await client.makeRequest({ method: 'GET', url, params: { limit: 1 } })).toMatchObject({ statusCode: 200 });
  expect(await client.makeRequest({ method: 'POST', url: '/api/v3/no-such-thing', data: {} })).toMatchObject({
    statusCode: 404,
  });
});

test('a busy server is asked again until it has time', async () => {
  const pool = await testUserPool({ rateLimitPerSecond: 3 });
  const client = clientOf(pool, { throwOnError: true });
  const answers = await Promise.all(Array.from({ length: 5 }, () => client.listOrganizations()));
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200, 200]);
});

test('the program that used the published SDK has the same answers with ours', async () => {
  const program = fileURLToPath(new URL('testing/walk.ts', import.meta.url));
  const answersWith = async (sdk: string) => {
    const pool = await testUserPool();
    const users = await pool.do('createUsersBatch', { list: [{ username: 'ann' }, { username: 'bob' }] });
    const userIds = users.map(({ userId }: { userId: string }) => userId).join(',');
    const parameters = [program, sdk, server.origin, pool.id, pool.secret, userIds];
    const { stdout } = await promisify(execFile)(process.execPath, parameters);
    return JSON.parse(comparable(stdout));
  };
  const [published, ours] = await Promise.all([answersWith('authing-node-sdk'), answersWith('genauth')]);
  expect(ours).toEqual(published);
  expect(ours.length).toBeGreaterThan(20);
});

/** Ids become their number in order of appearance; times and request ids, which are never the same twice, a word. */
function comparable(text: string): string {
  const ids = new Map<string, number>();
  return text
    .replace(/"[0-9a-f]{8}-[0-9a-f-]{27}"/g, '"request id"')
    .replace(/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '"time"')
    .replace(/"[0-9a-f]{24}"/g, (id) => {
      if (!ids.has(id)) ids.set(id, ids.size);
      return `"id ${ids.get(id)}"`;
    });
}
