import { nodeBuiltin } from './node-builtins.ts';
import type { Fetch, FetchAnswer, FetchRequest } from './transport.ts';

/** What is used of Node's `https`. */
interface Https {
  readonly Agent: new (options: { rejectUnauthorized: boolean; keepAlive: boolean }) => object;
  request(address: string, options: object, answered: (answer: IncomingMessage) => void): OutgoingMessage;
}

interface IncomingMessage {
  readonly statusCode?: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  setEncoding(encoding: 'utf8'): void;
  on(event: 'data', listener: (chunk: string) => void): void;
  on(event: 'end', listener: () => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
}

interface OutgoingMessage {
  on(event: 'error', listener: (error: Error) => void): void;
  end(body?: string): void;
}

/** A `fetch` that accepts any certificate. `fetch` itself cannot be told to, neither in browsers nor on Node.js. */
export function insecureFetch(): Fetch {
  const https = nodeBuiltin<Https>('node:https');
  if (https === undefined) throw new Error('rejectUnauthorized: false needs Node.js 20.16 or newer');
  const agent = new https.Agent({ rejectUnauthorized: false, keepAlive: true });
  return (address, request) =>
    address.startsWith('https:') ? fetchOver(https, agent, address, request) : fetch(address, request);
}

function fetchOver(
  https: Https,
  agent: object,
  address: string,
  { method, headers, body, signal }: FetchRequest,
): Promise<FetchAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = https.request(address, { method, headers, signal, agent }, (incoming) => {
      const chunks: string[] = [];
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          headers: { get: (name) => [incoming.headers[name] ?? []].flat()[0] ?? null },
          text: async () => chunks.join(''),
        }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
