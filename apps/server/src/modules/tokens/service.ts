import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type JsonWebKey,
  type KeyObject,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { promisify } from 'node:util';
import { LRUCache } from 'lru-cache';
import type { AccessKey } from '../../platform/credentials/authenticate.ts';
import type { Database } from '../../platform/database/database.ts';
import { newId, newSecret } from '../../platform/ids.ts';
import type { Handlers } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import type * as contract from './contract.ts';
import { tokenErrors } from './contract.ts';
import { insertActiveSigningKey, listSigningKeys } from './store.ts';

/** Readers of the published keys expect RSA: some take the first key whatever it is. */
const algorithm = 'RS256';
const lifetimeSeconds = 7200;

/** What a management token says. */
export interface ManagementClaims {
  readonly accessKeyId: string;
  readonly userPoolId: string;
  readonly tokenGeneration: number;
}

/** Makes and reads management tokens with the instance's signing keys. */
export interface ManagementTokens {
  issue(key: AccessKey, now: number): string;
  /** The claims of a genuine, unexpired token, or nothing. */
  read(token: string): ManagementClaims | undefined;
  /** The public keys, RFC 7517. */
  keySet(): { keys: JsonWebKey[] };
}

interface SigningKey {
  readonly id: string;
  readonly publicJwk: JsonWebKey;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** Loads the signing keys, and makes the first one in a new database. */
export async function openManagementTokens(
  database: Database,
  seal: Seal,
  now: () => number,
): Promise<ManagementTokens> {
  const keys = await loadSigningKeys(database, seal);
  const [active] = keys;
  if (active === undefined) throw new Error('no signing key');
  const byId = new Map(keys.map((key) => [key.id, key]));
  // Checking a signature costs more than the rest of many requests, and clients send one token for two hours.
  const checked = new LRUCache<string, { claims: ManagementClaims; expiresAt: number }>({ max: 10_000 });

  return {
    issue: (key, at) => signToken(active, key, Math.floor(at / 1000)),
    read(token) {
      let found = checked.get(token);
      if (found === undefined) {
        found = readToken(token, byId);
        if (found === undefined) return undefined;
        checked.set(token, found);
      }
      return found.expiresAt > now() ? found.claims : undefined;
    },
    keySet: () => ({ keys: keys.map(({ publicJwk }) => publicJwk) }),
  };
}

async function loadSigningKeys(database: Database, seal: Seal): Promise<SigningKey[]> {
  let rows = await database.acrossUserPools((across) => listSigningKeys(across, algorithm));
  if (rows.length === 0) {
    const key = await generateSigningKey(seal);
    rows = await database.acrossUserPools(async (across) => {
      await insertActiveSigningKey(across, algorithm, key);
      return listSigningKeys(across, algorithm);
    });
  }
  return rows.map(({ id, publicJwk, privateKeySealed }) => ({
    id,
    publicJwk,
    publicKey: createPublicKey({ key: publicJwk, format: 'jwk' }),
    privateKey: createPrivateKey(seal.open(privateKeySealed, signingKeyContext(id))),
  }));
}

async function generateSigningKey(seal: Seal) {
  const id = newId();
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return {
    id,
    publicJwk: { ...publicKey.export({ format: 'jwk' }), kid: id, alg: algorithm, use: 'sig' },
    privateKeySealed: seal.seal(pem, signingKeyContext(id)),
  };
}

function signingKeyContext(id: string): string {
  return `signing_keys/${id}`;
}

/** RFC 7515 §7.1 compact serialization, signed synchronously: an asynchronous signature queues behind password hashes. */
function signToken(signingKey: SigningKey, key: AccessKey, issuedAt: number): string {
  const header = encode({ alg: algorithm, typ: 'JWT', kid: signingKey.id });
  let payload: string;
  do {
    payload = encode({
      iss: 'genauth',
      sub: key.id,
      aud: 'genauth-management',
      iat: issuedAt,
      exp: issuedAt + lifetimeSeconds,
      jti: newSecret(),
      scoped_userpool_id: key.userPoolId,
      token_use: 'management',
      generation: key.tokenGeneration,
    });
    // The published Python client decodes the payload with the ordinary base64 alphabet and loses `-` and `_`; another
    // `jti` gives other letters. Plain ASCII as ours makes them impossible already, so this runs once.
  } while (/[-_]/.test(payload));
  const signature = sign('sha256', Buffer.from(`${header}.${payload}`), signingKey.privateKey).toString('base64url');
  return `${header}.${payload}.${signature}`;
}

function readToken(
  token: string,
  keys: ReadonlyMap<string, SigningKey>,
): { claims: ManagementClaims; expiresAt: number } | undefined {
  const [header = '', payload = '', signature = '', ...rest] = token.split('.');
  if (rest.length > 0 || token.length > 4096) return undefined;
  const { alg, kid } = decode(header);
  const key = typeof kid === 'string' ? keys.get(kid) : undefined;
  // The algorithm is the key's, not the token's choice (RFC 8725 §3.1).
  if (key === undefined || alg !== algorithm) return undefined;
  if (!verify('sha256', Buffer.from(`${header}.${payload}`), key.publicKey, Buffer.from(signature, 'base64url'))) {
    return undefined;
  }
  const claims = decode(payload);
  const { sub, exp, scoped_userpool_id: userPoolId, generation, token_use: use } = claims;
  if (use !== 'management' || typeof sub !== 'string' || typeof exp !== 'number') return undefined;
  if (typeof userPoolId !== 'string' || typeof generation !== 'number') return undefined;
  return { claims: { accessKeyId: sub, userPoolId, tokenGeneration: generation }, expiresAt: exp * 1000 };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(part: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** What the operations need of other modules. */
interface TokensDependencies {
  readonly tokens: ManagementTokens;
  readonly findAccessKey: (id: string) => Promise<AccessKey | undefined>;
}

export function createTokensService({ tokens, findAccessKey }: TokensDependencies): Handlers<typeof contract> {
  const nobodysSecret = newSecret();
  return {
    async getManagementToken({ accessKeyId, accessKeySecret }, { now }) {
      const key = await findAccessKey(accessKeyId);
      const isRight = isSameSecret(accessKeySecret, key?.secret ?? nobodysSecret);
      if (key === undefined || !isRight) throw tokenErrors.wrongAccessKey();
      return { access_token: tokens.issue(key, now), expires_in: lifetimeSeconds };
    },
  };
}

/** Digests first: they have one length, and `timingSafeEqual` wants that. */
function isSameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
