import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { alike, type Case, departmentCases, pageSourcesOf } from './department-cases.ts';
import { measureEcho, measureFloor } from './floors.ts';
import { load, quantile, requestBuilder } from './http-load.ts';
import { cpuSecondsOf, cpuSecondsOfTree, memoryOf } from './processes.ts';
import { openRecorder } from './recording.ts';
import { openStage, type Size, type Stage } from './stage.ts';

/** How the benchmark is run. */
export interface DepartmentsOptions {
  readonly large: Size;
  readonly small: Size;
  /** For each operation and each of: the small data set, the large one, the floor. */
  readonly seconds: number;
  readonly connections: number;
  /** Only operations whose name holds this; the move is measured when it is empty. */
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

/** Measures every operation on both data sets and prints the table. */
export async function benchDepartments(options: DepartmentsOptions): Promise<void> {
  const { connections, seconds } = options;
  console.log(
    `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${connections} connections, ${seconds} s each in ${rounds} turns`,
  );
  const small = await openStage(options.small);
  const large = await openStage(options.large);
  console.log(`ready after ${Math.round(large.server.readyAfter)} ms on the large data directory`);
  const recorder = await openRecorder(large.server.connection, large.seal, large.authorization);
  try {
    const echo = await measureEcho(seconds, connections);
    console.log(`bare HTTP echo: ${Math.round(echo)} requests per CPU-second\n`);
    console.log('| operation | per CPU-s | SQL floor | of floor | of echo | p50 ms | p99 ms | p50 against small |');
    console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
    const [ofSmall, ofLarge] = [pageSourcesOf(small), pageSourcesOf(large)];
    const smallCases = departmentCases(small, options.small, alike(ofSmall, ofLarge));
    for (const [index, one] of departmentCases(large, options.large, alike(ofLarge, ofSmall)).entries()) {
      const twin = smallCases[index];
      if (twin === undefined || !one.name.includes(options.only)) continue;
      const floor = await one.recordFloor(recorder);
      const [here, there, below] = [new Tally(), new Tally(), new Tally()];
      const slice = seconds / rounds;
      if (one.isRepeatable) {
        await load(large.server.origin, connections, one.next, 1);
        await load(small.server.origin, connections, twin.next, 1);
      }
      for (let round = 0; round < rounds; round++) {
        there.add(await measure(small, twin, slice, connections));
        here.add(await measure(large, one, slice, connections));
        below.add(await measureFloor(large, { seconds: slice, connections, ...floor() }));
      }
      console.log(
        `| ${one.name} | ${Math.round(here.perCpuSecond)} | ${Math.round(below.perCpuSecond)} | ` +
          `${percent(here.perCpuSecond / below.perCpuSecond)} | ${percent(here.perCpuSecond / echo)} | ` +
          `${quantile(here.latencies, 0.5).toFixed(2)} | ${quantile(here.latencies, 0.99).toFixed(2)} | ` +
          `${(quantile(here.latencies, 0.5) / quantile(there.latencies, 0.5)).toFixed(2)} |`,
      );
    }
    const { now, peak } = memoryOf(large.server.pid);
    console.log(`\nmemory of the server: ${megabytes(now)} MB, ${megabytes(peak)} MB at its peak`);
    if (options.only === '') console.log(await measureMove(large));
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

/** Moves a tenth of all departments below another branch and back, while readers go on. */
async function measureMove({ server, dataset, authorization }: Stage): Promise<string> {
  const { organizationCode, tenthDepartmentId: departmentId, largestBranchId } = dataset;
  const build = requestBuilder(server.origin, authorization);
  const query = `organizationCode=${organizationCode}&departmentId=${departmentId}&includeChildrenDepartments=true&limit=50`;
  const read = build.get(`/api/v3/list-department-members?${query}`);
  let isMoving = true;
  const readers = load(server.origin, 2, () => (isMoving ? read : undefined), 600);
  const move = async (parentDepartmentId: string) => {
    const requests = [build.post('/api/v3/update-department', { organizationCode, departmentId, parentDepartmentId })];
    const { failures, firstFailure, seconds } = await load(server.origin, 1, () => requests.pop(), 600);
    if (failures > 0) throw new Error(firstFailure);
    return seconds;
  };
  await sleep(500);
  const there = await move(largestBranchId);
  const back = await move('root');
  isMoving = false;
  const { latencies, failures, firstFailure } = await readers;
  if (failures > 0) throw new Error(firstFailure);
  return (
    `moving a tenth of the departments with everybody in them: ${there.toFixed(1)} s there, ${back.toFixed(1)} s back; ` +
    `meanwhile readers of it: p50 ${quantile(latencies, 0.5).toFixed(2)} ms, p99 ${quantile(latencies, 0.99).toFixed(2)} ms`
  );
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}
