import { type Case, readCase } from './comparison.ts';
import type { RecordedBatch } from './floor-process.ts';
import { requestBuilder } from './http-load.ts';
import { createRandom } from './random.ts';
import type { Recorder } from './recording.ts';
import type { Size, Stage } from './stage.ts';

/** Departments with a full page of members, and with one below them. */
export interface PageSources {
  readonly full: readonly string[];
  readonly small: readonly string[];
}

export function pageSourcesOf({ dataset }: Stage): PageSources {
  return { full: dataset.fullDepartmentIds(), small: dataset.smallSubtreeIds };
}

/** As many of them as there are in both, so that what one data set is asked for is as varied as what the other is. */
export function alike(one: PageSources, other: PageSources): PageSources {
  return { full: one.full.slice(0, other.full.length), small: one.small.slice(0, other.small.length) };
}

/** The operations of the table; in the same order for every data set. */
export function departmentCases(stage: Stage, size: Size, sources: PageSources): Case[] {
  return [...readCases(stage, sources), ...writeCases(stage, size)];
}

function readCases(stage: Stage, { full, small }: PageSources): Case[] {
  const { dataset, server, authorization } = stage;
  const random = createRandom(7);
  const { organizationCode, parentIds, tenthDepartmentId } = dataset;
  const build = requestBuilder(server.origin, authorization);
  const parent = () => parentIds[random.below(parentIds.length)] ?? tenthDepartmentId;
  const home = () => dataset.departmentIdsOf(random.below(1000))[0] ?? tenthDepartmentId;

  const reading = (name: string, path: () => string): Case => {
    // A thousand calls, the same in every run.
    const calls = Array.from({ length: 1000 }, () => ({ method: 'GET' as const, path: path() }));
    return readCase(
      name,
      calls,
      calls.map((call) => build.get(call.path)),
    );
  };
  const of = (operation: string, departmentId: string, more = '') =>
    `/api/v3/${operation}?organizationCode=${organizationCode}&departmentId=${departmentId}${more}`;
  return [
    reading('get-department', () => of('get-department', home())),
    reading('list-children-departments', () => of('list-children-departments', parent())),
    reading('list-department-members, page of 50, direct', () =>
      of('list-department-members', full[random.below(full.length)] ?? '', '&limit=50'),
    ),
    reading('the same with all descendants, 100 to 200 users below', () =>
      of(
        'list-department-members',
        small[random.below(small.length)] ?? '',
        '&limit=50&includeChildrenDepartments=true',
      ),
    ),
    reading('the same with all descendants, a tenth of everybody below', () =>
      of(
        'list-department-members',
        tenthDepartmentId,
        `&limit=50&includeChildrenDepartments=true&page=${1 + random.below(3)}`,
      ),
    ),
  ];
}

/** One user in and one user out, of departments at the leaves of the tree; the floor does so with users of its own. */
function writeCases(stage: Stage, size: Size): Case[] {
  const { dataset, server, authorization } = stage;
  const { organizationCode } = dataset;
  const build = requestBuilder(server.origin, authorization);
  const departmentIds = Array.from({ length: 64 }, (_, i) => dataset.departmentId(size.departments - 1 - i * 7));
  const count = Math.min(40_000, Math.floor(size.users / 2) - 200);
  const inputs = Array.from({ length: count }, (_, i) => ({
    organizationCode,
    departmentId: departmentIds[i % departmentIds.length],
    userIds: [dataset.userId(i + 100)],
  }));
  const floorUsers = Array.from({ length: count }, (_, i) => dataset.userId(Math.floor(size.users / 2) + i));
  const placeholder = dataset.userId(50);
  let added = 0;
  let removed = 0;
  let floorAdded = 0;
  let floorRemoved = 0;

  const record = async (recorder: Recorder) => {
    const templates: Record<'add' | 'remove', RecordedBatch[][]> = { add: [], remove: [] };
    for (const departmentId of departmentIds) {
      const input = { organizationCode, departmentId, userIds: [placeholder] };
      templates.add.push(await recorder.record('POST', '/api/v3/add-department-members', input));
      templates.remove.push(await recorder.record('POST', '/api/v3/remove-department-members', input));
    }
    return templates;
  };
  const request = (operation: string, input: unknown) =>
    input === undefined ? undefined : build.post(`/api/v3/${operation}-department-members`, input);

  return [
    {
      name: 'add-department-members, one user',
      isRepeatable: false,
      next: () => request('add', inputs[added++]),
      async recordFloor(recorder) {
        const { add: sequences } = await record(recorder);
        return () => ({
          sequences,
          substitute: { placeholder, first: floorAdded, values: floorUsers },
          onRuns: (runs) => {
            floorAdded += runs;
          },
        });
      },
    },
    {
      name: 'remove-department-members, one user',
      isRepeatable: false,
      next: () => (removed < added ? request('remove', inputs[removed++]) : undefined),
      async recordFloor(recorder) {
        const { remove: sequences } = await record(recorder);
        return () => ({
          sequences,
          substitute: { placeholder, first: floorRemoved, values: floorUsers.slice(0, floorAdded) },
          onRuns: (runs) => {
            floorRemoved += runs;
          },
        });
      },
    },
  ];
}
