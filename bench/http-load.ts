import { connect, type Socket } from 'node:net';

/** One request, as bytes on the wire. */
export type WireRequest = Buffer;

/** What a load of requests came to. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** Milliseconds, one for each request. */
  readonly latencies: readonly number[];
  /** Answers that did not carry `"statusCode":200`, the first of them in full. */
  readonly failures: number;
  readonly firstFailure: string | undefined;
}

/** Builds requests for one origin and credential. */
export function requestBuilder(origin: string, authorization: string) {
  const { host } = new URL(origin);
  const head = `host: ${host}\r\nauthorization: ${authorization}\r\nx-authing-lang: en-US\r\n`;
  return {
    get: (path: string): WireRequest => Buffer.from(`GET ${path} HTTP/1.1\r\n${head}\r\n`),
    post: (path: string, input: unknown): WireRequest => {
      const body = JSON.stringify(input);
      const length = Buffer.byteLength(body);
      return Buffer.from(
        `POST ${path} HTTP/1.1\r\n${head}content-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`,
      );
    },
  };
}

/**
 * Sends requests over a fixed number of connections, each waiting for its answer before the next, until `until` says so
 * or `next` has none left. A plain socket instead of an HTTP client: the generator shares the machine with what it measures.
 */
export async function load(
  origin: string,
  connections: number,
  next: () => WireRequest | undefined,
  seconds: number,
): Promise<LoadResult> {
  const { hostname, port } = new URL(origin);
  const latencies: number[] = [];
  let failures = 0;
  let firstFailure: string | undefined;
  const startedAt = performance.now();
  const deadline = startedAt + seconds * 1000;

  const run = (socket: Socket) =>
    new Promise<void>((resolve, reject) => {
      let sentAt = 0;
      let answer = '';
      let expected = -1;
      const send = () => {
        const request = performance.now() < deadline ? next() : undefined;
        if (request === undefined) {
          socket.end();
          resolve();
          return;
        }
        answer = '';
        expected = -1;
        sentAt = performance.now();
        socket.write(request);
      };
      // latin1: one character a byte, so that lengths agree with content-length.
      socket.setEncoding('latin1');
      socket.on('data', (chunk: string) => {
        answer += chunk;
        if (expected < 0) {
          const end = answer.indexOf('\r\n\r\n');
          if (end < 0) return;
          expected = end + 4 + Number(/content-length: (\d+)/i.exec(answer)?.[1] ?? 0);
        }
        if (answer.length < expected) return;
        latencies.push(performance.now() - sentAt);
        if (!answer.includes('"statusCode":200')) {
          failures += 1;
          firstFailure ??= answer;
        }
        send();
      });
      socket.on('error', reject);
      socket.on('connect', send);
    });

  await Promise.all(Array.from({ length: connections }, () => run(connect(Number(port), hostname).setNoDelay(true))));
  const elapsed = (performance.now() - startedAt) / 1000;
  return { requests: latencies.length, seconds: elapsed, latencies, failures, firstFailure };
}

/** The value below which this share of the values lies: 0.5 is the median. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
