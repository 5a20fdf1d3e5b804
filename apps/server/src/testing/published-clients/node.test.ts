import { ManagementClient } from 'authing-node-sdk';
import { beforeAll, describe, expect, test } from 'vitest';
import { sampleInput } from '../sample-input.ts';
import { type SampleWorld, sampleWorld } from '../sample-world.ts';
import { type Answer, type TestServer, testServer, testUserPool } from '../server.ts';

/*
 * The published Node SDK, unmodified, with signed requests. It keeps one address for the whole process, so all clients here
 * talk to the worker's one test server.
 */

type Call = (input: Readonly<Record<string, unknown>>) => Promise<Answer>;

function clientOf(server: TestServer, accessKeyId: string, accessKeySecret: string, lang: 'en-US' | 'zh-CN' = 'en-US') {
  const client = new ManagementClient({ accessKeyId, accessKeySecret, host: server.origin, lang: lang as never });
  return (operation: string, input: Readonly<Record<string, unknown>> = {}): Promise<Answer> => {
    const method = Reflect.get(client, operation) as Call | undefined;
    if (method === undefined) throw new Error(`the published SDK has no ${operation}`);
    return method.call(client, input);
  };
}

/** Operations of ours alone, which no published client can know. */
const extensions: ReadonlySet<string> = new Set([
  'cancelJob',
  'getJob',
  'listJobs',
  'listRoleMutualExclusions',
  'removeRoleMutualExclusion',
  'setRoleMutualExclusion',
]);

test('what is listed as ours alone really is', () => {
  expect([...extensions].filter((name) => name in ManagementClient.prototype)).toEqual([]);
});

describe('every operation the SDK has, with signed requests', async () => {
  const server = await testServer();
  let shared: SampleWorld;
  beforeAll(async () => {
    shared = await sampleWorld(server);
  });
  for (const implemented of server.composition.modules.flatMap(({ operations }) => operations)) {
    const { name, operation } = implemented;
    // Tokens are for clients that do not sign: the SDK has no method to buy one.
    if (operation.kind === 'publicQuery' || extensions.has(name)) continue;
    test(name, async () => {
      const world = operation.kind === 'command' ? await sampleWorld(server) : shared;
      const call = clientOf(server, world.pool.id, world.pool.secret);
      const answer = await call(name, sampleInput(implemented, world));
      expect(answer).toMatchObject({ statusCode: 200, message: 'Success' });
      expect(answer.apiCode).toBeUndefined();
    });
  }
});

test('lists, Chinese texts, blanks and signs survive the signature', async () => {
  const pool = await testUserPool();
  const call = clientOf(pool.server, pool.id, pool.secret, 'zh-CN');
  const name = '研发 & 测试 + "100%" = ok?';
  const created = await call('createOrganization', { organizationCode: 'a', organizationName: name, metadata: {} });
  expect(created).toMatchObject({ statusCode: 200, message: '', data: { organizationName: name } });
  const batch = await call('getOrganizationsBatch', { organizationCodeList: ['a', 'b'] });
  expect(batch.data).toHaveLength(1);
  expect(await call('searchOrganizations', { keywords: '& 测试 + "100%' })).toMatchObject({ data: { totalCount: 1 } });
});

test('a wrong secret is told by apiCode 1300, inside HTTP 200', async () => {
  const pool = await testUserPool();
  const call = clientOf(pool.server, pool.id, 'not the secret');
  expect(await call('listOrganizations')).toMatchObject({ statusCode: 401, apiCode: 1300 });
});

test('a key made through the SDK opens the pool for the SDK', async () => {
  const pool = await testUserPool();
  const made = await clientOf(pool.server, pool.id, pool.secret)('createAccessKey', { type: 'userpool' });
  const [key] = made.data;
  const call = clientOf(pool.server, key.accessKeyId, key.accessKeySecret);
  expect((await call('listOrganizations')).statusCode).toBe(200);
});
