import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { SqlFloorOrder, SqlFloorResult } from './floor-process.ts';
import { load, requestBuilder } from './http-load.ts';
import { cpuSecondsOf, cpuSecondsOfTree } from './processes.ts';
import type { Stage } from './stage.ts';

const program = fileURLToPath(new URL('floor-process.ts', import.meta.url));

/** Requests per CPU-second of an HTTP server that does nothing. */
export async function measureEcho(seconds: number, connections: number): Promise<number> {
  const child = fork(program);
  child.send({ kind: 'echo' });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const origin = `http://127.0.0.1:${port}`;
  const request = requestBuilder(origin, 'none').get('/');
  const pid = child.pid ?? 0;
  await load(origin, connections, () => request, 1);
  const before = cpuSecondsOf(pid);
  const { requests } = await load(origin, connections, () => request, seconds);
  const used = cpuSecondsOf(pid) - before;
  child.kill();
  return requests / used;
}

/** What the floor of an operation sends. `onRuns` hears how many runs there were. */
export interface Floor {
  readonly sequences: SqlFloorOrder['sequences'];
  readonly substitute?: NonNullable<SqlFloorOrder['substitute']>;
  readonly onRuns?: (runs: number) => void;
}

/** The same statements as the server sends, from a bare `pg` loop; CPU of that loop and of PostgreSQL. */
export async function measureFloor(
  { server }: Stage,
  {
    seconds,
    connections,
    inBatches,
    sequences,
    substitute,
    onRuns,
  }: Floor & { readonly seconds: number; readonly connections: number; readonly inBatches: boolean },
): Promise<{ requests: number; cpuSeconds: number }> {
  const child = fork(program, { serialization: 'advanced' });
  const pid = child.pid ?? 0;
  const order: SqlFloorOrder = {
    kind: 'sql',
    connection: {
      ...server.connection,
      options: '-c role=genauth_app -c timezone=UTC -c plan_cache_mode=force_generic_plan',
    },
    connections,
    seconds,
    sequences,
    inBatches,
    ...(substitute === undefined ? {} : { substitute }),
  };
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the floor ended with ${code}`);
  });
  // After its last word it may.
  ended.catch(() => {});
  const heard = () => Promise.race([once(child, 'message'), ended]);
  const cpu = () => cpuSecondsOf(pid) + cpuSecondsOfTree(server.postgresPid);
  child.send(order);
  // It says when its connections are open and its code is warm; only from then on it counts.
  await heard();
  const before = cpu();
  child.send('go');
  const [result] = (await heard()) as [SqlFloorResult];
  const cpuSeconds = cpu() - before;
  child.kill();
  onRuns?.(result.runs);
  return { requests: result.runs, cpuSeconds };
}
