import { hmacSha1 } from './hmac.ts';
import type { ResolvedOptions } from './options.ts';
import type { Outcome } from './transport.ts';
import type { WireInput } from './wire-input.ts';

/** A request that is about to be sent. */
export interface Unauthorized {
  readonly method: string;
  /** Without host and query. */
  readonly path: string;
  readonly input: WireInput;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The headers that a request is sent with, or what the server said instead of giving a credential. */
export type Authorized = { readonly headers: Record<string, string> } | { readonly refusal: Outcome };

/** A way to prove who the client is. */
export interface Credential {
  authorize(request: Unauthorized, signal: AbortSignal): Promise<Authorized>;
  /** Told that the server refused these headers; answers whether asking for new ones may help. */
  isRenewable(headers: Readonly<Record<string, string>>): boolean;
}

/** What differs from one signature to the next. */
export interface Stamp {
  readonly date: Date;
  readonly nonce: string;
  /** Header that carries the date. */
  readonly dateHeader: 'date' | 'x-genauth-date';
}

/** Signs every request: `authorization: GenAuth <access key id>:<signature>`. */
export class Signer implements Credential {
  readonly #accessKeyId: string;
  readonly #hmac: (text: string) => string | Promise<string>;
  readonly #stamp: () => Stamp;

  constructor(
    { accessKeyId, accessKeySecret }: Pick<ResolvedOptions, 'accessKeyId' | 'accessKeySecret'>,
    stamp: () => Stamp = newStamp,
  ) {
    this.#accessKeyId = accessKeyId;
    this.#stamp = stamp;
    this.#hmac = hmacSha1(accessKeySecret);
  }

  /** Every request needs a signature of its own: a nonce is good for one. */
  async authorize({ method, path, input, headers }: Unauthorized): Promise<Authorized> {
    const { date, nonce, dateHeader } = this.#stamp();
    const signed: Record<string, string> = {
      ...headers,
      [dateHeader]: date.toUTCString(),
      'x-genauth-signature-method': 'HMAC-SHA1',
      'x-genauth-signature-nonce': nonce,
      'x-genauth-signature-version': '1.0',
    };
    const text = `${method}\n${canonicalHeaders(signed)}${path}${input.signed}`;
    signed['authorization'] = `GenAuth ${this.#accessKeyId}:${await this.#hmac(text)}`;
    return { headers: signed };
  }

  isRenewable(): boolean {
    return false;
  }
}

function newStamp(): Stamp {
  return { date: new Date(), nonce: crypto.randomUUID(), dateHeader: (knownDateHeader ??= findDateHeader()) };
}

let knownDateHeader: Stamp['dateHeader'] | undefined;

/** Browsers keep `date` for themselves (Fetch §2.2.2, forbidden request-headers) and drop it: there the server reads ours. */
function findDateHeader(): Stamp['dateHeader'] {
  const keepsIt = new Request('http://localhost', { headers: { date: 'any' } }).headers.has('date');
  return keepsIt ? 'date' : 'x-genauth-date';
}

/** Our own headers and the date, sorted: everything else may be changed on the way. */
function canonicalHeaders(headers: Readonly<Record<string, string>>): string {
  let lines = '';
  for (const name of Object.keys(headers).sort()) {
    if (name !== 'date' && !name.startsWith('x-genauth-')) continue;
    lines += `${name}:${headers[name]?.replace(/[\t\n\r\f]/g, ' ').trim()}\n`;
  }
  return lines;
}

/** A management token, or what came instead of one. */
export type TokenAnswer = { readonly token: string; readonly expiresInSeconds: number } | { readonly refusal: Outcome };

/** Sends a management token, keeps it for as long as it is good, and asks for one when there is none: once for all who wait. */
export class TokenKeeper implements Credential {
  readonly #ask: () => Promise<TokenAnswer>;
  readonly #now: () => number;
  #answer: Promise<TokenAnswer> | undefined;
  #token: string | undefined;
  #renewAt = 0;

  constructor(ask: () => Promise<TokenAnswer>, now: () => number = Date.now) {
    this.#ask = ask;
    this.#now = now;
  }

  async authorize({ headers }: Unauthorized, signal: AbortSignal): Promise<Authorized> {
    if (this.#answer === undefined || this.#now() >= this.#renewAt) this.#answer = this.#renew();
    const answer = await untilAborted(this.#answer, signal);
    return 'refusal' in answer ? answer : { headers: { ...headers, authorization: `Bearer ${answer.token}` } };
  }

  /** A token dies with its key's secret; the key may have been enabled again since. A newer token than that one stays. */
  isRenewable({ authorization }: Readonly<Record<string, string>>): boolean {
    if (authorization === `Bearer ${this.#token}`) this.#answer = undefined;
    return true;
  }

  async #renew(): Promise<TokenAnswer> {
    // Nobody else asks while this one is on its way.
    this.#renewAt = Number.POSITIVE_INFINITY;
    this.#token = undefined;
    try {
      const answer = await this.#ask();
      if ('token' in answer) {
        this.#token = answer.token;
        // A tenth before its end, so that it does not expire on the way.
        this.#renewAt = this.#now() + answer.expiresInSeconds * 900;
      }
      return answer;
    } finally {
      // A failure is told to those who waited for it, and kept for nobody.
      if (this.#token === undefined) this.#renewAt = 0;
    }
  }
}

/** The promise's outcome, unless the signal is aborted before it comes: whoever shares the promise goes on waiting. */
function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
