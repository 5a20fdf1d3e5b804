import { constants, createPrivateKey, generateKeyPair, type KeyObject, privateDecrypt } from 'node:crypto';
import { promisify } from 'node:util';
import type { Database } from '../../platform/database/database.ts';
import type { Seal } from '../../platform/seal.ts';
import { insertPasswordKey, listPasswordKeys, type PasswordKeyRow } from './store.ts';

/** How a password may come: as it is, or encrypted for one of the published keys. */
export type PasswordEncryption = 'none' | 'rsa' | 'sm2';

/** The instance's keys for passwords. */
export interface PasswordKeys {
  /** PEM, SubjectPublicKeyInfo. */
  readonly rsaPublicKey: string;
  /** The uncompressed point in hex, `04` first. */
  readonly sm2PublicKey: string;
  /** The password that was encrypted, or nothing, whatever the reason. */
  decrypt(encryption: PasswordEncryption, text: string): Promise<string | undefined>;
}

/** Loads the keys, and makes them in a new database. */
export async function openPasswordKeys(database: Database, seal: Seal): Promise<PasswordKeys> {
  const keys = await loadKeys(database, seal);
  const open = ({ algorithm, privateKeySealed }: PasswordKeyRow) => seal.open(privateKeySealed, contextOf(algorithm));
  const rsaKey = createPrivateKey(open(keys.rsa));
  const sm2Key = open(keys.sm2);
  return {
    rsaPublicKey: keys.rsa.publicKey,
    sm2PublicKey: keys.sm2.publicKey,
    async decrypt(encryption, text) {
      switch (encryption) {
        case 'none':
          return text.length > maxPasswordLength ? undefined : text;
        case 'rsa':
          return toPassword(decryptRsa(rsaKey, text), minRsaPasswordBytes);
        case 'sm2':
          return toPassword(await decryptSm2(sm2Key, text), 1);
      }
    },
  };
}

async function loadKeys(database: Database, seal: Seal): Promise<Record<PasswordKeyRow['algorithm'], PasswordKeyRow>> {
  const find = (rows: readonly PasswordKeyRow[]) => {
    const [rsa, sm2] = (['rsa', 'sm2'] as const).map((wanted) => rows.find(({ algorithm }) => algorithm === wanted));
    return rsa === undefined || sm2 === undefined ? undefined : { rsa, sm2 };
  };
  const known = find(await database.acrossUserPools((across) => listPasswordKeys(across)));
  if (known !== undefined) return known;
  const made = [await generateRsa(seal), await generateSm2(seal)];
  const stored = await database.acrossUserPools(async (across) => {
    for (const key of made) await insertPasswordKey(across, key);
    return listPasswordKeys(across);
  });
  const found = find(stored);
  if (found === undefined) throw new Error('no password keys');
  return found;
}

function contextOf(algorithm: PasswordKeyRow['algorithm']): string {
  return `password_keys/${algorithm}`;
}

async function generateRsa(seal: Seal): Promise<PasswordKeyRow> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return {
    algorithm: 'rsa',
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString().trim(),
    privateKeySealed: seal.seal(pem, contextOf('rsa')),
  };
}

async function generateSm2(seal: Seal): Promise<PasswordKeyRow> {
  const { sm2 } = await import('sm-crypto-v2');
  const { publicKey, privateKey } = sm2.generateKeyPairHex();
  return { algorithm: 'sm2', publicKey, privateKeySealed: seal.seal(privateKey, contextOf('sm2')) };
}

const rsaBytes = 256;

/**
 * RFC 8017 §7.2, PKCS#1 v1.5, as the published web clients encrypt. For a wrong padding OpenSSL answers not an error but
 * random bytes that depend on nothing but key and ciphertext ("implicit rejection"), so that nobody learns from our
 * answers which paddings are right (Bleichenbacher). `toPassword` refuses what no password looks like.
 */
function decryptRsa(key: KeyObject, text: string): Buffer | undefined {
  const ciphertext = Buffer.from(text, 'base64');
  if (ciphertext.length !== rsaBytes) return undefined;
  try {
    return privateDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, ciphertext);
  } catch {
    return undefined;
  }
}

/** x and y of a point, and an SM3 digest. */
const minSm2Digits = 2 * (64 + 32);

/**
 * GB/T 32918.4. Its digest C3 tells right from wrong, so both orders of the parts can be tried: C1 C3 C2 as the standard has
 * it, and C1 C2 C3 as older libraries write it. Some leave out the `04` before the point; one client writes `sm2:` first.
 */
async function decryptSm2(privateKey: string, text: string): Promise<Uint8Array | undefined> {
  const digits = text.replace(/^sm2:/, '').toLowerCase();
  if (!/^([0-9a-f]{2})+$/.test(digits)) return undefined;
  const { sm2 } = await import('sm-crypto-v2');
  const forms = [digits.replace(/^04/, ''), digits].filter(({ length }) => length > minSm2Digits);
  for (const form of new Set(forms)) {
    for (const order of [1, 0]) {
      try {
        const plain = sm2.doDecrypt(form, privateKey, order, { output: 'array' });
        if (plain.length > 0) return plain;
      } catch {
        // Not a point of the curve: another form may be one.
      }
    }
  }
  return undefined;
}

/** Of the random bytes above, one text in 60,000 looks like a password of this length or longer. */
const minRsaPasswordBytes = 6;
const maxPasswordLength = 1024;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text, if somebody can have typed it: UTF-8 without control characters, neither tiny nor huge. */
function toPassword(plain: Uint8Array | undefined, minBytes: number): string | undefined {
  if (plain === undefined || plain.length < minBytes) return undefined;
  try {
    const password = utf8.decode(plain);
    return /\p{Cc}/u.test(password) || password.length > maxPasswordLength ? undefined : password;
  } catch {
    return undefined;
  }
}
