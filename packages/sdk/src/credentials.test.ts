import { describe, expect, test } from 'vitest';
import { Signer, type Stamp, type TokenAnswer, TokenKeeper, type Unauthorized } from './credentials.ts';
import { hmacSha1, webHmacSha1 } from './hmac.ts';
import { toWireInput } from './wire-input.ts';

const key = { accessKeyId: '64f0c2a1b3d4e5f60718293a', accessKeySecret: 'not-a-real-secret-0f1e2d3c4b5a6978' };
const stamp: Stamp = {
  date: new Date('2026-03-03T08:15:30Z'),
  nonce: '5d41402abc4b2a76b9719d911017c592',
  dateHeader: 'date',
};
const never = new AbortController().signal;

const removal: Unauthorized = {
  method: 'POST',
  path: '/api/v3/remove-department-members',
  input: toWireInput('POST', {
    organizationCode: 'acme',
    departmentId: '64f0c2a1b3d4e5f607182940',
    userIds: ['64f0c2a1b3d4e5f607182951', '64f0c2a1b3d4e5f607182952'],
    departmentIdType: 'department_id',
  }),
  headers: { 'x-genauth-lang': 'en-US', 'x-genauth-sdk-version': 'gen-auth-node-sdk:1.0.0' },
};

describe('a signature', () => {
  test('is the one that the published SDK makes', async () => {
    const authorized = await new Signer(key, () => stamp).authorize(removal);
    expect(authorized).toMatchObject({
      headers: { authorization: `GenAuth ${key.accessKeyId}:BlLeqvgbW2JoOyk0XWc6oWHANLQ=` },
    });
  });

  test('is the same with WebCrypto, non-ASCII included', async () => {
    for (const text of ['', 'a', '组织\n🙂']) {
      expect(await webHmacSha1('秘密')(text)).toBe(await hmacSha1('秘密')(text));
    }
  });

  test('covers our own date where the runtime keeps that header for itself', async () => {
    const inBrowser = new Signer(key, () => ({ ...stamp, dateHeader: 'x-genauth-date' }));
    const authorized = await inBrowser.authorize(removal);
    expect(authorized).toMatchObject({ headers: { 'x-genauth-date': 'Tue, 03 Mar 2026 08:15:30 GMT' } });
    expect(authorized).not.toHaveProperty(['headers', 'date']);
  });

  test('is another one each time', async () => {
    const signer = new Signer(key);
    const [one, other] = await Promise.all([signer.authorize(removal), signer.authorize(removal)]);
    expect(one).not.toEqual(other);
  });
});

describe('a token', () => {
  function keeper(...answers: (TokenAnswer | Error)[]) {
    let asked = 0;
    const clock = { now: 0 };
    const tokens = new TokenKeeper(
      async () => {
        const answer = answers[asked++];
        if (answer === undefined || answer instanceof Error) throw answer ?? new Error('asked too often');
        return answer;
      },
      () => clock.now,
    );
    const bearer = async () => {
      const authorized = await tokens.authorize({ ...removal, headers: {} }, never);
      return 'headers' in authorized ? authorized.headers['authorization'] : authorized.refusal;
    };
    return { tokens, clock, bearer };
  }
  const token = (name: string): TokenAnswer => ({ token: name, expiresInSeconds: 7200 });

  test('is bought once for all who wait, and kept', async () => {
    const { bearer } = keeper(token('a'));
    expect(await Promise.all([bearer(), bearer()])).toEqual(['Bearer a', 'Bearer a']);
    expect(await bearer()).toBe('Bearer a');
  });

  test('is renewed before it ends', async () => {
    const { bearer, clock } = keeper(token('a'), token('b'));
    await bearer();
    clock.now = 6479_999;
    expect(await bearer()).toBe('Bearer a');
    clock.now = 6480_000;
    expect(await bearer()).toBe('Bearer b');
  });

  test('that was refused is replaced, and a newer one is kept', async () => {
    const { bearer, tokens } = keeper(token('a'), token('b'));
    await bearer();
    tokens.isRenewable({ authorization: 'Bearer a' });
    expect(await bearer()).toBe('Bearer b');
    tokens.isRenewable({ authorization: 'Bearer a' });
    expect(await bearer()).toBe('Bearer b');
  });

  test('that could not be bought is asked for again', async () => {
    const refusal = { kind: 'answer', httpStatus: 200, retryAfter: null, envelope: undefined } as const;
    const { bearer } = keeper(new Error('no network'), { refusal }, token('a'));
    await expect(bearer()).rejects.toThrow('no network');
    expect(await bearer()).toBe(refusal);
    expect(await bearer()).toBe('Bearer a');
  });

  test('does not hold up who gives up waiting', async () => {
    const tokens = new TokenKeeper(() => new Promise(() => undefined));
    const abort = new AbortController();
    const waiting = tokens.authorize(removal, abort.signal);
    abort.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });
});
