import { describe, expect, test } from 'vitest';
import { requireOperation, testServer, testUserPool } from '../../testing/server.ts';
import { type Signer, send, signedRequestOf } from '../../testing/wire.ts';

const server = await testServer();
const pool = await testUserPool({ server });
const { operation: listKeys } = requireOperation(server, 'getAccessKeyList');
const { operation: createKey } = requireOperation(server, 'createAccessKey');
const families = ['x-authing-', 'x-genauth-'] as const;

function call(signer: Partial<Signer>, changes: Readonly<Record<string, string>> = {}) {
  const request = signedRequestOf(
    createKey,
    { type: 'userpool' },
    { accessKeyId: pool.id, secret: pool.secret, ...signer },
  );
  return send(server.origin, { ...request, headers: { ...request.headers, ...changes } });
}

describe.each(families)('a request signed with %s headers', (family) => {
  const withHeader = (name: string, value: string | undefined) => call({ family, headers: { [name]: value } });

  test('is accepted', async () => {
    expect((await call({ family })).answer).toMatchObject({ statusCode: 200 });
    const request = signedRequestOf(
      listKeys,
      { status: ['activated'] },
      { accessKeyId: pool.id, secret: pool.secret, family },
    );
    expect((await send(server.origin, request)).answer.statusCode).toBe(200);
  });

  test('is accepted when the client’s clock is off by less than a quarter of an hour, or speaks in milliseconds', async () => {
    for (const offBy of [-890_000, 890_000]) {
      expect((await withHeader('date', new Date(Date.now() + offBy).toUTCString())).answer.statusCode).toBe(200);
    }
    expect((await withHeader('date', String(Date.now()))).answer.statusCode).toBe(200);
    const { answer } = await call({
      family,
      headers: { date: undefined, [`${family}date`]: new Date().toUTCString() },
    });
    expect(answer.statusCode).toBe(200);
  });

  test.each([
    [1300, 'another secret', () => call({ family, secret: 'another' })],
    [1300, 'an unknown key', () => call({ family, accessKeyId: '64f0c2a1b3d4e5f60718293a' })],
    [1300, 'no nonce', () => withHeader(`${family}signature-nonce`, undefined)],
    [
      1300,
      'a header changed on the way',
      () => call({ family, headers: { [`${family}lang`]: 'en-US' } }, { [`${family}lang`]: 'zh-TW' }),
    ],
    [1301, 'another method', () => withHeader(`${family}signature-method`, 'HMAC-SHA256')],
    [1301, 'no method', () => withHeader(`${family}signature-method`, undefined)],
    [1302, 'another version', () => withHeader(`${family}signature-version`, '2.0')],
    [1303, 'a date that is none', () => withHeader('date', 'yesterday')],
    [1304, 'no date', () => withHeader('date', undefined)],
    [1305, 'a date too old', () => withHeader('date', new Date(Date.now() - 910_000).toUTCString())],
    [1305, 'a date too new', () => withHeader('date', new Date(Date.now() + 910_000).toUTCString())],
  ])('is refused with apiCode %i for %s', async (apiCode, _reason, request) => {
    const before = await pool.rows('access_keys');
    expect((await request()).answer).toMatchObject({ statusCode: 401, apiCode });
    expect(await pool.rows('access_keys')).toEqual(before);
  });

  test('is refused with apiCode 1306 when its nonce was used', async () => {
    const headers = { [`${family}signature-nonce`]: `used-${family}` };
    expect((await call({ family, headers })).answer.statusCode).toBe(200);
    expect((await call({ family, headers })).answer).toMatchObject({ statusCode: 401, apiCode: 1306 });
  });

  test('is refused when its body or its query was changed', async () => {
    const request = signedRequestOf(
      createKey,
      { type: 'userpool' },
      { accessKeyId: pool.id, secret: pool.secret, family },
    );
    const { answer } = await send(server.origin, { ...request, body: JSON.stringify({ type: 'user' }) });
    expect(answer).toMatchObject({ statusCode: 401, apiCode: 1300 });
    const read = signedRequestOf(listKeys, { type: 'userpool' }, { accessKeyId: pool.id, secret: pool.secret, family });
    const { answer: refused } = await send(server.origin, { ...read, path: read.path.replace('userpool', 'user') });
    expect(refused).toMatchObject({ statusCode: 401, apiCode: 1300 });
  });
});

test('a request that the rate limit turned away may be sent again as it is', async () => {
  const slow = await testUserPool({ server, rateLimitPerSecond: 1 });
  const signer = { accessKeyId: slow.id, secret: slow.secret };
  const requests = Array.from({ length: 20 }, () => signedRequestOf(listKeys, {}, signer));
  const answers = await Promise.all(requests.map((request) => send(server.origin, request)));
  const refused = requests[answers.findIndex(({ httpStatus }) => httpStatus === 429)];
  if (refused === undefined) throw new Error('none was turned away');
  await server.sql('update user_pools set rate_limit_per_second = 1000 where user_pool_id = $1', [slow.id]);
  await expect.poll(async () => (await send(server.origin, refused)).answer.statusCode, { timeout: 2000 }).toBe(200);
});

test('two copies of a signed command that arrive at once take effect once', async () => {
  const own = await testUserPool({ server });
  const request = signedRequestOf(createKey, { type: 'userpool' }, { accessKeyId: own.id, secret: own.secret });
  const answers = await Promise.all(Array.from({ length: 8 }, () => send(server.origin, request)));
  expect(answers.map(({ answer }) => answer.statusCode).sort()).toEqual([200, ...Array(7).fill(401)]);
  expect(await own.rows('access_keys')).toHaveLength(1);
  expect(await own.rows('signature_nonces')).toHaveLength(1);
});

test('a command that fails leaves no nonce behind', async () => {
  const own = await testUserPool({ server });
  const signer = { accessKeyId: own.id, secret: own.secret };
  const { operation } = requireOperation(server, 'deleteAccessKey');
  const { answer } = await send(server.origin, signedRequestOf(operation, { accessKeyId: own.id }, signer));
  expect(answer.statusCode).toBe(404);
  expect(await own.rows('signature_nonces')).toEqual([]);
});
