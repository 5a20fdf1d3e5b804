import { constants, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto';
import { AuthenticationClient } from 'authing-node-sdk';
import { sm2 } from 'sm-crypto-v2';
import { expect, inject, test } from 'vitest';
import { startTestServer, testServer, testUserPool } from '../../testing/server.ts';

async function systemOf(origin: string) {
  const response = await fetch(`${origin}/api/v3/system`);
  return (await response.json()) as {
    statusCode: number;
    rsa: { publicKey: string };
    sm2: { publicKey: string };
    version: Record<string, string>;
    publicIps: string[];
  };
}

const { origin } = await testServer();
const keys = await systemOf(origin);

function encryptRsa(plain: string | Buffer): string {
  const padding = constants.RSA_PKCS1_PADDING;
  return publicEncrypt({ key: keys.rsa.publicKey, padding }, Buffer.from(plain)).toString('base64');
}

test('tells everybody the version and the keys, the same ones from every server', async () => {
  expect(keys).toMatchObject({ statusCode: 200, version: { server: '0.1.0', console: '0.1.0', login: '0.1.0' } });
  expect(keys.publicIps).toEqual([]);
  expect(keys).not.toHaveProperty('data');
  expect(createPublicKey(keys.rsa.publicKey).asymmetricKeyDetails).toMatchObject({ modulusLength: 2048 });
  expect(keys.sm2.publicKey).toMatch(/^04[0-9a-f]{128}$/);
  const other = await startTestServer(inject('connection'));
  const { rsa, sm2: otherSm2 } = await systemOf(other.origin);
  expect([rsa, otherSm2]).toEqual([keys.rsa, keys.sm2]);
  await other.composition.close();
  await other.database.close();
  const rows = await (await testServer()).sql<{ private_key_sealed: Buffer }>('select * from password_keys');
  expect(rows).toHaveLength(2);
  for (const row of rows) expect(row.private_key_sealed.toString('latin1')).not.toContain('PRIVATE KEY');
});

const plain = '密码 passw0rd!';
const hash = '$2b$04$7jKu/5xJXq5fz47kOZ4Cue5jOBBjqw.sK.fZWosggSO6XElEHn8Si';

/** The ways to write a text that is encrypted. */
const writers: readonly [string, string, (text: string) => string][] = [
  ['none', 'as it is', (text) => text],
  ['rsa', 'in base64', encryptRsa],
  ['sm2', 'C1C3C2', (text) => encryptSm2(text, 1)],
  ['sm2', '04 and C1C3C2', (text) => `04${encryptSm2(text, 1)}`],
  ['sm2', 'C1C2C3 in capitals', (text) => encryptSm2(text, 0).toUpperCase()],
  ['sm2', '04 and C1C2C3', (text) => `04${encryptSm2(text, 0)}`],
  ['sm2', 'sm2: and C1C3C2', (text) => `sm2:${encryptSm2(text, 1)}`],
];

function encryptSm2(text: string, order: 0 | 1): string {
  return sm2.doEncrypt(text, keys.sm2.publicKey, order);
}

test('the published Node SDK reads the keys where it looks for them', async () => {
  const client = new AuthenticationClient({ appId: 'app', appSecret: 'secret', appHost: origin, redirectUri: origin });
  expect(await client.getSystemInfo()).toMatchObject({
    rsa: keys.rsa,
    sm2: keys.sm2,
    version: keys.version,
    publicIps: [],
  });
});

test.each(writers)(
  'takes passwords encrypted as %s, %s, in every operation that takes one',
  async (type, _how, write) => {
    const pool = await testUserPool();
    const options = { passwordEncryptType: type };
    const kept = { username: 'a', password: write(hash), options: { ...options, keepPassword: true } };
    const { userId } = await pool.do('createUser', kept);
    expect(await pool.rows('users')).toMatchObject([{ password_hash: hash }]);
    const password = write(plain);
    const answers = [
      await pool.do('createUser', { username: 'b', password, options }),
      await pool.do('createUsersBatch', { list: [{ username: 'c', password }], options }),
      await pool.do('updateUserBatch', { list: [{ userId, password }], options }),
    ].flat();
    answers.push(await pool.do('updateUser', { userId, password, options }));
    for (const user of answers) {
      expect(user.passwordSecurityLevel).toBe(3);
      expect(await pool.server.composition.passwords.verify(pool.id, user.userId, plain)).toBe(true);
    }
  },
);

/** With the first four bits kept the number stays below the modulus. */
function garbage(): string {
  return Buffer.concat([Buffer.of(0x1f), randomBytes(255)]).toString('base64');
}

test('whatever is wrong with a ciphertext, the answer is the same, and nothing is stored', async () => {
  const pool = await testUserPool();
  const c1c3c2 = encryptSm2(plain, 1);
  const wrong = [
    ['rsa', plain],
    ['rsa', 'AAAA'],
    ['rsa', garbage()],
    ['rsa', encryptRsa(randomBytes(64))],
    ['rsa', encryptRsa('')],
    ['rsa', encryptRsa('a\0bcdefg')],
    ['rsa', c1c3c2],
    ['sm2', plain],
    ['sm2', encryptRsa(plain)],
    ['sm2', 'ab'.repeat(120)],
    ['sm2', c1c3c2.slice(0, -2)],
    ['sm2', `${c1c3c2.slice(0, -2)}${c1c3c2.endsWith('00') ? '01' : '00'}`],
    ['sm2', '04'],
    ['none', 'x'.repeat(1025)],
  ];
  for (const [passwordEncryptType, password] of wrong) {
    const list = [{ username: 'a' }, { username: 'b', password }];
    const answers = [
      await pool.call('createUser', { username: 'a', password, options: { passwordEncryptType } }),
      await pool.call('createUsersBatch', { list, options: { passwordEncryptType } }),
    ];
    expect(answers.map(({ statusCode, message }) => [statusCode, message])).toEqual([
      [400, 'Parameter password is malformed'],
      [400, 'Parameter list.1.password is malformed'],
    ]);
  }
  expect(await pool.rows('users')).toEqual([]);
});

test('random bytes are no password, however many are tried', async () => {
  const pool = await testUserPool();
  const answers = await Promise.all(
    Array.from({ length: 300 }, () =>
      pool.call('createUser', { username: 'a', password: garbage(), options: { passwordEncryptType: 'rsa' } }),
    ),
  );
  // OpenSSL answers random bytes for each; one in 60,000 might pass for a password.
  expect(answers.filter(({ statusCode }) => statusCode === 400).length).toBeGreaterThanOrEqual(299);
});
