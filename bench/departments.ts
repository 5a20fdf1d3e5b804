import { setTimeout as sleep } from 'node:timers/promises';
import { type ComparisonOptions, compare } from './comparison.ts';
import { alike, departmentCases, pageSourcesOf } from './department-cases.ts';
import { load, quantile, requestBuilder } from './http-load.ts';
import type { Stage } from './stage.ts';

/** Measures organizations, departments and members; the move too, unless only some operations are asked for. */
export function benchDepartments(options: ComparisonOptions): Promise<void> {
  return compare(
    options,
    async (small, large) => {
      const [ofSmall, ofLarge] = [pageSourcesOf(small), pageSourcesOf(large)];
      return {
        small: departmentCases(small, options.small, alike(ofSmall, ofLarge)),
        large: departmentCases(large, options.large, alike(ofLarge, ofSmall)),
      };
    },
    async (large) => {
      if (options.only === '') console.log(await measureMove(large));
    },
  );
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
