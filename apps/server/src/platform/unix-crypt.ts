import { createHash } from 'node:crypto';

/** What the hashes that `crypt(3)` writes are made with: `$1$`, `$apr1$`, `$5$` and `$6$`. */
export interface UnixCryptParameters {
  readonly scheme: '1' | 'apr1' | '5' | '6';
  readonly salt: string;
  /** Of the SHA schemes; the MD5 ones have a thousand. */
  readonly rounds: number;
}

/** The digest of a password as `crypt(3)` writes it. Takes milliseconds to seconds, all of them on the thread that calls it. */
export function unixCrypt(password: string, parameters: UnixCryptParameters): string {
  return parameters.scheme === '5' || parameters.scheme === '6'
    ? shaCrypt(Buffer.from(password), parameters)
    : md5Crypt(Buffer.from(password), parameters);
}

type Digest = 'md5' | 'sha256' | 'sha512';

function hash(digest: Digest, ...parts: readonly Buffer[]): Buffer {
  const made = createHash(digest);
  for (const part of parts) made.update(part);
  return made.digest();
}

/** Poul-Henning Kamp's scheme; Apache has a prefix of its own for it, which takes part. */
function md5Crypt(password: Buffer, { scheme, salt: saltText }: UnixCryptParameters): string {
  const salt = Buffer.from(saltText);
  const inner = hash('md5', password, salt, password);
  const parts = [password, Buffer.from(`$${scheme}$`), salt, repeatTo(inner, password.length)];
  for (let bits = password.length; bits > 0; bits >>= 1) {
    parts.push(bits & 1 ? Buffer.alloc(1) : password.subarray(0, 1));
  }
  const result = inRounds('md5', hash('md5', ...parts), password, salt, 1000);
  return encode(result, [...[0, 1, 2, 3].map((at) => [at, at + 6, at + 12]), [4, 10, 5], [11]]);
}

/** Ulrich Drepper, "Unix crypt using SHA-256 and SHA-512"; the numbers are those of its steps. */
function shaCrypt(password: Buffer, { scheme, salt: saltText, rounds }: UnixCryptParameters): string {
  const digest = scheme === '5' ? 'sha256' : 'sha512';
  const salt = Buffer.from(saltText);
  const inner = hash(digest, password, salt, password); // 4 to 8
  const parts = [password, salt, repeatTo(inner, password.length)]; // 1 to 3, 9 and 10
  for (let bits = password.length; bits > 0; bits >>= 1) parts.push(bits & 1 ? inner : password); // 11
  const start = hash(digest, ...parts); // 12
  const ofPassword = hash(digest, repeatTo(password, password.length ** 2)); // 13 to 15
  const ofSalt = hash(digest, repeatTo(salt, salt.length * (16 + (start[0] ?? 0)))); // 17 to 19
  const p = repeatTo(ofPassword, password.length); // 16
  const s = repeatTo(ofSalt, salt.length); // 20
  const result = inRounds(digest, start, p, s, rounds); // 21
  return encode(result, digest === 'sha256' ? sha256Order : sha512Order); // 22
}

/** What all of them have in common, so that trying passwords takes time. */
function inRounds(digest: Digest, start: Buffer, password: Buffer, salt: Buffer, rounds: number): Buffer {
  let result = start;
  for (let round = 0; round < rounds; round++) {
    const made = createHash(digest).update(round & 1 ? password : result);
    if (round % 3 !== 0) made.update(salt);
    if (round % 7 !== 0) made.update(password);
    result = made.update(round & 1 ? result : password).digest();
  }
  return result;
}

function repeatTo(bytes: Buffer, length: number): Buffer {
  return length === 0 ? Buffer.alloc(0) : Buffer.alloc(length, bytes);
}

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** The bytes in which the digest is written, three by three, each three as four characters with the lowest bits first. */
type Order = readonly (readonly number[])[];

const sha256Order: Order = [
  ...Array.from({ length: 10 }, (_, index) => turned([0, 10, 20], index, (index * 2) % 3)),
  [31, 30],
];
const sha512Order: Order = [...Array.from({ length: 21 }, (_, index) => turned([0, 21, 42], index, index % 3)), [63]];

/** Three places moved on, the first of them behind the others as often as said. */
function turned(places: readonly number[], by: number, times: number): number[] {
  const moved = places.map((place) => place + by);
  return [...moved.slice(times), ...moved.slice(0, times)];
}

function encode(digest: Buffer, order: Order): string {
  return order
    .map((places) => {
      let bits = places.reduce((value, place) => (value << 8) | (digest[place] ?? 0), 0);
      let text = '';
      for (let count = Math.ceil((places.length * 8) / 6); count > 0; count--) {
        text += alphabet.charAt(bits & 63);
        bits >>= 6;
      }
      return text;
    })
    .join('');
}
