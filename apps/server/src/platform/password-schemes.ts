import { createHash, createHmac, pbkdf2, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { verify as verifyArgon2 } from '@node-rs/argon2';
import { verify as verifyBcrypt } from '@node-rs/bcrypt';
import type { UnixCryptParameters } from './unix-crypt.ts';

/** A stored password hash whose scheme is known. */
export interface RecognizedHash {
  /** Whether checking it would take so much time or memory that whoever sent it could stop the server with it. */
  readonly isTooCostly: boolean;
  /** Whether checking it takes milliseconds, on libuv's threads. */
  readonly isSlow: boolean;
  verify(password: string): Promise<boolean>;
}

/** Reads one notation; nothing when the text is none of its. */
type Scheme = (text: string, salt: string | null) => RecognizedHash | undefined;

/**
 * Recognizes a hash by its text: what other systems write when their users are exported. `salt` is kept beside it and
 * matters to plain digests alone, which do not carry theirs.
 */
export function recognizePasswordHash(text: string, salt: string | null): RecognizedHash | undefined {
  for (const scheme of schemes) {
    const found = scheme(text, salt);
    if (found !== undefined) return found;
  }
  return undefined;
}

const maxMemoryKib = 256 * 1024;
/** Of Argon2: memory times passes. About a second of one core. */
const maxWorkKib = 1024 * 1024;
const maxBcryptCost = 14;
/** Of PBKDF2: iterations times the digests it takes to fill the hash. */
const maxPbkdf2Work = 2_500_000;
/** Of scrypt: N times r times p; its memory is 128 times N times r. */
const maxScryptWork = 2 ** 22;
/** Of the SHA schemes of `crypt(3)`. About a second of one core. */
const maxUnixCryptRounds = 1_000_000;
/** Each costs something besides that work, however small the others are. */
const maxScryptLanes = 64;

/** RFC 9106, in PHC string format; Django writes its own name before it. */
const argon2: Scheme = (text) => {
  const phc = text.replace(/^argon2\$/, '$');
  const [, memory, passes, lanes] =
    /^\$argon2(?:id|i|d)(?:\$v=(?:16|19))?\$m=(\d{1,9}),t=(\d{1,6}),p=(\d{1,4})\$[\w+/]{8,128}\$[\w+/]{16,128}$/.exec(
      phc,
    ) ?? [];
  if (memory === undefined) return undefined;
  const [memoryKib, times] = [Number(memory), Number(passes)];
  return {
    isTooCostly: memoryKib > maxMemoryKib || memoryKib * times > maxWorkKib || Number(lanes) > 16,
    isSlow: true,
    verify: (password) => verifyArgon2(phc, password),
  };
};

/** `$2a$`, `$2b$` and `$2y$` differ in bugs of old libraries that no password of theirs shows. */
const bcrypt: Scheme = (text) => {
  const [, before, hash, cost] =
    /^(bcrypt\$|bcrypt_sha256\$|\{CRYPT\}|)(\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53})$/i.exec(text) ?? [];
  if (hash === undefined) return undefined;
  // Django hashes long passwords first, because bcrypt reads no more than 72 bytes.
  const prepare =
    before === 'bcrypt_sha256$' ? (password: string) => digestOf('sha256', password).toString('hex') : same;
  return {
    isTooCostly: Number(cost) > maxBcryptCost || Number(cost) < 4,
    isSlow: true,
    verify: (password) => verifyBcrypt(prepare(password), hash),
  };
};

/** passlib's way around the 72 bytes: bcrypt of a SHA-256 digest, or of an HMAC with the salt as its key. */
const bcryptOfDigest: Scheme = (text) => {
  const [, isKeyed, version = '', cost = '', salt = '', rest = ''] =
    /^\$bcrypt-sha256\$(v=2,t=)?(2[ab]),(?:r=)?(\d{1,2})\$([./A-Za-z0-9]{22})\$([./A-Za-z0-9]{31})$/.exec(text) ?? [];
  const found = bcrypt(`$${version}$${cost.padStart(2, '0')}$${salt}${rest}`, null);
  const prepare = (password: string) =>
    isKeyed ? createHmac('sha256', salt).update(password).digest() : digestOf('sha256', password);
  return found && { ...found, verify: (password) => found.verify(prepare(password).toString('base64')) };
};

const digests = ['sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'md5'];

/** RFC 8018, as Django (`pbkdf2_sha256$`), Werkzeug (`pbkdf2:sha256:`), passlib, PHC and OpenLDAP write it. */
const pbkdf2Notations: readonly { pattern: RegExp; decodesSalt: boolean; encoding: 'base64' | 'hex' }[] = [
  { pattern: /^pbkdf2_(sha\d+)\$(\d+)\$([^$]+)\$([\w+/]+=*)$/, decodesSalt: false, encoding: 'base64' },
  { pattern: /^pbkdf2:(sha\d+):(\d+)\$([^$]+)\$([0-9a-f]+)$/, decodesSalt: false, encoding: 'hex' },
  {
    pattern: /^\$pbkdf2(?:-(sha\d+))?\$(?:i=)?(\d+)(?:,l=\d+)?\$([\w./+]+)\$([\w./+]+)$/,
    decodesSalt: true,
    encoding: 'base64',
  },
  { pattern: /^\{PBKDF2(?:-(SHA\d+))?\}(\d+)\$([\w./+]+)\$([\w./+]+)$/, decodesSalt: true, encoding: 'base64' },
];

const pbkdf2Hash: Scheme = (text) => {
  for (const { pattern, decodesSalt, encoding } of pbkdf2Notations) {
    const [match, name = 'sha1', count = '', salt = '', hash = ''] = pattern.exec(text) ?? [];
    const digest = name.toLowerCase();
    if (match === undefined || !digests.includes(digest)) continue;
    const expected = encoding === 'hex' ? Buffer.from(hash, 'hex') : fromBase64(hash);
    const iterations = Number(count);
    if (expected.length < 16 || expected.length > 128 || iterations < 1) return undefined;
    const saltBytes = decodesSalt ? fromBase64(salt) : salt;
    return {
      isTooCostly: iterations * Math.ceil(expected.length / digestOf(digest, '').length) > maxPbkdf2Work,
      isSlow: true,
      verify: async (password) =>
        isSame(await promisify(pbkdf2)(password, saltBytes, iterations, expected.length, digest), expected),
    };
  }
  return undefined;
};

/** RFC 7914, as PHC and passlib, Django and Werkzeug write it. */
const scryptHash: Scheme = (text) => {
  const phc = /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([\w./+]+)\$([\w./+]+)$/.exec(text);
  const django = /^scrypt\$(\d+)\$([^$]+)\$(\d+)\$(\d+)\$([\w+/]+=*)$/.exec(text);
  const werkzeug = /^scrypt:(\d+):(\d+):(\d+)\$([^$]+)\$([0-9a-f]+)$/.exec(text);
  const [cost, r, p, salt, expected] = phc
    ? [2 ** Number(phc[1]), phc[2], phc[3], fromBase64(phc[4]), fromBase64(phc[5])]
    : django
      ? [Number(django[1]), django[3], django[4], django[2], fromBase64(django[5])]
      : werkzeug
        ? [Number(werkzeug[1]), werkzeug[2], werkzeug[3], werkzeug[4], Buffer.from(werkzeug[5] ?? '', 'hex')]
        : [];
  if (cost === undefined || salt === undefined || expected === undefined) return undefined;
  const [blockSize, parallelization] = [Number(r), Number(p)];
  const isPossible = cost > 1 && Number.isInteger(Math.log2(cost)) && blockSize > 0 && parallelization > 0;
  if (!isPossible || expected.length < 16 || expected.length > 128) return undefined;
  const options = { cost, blockSize, parallelization, maxmem: 2 * maxMemoryKib * 1024 };
  return {
    isTooCostly:
      (128 * cost * blockSize) / 1024 > maxMemoryKib ||
      cost * blockSize * parallelization > maxScryptWork ||
      parallelization > maxScryptLanes,
    isSlow: true,
    verify: (password) =>
      new Promise((resolve, reject) => {
        scrypt(password, salt, expected.length, options, (error, key) =>
          error === null ? resolve(isSame(key, expected)) : reject(error),
        );
      }),
  };
};

/** What `crypt(3)` and `openssl passwd` write into `/etc/shadow`, LDAP and mail servers: MD5, SHA-256, SHA-512. */
const unixCryptHash: Scheme = (text) => {
  const [before, scheme = '', ...rest] = text.replace(/^\{(?:CRYPT|(?:MD5|SHA256|SHA512)-CRYPT)\}/, '').split('$');
  const count = /^rounds=(\d{1,9})$/.exec(rest[0] ?? '')?.[1];
  const [salt = '', digest = '', ...more] = count === undefined ? rest : rest.slice(1);
  if (before !== '' || more.length > 0 || salt.length > 16 || !/^[./0-9A-Za-z]+$/.test(digest)) return undefined;
  const length = unixCryptLengths.get(scheme);
  const isMd5 = length === 22;
  if (digest.length !== length || (isMd5 && (count !== undefined || salt.length > 8))) return undefined;
  // Fewer and more are made these, says the specification.
  const rounds = Math.min(Math.max(Number(count ?? 5000), 1000), 999_999_999);
  const parameters = { scheme: scheme as UnixCryptParameters['scheme'], salt, rounds };
  return {
    isTooCostly: rounds > maxUnixCryptRounds,
    isSlow: true,
    verify: async (password) => isSame(Buffer.from(await onThread(password, parameters)), Buffer.from(digest)),
  };
};

const unixCryptLengths: ReadonlyMap<string, number> = new Map([
  ['1', 22],
  ['apr1', 22],
  ['5', 43],
  ['6', 86],
]);

function onThread(password: string, parameters: UnixCryptParameters): Promise<string> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL('./unix-crypt-thread.ts', import.meta.url), {
      workerData: { password, parameters },
    });
    thread.once('message', resolve);
    thread.once('error', reject);
    thread.once('exit', () => reject(new Error('the thread that checks a password ended without an answer')));
  });
}

/** RFC 2307 and its followers: `{SSHA}` and the like, base64 of a digest and the salt after it. */
const ldap: Scheme = (text) => {
  const [, isSalted, name = '', body = ''] = /^\{(S?)(SHA-?\d*|MD5)\}([\w+/]+=*)$/i.exec(text) ?? [];
  if (isSalted === undefined) return undefined;
  const digest = name.toLowerCase() === 'sha' ? 'sha1' : name.toLowerCase().replace('-', '');
  if (!digests.includes(digest)) return undefined;
  const bytes = fromBase64(body);
  const length = digestOf(digest, '').length;
  const salt = bytes.subarray(length);
  if (bytes.length < length || salt.length > 64 || salt.length > 0 !== (isSalted !== '')) return undefined;
  const expected = bytes.subarray(0, length);
  return quick((password) => isSame(digestOf(digest, Buffer.concat([Buffer.from(password), salt])), expected));
};

/** `sha1$salt$digest`, as Django and Werkzeug used to write it. */
const namedDigest: Scheme = (text) => {
  const [, name = '', salt = '', hash = ''] = /^(sha\d+|md5)\$([^$]*)\$([0-9a-f]+)$/.exec(text) ?? [];
  return digests.includes(name) ? saltedDigest(name, Buffer.from(hash, 'hex'), [Buffer.from(salt)]) : undefined;
};

const lengths: ReadonlyMap<number, string> = new Map(digests.map((digest) => [digestOf(digest, '').length, digest]));

/** A digest in hex or base64, its salt beside it: as text, or written in hex or base64 itself. */
const bareDigest: Scheme = (text, salt) => {
  const bytes = Buffer.from(text, /^([0-9a-f]{2})+$/i.test(text) ? 'hex' : 'base64');
  // In base64 only as it should be, with its padding: other texts of that length may be anything.
  const isWhole = bytes.toString('base64') === text || bytes.toString('hex') === text.toLowerCase();
  const digest = lengths.get(bytes.length);
  if (!isWhole || digest === undefined) return undefined;
  const given = salt ?? '';
  const salts: Buffer[] = [Buffer.from(given)];
  if (/^([0-9a-f]{2})+$/i.test(given)) salts.push(Buffer.from(given, 'hex'));
  if (/^[\w+/]{8,}={0,2}$/.test(given) && given.length % 4 === 0) salts.push(fromBase64(given));
  return saltedDigest(digest, bytes, salts);
};

const schemes: readonly Scheme[] = [
  argon2,
  bcrypt,
  bcryptOfDigest,
  pbkdf2Hash,
  scryptHash,
  unixCryptHash,
  ldap,
  namedDigest,
  bareDigest,
];

/** Nobody writes down whether the salt went before or after the password, or was the key of an HMAC. */
function saltedDigest(digest: string, expected: Buffer, salts: readonly Buffer[]): RecognizedHash | undefined {
  if (digestOf(digest, '').length !== expected.length) return undefined;
  return quick((text) => {
    const password = Buffer.from(text);
    const candidates = salts.flatMap((salt) => [
      digestOf(digest, Buffer.concat([salt, password])),
      digestOf(digest, Buffer.concat([password, salt])),
      ...(salt.length === 0 ? [] : [createHmac(digest, salt).update(password).digest()]),
    ]);
    // All of them, so that the time tells nothing.
    return candidates.map((candidate) => isSame(candidate, expected)).includes(true);
  });
}

function quick(verify: (password: string) => boolean): RecognizedHash {
  return { isTooCostly: false, isSlow: false, verify: async (password) => verify(password) };
}

function digestOf(digest: string, data: string | Buffer): Buffer {
  return createHash(digest).update(data).digest();
}

function isSame(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Any of its alphabets: passlib writes `.` for `+`. */
function fromBase64(text = ''): Buffer {
  return Buffer.from(text.replaceAll('.', '+'), 'base64');
}

function same(text: string): string {
  return text;
}
