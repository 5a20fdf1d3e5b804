import type { Fetch, FetchRequest } from '../transport.ts';

/** A request as the client sent it. */
export interface SentRequest extends FetchRequest {
  readonly address: string;
}

/** What a fake server does with a request: answers, or breaks (an `Error`), or stays silent. */
export type Reaction =
  | { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly body: unknown }
  | Error
  | 'silence';

/** An envelope of success. */
export const success = { body: { statusCode: 200, message: 'Success', requestId: 'r', data: { success: true } } };

/** What a server answers that has too much to do. */
export function busy(headers: Readonly<Record<string, string>> = {}): Reaction {
  return { status: 429, headers, body: { statusCode: 429, message: 'Too many requests', requestId: 'b' } };
}

/** A `fetch` that reacts as told, one reaction a request and the last one for all further, and remembers what was sent. */
export function fakeServer(...reactions: readonly Reaction[]): { fetch: Fetch; sent: SentRequest[] } {
  const sent: SentRequest[] = [];
  const fetch: Fetch = (address, request) => {
    const reaction = reactions[Math.min(sent.length, reactions.length - 1)];
    sent.push({ address, ...request });
    if (reaction === undefined || reaction === 'silence') return silence(request.signal);
    if (reaction instanceof Error) return Promise.reject(reaction);
    const { status = 200, headers = {}, body } = reaction;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return Promise.resolve({ status, headers: { get: (name) => headers[name] ?? null }, text: async () => text });
  };
  return { fetch, sent };
}

function silence(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}
