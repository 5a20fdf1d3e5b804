import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, expect, inject, test } from 'vitest';
import { managementToken, startTestServer, testServer, testUserPool } from '../../testing/server.ts';
import { send } from '../../testing/wire.ts';

const server = await testServer();
const pool = await testUserPool({ server });
const token = await pool.token();
const closing: (() => Promise<void>)[] = [];
afterAll(() => Promise.all(closing.map((close) => close())));

async function furtherServer(now?: () => number) {
  const further = await startTestServer(inject('connection'), now === undefined ? {} : { now });
  closing.push(async () => {
    await further.composition.close();
    await further.database.close();
  });
  return further;
}

async function list(headers: Readonly<Record<string, string>>, origin = server.origin) {
  return (await send(origin, { method: 'GET', path: '/api/v3/list-access-key', headers })).answer;
}

test('is a JWT that the published keys verify, with the claim clients read', async () => {
  const keys = createRemoteJWKSet(new URL(`${server.origin}/oidc/.well-known/jwks.json`));
  const { payload, protectedHeader } = await jwtVerify(token, keys, { algorithms: ['RS256'] });
  expect(payload['scoped_userpool_id']).toBe(pool.id);
  expect(payload.sub).toBe(pool.id);
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(7200);
  expect(protectedHeader).toMatchObject({ alg: 'RS256', typ: 'JWT' });
});

test('publishes public keys only', async () => {
  const { text } = await send(server.origin, { method: 'GET', path: '/oidc/.well-known/jwks.json' });
  const { keys } = JSON.parse(text);
  expect(keys.length).toBeGreaterThan(0);
  for (const key of keys) expect(Object.keys(key).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
  expect(keys[0].kid).toBe(decodeProtectedHeader(token).kid);
});

test('can be decoded with the ordinary base64 alphabet, as Python does', async () => {
  for (let round = 0; round < 20; round++) {
    const [, payload = ''] = (await managementToken(server.origin, pool.id, pool.secret)).split('.');
    expect(payload).toMatch(/^[A-Za-z0-9]+$/);
  }
});

test('opens the user pool with and without Bearer, in any case of the word', async () => {
  for (const authorization of [token, `Bearer ${token}`, `bearer ${token}`, `Bearer   ${token}  `]) {
    expect((await list({ authorization })).statusCode).toBe(200);
  }
});

test('may name its own user pool, and no other', async () => {
  const authorization = token;
  expect((await list({ authorization, 'x-authing-userpool-id': pool.id })).statusCode).toBe(200);
  expect((await list({ authorization, 'x-authing-userpool-id': '' })).statusCode).toBe(200);
  expect((await list({ authorization, 'x-authing-userpool-id': 'undefined' })).statusCode).toBe(200);
  const foreign = '64f0c2a1b3d4e5f60718293a';
  expect(await list({ authorization, 'x-authing-userpool-id': foreign })).toMatchObject({ statusCode: 403 });
  expect(await list({ authorization, 'x-genauth-userpool-id': foreign })).toMatchObject({ statusCode: 403 });
});

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

test('is refused when any part of it was changed', async () => {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const other = await testUserPool({ server });
  const forged = [
    `${header}.${encoded({ ...claims, scoped_userpool_id: other.id })}.${signature}`,
    `${header}.${encoded({ ...claims, sub: other.id, scoped_userpool_id: other.id })}.${signature}`,
    `${header}.${encoded({ ...claims, exp: claims.exp + 7200 })}.${signature}`,
    `${encoded({ alg: 'none', typ: 'JWT', kid: decodeProtectedHeader(token).kid })}.${payload}.`,
    `${encoded({ alg: 'HS256', typ: 'JWT', kid: decodeProtectedHeader(token).kid })}.${payload}.${signature}`,
    `${encoded({ alg: 'RS256', typ: 'JWT' })}.${payload}.${signature}`,
    `${encoded({ alg: 'RS256', typ: 'JWT', kid: 'another' })}.${payload}.${signature}`,
    `${header}.${payload}.`,
    `${header}.${payload}`,
    `${token}.${signature}`,
    `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
    '...',
    'a.b.c',
    `${'x'.repeat(5000)}.${payload}.${signature}`,
  ];
  for (const one of forged) {
    const answer = await list({ authorization: `Bearer ${one}` });
    expect([one, answer.statusCode]).toEqual([one, 401]);
    expect(answer).not.toHaveProperty('apiCode');
  }
});

test('ends after two hours', async () => {
  let ahead = 0;
  const further = await furtherServer(() => Date.now() + ahead);
  const authorization = await managementToken(further.origin, pool.id, pool.secret);
  expect((await list({ authorization }, further.origin)).statusCode).toBe(200);
  ahead = 7195_000;
  expect((await list({ authorization }, further.origin)).statusCode).toBe(200);
  ahead = 7201_000;
  expect((await list({ authorization }, further.origin)).statusCode).toBe(401);
});

test('is bought with the right secret only, and the refusals look alike', async () => {
  const buy = (body: object) =>
    send(server.origin, { method: 'POST', path: '/api/v3/get-management-token', body: JSON.stringify(body) });
  const wrong = await Promise.all([
    buy({ accessKeyId: pool.id, accessKeySecret: `${pool.secret}0` }),
    buy({ accessKeyId: '64f0c2a1b3d4e5f60718293a', accessKeySecret: pool.secret }),
    buy({ accessKeyId: "' or 1=1 --", accessKeySecret: pool.secret }),
  ]);
  for (const { answer } of wrong) {
    expect({ ...answer, requestId: '' }).toEqual({ ...wrong[0]?.answer, requestId: '' });
    expect(answer.statusCode).toBe(401);
  }
});

test('opens every server of the fleet, and dies on all of them with its key', async () => {
  const further = await furtherServer();
  const [key] = await pool.do('createAccessKey', { type: 'userpool' });
  const authorization = await managementToken(further.origin, key.accessKeyId, key.accessKeySecret);
  for (const { origin } of [server, further]) expect((await list({ authorization }, origin)).statusCode).toBe(200);
  await pool.do('updateAccessKey', { accessKeyId: key.accessKeyId, enable: false });
  expect((await list({ authorization })).statusCode).toBe(401);
  const elsewhere = async () => (await list({ authorization }, further.origin)).statusCode;
  await expect.poll(elsewhere, { timeout: 1000, interval: 5 }).toBe(401);
  // A token of the key's earlier life stays dead when the key lives again, on every server.
  await pool.do('updateAccessKey', { accessKeyId: key.accessKeyId, enable: true });
  const fresh = await managementToken(server.origin, key.accessKeyId, key.accessKeySecret);
  expect((await list({ authorization: fresh }, further.origin)).statusCode).toBe(200);
  expect(await elsewhere()).toBe(401);
});
