import { type Credential, Signer, type TokenAnswer, TokenKeeper } from './credentials.ts';
import { GenAuthConnectionError, GenAuthError } from './errors.ts';
import { insecureFetch } from './insecure-fetch.ts';
import type { CallOptions, ResolvedOptions } from './options.ts';
import { delayBefore, isWorthRepeating, wait } from './retry.ts';
import { type Envelope, type Fetch, type Outcome, send, toFailure } from './transport.ts';
import { version } from './version.ts';
import { toWireInput, type WireInput } from './wire-input.ts';

/** What the client knows of an operation. */
export interface Operation {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  /** Whether sending it twice leaves what sending it once leaves. */
  readonly repeatable: boolean;
  /** For a paged list: below which fields its input says which page, and how many items one has unless told. */
  readonly paging?: { readonly at: readonly string[]; readonly limit: number };
}

const UNAUTHORIZED = 401;

const buyToken: Operation = {
  name: 'getManagementToken',
  method: 'POST',
  path: '/api/v3/get-management-token',
  repeatable: true,
};

/** What repetition asks of the machine. */
export interface Surroundings {
  /** From 0 to 1. */
  random(): number;
  /** Unix milliseconds. */
  now(): number;
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
}

const machine: Surroundings = { random: Math.random, now: Date.now, wait };

/** Carries calls to the server: credential, deadline, repetition. */
export class Caller {
  readonly #surroundings: Surroundings;
  readonly #options: ResolvedOptions;
  readonly #fetch: Fetch;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #credential: Credential;

  constructor(options: ResolvedOptions, surroundings: Surroundings = machine) {
    this.#options = options;
    this.#surroundings = surroundings;
    this.#fetch = options.fetch ?? (options.rejectUnauthorized ? globalFetch : insecureFetch());
    this.#credential =
      options.authentication === 'token'
        ? new TokenKeeper(() => this.#buyToken(), surroundings.now)
        : new Signer(options);
    this.#headers = {
      accept: 'application/json',
      'content-type': 'application/json',
      'x-genauth-lang': options.lang,
      'x-genauth-sdk-version': `genauth-typescript:${version}`,
      ...(options.tenantId === undefined ? {} : { 'x-genauth-tenant-id': options.tenantId }),
    };
  }

  /** Calls an operation and answers the envelope. */
  async call(operation: Operation, input: object, options: CallOptions = {}): Promise<Envelope> {
    const { signal, timeout = this.#options.timeout, throwOnError = this.#options.throwOnError } = options;
    const { retries = this.#options.retries } = options;
    const clock = startClock(operation, timeout, signal);
    try {
      const wireInput = toWireInput(operation.method, input);
      const outcome = await this.#sendRepeatedly(operation, wireInput, operation.repeatable ? retries : 0, clock);
      return readOutcome(operation, outcome, throwOnError);
    } finally {
      clock.stop();
    }
  }

  async #sendRepeatedly(operation: Operation, input: WireInput, retries: number, clock: Clock): Promise<Outcome> {
    for (let repetition = 0; ; repetition += 1) {
      const outcome = await this.#sendAuthorized(operation, input, clock.signal);
      clock.signal.throwIfAborted();
      if (repetition >= retries || !isWorthRepeating(outcome)) return outcome;
      const delay = delayBefore(repetition, outcome, this.#surroundings);
      // Rather the answer that is here than none when the time is over.
      if (delay >= clock.remaining()) return outcome;
      await this.#surroundings.wait(delay, clock.signal);
    }
  }

  async #sendAuthorized(operation: Operation, input: WireInput, signal: AbortSignal): Promise<Outcome> {
    const { method, path } = operation;
    const unauthorized = { method, path, input, headers: this.#headers };
    const first = await this.#credential.authorize(unauthorized, signal);
    if ('refusal' in first) return first.refusal;
    const outcome = await this.#send(operation, input, first.headers, signal);
    // Refused means not done, so this repetition is safe for every operation.
    if (!isUnauthorized(outcome) || !this.#credential.isRenewable(first.headers)) return outcome;
    const second = await this.#credential.authorize(unauthorized, signal);
    return 'refusal' in second ? second.refusal : this.#send(operation, input, second.headers, signal);
  }

  #send(
    { method, path }: Operation,
    { search, body }: WireInput,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const address = `${this.#options.origin}${path}${search}`;
    return send(this.#fetch, address, { method, headers, signal, ...(body === undefined ? {} : { body }) });
  }

  /** Several calls may wait for one token: it has a clock of its own. */
  async #buyToken(): Promise<TokenAnswer> {
    const { accessKeyId, accessKeySecret, timeout } = this.#options;
    const clock = startClock(buyToken, timeout, undefined);
    try {
      const input = toWireInput(buyToken.method, { accessKeyId, accessKeySecret });
      const outcome = await this.#send(buyToken, input, { ...this.#headers }, clock.signal);
      clock.signal.throwIfAborted();
      return readToken(outcome) ?? { refusal: outcome };
    } finally {
      clock.stop();
    }
  }
}

/** Looked up at each call, so that what replaces the global `fetch` later (tracing, tests) is used. */
const globalFetch: Fetch = (address, request) => fetch(address, request);

/** The time that a call has, and what ends it early. */
interface Clock {
  readonly signal: AbortSignal;
  /** Milliseconds. */
  remaining(): number;
  stop(): void;
}

function startClock({ name }: Operation, timeout: number, outer: AbortSignal | undefined): Clock {
  outer?.throwIfAborted();
  const controller = new AbortController();
  const abort = () => controller.abort(outer?.reason);
  outer?.addEventListener('abort', abort, { once: true });
  const timeOut = () => {
    const message = `${name} took longer than ${timeout} ms`;
    controller.abort(new GenAuthConnectionError(name, message, { timedOut: true }));
  };
  const timer = timeout > 0 ? setTimeout(timeOut, timeout) : undefined;
  const end = timeout > 0 ? performance.now() + timeout : Number.POSITIVE_INFINITY;
  return {
    signal: controller.signal,
    remaining: () => end - performance.now(),
    stop() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', abort);
    },
  };
}

function readOutcome({ name }: Operation, outcome: Outcome, throwOnError: boolean): Envelope {
  if (outcome.kind === 'failure') {
    const { cause } = outcome;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GenAuthConnectionError(name, `${name} had no answer: ${reason}`, { timedOut: false, cause });
  }
  const { httpStatus, envelope } = outcome;
  const isHttpFailure = httpStatus < 200 || httpStatus >= 300;
  if (envelope === undefined || isHttpFailure || (throwOnError && envelope.statusCode !== 200)) {
    throw new GenAuthError(toFailure(name, httpStatus, envelope));
  }
  return envelope;
}

function isUnauthorized(outcome: Outcome): boolean {
  return outcome.kind === 'answer' && outcome.envelope?.statusCode === UNAUTHORIZED;
}

function readToken(outcome: Outcome): TokenAnswer | undefined {
  const data = outcome.kind === 'answer' && outcome.envelope?.statusCode === 200 ? outcome.envelope.data : undefined;
  if (typeof data !== 'object' || data === null || !('access_token' in data) || !('expires_in' in data))
    return undefined;
  const { access_token: token, expires_in: expiresInSeconds } = data;
  return typeof token === 'string' && typeof expiresInSeconds === 'number' ? { token, expiresInSeconds } : undefined;
}
