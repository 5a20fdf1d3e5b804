import type { IncomingHttpHeaders } from 'node:http';
import { credentialErrors } from '../errors.ts';
import type { QueryParameters } from '../http/query-string.ts';
import { newSecret } from '../ids.ts';
import {
  parseAuthorization,
  type SignatureApiCode,
  type SignatureAuthorization,
  verifySignature,
} from './signature.ts';

/** An access key as credentials need it. The global key of a user pool is one too: its id is the pool's. */
export interface AccessKey {
  readonly id: string;
  readonly userPoolId: string;
  readonly secret: string;
  /** Tokens issued under another generation are dead. */
  readonly tokenGeneration: number;
  /** The administrator the key belongs to; absent for a key of the whole user pool. */
  readonly userId?: string;
  readonly rateLimitPerSecond: number;
}

/** Who is calling. */
export interface Actor {
  readonly userPoolId: string;
  readonly accessKeyId: string;
  readonly userId?: string;
  readonly rateLimitPerSecond: number;
  /** Not yet known to be new. Stored by a signed command in its own transaction; absent with a token, which may be used again. */
  readonly nonce?: { readonly value: string; readonly expiresAt: number };
}

/** What the modules contribute: keys and tokens are theirs. */
export interface CredentialSource {
  /** An enabled key, or nothing. */
  findAccessKey(id: string): Promise<AccessKey | undefined>;
  /** The claims of a genuine, unexpired management token, or nothing. */
  readManagementToken(token: string): { accessKeyId: string; userPoolId: string; tokenGeneration: number } | undefined;
}

/** The parts of a request a credential is judged by. */
export interface CredentialRequest {
  readonly method: string;
  readonly path: string;
  readonly rawQuery: string;
  readonly query: QueryParameters;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
  readonly declaredQuery: Readonly<Record<string, 'scalar' | 'array'>>;
}

const signatureErrors = {
  1300: credentialErrors.invalidSignature,
  1301: credentialErrors.signatureMethod,
  1302: credentialErrors.signatureVersion,
  1303: credentialErrors.dateMalformed,
  1304: credentialErrors.dateMissing,
  1305: credentialErrors.clockSkew,
} satisfies Record<SignatureApiCode, unknown>;

/** A secret nobody has: an unknown key costs the same time as a wrong signature. */
const nobodysSecret = newSecret();

/** Finds out who is calling, or throws the reason why that is unknown. */
export async function authenticate(
  request: CredentialRequest,
  source: CredentialSource,
  now: () => number,
): Promise<Actor> {
  const authorization = parseAuthorization(request.headers.authorization);
  switch (authorization.scheme) {
    case 'signature':
      return withUserPoolChecked(request, await bySignature(request, authorization, source, now));
    case 'bearer':
    case 'bare':
      return withUserPoolChecked(request, await byToken(authorization.token, source));
    case 'basic':
    case 'absent':
      throw credentialErrors.missing();
  }
}

async function bySignature(
  request: CredentialRequest,
  authorization: SignatureAuthorization,
  source: CredentialSource,
  now: () => number,
): Promise<Actor> {
  const key = await source.findAccessKey(authorization.accessKeyId);
  const verdict = verifySignature({ ...request, authorization }, key?.secret ?? nobodysSecret, { now: now() });
  if (!verdict.ok) throw signatureErrors[verdict.apiCode]();
  if (key === undefined) throw credentialErrors.invalidSignature();
  return toActor(key, { value: verdict.nonce, expiresAt: verdict.expiresAt });
}

async function byToken(token: string, source: CredentialSource): Promise<Actor> {
  const claims = source.readManagementToken(token);
  if (claims === undefined) throw credentialErrors.invalidToken();
  const key = await source.findAccessKey(claims.accessKeyId);
  if (key === undefined || key.tokenGeneration !== claims.tokenGeneration || key.userPoolId !== claims.userPoolId) {
    throw credentialErrors.invalidToken();
  }
  return toActor(key);
}

function toActor({ id, userPoolId, userId, rateLimitPerSecond }: AccessKey, nonce?: Actor['nonce']): Actor {
  return {
    userPoolId,
    accessKeyId: id,
    rateLimitPerSecond,
    ...(userId === undefined ? {} : { userId }),
    ...(nonce === undefined ? {} : { nonce }),
  };
}

/** The pool follows from the key. Clients that also name it must agree with it. */
function withUserPoolChecked({ headers }: CredentialRequest, actor: Actor): Actor {
  for (const name of ['x-authing-userpool-id', 'x-genauth-userpool-id']) {
    const named = headers[name];
    if (named !== undefined && named !== '' && named !== 'undefined' && named !== actor.userPoolId) {
      throw credentialErrors.userPoolMismatch();
    }
  }
  return actor;
}
