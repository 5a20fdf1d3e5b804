/*
 * The floors, each in a process of its own so that its CPU can be told from the load generator's.
 * Reads one message {kind: 'echo'} or {kind: 'sql', ...} from its parent and answers with messages.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';

/** One recorded statement; `name` when it was sent as a prepared statement. */
export interface RecordedStatement {
  readonly name: string | undefined;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Run a SQL floor: sequences of statements, over and over on some connections. */
export interface SqlFloorOrder {
  readonly kind: 'sql';
  readonly connection: pg.ClientConfig;
  readonly connections: number;
  readonly seconds: number;
  readonly sequences: readonly (readonly RecordedStatement[])[];
  /**
   * For writes: each run takes the next of these and puts it in place of `placeholder`, so that every run has rows of its
   * own; audit ids are made anew. Absent for reads.
   */
  readonly substitute?: { readonly placeholder: string; readonly values: readonly string[] };
}

export interface SqlFloorResult {
  readonly runs: number;
  readonly seconds: number;
}

function echo(): void {
  const body = JSON.stringify({
    statusCode: 200,
    message: 'Success',
    requestId: '934108e5-9fbf-4d24-8da1-c330328abd6c',
    data: {},
  });
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    response.end(body);
  });
  server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
}

let made = 0;

function replaced(value: unknown, placeholder: string, by: string): unknown {
  if (typeof value === 'string') return value.includes(placeholder) ? value.replaceAll(placeholder, by) : value;
  if (Array.isArray(value)) return value.map((one) => replaced(one, placeholder, by));
  return value;
}

async function sql(order: SqlFloorOrder): Promise<SqlFloorResult> {
  const startedAt = performance.now();
  const deadline = startedAt + order.seconds * 1000;
  let runs = 0;
  let taken = 0;
  const run = async () => {
    const client = new pg.Client(order.connection);
    await client.connect();
    while (performance.now() < deadline) {
      const sequence = order.sequences[runs % order.sequences.length] ?? [];
      const by = order.substitute?.values[taken++];
      if (order.substitute !== undefined && by === undefined) break;
      runs += 1;
      for (const { name, text, values } of sequence) {
        if (values.length === 0) {
          await client.query(text);
          continue;
        }
        let bound = [...values];
        if (order.substitute !== undefined && by !== undefined) {
          bound = bound.map((value) => replaced(value, order.substitute?.placeholder ?? '', by));
          // An audit row needs an id of its own: any 24 hex digits in order.
          if (text.includes('insert into audit_logs'))
            bound[1] = `f${(Date.now() * 1000 + (made++ % 1000)).toString(16).padStart(23, '0')}`;
        }
        await client.query(name === undefined ? { text, values: bound } : { name, text, values: bound });
      }
    }
    await client.end();
  };
  await Promise.all(Array.from({ length: order.connections }, run));
  return { runs, seconds: (performance.now() - startedAt) / 1000 };
}

process.on('message', (order: { kind: 'echo' } | SqlFloorOrder) => {
  if (order.kind === 'echo') echo();
  else sql(order).then((result) => process.send?.(result));
});
