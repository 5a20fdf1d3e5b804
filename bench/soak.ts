import { setTimeout as sleep } from 'node:timers/promises';
import { load, quantile, requestBuilder } from './http-load.ts';
import { memoryOf } from './processes.ts';
import { createRandom } from './random.ts';
import { openStage, type Size } from './stage.ts';

/** How long and on what a soak runs. */
export interface SoakOptions {
  readonly size: Size;
  readonly minutes: number;
  readonly connections: number;
}

/** A mixed load for minutes; prints the server's memory as it goes, and how the last third compares with the middle one. */
export async function benchSoak({ size, minutes, connections }: SoakOptions): Promise<void> {
  const { server, dataset, authorization } = await openStage(size);
  try {
    const build = requestBuilder(server.origin, authorization);
    const random = createRandom(3);
    const { organizationCode, parentIds, tenthDepartmentId } = dataset;
    const departmentId = () => parentIds[random.below(parentIds.length)] ?? tenthDepartmentId;
    const member = () => ({
      organizationCode,
      departmentId: departmentId(),
      userIds: [dataset.userId(random.below(size.users))],
    });
    const next = () => {
      const kind = random.below(10);
      const query = `organizationCode=${organizationCode}&departmentId=${departmentId()}`;
      if (kind < 3) return build.get(`/api/v3/get-department?${query}`);
      if (kind < 5) return build.get(`/api/v3/list-children-departments?${query}`);
      if (kind < 8)
        return build.get(`/api/v3/list-department-members?${query}&limit=50&includeChildrenDepartments=${kind === 7}`);
      if (kind < 9) return build.post('/api/v3/add-department-members', member());
      return build.post('/api/v3/remove-department-members', member());
    };
    const samples: number[] = [];
    let isRunning = true;
    const watching = (async () => {
      while (isRunning) {
        samples.push(memoryOf(server.pid).now / 1024 / 1024);
        await sleep(1000);
      }
    })();
    const started = Date.now();
    const timer = setInterval(() => {
      console.error(`${Math.round((Date.now() - started) / 1000)} s: ${Math.round(samples.at(-1) ?? 0)} MB`);
    }, 30_000);
    const result = await load(server.origin, connections, next, minutes * 60);
    isRunning = false;
    clearInterval(timer);
    await watching;
    const third = Math.floor(samples.length / 3);
    const mean = (list: readonly number[]) => list.reduce((sum, one) => sum + one, 0) / list.length;
    const [middle, last] = [mean(samples.slice(third, 2 * third)), mean(samples.slice(2 * third))];
    console.log(
      `${minutes} minutes, ${result.requests} requests (${Math.round(result.requests / result.seconds)} a second), ${result.failures} failures, ` +
        `p50 ${quantile(result.latencies, 0.5).toFixed(2)} ms, p99 ${quantile(result.latencies, 0.99).toFixed(2)} ms`,
    );
    console.log(
      `memory of the server: ${Math.round(middle)} MB in the middle third, ${Math.round(last)} MB in the last (${(last / middle).toFixed(2)} times), ` +
        `peak ${Math.round(memoryOf(server.pid).peak / 1024 / 1024)} MB`,
    );
    if (result.firstFailure !== undefined) console.log(`first failure: ${result.firstFailure}`);
  } finally {
    await server.stop();
  }
}
