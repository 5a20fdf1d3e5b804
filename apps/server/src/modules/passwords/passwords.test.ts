import { expect, inject, test } from 'vitest';
import { managementToken, startTestServer, testServer, testUserPool } from '../../testing/server.ts';

const { composition } = await testServer();
const { passwords } = composition;

const password = '密码 pa55word!';

/* Made from that password by passlib, argon2-cffi, Django, Werkzeug, Python's hashlib and OpenSSL. */
const hashes: [scheme: string, hash: string, salt: string | null][] = [
  ['bcrypt 2b, passlib', '$2b$04$7jKu/5xJXq5fz47kOZ4Cue5jOBBjqw.sK.fZWosggSO6XElEHn8Si', null],
  ['bcrypt 2a, passlib', '$2a$04$QRBMwgGFJMgPvcwio9FDZu9LqumWGB8pMBS6QHDu97fwp2AgXfDOe', null],
  ['bcrypt 2y, passlib', '$2y$04$4yzFMimfcPS41UnS862PB.1pAkc0wIWuB5Luj3DcX5zoSeRw7XzmW', null],
  ['bcrypt in LDAP', '{CRYPT}$2b$04$FswsspViCwIKbhhRoqWBROzk4vo9Ax0kEQh8Aqxq6R.bhG9J0vr26', null],
  ['PBKDF2-SHA1, passlib', '$pbkdf2$1000$WOud8977HwNAKEVoDYFwLg$cmYaaxdjqqC/jymCVRi8c0Ikoqs', null],
  [
    'PBKDF2-SHA256, passlib',
    '$pbkdf2-sha256$1000$9z7HuLfWurdWSinFeO8dAw$N78UV3YNCGyz4GVi6Rahhna6ijSrvhWflDjCjS5WqO4',
    null,
  ],
  [
    'PBKDF2-SHA512, passlib',
    '$pbkdf2-sha512$1000$YwxBaM0ZwzgnxLg3pvReqw$aY3pyzqwyRL4QRx5cbq8vowpVfcAtnijVOiICzPrvjfKWwbCYZZAEqC3tcO55PuzOZKxuyxZPcAmhVwOXlARDg',
    null,
  ],
  [
    'PBKDF2-SHA256, OpenLDAP',
    '{PBKDF2-SHA256}1000$LKWUspYSAmBs7b1XqvX./w$RXeL/Tm5A.xdGqkJuGK49vlMfZi6178DAHTNRdIR7/Y',
    null,
  ],
  ['PBKDF2-SHA1, OpenLDAP', '{PBKDF2}1000$15ozhvC.9z6ntLYWgrA2Zg$rk305XnFwUazayUcXws2J/8ccOc', null],
  ['scrypt, passlib', '$scrypt$ln=8,r=8,p=1$hzCGcA6hlHIuxZgzxpiTUg$JXR7ksrIul0nYEVMvkL9uLMZpqg0wwgM/Hc6nHi3Gd4', null],
  [
    'Argon2i, argon2-cffi',
    '$argon2i$v=19$m=1024,t=2,p=2$F2dwpImRoXAOqguB0ff2gA$4o20F+YwyCCvMkGO/yD3s8NLn+I+obIgsDgaeqy/cWA',
    null,
  ],
  [
    'Argon2d, argon2-cffi',
    '$argon2d$v=19$m=1024,t=2,p=2$nnBs/4CJPJpoXXQf7CGlNg$zjzl+fRAyYe9uoNRxm/KyU2AOjXZ8EyHhHLQHppSbDA',
    null,
  ],
  [
    'Argon2id, argon2-cffi',
    '$argon2id$v=19$m=1024,t=2,p=2$baxjnxhKbaO+LQUbevAxiA$1ZA4rAsIl18NKi0wDwsGPhv/pwRd4YKccimWOzEF1H8',
    null,
  ],
  [
    'Argon2id of version 16',
    '$argon2id$v=16$m=512,t=2,p=1$c29tZXNhbHRzYWx0$vZEGyCKdnqJmYGoWpqSEZN6JMORYaPsPDIRlWsqPBGw',
    null,
  ],
  [
    'bcrypt of HMAC-SHA256, passlib',
    '$bcrypt-sha256$v=2,t=2b,r=4$ppFQDLy3mBLeW9QeZeO5oO$QDSQa7RTR/9gTFywzg9dCE9Z8wH5kiW',
    null,
  ],
  ['bcrypt of SHA-256, passlib', '$bcrypt-sha256$2b,4$pFNi6Qp5W.eyg12/FtxVTu$EDM2fmTPjhzpPC98Yk033wT6ktr4N1K', null],
  ['MD5 crypt, openssl', '$1$abcdefgh$4oOzwZSadQDlBjxjuie9e1', null],
  ['Apache MD5, openssl', '$apr1$abcdefgh$TvyPevrSrGD6gStLK.aS/1', null],
  ['SHA-256 crypt, openssl', '$5$abcdefghijklmnop$je8wKB/kunW0UUWPj4biKzV.68hbIrOlGsBn7FRs6G.', null],
  [
    'SHA-512 crypt, openssl',
    '$6$abcdefghijklmnop$E.UIlUNAvMx2s531zFIx4H9eQ0V.MukLgmTThZUo/KxC.uPgBAFeJonYae5c/Iqh2aJ/jxL1O8obCHiUSIVqB/',
    null,
  ],
  [
    'SHA-512 crypt, passlib',
    '$6$rounds=1000$pL7KTfya2HfL1m.7$bHYPy07UG4C69JG3kL8AUJ2DZnx548uqVNRiBY6iSc/5cnmXae6xhAuGg5un7ZHoxHai0x59wZLBN50JoUxaC/',
    null,
  ],
  [
    'SHA-256 crypt with the rounds passlib takes',
    '$5$rounds=535000$gJwpPixdNE9V/Vbd$Ga3oB4Om5MvCSvXw7EIrRw2CHuhOWT7slsmXXMPQPoA',
    null,
  ],
  [
    'SHA-512 crypt in LDAP',
    '{CRYPT}$6$pTa5ZtHH3UYxIYwW$SDSrYaUBTlByDTJlCM8Y29sUTegCnX/88gn5bdY3J1tbYhsZw3nE4mb2g90F79rmKj4aIqCAWRov3dAHBucU4.',
    null,
  ],
  [
    'SHA-512 crypt in Dovecot',
    '{SHA512-CRYPT}$6$x$MH7BT7heb3/mmlieXRKyZZiGYQvsWgXXSzihgHKYow.SSWQaNnpnH6I8CzH3CTq0U6P.waRVQMJmmTzTVIpPa0',
    null,
  ],
  ['{SSHA}, passlib', '{SSHA}T+uDmwDvOXfEw149M4UD5zyanlXAOGfs', null],
  ['{SSHA256}, passlib', '{SSHA256}JRpnM5FWPDJrxuHv/EF5YSlImZjbsKnHaHAXKTSpSOy9V0oJIcQ4Zw==', null],
  [
    '{SSHA512}, passlib',
    '{SSHA512}DCFY39Fhl0GeKRNDjFDUkbZuyf6lcGIKPQZGt8yb3uB6tmnUgpPzSHhXRSVRJgNFrqpqAX2VjWt+I0VpdIFSpFJKKWVszTln',
    null,
  ],
  ['{SHA}, passlib', '{SHA}724HUN8lbmDjqOL+QL20bgDvj/k=', null],
  ['{MD5}, passlib', '{MD5}Z7U8/+/E+afnSE8gJRC/mQ==', null],
  ['{SMD5}, passlib', '{SMD5}iGOZsgqD/YDGtXpPebUPyv1/LyU=', null],
  ['PBKDF2-SHA256, Django', 'pbkdf2_sha256$1000$NaClNaCl$DIlBAKKneHL0hMp7NQCDU+wIWJbOilbGnNEQ/F74H+I=', null],
  ['PBKDF2-SHA1, Django', 'pbkdf2_sha1$1000$NaClNaCl$FwrYXLebk4Oul7tbkr6HRlEm/0s=', null],
  [
    'scrypt, Django',
    'scrypt$256$NaClNaCl$8$5$tk0L7kXsZgfS74C50PnIVaUz39j2md8HxTZHeLODRqgIWsodFs+7Jjh1WW5s7gLJvdkpQvOmvUbfIeIndo3kXw==',
    null,
  ],
  ['bcrypt, Django', 'bcrypt$$2b$04$ZMwwzatN.TVvGwJJ/gMo/urPQeaZLg2T5skBYQpd0iA.vY8qVCS0O', null],
  ['bcrypt of SHA-256, Django', 'bcrypt_sha256$$2b$04$2uFqwgU9Dk8u3H0tvwjUgefu3..tAjLK1dafW9yQk42U2pBliJufK', null],
  [
    'Argon2id, Django',
    'argon2$argon2id$v=19$m=1024,t=1,p=1$TmFDbE5hQ2w$cooXye2sdl13j+ntFf9NbTcUF7CUkf6OVC0kuEyXdRU',
    null,
  ],
  ['MD5, Django', 'md5$NaCl$b8d6d3a09b373bcaeac21d97bbbcbc7b', null],
  [
    'PBKDF2-SHA256, Werkzeug',
    'pbkdf2:sha256:1000$6NZB3iAxs16GHGdy$4fbe157af8b290daf4b6e075efc31a01858958b8d5b9f0a977c455562be077a2',
    null,
  ],
  [
    'scrypt, Werkzeug',
    'scrypt:256:8:1$qmepyYgBkPUf9Hqn$c7e8948070bec624179058f2cbb1460960e940e75a102346244c10b75e7c3a82f67df75431e5cb4c0273a6f96e581f1d1d1e60a64212c7fae158a6b22878b4ce',
    null,
  ],
  ['HMAC-SHA256, early Werkzeug', 'sha256$NaCl$ded472ba631dc5000e154f8e11bf745a44d601bc3d6d8b1e48ed0d90471d67fd', null],
  ['md5(salt + password) in hex', '94962ea83c7c8cd9d5c136264f37a3be', 'dgisaeieruur'],
  ['md5(password + salt) in base64', 'Z0H7viWwTgRv+kIaTlxG5w==', 'dgisaeieruur'],
  ['sha1(salt + password) in hex', 'a400c34954b39d446d0723365ab79ef2acbf2124', 'dgisaeieruur'],
  ['sha1(password + salt) in base64', 'WCIBcvWYwWRcFR1YcgSqIR783+A=', 'dgisaeieruur'],
  [
    'sha256(salt + password) in hex',
    'ebad8c805727a419a83da263608f8bb5e824c959b76df05b12a7dc3f5215209a',
    'dgisaeieruur',
  ],
  ['sha256(password + salt) in base64', 'fGP0vU7zVsAlRyqDg8fEbp59GZLkvmQWaJpEogIe2I4=', 'dgisaeieruur'],
  [
    'sha512(salt + password) in hex',
    'be70e2f441c2681093a69274e59c1d1c77a97ae8bd3d209684be5fff684826ca5fa433613b4d4cd970a45607980194204a6144bc81df204909a2a8884ab69fc6',
    'dgisaeieruur',
  ],
  [
    'sha512(password + salt) in base64',
    '7DiXY4x8vxGnL2xzppMJgW+o2956G8zi+lXmzzRAoPUcvXLCcoTLOUBcJTVgGIejXZ9pd3oaNIXA9TSdGNUBHQ==',
    'dgisaeieruur',
  ],
  ['md5 without salt', '67b53cffefc4f9a7e7484f202510bf99', null],
  ['sha256 with a binary salt in hex', '0b3226a9b98db6dfa23969a2533588b485d4f5e18cf7dcada22363e4a2441abe', '00ff10ab'],
  [
    'sha512 with a binary salt in base64',
    '609381DD34DEF1F95124E9ED4732C09461C73B601BBB72C0711AE7356A9E0336BC6E1DEF853F6B0BF910DD59F8DD067D7E8F9970FAD1ECCE9FC55B9B787FEDAE',
    'AP8Qq80zmcwBAgME',
  ],
  [
    'PBKDF2-SHA512, PHC',
    '$pbkdf2-sha512$i=1000,l=32$c2FsdHNhbHRzYWx0$RNfNheSk9g1nQB6J3x3hO+1EmnLkvOv5KFUvfLn27PQ',
    null,
  ],
];

async function stored(pool: { rows: <Row extends object>(table: string) => Promise<Row[]> }) {
  const [row] = await pool.rows<{
    password_hash: string;
    password_salt: string | null;
    password_security_level: number | null;
    password_last_set_at: Date;
    updated_at: Date;
  }>('users');
  return row;
}

test.each(hashes)('keeps a hash as %s, checks it, and hashes a right password anew', async (_scheme, hash, salt) => {
  const pool = await testUserPool();
  const options = { keepPassword: true };
  const user = await pool.do('createUser', { username: 'bob', password: hash, salt, options });
  expect(user.passwordSecurityLevel).toBeNull();
  const before = await stored(pool);
  expect(before).toMatchObject({ password_hash: hash, password_salt: salt });

  expect(await passwords.verify(pool.id, user.userId, 'pa55word!')).toBe(false);
  expect(await passwords.verify(pool.id, user.userId, '')).toBe(false);
  expect((await stored(pool))?.password_hash).toBe(hash);

  expect(await passwords.verify(pool.id, user.userId, password)).toBe(true);
  const after = await stored(pool);
  expect(after?.password_hash).toMatch(/^\$argon2id\$v=19\$m=7168,t=5,p=1\$/);
  expect(after).toEqual({
    ...before,
    password_hash: after?.password_hash,
    password_salt: null,
    password_security_level: 3,
  });
  expect(await passwords.verify(pool.id, user.userId, password)).toBe(true);
  expect(await passwords.verify(pool.id, user.userId, 'pa55word!')).toBe(false);
  expect((await stored(pool))?.password_hash).toBe(after?.password_hash);
  expect(JSON.stringify([await pool.audits(), await pool.events()])).not.toContain(hash.slice(-12));
});

test('a hash of ours is checked, and stays', async () => {
  const pool = await testUserPool();
  const { userId } = await pool.do('createUser', { username: 'bob', password });
  const before = await stored(pool);
  expect(await passwords.verify(pool.id, userId, password)).toBe(true);
  expect(await passwords.verify(pool.id, userId, `${password} `)).toBe(false);
  expect(await passwords.verify(pool.id, userId, 'x'.repeat(100_000))).toBe(false);
  expect(await stored(pool)).toEqual(before);
});

test.each([
  ['a password in clear', 'passw0rd'],
  ['nothing known', '$6$rounds=5000$saltsalt$abcdefghijklmnopqrstuvwxyz'],
  ['a digest of a Unix password with a part too much', `$1$rounds=5000$saltsalt$${'a'.repeat(22)}`],
  ['half a hash', '$argon2id$v=19$m=7168,t=5,p=1$c2FsdHNhbHQ'],
  ['a digest of the wrong length', 'e10adc3949ba59abbe56e057f20f88'],
  ['a digest under another name', 'sha256$salt$e10adc3949ba59abbe56e057f20f883e'],
  ['an LDAP digest without its salt', '{SSHA}724HUN8lbmDjqOL+QL20bgDvj/k='],
])('refuses to keep %s', async (_what, hash) => {
  const pool = await testUserPool();
  const list = [{ username: 'a' }, { username: 'b', password: hash }];
  expect(await pool.call('createUsersBatch', { list, options: { keepPassword: true } })).toMatchObject({
    statusCode: 400,
    message: 'list.1.password is not a password hash of a known kind, so it cannot be kept',
  });
  expect(await pool.rows('users')).toEqual([]);
});

const salt = 'c2FsdHNhbHRzYWx0';
const digest = 'A'.repeat(43);
const costly = [
  `$argon2id$v=19$m=4194304,t=1,p=1$${salt}$${digest}`,
  `$argon2id$v=19$m=65536,t=100,p=1$${salt}$${digest}`,
  `$argon2i$v=19$m=65536,t=1,p=255$${salt}$${digest}`,
  `$2b$20$${'a'.repeat(53)}`,
  `$pbkdf2-sha512$100000000$${salt}$${digest}`,
  `$scrypt$ln=30,r=8,p=1$${salt}$${digest}`,
  `scrypt:32768:8:1000$${salt}$${'ab'.repeat(32)}`,
  `pbkdf2_sha1$2500000$salt$${Buffer.alloc(40).toString('base64')}`,
  `$6$rounds=999999999$saltsalt$${'a'.repeat(86)}`,
  `$bcrypt-sha256$v=2,t=2b,r=20$${'a'.repeat(22)}$${'a'.repeat(31)}`,
  `scrypt$2$salt$1$2097152$${Buffer.alloc(64).toString('base64')}`,
];

test('a hash that would take the server down is neither kept nor ever checked', async () => {
  const pool = await testUserPool();
  for (const hash of costly) {
    const input = { username: 'bob', password: hash, options: { keepPassword: true } };
    expect(await pool.call('createUser', input)).toMatchObject({
      statusCode: 400,
      message: 'password is a password hash that would take too much time or memory to check',
    });
  }
  const { userId } = await pool.do('createUser', { username: 'bob', password });
  for (const hash of costly) {
    await pool.server.sql('update users set password_hash = $2 where id = $1', [userId, hash]);
    expect(await passwords.verify(pool.id, userId, password)).toBe(false);
  }
});

test('it takes as long for users who do not exist, have no password, or one that is hashed with something quick', async () => {
  const pool = await testUserPool();
  const quick = { password: '67b53cffefc4f9a7e7484f202510bf99', options: { keepPassword: true } };
  const ids = [
    (await pool.do('createUser', { username: 'ours', password })).userId,
    pool.id,
    (await pool.do('createUser', { username: 'none' })).userId,
    (await pool.do('createUser', { username: 'quick', ...quick })).userId,
  ];
  const times: number[][] = ids.map(() => []);
  // In turns, so that a machine that is slow for a while is slow for all of them.
  for (let round = 0; round < 9; round++) {
    for (const [index, userId] of ids.entries()) {
      const start = performance.now();
      expect(await passwords.verify(pool.id, userId, 'wrong')).toBe(false);
      times[index]?.push(performance.now() - start);
    }
  }
  const [ours = 0, ...others] = times.map((own) => own.sort((a, b) => a - b)[4] ?? 0);
  for (const other of others) expect(other).toBeGreaterThan(ours / 3);
});

test('a password that changes while its hash is made anew stays changed', async () => {
  const pool = await testUserPool();
  const kept = { password: '67b53cffefc4f9a7e7484f202510bf99', options: { keepPassword: true } };
  for (let round = 0; round < 5; round++) {
    const { userId } = await pool.do('createUser', { username: `user-${round}`, ...kept });
    await Promise.all([
      passwords.verify(pool.id, userId, password),
      pool.do('updateUser', { userId, password: 'another one' }),
      passwords.verify(pool.id, userId, password),
    ]);
    expect(await passwords.verify(pool.id, userId, 'another one')).toBe(true);
    expect(await passwords.verify(pool.id, userId, password)).toBe(false);
  }
});

test('hashes go out where the instance allows it, to the key of the pool itself, and leave an audit row', async () => {
  const pool = await testUserPool();
  const kept = { password: '94962ea83c7c8cd9d5c136264f37a3be', salt: 'dgisaeieruur', options: { keepPassword: true } };
  const { userId: bob } = await pool.do('createUser', { username: 'bob', ...kept });
  const { userId: eve } = await pool.do('createUser', { username: 'eve', password });
  const { userId: joe } = await pool.do('createUser', { username: 'joe' });
  const userIds = [eve, joe, pool.id, bob, eve];
  const answer = await pool.do('getUserEncryptPasswordBatch', { userIds });
  expect(answer).toEqual([
    { userId: eve, encryptedPassword: expect.stringMatching(/^\$argon2id\$/), salt: null },
    { userId: bob, encryptedPassword: kept.password, salt: kept.salt },
  ]);
  const audit = (await pool.audits()).at(-1);
  expect(audit).toMatchObject({ action: 'getUserEncryptPasswordBatch', operation_type: 'export' });
  expect(JSON.stringify(audit)).not.toMatch(/argon2|94962ea/);

  const [key] = await pool.do('createAccessKey', { type: 'userpool' });
  const token = await managementToken(pool.server.origin, key.accessKeyId, key.accessKeySecret);
  const byOther = await pool.call('getUserEncryptPasswordBatch', { userIds }, { authorization: token });
  expect(byOther).toMatchObject({ statusCode: 403 });

  const closed = await startTestServer(inject('connection'), { allowsPasswordHashExport: false });
  const there = await testUserPool({ server: closed });
  expect(await there.call('getUserEncryptPasswordBatch', { userIds })).toMatchObject({
    statusCode: 403,
    message: 'Password hashes are not handed out by this instance',
  });
  await closed.composition.close();
  await closed.database.close();
});

test.each([
  ['Argon2 with less memory than lanes need', '$argon2id$v=19$m=1,t=1,p=16$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA'],
  ['scrypt with parameters that do not go together', `$scrypt$ln=20,r=1,p=1$AAAAAAAAAAA$${'A'.repeat(43)}`],
  ['bcrypt in capitals', `$2A$04$${'a'.repeat(53)}`],
])('a kept hash that is none, %s, is nobody’s password rather than an error', async (_what, hash) => {
  const pool = await testUserPool();
  const options = { keepPassword: true };
  const made = await pool.call('createUser', { username: 'eve', password: hash, options });
  if (made.statusCode !== 200) expect(made.statusCode).toBe(422);
  else expect(await passwords.verify(pool.id, made.data.userId, password)).toBe(false);
});
