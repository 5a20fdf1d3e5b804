import type { Operation } from '@genauth/contract';
import { buildSignature, buildStringToSign } from 'authing-node-sdk/dist/utils/buildSignature.js';
import { newSecret } from '../platform/ids.ts';
import type { Answer } from './server.ts';

/** A request just as it is sent. */
export interface WireRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

/** What came back: HTTP's part and the envelope. */
export interface WireAnswer {
  readonly httpStatus: number;
  readonly headers: Headers;
  readonly text: string;
  readonly answer: Answer;
}

type Input = Readonly<Record<string, unknown>>;

/** Sends a request. An answer that is no JSON has an envelope of its HTTP status and text. */
export async function send(origin: string, { method, path, headers = {}, body }: WireRequest): Promise<WireAnswer> {
  const response = await fetch(`${origin}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
  const text = await response.text();
  let answer: Answer;
  try {
    answer = JSON.parse(text) as Answer;
  } catch {
    answer = { statusCode: response.status, message: text, requestId: '' };
  }
  return { httpStatus: response.status, headers: response.headers, text, answer };
}

/** Sends all with a credential, a few at a time, as one client with several connections would. */
export async function sendAll<One>(
  origin: string,
  many: readonly One[],
  toRequest: (one: One) => WireRequest,
  authorization: string,
): Promise<(WireAnswer & { readonly sent: One })[]> {
  const answers: (WireAnswer & { readonly sent: One })[] = [];
  for (let start = 0; start < many.length; start += 16) {
    const batch = many.slice(start, start + 16).map(async (sent) => {
      const request = toRequest(sent);
      return { ...(await send(origin, { ...request, headers: { ...request.headers, authorization } })), sent };
    });
    answers.push(...(await Promise.all(batch)));
  }
  return answers;
}

/** The request that calls an operation, still without a credential. */
export function requestOf(operation: Operation, input: Input): WireRequest {
  const headers = { 'content-type': 'application/json' };
  if (operation.method !== 'GET') {
    return { method: operation.method, path: operation.path, headers, body: JSON.stringify(input) };
  }
  const query = Object.entries(input).flatMap(([name, value]) => queryPairs(name, value));
  return { method: 'GET', path: `${operation.path}${query.length === 0 ? '' : `?${query.join('&')}`}`, headers };
}

/** `k[]=a&k[]=b` for lists, `k[x]=1` for objects: the way Node's SDK writes a query. */
function queryPairs(name: string, value: unknown): string[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value.map((one) => `${encodeURIComponent(`${name}[]`)}=${toQueryText(one)}`);
  if (typeof value === 'object')
    return Object.entries(value).flatMap(([key, one]) => queryPairs(`${name}[${key}]`, one));
  return [`${encodeURIComponent(name)}=${toQueryText(value)}`];
}

/** A lone surrogate has no UTF-8; its three bytes are written all the same, as a hostile client would. */
function toQueryText(value: unknown): string {
  const text = String(value);
  return text.isWellFormed() ? encodeURIComponent(text) : '%ED%A0%80';
}

/** Who signs, and how far the signature differs from what the SDK makes. */
export interface Signer {
  readonly accessKeyId: string;
  readonly secret: string;
  readonly family?: 'x-authing-' | 'x-genauth-';
  /** Headers to set before signing; `undefined` leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** The request that calls an operation, signed with the published SDK's own functions. */
export function signedRequestOf(operation: Operation, input: Input, signer: Signer): WireRequest {
  const request = requestOf(operation, input);
  const { accessKeyId, secret, family = 'x-authing-' } = signer;
  const chosen: Record<string, string | undefined> = {
    [`${family}signature-method`]: 'HMAC-SHA1',
    [`${family}signature-nonce`]: newSecret(),
    [`${family}signature-version`]: '1.0',
    date: new Date().toUTCString(),
    ...signer.headers,
  };
  const signed: Record<string, string> = {};
  for (const [name, value] of Object.entries(chosen)) if (value !== undefined) signed[name] = value;
  // The SDK's functions know the family `x-authing-` only; the names take part in the text, so they are put back after.
  const text = signingText(operation, signed, input, family);
  const scheme = family === 'x-authing-' ? 'authing' : 'GenAuth';
  return {
    ...request,
    headers: {
      ...request.headers,
      ...signed,
      authorization: `${scheme} ${accessKeyId}:${buildSignature(secret, text)}`,
    },
  };
}

function signingText(
  { method, path }: Operation,
  headers: Readonly<Record<string, string>>,
  input: Input,
  family: string,
): string {
  const asAuthing = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.replace(family, 'x-authing-'), value]),
  );
  return buildStringToSign(method, path, asAuthing, { ...input }).replaceAll('\nx-authing-', `\n${family}`);
}
