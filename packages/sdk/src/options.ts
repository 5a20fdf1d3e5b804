import type { Fetch } from './transport.ts';

/** Languages of the messages in answers. */
export type Lang = 'zh-CN' | 'en-US';

/** How a `ManagementClient` reaches the server, and who it is there. */
export interface ManagementClientOptions {
  /** Access key id; the id of the user pool is one. */
  readonly accessKeyId: string;
  /** Secret of the access key. */
  readonly accessKeySecret: string;
  /**
   * Address of the server: `http://127.0.0.1:3000`, `https://id.example.com`, or with a path in front of `/api`.
   * A name without a scheme is taken as https.
   *
   * @default 'https://api.genauth.ai'
   */
  readonly host?: string | undefined;
  /**
   * How the client proves who it is: it signs every request with the secret (`signature`), or buys a token with the secret
   * and sends that (`token`). A signature is good for one request only and needs a clock that is right to some minutes.
   *
   * @default 'signature'
   */
  readonly authentication?: 'signature' | 'token' | undefined;
  /**
   * Milliseconds that a call may take, its repetitions included; 0 for as long as it takes.
   *
   * @default 10000
   */
  readonly timeout?: number | undefined;
  /**
   * How often a call is repeated when the server is busy (429), away (502, 503, 504) or not reached. Reads are repeated, and
   * commands that leave the same when sent twice; what creates something is sent once.
   *
   * @default 2
   */
  readonly retries?: number | undefined;
  /**
   * Whether a call throws a `GenAuthError` when the answer's `statusCode` is not 200. Without it the answer is returned, as
   * the published SDKs do, and it is for the caller to look.
   *
   * @default false
   */
  readonly throwOnError?: boolean | undefined;
  /**
   * Language of messages.
   *
   * @default 'zh-CN'
   */
  readonly lang?: Lang | undefined;
  /** Tenant that calls are about where their input names none. */
  readonly tenantId?: string | undefined;
  /**
   * `false` accepts a TLS certificate that nobody vouches for; for trying things out, and on Node.js only.
   *
   * @default true
   */
  readonly rejectUnauthorized?: boolean | undefined;
  /** Sends requests in place of the global `fetch`: for a proxy, for tracing, for tests. */
  readonly fetch?: Fetch | undefined;
  /** Accepted so that programs written for the published SDK compile; this version opens no event socket. */
  readonly socketUri?: string | undefined;
  /** Accepted like `socketUri`: how often a lost event socket is opened again. For repeating calls there is `retries`. */
  readonly retryTimes?: number | undefined;
}

/** What may be said for one call alone, after its input. */
export interface CallOptions {
  /** Ends the call when it is aborted; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** In place of the client's `timeout`. */
  readonly timeout?: number | undefined;
  /** In place of the client's `retries`. */
  readonly retries?: number | undefined;
  /** In place of the client's `throwOnError`. */
  readonly throwOnError?: boolean | undefined;
}

/** Options with every default filled in. */
export interface ResolvedOptions {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly origin: string;
  readonly authentication: 'signature' | 'token';
  readonly timeout: number;
  readonly retries: number;
  readonly throwOnError: boolean;
  readonly lang: Lang;
  readonly tenantId: string | undefined;
  readonly rejectUnauthorized: boolean;
  readonly fetch: Fetch | undefined;
}

const DEFAULT_HOST = 'https://api.genauth.ai';

/** Fills in the defaults. Empty texts count as not given, as in the published SDK, where they often come from `process.env`. */
export function resolveOptions(options: ManagementClientOptions): ResolvedOptions {
  if (!options.accessKeyId) throw new Error('accessKeyId is required');
  if (!options.accessKeySecret) throw new Error('accessKeySecret is required');
  return {
    accessKeyId: options.accessKeyId,
    accessKeySecret: options.accessKeySecret,
    origin: canonicalHost(options.host || DEFAULT_HOST),
    authentication: options.authentication || 'signature',
    timeout: options.timeout ?? 10_000,
    retries: options.retries ?? 2,
    throwOnError: options.throwOnError ?? false,
    lang: options.lang || 'zh-CN',
    tenantId: options.tenantId || undefined,
    rejectUnauthorized: options.rejectUnauthorized ?? true,
    fetch: options.fetch,
  };
}

/** `id.example.com/` -> `https://id.example.com`. A name without a scheme is https, but on this machine. */
export function canonicalHost(host: string): string {
  const isNamed = /^https?:\/\//i.test(host);
  const isHere = /^(localhost|127\.0\.0\.1|\[::1\])(:|\/|$)/i.test(host);
  const address = isNamed ? host : `${isHere ? 'http' : 'https'}://${host}`;
  if (!URL.canParse(address)) throw new Error(`host is no address: ${host}`);
  return address.replace(/\/+$/, '');
}
