/**
 * The access key signature of the published management SDKs, and the readings of an `authorization` header.
 *
 * The SDKs sign the values they were given, before these are encoded for the wire, and nothing in the signed text is
 * escaped. Verification therefore rebuilds that text from the decoded request. Where the wire lost something (an empty list
 * in a query is never sent, a number in it becomes text) a bounded set of other readings is tried.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { decodeEscapes, MAX_QUERY_PARAMETERS, type QueryParameters } from '../http/query-string.ts';

/** The prefix of the headers that a client sends and signs: the older or the present name of the product. */
export type HeaderFamily = 'x-authing-' | 'x-genauth-';

/** What an `authorization` header says, before anything in it has been checked. */
export type Authorization =
  | { readonly scheme: 'absent' }
  | SignatureAuthorization
  | { readonly scheme: 'bearer'; readonly token: string }
  | { readonly scheme: 'basic'; readonly username: string; readonly password: string }
  /** No known scheme word: several SDKs send the token alone. */
  | { readonly scheme: 'bare'; readonly token: string };

export interface SignatureAuthorization {
  readonly scheme: 'signature';
  readonly family: HeaderFamily;
  readonly accessKeyId: string;
  readonly signature: string;
}

/** A signed request as it arrived. */
export interface SignedRequest {
  readonly method: string;
  /** As on the request line, neither decoded nor with the query. */
  readonly path: string;
  /** As on the request line, without its `?`; empty when there is none. */
  readonly rawQuery: string;
  readonly query: QueryParameters;
  /** By lower-case name, as Node gives them. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The parsed JSON body with its keys in the order sent; `undefined` when there was none. */
  readonly body: unknown;
  /** Every query parameter that the operation declares. Those missing on the wire may have been signed as empty. */
  readonly declaredQuery: Readonly<Record<string, 'scalar' | 'array'>>;
  readonly authorization: Pick<SignatureAuthorization, 'family' | 'signature'>;
}

export interface SignatureClock {
  /** Unix milliseconds. */
  readonly now: number;
  /** How far the client's clock may be off, in either direction; 15 minutes unless given. */
  readonly windowMs?: number;
}

export type SignatureVerdict =
  /** Until `expiresAt` (Unix milliseconds) the clock check alone would let the same request pass again: remember the nonce. */
  | { readonly ok: true; readonly nonce: string; readonly expiresAt: number }
  | { readonly ok: false; readonly apiCode: SignatureApiCode };

/** 1300 wrong signature · 1301 method · 1302 version · 1303 malformed date · 1304 no date · 1305 clocks too far apart. */
export type SignatureApiCode = 1300 | 1301 | 1302 | 1303 | 1304 | 1305;

const DEFAULT_WINDOW_MS = 15 * 60 * 1000;
const MAX_CANDIDATES = 32;
/** Access key ids are no secret: without this bound anybody could have us hash a large body many times. */
const MAX_CANDIDATE_CHARACTERS = 2 * 1024 * 1024;
const MAX_NONCE_LENGTH = 128;
const SHA1_BYTES = 20;
const WEBSOCKET_TEXT = 'websocket\n';

/** What `JSON.stringify` makes of a `Date`. */
const ISO_DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Reads an `authorization` header. The text `undefined`, which some clients send, counts as no header. */
export function parseAuthorization(header: string | undefined): Authorization {
  const text = header === undefined ? '' : header.trim();
  if (isAbsent(text)) return { scheme: 'absent' };
  const blank = text.indexOf(' ');
  const word = (blank === -1 ? text : text.slice(0, blank)).toLowerCase();
  const rest = blank === -1 ? '' : text.slice(blank + 1).trim();
  switch (word) {
    case 'authing':
      return toSignature('x-authing-', rest);
    case 'genauth':
      return toSignature('x-genauth-', rest);
    case 'bearer':
      return isAbsent(rest) ? { scheme: 'absent' } : { scheme: 'bearer', token: rest };
    case 'basic':
      return toBasic(rest);
    default:
      return { scheme: 'bare', token: text };
  }
}

/** Checks a request signed with an access key. Says nothing about replay: the caller remembers the nonce. */
export function verifySignature(
  request: SignedRequest,
  secret: string,
  { now, windowMs = DEFAULT_WINDOW_MS }: SignatureClock,
): SignatureVerdict {
  const family = signedFamily(request);
  if (headerOf(request, `${family}signature-method`) !== 'HMAC-SHA1') return { ok: false, apiCode: 1301 };
  if (headerOf(request, `${family}signature-version`) !== '1.0') return { ok: false, apiCode: 1302 };
  // Where a client may not set `date`, as in a browser, it sends a header of its own name.
  const date = headerOf(request, `${family}date`) || headerOf(request, 'date');
  if (date === '') return { ok: false, apiCode: 1304 };
  const signedAt = parseSignedDate(date);
  if (signedAt === undefined) return { ok: false, apiCode: 1303 };
  if (Math.abs(now - signedAt) > windowMs) return { ok: false, apiCode: 1305 };
  // As it was signed, not as it was sent: otherwise a tab for a blank would make a fresh nonce of a used one.
  const nonce = headerOf(request, `${family}signature-nonce`);
  if (nonce === '' || nonce.length > MAX_NONCE_LENGTH) return { ok: false, apiCode: 1300 };
  const signature = decodeSignature(request.authorization.signature);
  if (signature === undefined || !isSignedBy(request, family, secret, signature)) return { ok: false, apiCode: 1300 };
  return { ok: true, nonce, expiresAt: signedAt + windowMs };
}

/** The signature (base64) that opens an event socket. It is the same for every socket of a key. */
export function signWebsocket(secret: string): string {
  return hmac(secret, WEBSOCKET_TEXT).toString('base64');
}

/** Whether a signature opens an event socket. */
export function verifyWebsocketSignature(signature: string, secret: string): boolean {
  const decoded = decodeSignature(signature);
  return decoded !== undefined && timingSafeEqual(decoded, hmac(secret, WEBSOCKET_TEXT));
}

function isAbsent(text: string): boolean {
  return text === '' || text === 'undefined';
}

/** A malformed pair leaves its parts empty: no key has an empty id, and no signature is empty. */
function toSignature(family: HeaderFamily, pair: string): SignatureAuthorization {
  const colon = pair.indexOf(':');
  return {
    scheme: 'signature',
    family,
    accessKeyId: colon === -1 ? pair : pair.slice(0, colon),
    signature: colon === -1 ? '' : pair.slice(colon + 1),
  };
}

function toBasic(encoded: string): Authorization {
  const pair = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon === -1
    ? { scheme: 'basic', username: pair, password: '' }
    : { scheme: 'basic', username: pair.slice(0, colon), password: pair.slice(colon + 1) };
}

/** The scheme word and the header names go together, but the headers decide: they are what was signed. */
function signedFamily({ authorization, headers }: SignedRequest): HeaderFamily {
  const other = authorization.family === 'x-authing-' ? 'x-genauth-' : 'x-authing-';
  const isOther =
    headers[`${authorization.family}signature-nonce`] === undefined && headers[`${other}signature-nonce`] !== undefined;
  return isOther ? other : authorization.family;
}

/** A header as the SDKs sign it: white space inside becomes a blank, white space around it goes. Empty when absent. */
function headerOf({ headers }: SignedRequest, name: string): string {
  const value = headers[name];
  if (value === undefined) return '';
  const text = typeof value === 'string' ? value : value.join(', ');
  return text.replace(/[\t\n\r\f]/g, ' ').trim();
}

/** Node sends the date of RFC 1123, Java Unix milliseconds. */
function parseSignedDate(date: string): number | undefined {
  if (/^\d{1,16}$/.test(date)) return Number(date);
  if (!/^[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (?:GMT|UTC|[+-]\d{4})$/.test(date)) return undefined;
  const milliseconds = Date.parse(date);
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}

function decodeSignature(signature: string): Buffer | undefined {
  if (signature.length > 2 * SHA1_BYTES) return undefined;
  const decoded = Buffer.from(signature, 'base64');
  return decoded.length === SHA1_BYTES ? decoded : undefined;
}

function hmac(secret: string, text: string): Buffer {
  return createHmac('sha1', secret).update(text, 'utf8').digest();
}

function isSignedBy(request: SignedRequest, family: HeaderFamily, secret: string, signature: Buffer): boolean {
  const opening = `${request.method}\n${canonicalHeaders(request, family)}`;
  const parameters = signedParameters(request);
  if (parameters === undefined) return false;
  const plain = canonicalResource(request.path, parameters);
  if (timingSafeEqual(signature, hmac(secret, opening + plain))) return true;
  const tried = new Set([plain]);
  let triedCharacters = 0;
  for (const resource of otherResources(request, parameters)) {
    if (tried.has(resource)) continue;
    triedCharacters += resource.length;
    if (tried.size === MAX_CANDIDATES || triedCharacters > MAX_CANDIDATE_CHARACTERS) return false;
    tried.add(resource);
    if (timingSafeEqual(signature, hmac(secret, opening + resource))) return true;
  }
  return false;
}

function canonicalHeaders(request: SignedRequest, family: HeaderFamily): string {
  const names: string[] = [];
  for (const name of Object.keys(request.headers)) {
    if (name === 'date' || name.startsWith(family)) names.push(name);
  }
  let lines = '';
  for (const name of names.sort()) lines += `${name}:${headerOf(request, name)}\n`;
  return lines;
}

interface SignedParameter {
  readonly name: string;
  readonly value: unknown;
  readonly text: string;
}

/**
 * GET signs its query; every other method signs the top level of its JSON body, and of its query nothing.
 * `undefined` for a body nested so deeply that no client can have written it as text.
 */
function signedParameters({ method, query, body }: SignedRequest): readonly SignedParameter[] | undefined {
  const source: unknown = method === 'GET' ? query : body;
  if (typeof source !== 'object' || source === null) return [];
  const parameters: SignedParameter[] = [];
  const entries = Object.entries(source);
  // No operation has so many fields; sorting and joining them would be work that anybody can ask for.
  if (entries.length > MAX_QUERY_PARAMETERS) return undefined;
  for (const [name, value] of entries) {
    const text = typeof value === 'object' && value !== null ? compactJson(value) : String(value);
    if (text === undefined) return undefined;
    parameters.push({ name, value, text });
  }
  return parameters.sort(byName);
}

/** `JSON.parse` reads nesting of any depth, `JSON.stringify` runs out of stack some thousand levels down. */
function compactJson(value: object): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** By UTF-16 code unit, which is how the SDKs sort. */
function byName(one: SignedParameter, other: SignedParameter): number {
  return one.name < other.name ? -1 : 1;
}

function canonicalResource(path: string, parameters: readonly SignedParameter[]): string {
  let resource = path;
  let separator = '?';
  for (const { name, text } of parameters) {
    resource += `${separator}${name}=${text}`;
    separator = '&';
  }
  return resource;
}

/** What else may have been signed, likeliest first. Each covers all that was sent. */
function* otherResources(request: SignedRequest, plain: readonly SignedParameter[]): Generator<string> {
  const { path, rawQuery, method } = request;
  const others = plain.map(({ value }) => secondSpelling(value, method === 'GET'));
  const respelled = plain.map((parameter, index) => ({ ...parameter, text: others[index] ?? parameter.text }));
  // The SDKs write the `?` before they skip parameters that are `undefined`.
  if (plain.length === 0) yield `${path}?`;
  yield canonicalResource(path, respelled);

  if (path.includes('%')) {
    // Some SDKs sign a template such as /ip-list/{id} as it stands and escape its braces on the way.
    const template = decodeEscapes(path);
    yield canonicalResource(template, plain);
    if (plain.length === 0) yield `${template}?`;
  }
  if (rawQuery !== '') {
    // A query that the caller wrote into the URL is signed as it stands, and before any parameters.
    const target = `${path}?${rawQuery}`;
    if (method === 'GET') yield target;
    else {
      yield canonicalResource(target, plain);
      if (plain.length === 0) yield `${target}?`;
    }
  }
  if (method === 'GET') {
    const unsentSets = unsentParameters(request);
    for (const sent of [plain, respelled]) {
      for (const unsent of unsentSets) yield canonicalResource(path, [...sent, ...unsent].sort(byName));
    }
  }
  for (const [chosen, text] of others.entries()) {
    if (text === undefined) continue;
    const oneRespelled = plain.map((parameter, index) => (index === chosen ? { ...parameter, text } : parameter));
    yield canonicalResource(path, oneRespelled);
  }
}

/** How else a value may have been signed: a date with JSON's quotes; numbers and booleans in a query's list without them. */
function secondSpelling(value: unknown, isQuery: boolean): string | undefined {
  if (typeof value === 'string') return ISO_DATE.test(value) ? JSON.stringify(value) : undefined;
  if (!isQuery || typeof value !== 'object') return undefined;
  const quoted = JSON.stringify(value);
  const unquoted = JSON.stringify(value, (_name, element: unknown) => withoutQuotes(element));
  return unquoted === quoted ? undefined : unquoted;
}

function withoutQuotes(element: unknown): unknown {
  if (typeof element !== 'string') return element;
  if (element === 'true' || element === 'false') return element === 'true';
  const number = Number(element);
  return Number.isFinite(number) && String(number) === element ? number : element;
}

/** Sets of declared parameters that a client may have signed although axios does not send them: `[]` and `null`. */
function unsentParameters({ query, declaredQuery }: SignedRequest): readonly (readonly SignedParameter[])[] {
  const absent = Object.entries(declaredQuery).filter(([name]) => query[name] === undefined);
  const lists = absent.filter(([, kind]) => kind === 'array').map(([name]) => toUnsent(name, '[]'));
  const nulls = absent.map(([name]) => toUnsent(name, 'null'));
  const scalarNulls = absent.filter(([, kind]) => kind === 'scalar').map(([name]) => toUnsent(name, 'null'));
  const oneAtATime = [...lists, ...nulls].map((parameter) => [parameter]);
  const oneBesideLists = scalarNulls.map((parameter) => [...lists, parameter]);
  return [lists, scalarNulls, ...oneAtATime, [...lists, ...scalarNulls], nulls, ...oneBesideLists];
}

function toUnsent(name: string, text: string): SignedParameter {
  return { name, value: undefined, text };
}
