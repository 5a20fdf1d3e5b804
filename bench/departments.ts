import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { RecordedStatement, SqlFloorOrder, SqlFloorResult } from './floor-process.ts';
import { type LoadResult, load, requestBuilder, type WireRequest } from './http-load.ts';
import { cpuSecondsOf, cpuSecondsOfTree, memoryOf } from './processes.ts';
import { createRandom } from './random.ts';
import { openRecorder, type Recorder } from './recording.ts';
import { openStage, type Size, type Stage } from './stage.ts';

/** How the benchmark is run. */
export interface DepartmentsOptions {
  readonly large: Size;
  readonly small: Size;
  readonly seconds: number;
  readonly connections: number;
}

/** One operation on one data set. */
interface Measurement {
  readonly name: string;
  readonly size: Size;
  readonly load: LoadResult;
  readonly perCpuSecond: number;
  readonly floorPerCpuSecond: number;
}

interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly input?: unknown;
}

const floorProcess = fileURLToPath(new URL('floor-process.ts', import.meta.url));

/** Measures every operation on both data sets and prints the table. */
export async function benchDepartments(options: DepartmentsOptions): Promise<void> {
  const lines: string[] = [];
  const say = (line: string) => {
    lines.push(line);
    console.log(line);
  };
  say(
    `${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}; ${options.connections} connections, ${options.seconds} s each\n`,
  );
  const echo = await measureEcho(options);
  say(`bare HTTP echo: ${Math.round(echo)} requests per CPU-second\n`);
  const measurements: Measurement[] = [];
  for (const size of [options.small, options.large]) {
    const stage = await openStage(size);
    try {
      console.error(`measuring at ${size.departments} departments, ${size.users} users`);
      measurements.push(...(await measureStage(stage, size, options)));
      const { peak } = memoryOf(stage.server.pid);
      say(`memory of the server at ${size.users} users, at its peak: ${Math.round(peak / 1024 / 1024)} MB`);
      if (size === options.large) say(`\n${await measureMove(stage)}\n`);
    } finally {
      await stage.server.stop();
    }
  }
  say(
    '\n| operation | requests per CPU-s | SQL floor per CPU-s | share of floor | share of echo | p50 ms | p99 ms | p50 against small |',
  );
  say('| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
  for (const one of measurements.filter(({ size }) => size === options.large)) {
    const small = measurements.find(({ name, size }) => name === one.name && size === options.small);
    say(
      `| ${one.name} | ${Math.round(one.perCpuSecond)} | ${Math.round(one.floorPerCpuSecond)} | ` +
        `${percent(one.perCpuSecond / one.floorPerCpuSecond)} | ${percent(one.perCpuSecond / echo)} | ` +
        `${one.load.p50.toFixed(2)} | ${one.load.p99.toFixed(2)} | ${(one.load.p50 / (small?.load.p50 ?? Number.NaN)).toFixed(2)} |`,
    );
  }
}

async function measureEcho({ seconds, connections }: DepartmentsOptions): Promise<number> {
  const child = fork(floorProcess);
  child.send({ kind: 'echo' });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const request = requestBuilder(`http://127.0.0.1:${port}`, 'none').get('/');
  const pid = child.pid ?? 0;
  await load(`http://127.0.0.1:${port}`, connections, () => request, 1);
  const before = cpuSecondsOf(pid);
  const { requests } = await load(`http://127.0.0.1:${port}`, connections, () => request, seconds);
  const used = cpuSecondsOf(pid) - before;
  child.kill();
  return requests / used;
}

async function measureStage(stage: Stage, size: Size, options: DepartmentsOptions): Promise<Measurement[]> {
  const recorder = await openRecorder(stage.server.connection, stage.seal, stage.authorization);
  try {
    const measurements: Measurement[] = [];
    for (const [name, calls] of readCalls(stage)) {
      measurements.push(await measureReads(name, calls, stage, size, recorder, options));
    }
    measurements.push(...(await measureWrites(stage, size, recorder, options)));
    return measurements;
  } finally {
    await recorder.close();
  }
}

/** A thousand different calls of each kind, the same in every run. */
function readCalls({ dataset }: Stage): [string, Call[]][] {
  const random = createRandom(7);
  const { organizationCode, parentIds, tenthDepartmentId } = dataset;
  const query = (path: string, parameters: Record<string, string | number | boolean>): Call => {
    const written = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
    return { method: 'GET', path: `/api/v3/${path}?${written.join('&')}` };
  };
  const calls = (make: () => Call) => Array.from({ length: 1000 }, make);
  const departmentOf = () => dataset.departmentIdsOf(random.below(1000))[0] ?? tenthDepartmentId;
  const parent = () => parentIds[random.below(parentIds.length)] ?? tenthDepartmentId;
  const page = { organizationCode, limit: 50 };
  return [
    ['get-department', calls(() => query('get-department', { organizationCode, departmentId: departmentOf() }))],
    [
      'list-children-departments',
      calls(() => query('list-children-departments', { organizationCode, departmentId: parent() })),
    ],
    [
      'list-department-members, direct',
      calls(() => query('list-department-members', { ...page, departmentId: departmentOf() })),
    ],
    [
      'list-department-members, with all descendants of a tenth of everybody',
      calls(() =>
        query('list-department-members', {
          ...page,
          departmentId: tenthDepartmentId,
          includeChildrenDepartments: true,
          page: 1 + random.below(3),
        }),
      ),
    ],
    [
      'list-department-members, with all descendants of any department',
      calls(() =>
        query('list-department-members', { ...page, departmentId: parent(), includeChildrenDepartments: true }),
      ),
    ],
  ];
}

async function measureReads(
  name: string,
  calls: readonly Call[],
  stage: Stage,
  size: Size,
  recorder: Recorder,
  options: DepartmentsOptions,
): Promise<Measurement> {
  const { server, authorization } = stage;
  const build = requestBuilder(server.origin, authorization);
  const requests = calls.map(({ path }) => build.get(path));
  let at = 0;
  const next = () => requests[at++ % requests.length];
  const sequences = [];
  for (const { method, path } of calls.slice(0, 300)) sequences.push(await recorder.record(method, path));
  await load(server.origin, options.connections, next, 1);
  const result = await measured(name, stage, size, () =>
    load(server.origin, options.connections, next, options.seconds),
  );
  const floor = await sqlFloor(stage, options, { sequences });
  return { ...result, floorPerCpuSecond: floor.perCpuSecond };
}

/** One user in, one user out, users and departments changing; every floor run has a user of its own, too. */
async function measureWrites(
  stage: Stage,
  size: Size,
  recorder: Recorder,
  options: DepartmentsOptions,
): Promise<Measurement[]> {
  const { dataset, server, authorization } = stage;
  const { organizationCode } = dataset;
  const build = requestBuilder(server.origin, authorization);
  const random = createRandom(11);
  // Departments nobody of these users is in: the last ones are leaves of the tree.
  const departments = Array.from({ length: 64 }, (_, i) => dataset.departmentId(size.departments - 1 - i * 7));
  const count = Math.min(20_000, Math.floor(size.users / 2));
  const inputs = Array.from({ length: count }, (_, i) => ({
    organizationCode,
    departmentId: departments[random.below(departments.length)] ?? '',
    userIds: [dataset.userId(i + 100)],
  }));
  const placeholder = dataset.userId(50);
  const templates: Record<'add' | 'remove', RecordedStatement[][]> = { add: [], remove: [] };
  for (const departmentId of departments) {
    const input = { organizationCode, departmentId, userIds: [placeholder] };
    templates.add.push(await recorder.record('POST', '/api/v3/add-department-members', input));
    templates.remove.push(await recorder.record('POST', '/api/v3/remove-department-members', input));
  }
  const run = (operation: string, wanted: readonly unknown[], seconds: number) => {
    const requests = wanted.map((input) => build.post(`/api/v3/${operation}-department-members`, input));
    let at = 0;
    return load(server.origin, options.connections, () => requests[at++], seconds);
  };
  const addName = 'add-department-members, one user';
  const added = await measured(addName, stage, size, () => run('add', inputs, options.seconds));
  const present = inputs.slice(0, added.load.requests);
  const removeName = 'remove-department-members, one user';
  const removed = await measured(removeName, stage, size, () => run('remove', present, options.seconds));
  // What the measured removal left over goes too, so that the floor starts where the server did.
  await run('remove', present, 600);
  const users = inputs.map(({ userIds: [id = ''] }) => id);
  const addFloor = await sqlFloor(stage, options, {
    sequences: templates.add,
    substitute: { placeholder, values: users },
  });
  const left = users.slice(0, addFloor.runs);
  const removal = { sequences: templates.remove, substitute: { placeholder, values: left } };
  const removeFloor = await sqlFloor(stage, options, removal);
  await sqlFloor(stage, { ...options, seconds: 600 }, removal);
  return [
    { ...added, floorPerCpuSecond: addFloor.perCpuSecond },
    { ...removed, floorPerCpuSecond: removeFloor.perCpuSecond },
  ];
}

async function measured(
  name: string,
  { server }: Stage,
  size: Size,
  run: () => Promise<LoadResult>,
): Promise<Omit<Measurement, 'floorPerCpuSecond'>> {
  const cpu = () => cpuSecondsOf(server.pid) + cpuSecondsOfTree(server.postgresPid);
  const before = cpu();
  const result = await run();
  const used = cpu() - before;
  if (result.failures > 0) throw new Error(`${name}: ${result.failures} failures, the first: ${result.firstFailure}`);
  return { name, size, load: result, perCpuSecond: result.requests / used };
}

type FloorInput = Pick<SqlFloorOrder, 'sequences' | 'substitute'>;

async function sqlFloor(
  { server }: Stage,
  { seconds, connections }: DepartmentsOptions,
  input: FloorInput,
): Promise<{ perCpuSecond: number; runs: number }> {
  const child = fork(floorProcess, { serialization: 'advanced' });
  const connection = { ...server.connection, options: '-c role=genauth_app -c timezone=UTC' };
  const pid = child.pid ?? 0;
  const order: SqlFloorOrder = { kind: 'sql', connection, connections, seconds, ...input };
  if (input.substitute === undefined) {
    child.send({ ...order, seconds: 1 });
    await once(child, 'message');
  }
  const cpu = () => cpuSecondsOf(pid) + cpuSecondsOfTree(server.postgresPid);
  const before = cpu();
  child.send(order);
  const [result] = (await once(child, 'message')) as [SqlFloorResult];
  const used = cpu() - before;
  child.kill();
  return { perCpuSecond: result.runs / used, runs: result.runs };
}

/** Moves a tenth of all departments below another branch and back, while readers go on. */
async function measureMove({ server, dataset, authorization }: Stage): Promise<string> {
  const { organizationCode, tenthDepartmentId, largestBranchId } = dataset;
  const build = requestBuilder(server.origin, authorization);
  const read = build.get(
    `/api/v3/list-department-members?organizationCode=${organizationCode}&departmentId=${tenthDepartmentId}&includeChildrenDepartments=true&limit=50`,
  );
  const move = (parentDepartmentId: string) =>
    load(
      server.origin,
      1,
      onlyOnce(
        build.post('/api/v3/update-department', {
          organizationCode,
          departmentId: tenthDepartmentId,
          parentDepartmentId,
        }),
      ),
      600,
    );
  let isMoving = true;
  const readers = load(server.origin, 2, () => (isMoving ? read : undefined), 600);
  await sleep(500);
  const there = await move(largestBranchId);
  const back = await move('root');
  isMoving = false;
  const { p50, p99, failures } = await readers;
  if (there.failures + back.failures + failures > 0)
    throw new Error(there.firstFailure ?? back.firstFailure ?? 'a read failed');
  return (
    `moving a tenth of the departments (about ${Math.round(dataset.parentIds.length)} inner ones in all) with everybody in them: ` +
    `${(there.p50 / 1000).toFixed(2)} s there, ${(back.p50 / 1000).toFixed(2)} s back; meanwhile readers of it: p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`
  );
}

function onlyOnce(request: WireRequest): () => WireRequest | undefined {
  let waiting: WireRequest | undefined = request;
  return () => {
    const next = waiting;
    waiting = undefined;
    return next;
  };
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}
