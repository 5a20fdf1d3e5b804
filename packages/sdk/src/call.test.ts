import { describe, expect, test } from 'vitest';
import { Caller, type Operation } from './call.ts';
import { GenAuthConnectionError, GenAuthError } from './errors.ts';
import { type ManagementClientOptions, resolveOptions } from './options.ts';
import { delayBefore } from './retry.ts';
import { busy, fakeServer, type Reaction, success } from './testing/fake-server.ts';

const list: Operation = {
  name: 'listOrganizations',
  method: 'GET',
  path: '/api/v3/list-organizations',
  repeatable: true,
};
const create: Operation = {
  name: 'createDepartment',
  method: 'POST',
  path: '/api/v3/create-department',
  repeatable: false,
};
const refused = { body: { statusCode: 404, apiCode: 4040, message: 'not found', requestId: 'q' } };
const unauthorized = { body: { statusCode: 401, message: 'who are you', requestId: 'u' } };

function callerOf(options: Partial<ManagementClientOptions>, ...reactions: readonly Reaction[]) {
  const { fetch, sent } = fakeServer(...reactions);
  const waits: number[] = [];
  const wait = async (milliseconds: number) => void waits.push(milliseconds);
  const all = { accessKeyId: 'key', accessKeySecret: 'secret', host: 'http://server/prefix/', fetch, ...options };
  const caller = new Caller(resolveOptions(all), { random: () => 0.5, now: () => 0, wait });
  return { caller, sent, waits };
}

describe('a request', () => {
  test('goes below the path of the host, which is not signed', async () => {
    const { caller, sent } = callerOf({ tenantId: 't1' }, success);
    await caller.call(list, { limit: 5 });
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({
      address: 'http://server/prefix/api/v3/list-organizations?limit=5',
      method: 'GET',
      headers: {
        'x-genauth-lang': 'zh-CN',
        'x-genauth-tenant-id': 't1',
        authorization: expect.stringMatching(/^GenAuth key:/),
      },
    });
    expect(sent[0]).not.toHaveProperty('body');
  });

  test('with a token buys one first, which carries no credential itself', async () => {
    const bought = { body: { statusCode: 200, message: '', data: { access_token: 'jwt', expires_in: 7200 } } };
    const { caller, sent } = callerOf({ authentication: 'token' }, bought, success);
    await caller.call(list, {});
    await caller.call(create, { name: 'a' });
    expect(sent.map(({ address }) => address.split('/').at(-1))).toEqual([
      'get-management-token',
      'list-organizations',
      'create-department',
    ]);
    expect(sent[0]?.headers).not.toHaveProperty('authorization');
    expect(sent[2]).toMatchObject({ headers: { authorization: 'Bearer jwt' }, body: '{"name":"a"}' });
  });

  test('whose token was refused is sent once more with a new one, whatever it does', async () => {
    const token = (name: string) => ({
      body: { statusCode: 200, message: '', data: { access_token: name, expires_in: 9 } },
    });
    const { caller, sent } = callerOf({ authentication: 'token' }, token('old'), unauthorized, token('new'), success);
    expect(await caller.call(create, {})).toMatchObject({ statusCode: 200 });
    expect(sent.map(({ headers }) => headers['authorization'])).toEqual([
      undefined,
      'Bearer old',
      undefined,
      'Bearer new',
    ]);
  });

  test('that gets no token answers what the server said about the token', async () => {
    const { caller } = callerOf({ authentication: 'token' }, unauthorized);
    expect(await caller.call(list, {})).toEqual(unauthorized.body);
    await expect(caller.call(list, {}, { throwOnError: true })).rejects.toMatchObject({ statusCode: 401 });
  });
});

describe('an answer', () => {
  test('that is a refusal is returned', async () => {
    const { caller } = callerOf({}, refused);
    expect(await caller.call(list, {})).toEqual(refused.body);
  });

  test.each([
    ['the client', { throwOnError: true }, {}],
    ['the call', {}, { throwOnError: true }],
  ])('that is a refusal is thrown when %s says so', async (_who, options, callOptions) => {
    const { caller } = callerOf(options, refused);
    const error = await caller.call(list, {}, callOptions).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(GenAuthError);
    expect(error).toMatchObject({
      name: 'GenAuthError',
      statusCode: 404,
      apiCode: 4040,
      requestId: 'q',
      message: 'not found',
      operation: 'listOrganizations',
      httpStatus: 200,
    });
  });

  test('that HTTP calls a failure is thrown always', async () => {
    const { caller } = callerOf({ retries: 0 }, busy());
    await expect(caller.call(list, {})).rejects.toMatchObject({
      name: 'GenAuthError',
      statusCode: 429,
      requestId: 'b',
    });
  });

  test.each([
    ['a page of a proxy', { status: 502, body: '<html>' }, 502],
    ['another JSON', { body: '[]' }, 200],
  ])('that is %s is no envelope', async (_what, reaction, statusCode) => {
    const { caller } = callerOf({ retries: 0 }, reaction);
    await expect(caller.call(list, {})).rejects.toMatchObject({
      name: 'GenAuthError',
      statusCode,
      requestId: undefined,
    });
  });
});

describe('repetition', () => {
  const broken = new TypeError('fetch failed');

  test('waits a random part of a doubling time', async () => {
    const { caller, sent, waits } = callerOf({ retries: 4 }, broken, busy(), { status: 503, body: '' }, success);
    expect(await caller.call(list, {})).toEqual(success.body);
    expect(sent).toHaveLength(4);
    expect(waits).toEqual([100, 200, 400]);
  });

  test('waits at least as long as the server asks for', async () => {
    const { caller, waits } = callerOf({}, busy({ 'retry-after': '2' }), success);
    await caller.call(list, {});
    expect(waits).toEqual([2100]);
  });

  test('understands the date that a server may name instead', () => {
    const outcome = {
      kind: 'answer',
      httpStatus: 503,
      envelope: undefined,
      retryAfter: 'Thu, 01 Jan 1970 00:00:09 GMT',
    } as const;
    expect(delayBefore(0, outcome, { random: () => 0, now: () => 4000 })).toBe(5000);
    expect(delayBefore(0, { ...outcome, retryAfter: 'soon' }, { random: () => 1, now: () => 0 })).toBe(200);
    expect(delayBefore(30, { ...outcome, retryAfter: null }, { random: () => 1, now: () => 0 })).toBe(5000);
  });

  test('signs every request anew', async () => {
    const { caller, sent } = callerOf({}, broken, success);
    await caller.call(list, {});
    expect(new Set(sent.map(({ headers }) => headers['x-genauth-signature-nonce']))).toHaveProperty('size', 2);
  });

  test('ends, with what came last', async () => {
    const { caller, sent } = callerOf({}, broken);
    await expect(caller.call(list, {})).rejects.toMatchObject({ name: 'GenAuthConnectionError', cause: broken });
    expect(sent).toHaveLength(3);
  });

  test.each([
    ['broken', broken],
    ['busy', busy()],
  ])('is not for what creates something: %s', async (_what, reaction) => {
    const { caller, sent } = callerOf({}, reaction, success);
    await expect(caller.call(create, {})).rejects.toThrow();
    expect(sent).toHaveLength(1);
  });

  test('is not for refusals', async () => {
    const { caller, sent } = callerOf({}, refused);
    await caller.call(list, {});
    expect(sent).toHaveLength(1);
  });

  test('is left out when its time is later than that of the call', async () => {
    const { caller, sent } = callerOf({ timeout: 1000 }, busy({ 'retry-after': '1' }), success);
    await expect(caller.call(list, {})).rejects.toMatchObject({ statusCode: 429 });
    expect(sent).toHaveLength(1);
  });
});

describe('a call ends', () => {
  test('when its time is over', async () => {
    const { caller } = callerOf({ timeout: 5 }, 'silence');
    const error = await caller.call(list, {}).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(GenAuthConnectionError);
    expect(error).toMatchObject({ timedOut: true, operation: 'listOrganizations' });
  });

  test('when it is aborted, with the reason', async () => {
    const { caller } = callerOf({}, 'silence');
    const abort = new AbortController();
    const call = caller.call(list, {}, { signal: abort.signal });
    const reason = new Error('the user left');
    abort.abort(reason);
    await expect(call).rejects.toBe(reason);
  });

  test('before it begins, when it was aborted already', async () => {
    const { caller, sent } = callerOf({}, success);
    await expect(caller.call(list, {}, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
    expect(sent).toHaveLength(0);
  });

  test('while it waits for its next try', async () => {
    const { fetch } = fakeServer(busy({ 'retry-after': '5' }));
    const caller = new Caller(resolveOptions({ accessKeyId: 'a', accessKeySecret: 'b', fetch }));
    const abort = new AbortController();
    const call = caller.call(list, {}, { signal: abort.signal });
    setTimeout(() => abort.abort(), 5);
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('options', () => {
  test.each([
    ['id.example.com/', 'https://id.example.com'],
    ['http://id.example.com/prefix//', 'http://id.example.com/prefix'],
    ['localhost:3000', 'http://localhost:3000'],
    ['127.0.0.1', 'http://127.0.0.1'],
    ['localhost.example.com', 'https://localhost.example.com'],
    ['', 'https://api.genauth.ai'],
  ])('host %j is %s', (host, origin) => {
    expect(resolveOptions({ accessKeyId: 'a', accessKeySecret: 'b', host }).origin).toBe(origin);
  });

  test('that are missing or wrong are refused', () => {
    expect(() => resolveOptions({ accessKeyId: '', accessKeySecret: 'b' })).toThrow('accessKeyId is required');
    expect(() => resolveOptions({ accessKeyId: 'a', accessKeySecret: '' })).toThrow('accessKeySecret is required');
    expect(() => resolveOptions({ accessKeyId: 'a', accessKeySecret: 'b', host: 'http://' })).toThrow(
      'host is no address',
    );
  });
});
