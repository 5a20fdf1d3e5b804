/*
 * The floors, each in a process of its own so that its CPU can be told from the load generator's.
 * Reads one message {kind: 'echo'} or {kind: 'sql', ...} from its parent and answers with messages.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Batch, type Sent } from '@genauth/server/batch';
import pg from 'pg';

/** One recorded batch: statements that went out together. */
export type RecordedBatch = readonly Sent[];

/** Run a SQL floor: sequences of batches, over and over on some connections. */
export interface SqlFloorOrder {
  readonly kind: 'sql';
  readonly connection: pg.ClientConfig;
  readonly connections: number;
  readonly seconds: number;
  readonly sequences: readonly (readonly RecordedBatch[])[];
  /** Whether what the server sends at once goes out at once, or one after the other inside one transaction. */
  readonly inBatches: boolean;
  /**
   * For writes: each run takes the next of these and puts it in place of `placeholder`, so that every run has rows of its
   * own; audit ids are made anew. Absent for reads.
   */
  readonly substitute?: { readonly placeholder: string; readonly first: number; readonly values: readonly string[] };
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

const begin: Sent = { name: 'begin', text: 'begin', values: [] };
const commit: Sent = { name: 'commit', text: 'commit', values: [] };

/** As a client without batches has it: `begin` with the entry into the user pool, every statement alone, `commit`. */
function oneByOne(batches: readonly RecordedBatch[]): RecordedBatch[] {
  const isCommand = batches[0]?.[0]?.text === 'begin';
  const statements = batches.flat().filter(({ text }) => text !== 'begin' && text !== 'commit');
  // Reads enter the user pool with every batch.
  const [entry, ...others] = statements;
  const work = isCommand ? others : others.filter(({ name }) => name !== entry?.name);
  return [entry === undefined ? [begin] : [begin, entry], ...work.map((one) => [one]), [commit]];
}

let made = 0;

function newAuditId(): string {
  return `f${(Date.now() * 1000 + (made++ % 1000)).toString(16).padStart(23, '0')}`;
}

function replaced(value: unknown, placeholder: string, by: string): unknown {
  if (typeof value === 'string') return value.includes(placeholder) ? value.replaceAll(placeholder, by) : value;
  if (Array.isArray(value)) return value.map((one) => replaced(one, placeholder, by));
  return value;
}

async function sql(order: SqlFloorOrder): Promise<void> {
  const clients = await Promise.all(
    Array.from({ length: order.connections }, async () => {
      const client = new pg.Client(order.connection);
      await client.connect();
      return client;
    }),
  );
  let deadline = 0;
  let runs = 0;
  const substitute = order.substitute;
  const boundFor = (by: string, { text, values }: Sent): readonly unknown[] => {
    const bound = values.map((value) => replaced(value, substitute?.placeholder ?? '', by));
    // An audit row needs an id of its own: any 24 hex digits in order.
    return text.includes('insert into audit_logs') ? bound.with(1, newAuditId()) : bound;
  };
  const runOne = async (client: pg.Client, by: string | undefined) => {
    const sequence = order.sequences[runs++ % order.sequences.length] ?? [];
    for (const batch of order.inBatches ? sequence : oneByOne(sequence)) {
      const statements = by === undefined ? batch : batch.map((one) => ({ ...one, values: boundFor(by, one) }));
      await client.query(new Batch(statements)).end;
    }
  };
  const loop = async (client: pg.Client) => {
    while (performance.now() < deadline) {
      const by = substitute?.values[substitute.first + runs];
      if (substitute !== undefined && by === undefined) break;
      await runOne(client, by);
    }
  };
  // Reads can be sent beforehand; what writes cannot be warmed is warmed by the turns before.
  if (substitute === undefined) {
    deadline = performance.now() + 300;
    await Promise.all(clients.map(loop));
  }
  runs = 0;
  process.send?.('ready');
  await once(process, 'message');
  const startedAt = performance.now();
  deadline = startedAt + order.seconds * 1000;
  await Promise.all(clients.map(loop));
  const result: SqlFloorResult = { runs, seconds: (performance.now() - startedAt) / 1000 };
  process.send?.(result);
  await Promise.all(clients.map((client) => client.end()));
}

process.once('message', (order: { kind: 'echo' } | SqlFloorOrder) => {
  if (order.kind === 'echo') echo();
  else sql(order);
});
