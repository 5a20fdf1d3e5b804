import { cpus } from 'node:os';
import type { RecordedBatch } from './floor-process.ts';
import { type Floor, measureEcho, measureFloor } from './floors.ts';
import { load, quantile, type WireRequest } from './http-load.ts';
import { cpuSecondsOf, cpuSecondsOfTree, memoryOf } from './processes.ts';
import { openRecorder, type Recorder } from './recording.ts';
import { openStage, type Size, type Stage } from './stage.ts';

/** One operation to measure on one data set. */
export interface Case {
  readonly name: string;
  /** Whether its requests may be sent again and again. */
  readonly isRepeatable: boolean;
  readonly next: () => WireRequest | undefined;
  /** Records what the server sends to PostgreSQL; answers what each turn of the floor sends. */
  recordFloor(recorder: Recorder): Promise<() => Floor>;
}

/** A call of an operation that changes nothing, unless it says so. */
export interface ReadCall {
  /** Changes something between the others: the floor leaves it out. */
  readonly isCommand?: true;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly input?: unknown;
}

/** A case that sends these calls in turn. Its floor knows the first three hundred. */
export function readCase(name: string, calls: readonly ReadCall[], requests: readonly WireRequest[]): Case {
  let at = 0;
  return {
    name,
    isRepeatable: true,
    next: () => requests[at++ % requests.length],
    async recordFloor(recorder) {
      const sequences: RecordedBatch[][] = [];
      for (const { method, path, input, isCommand } of calls.slice(0, 300)) {
        if (!isCommand) sequences.push(await recorder.record(method, path, input));
      }
      return () => ({ sequences });
    },
  };
}

/** How a comparison is run. */
export interface ComparisonOptions {
  readonly large: Size;
  readonly small: Size;
  /** For each operation and each of: the small data set, the large one, the floor. */
  readonly seconds: number;
  readonly connections: number;
  /** Only operations whose name holds this. */
  readonly only: string;
}

/** What is compared takes turns this often, so that a machine that is slow for a while is slow for all of it. */
const rounds = 4;

class Tally {
  requests = 0;
  cpuSeconds = 0;
  readonly latencies: number[] = [];

  add({
    requests,
    cpuSeconds,
    latencies = [],
  }: {
    requests: number;
    cpuSeconds: number;
    latencies?: readonly number[];
  }) {
    this.requests += requests;
    this.cpuSeconds += cpuSeconds;
    for (const one of latencies) this.latencies.push(one);
  }

  get perCpuSecond(): number {
    return this.requests / this.cpuSeconds;
  }
}

/**
 * Measures every operation on both data sets and prints the table. `casesOf` answers the cases of the small and the large
 * one in the same order; `finish` runs at the end, while the servers are there.
 */
export async function compare(
  options: ComparisonOptions,
  casesOf: (
    small: Stage,
    large: Stage,
  ) => Promise<{ readonly small: readonly Case[]; readonly large: readonly Case[] }>,
  finish: (large: Stage) => Promise<void> = async () => {},
): Promise<void> {
  const { connections, seconds } = options;
  console.log(
    `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${connections} connections, ${seconds} s each in ${rounds} turns`,
  );
  const small = await openStage(options.small);
  const large = await openStage(options.large);
  console.log(`ready after ${Math.round(large.server.readyAfter)} ms on the large data directory`);
  const recorder = await openRecorder(large.server.connection, large.seal, large.authorization);
  try {
    const cases = await casesOf(small, large);
    const echo = await measureEcho(seconds, connections);
    console.log(`bare HTTP echo: ${Math.round(echo)} requests per CPU-second\n`);
    console.log(
      '| operation | per CPU-s | SQL floor | of floor | in batches | of echo | p50 ms | p99 ms | p50 against small | p99 against small | CPU against small |',
    );
    console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
    for (const [index, one] of cases.large.entries()) {
      const twin = cases.small[index];
      if (twin === undefined || !one.name.includes(options.only)) continue;
      const floor = await one.recordFloor(recorder);
      const [here, there, below, belowInBatches] = [new Tally(), new Tally(), new Tally(), new Tally()];
      const slice = seconds / rounds;
      if (one.isRepeatable) {
        await load(large.server.origin, connections, one.next, 1);
        await load(small.server.origin, connections, twin.next, 1);
      }
      for (let round = 0; round < rounds; round++) {
        there.add(await measure(small, twin, slice, connections));
        here.add(await measure(large, one, slice, connections));
        below.add(await measureFloor(large, { seconds: slice, connections, inBatches: false, ...floor() }));
        belowInBatches.add(await measureFloor(large, { seconds: slice, connections, inBatches: true, ...floor() }));
      }
      console.log(
        `| ${one.name} | ${Math.round(here.perCpuSecond)} | ${Math.round(below.perCpuSecond)} | ` +
          `${percent(here.perCpuSecond / below.perCpuSecond)} | ` +
          `${percent(here.perCpuSecond / belowInBatches.perCpuSecond)} | ${percent(here.perCpuSecond / echo)} | ` +
          `${quantile(here.latencies, 0.5).toFixed(2)} | ${quantile(here.latencies, 0.99).toFixed(2)} | ` +
          `${ratio(here, there, 0.5)} | ${ratio(here, there, 0.99)} | ` +
          `${(there.perCpuSecond / here.perCpuSecond).toFixed(2)} |`,
      );
    }
    const { now, peak } = memoryOf(large.server.pid);
    console.log(`\nmemory of the server: ${megabytes(now)} MB, ${megabytes(peak)} MB at its peak`);
    await finish(large);
  } finally {
    await recorder.close();
    await small.server.stop();
    await large.server.stop();
  }
}

async function measure({ server }: Stage, { name, next }: Case, seconds: number, connections: number) {
  const cpu = () => cpuSecondsOf(server.pid) + cpuSecondsOfTree(server.postgresPid);
  const before = cpu();
  const { requests, latencies, failures, firstFailure } = await load(server.origin, connections, next, seconds);
  const cpuSeconds = cpu() - before;
  if (failures > 0) throw new Error(`${name}: ${failures} failures, the first: ${firstFailure}`);
  return { requests, latencies, cpuSeconds };
}

function ratio(here: Tally, there: Tally, at: number): string {
  return (quantile(here.latencies, at) / quantile(there.latencies, at)).toFixed(2);
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}
