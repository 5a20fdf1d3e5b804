import type { Failure } from './errors.ts';

/** What is sent. The global `fetch` takes it as it is. */
export interface FetchRequest {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

/** What is used of an answer. */
export interface FetchAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}

/** The part of `fetch` that the client uses. */
export type Fetch = (address: string, request: FetchRequest) => Promise<FetchAnswer>;

/** The answer of every operation: with `apiCode` on some failures, and with `data` where a success has a payload. */
export interface Envelope {
  readonly statusCode: number;
  readonly message: string;
  readonly apiCode?: number;
  readonly requestId?: string;
  readonly data?: unknown;
}

/** What came of sending a request once. */
export type Outcome =
  | {
      readonly kind: 'answer';
      readonly httpStatus: number;
      readonly retryAfter: string | null;
      /** Absent when something on the way answered instead of the server. */
      readonly envelope: Envelope | undefined;
    }
  /** No answer, or none that was whole. */
  | { readonly kind: 'failure'; readonly cause: unknown };

/** Sends a request once. It does not throw: what went wrong is an outcome. */
export async function send(fetch: Fetch, address: string, request: FetchRequest): Promise<Outcome> {
  try {
    const answer = await fetch(address, request);
    const envelope = readEnvelope(await answer.text());
    return { kind: 'answer', httpStatus: answer.status, retryAfter: answer.headers.get('retry-after'), envelope };
  } catch (cause) {
    return { kind: 'failure', cause };
  }
}

function readEnvelope(text: string): Envelope | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isEnvelope(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isEnvelope(value: unknown): value is Envelope {
  return typeof value === 'object' && value !== null && 'statusCode' in value && typeof value.statusCode === 'number';
}

/** What an answer says of a failure. */
export function toFailure(operation: string, httpStatus: number, envelope: Envelope | undefined): Failure {
  if (envelope === undefined) {
    const message = `The answer is no JSON envelope (HTTP ${httpStatus}): is there a server of GenAuth at this address?`;
    return { statusCode: httpStatus, message, operation, httpStatus };
  }
  const { statusCode, apiCode, requestId, message } = envelope;
  return { statusCode, apiCode, requestId, message, operation, httpStatus };
}
