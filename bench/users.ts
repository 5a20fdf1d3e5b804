import { type Case, type ComparisonOptions, compare, type ReadCall, readCase } from './comparison.ts';
import type { RecordedBatch } from './floor-process.ts';
import { load, requestBuilder } from './http-load.ts';
import { cpuSecondsOf, cpuSecondsOfThreads, cpuSecondsOfTree } from './processes.ts';
import { createRandom } from './random.ts';
import type { Recorder } from './recording.ts';
import { asOwner } from './server-under-test.ts';
import type { Size, Stage } from './stage.ts';

/** Measures users: reading them, their life cycle without passwords, and what of the CPU passwords take. */
export function benchUsers(options: ComparisonOptions): Promise<void> {
  return compare(
    options,
    async (small, large) => {
      for (const stage of [small, large])
        await asOwner(stage.server, (client) => client.query(leftovers, [stage.dataset.userPoolId]));
      return {
        small: [...readCases(small, options.small), ...lifeCycleCases(small)],
        large: [...readCases(large, options.large), ...lifeCycleCases(large)],
      };
    },
    async (large) => {
      if ('passwords'.includes(options.only)) console.log(await measurePasswords(large, options));
    },
  );
}

/** Users that runs made, the server's and the floor's: their names begin alike. */
const madeHere = 'fadebe9c';
const leftovers = `delete from users where user_pool_id = $1 and username ^@ '${madeHere}'`;

/** Numbers that no run has had before, as names that could be ids. */
const firstNumber = Date.now();
function nameOf(number: number): string {
  return `${madeHere}${(firstNumber * 1000 + number).toString(16).padStart(16, '0')}`;
}

function readCases({ dataset, server, authorization }: Stage, { users }: Size): Case[] {
  const random = createRandom(5);
  const build = requestBuilder(server.origin, authorization);
  const reading = (name: string, query: (userId: string) => string): Case => {
    const calls = Array.from({ length: 1000 }, (): ReadCall => {
      const path = `/api/v3/get-user?${query(dataset.userId(random.below(users)))}`;
      return { method: 'GET', path };
    });
    return readCase(
      name,
      calls,
      calls.map(({ path }) => build.get(path)),
    );
  };
  return [
    reading('get-user', (userId) => `userId=${userId}`),
    reading(
      'get-user, with departments, identities, posts and custom data',
      (userId) => `userId=${userId}&withDepartmentIds=true&withIdentities=true&withPost=true&withCustomData=true`,
    ),
  ];
}

/** One user at a time is made, changed, suspended and deleted again; the floor does so with users of its own. */
function lifeCycleCases({ server, authorization }: Stage): Case[] {
  const build = requestBuilder(server.origin, authorization);
  const most = 60_000;
  // Each data set lives in a user pool of its own, so names may be the same.
  const names = Array.from({ length: most }, (_, index) => nameOf(index));
  const floorNames = Array.from({ length: most }, (_, index) => nameOf(most + index));
  const counts = { made: 0, changed: 0, suspended: 0, deleted: 0 };
  const floorCounts = { made: 0, changed: 0, suspended: 0, deleted: 0 };
  const byName = { options: { userIdType: 'username' } };

  const create = (username: string): ReadCall => ({
    method: 'POST',
    path: '/api/v3/create-user',
    input: { username, email: `${username}@example.com`, name: '张三', company: 'steamory', gender: 'M' },
  });
  const update = (userId: string, more: object): ReadCall => ({
    method: 'POST',
    path: '/api/v3/update-user',
    input: { userId, ...more, ...byName },
  });
  const remove = (userId: string): ReadCall => ({
    method: 'POST',
    path: '/api/v3/delete-users-batch',
    input: { userIds: [userId], ...byName },
  });
  const send = ({ path, input }: ReadCall) => build.post(path, input);

  /** Again and again over the users there are. */
  const turnOf = (number: number, of: number) => ({ index: number % of, turn: Math.floor(number / of) });
  const next = {
    made: () => create(names[counts.made++] ?? ''),
    changed: () => {
      const { index, turn } = turnOf(counts.changed++, counts.made);
      return update(names[index] ?? '', { nickname: `in turn ${turn}`, city: '北京' });
    },
    suspended: () => {
      const { index, turn } = turnOf(counts.suspended++, counts.made);
      return update(names[index] ?? '', { status: turn % 2 === 0 ? 'Suspended' : 'Activated' });
    },
    deleted: () => (counts.deleted < counts.made ? remove(names[counts.deleted++] ?? '') : undefined),
  };

  const lifeCycleCase = (name: string, step: keyof typeof next, values: () => readonly string[]): Case => ({
    name,
    isRepeatable: false,
    next: () => {
      const call = next[step]();
      return call && send(call);
    },
    async recordFloor(recorder) {
      const sequences = await recordStep(recorder, step);
      return () => ({
        sequences,
        substitute: { placeholder, first: floorCounts[step], values: values() },
        onRuns: (runs) => {
          floorCounts[step] += runs;
        },
      });
    },
  });

  /** Records whole lives, and keeps one step of each. What is one user's name and id becomes the place for another's. */
  async function recordStep(recorder: Recorder, step: keyof typeof next): Promise<RecordedBatch[][]> {
    const sequences: RecordedBatch[][] = [];
    for (let life = 0; life < 8; life++) {
      const name = names[most - 1 - life] ?? '';
      const record = ({ path, input }: ReadCall) => recorder.record('POST', path, input);
      const steps = {
        made: await record(create(name)),
        changed: await record(update(name, { nickname: 'in turn 0', city: '北京' })),
        suspended: await record(update(name, { status: 'Suspended' })),
        deleted: await record(remove(name)),
      };
      const id = /"id":"([0-9a-f]{24})"/.exec(JSON.stringify(steps.made).replaceAll('\\', ''))?.[1];
      if (id === undefined) throw new Error('a user was made without an id');
      sequences.push(steps[step].map((batch) => generalized(batch, [id, name])));
    }
    return sequences;
  }

  const repeated = () => {
    const there = floorNames.slice(0, floorCounts.made);
    return Array.from({ length: Math.ceil(most / Math.max(1, there.length)) }, () => there).flat();
  };
  return [
    lifeCycleCase('create-user', 'made', () => floorNames),
    lifeCycleCase('update-user', 'changed', repeated),
    lifeCycleCase('update-user, suspending', 'suspended', repeated),
    lifeCycleCase('delete-users-batch, one user', 'deleted', () => floorNames.slice(0, floorCounts.made)),
  ];
}

const placeholder = 'the-user-of-this-run';

function generalized(batch: RecordedBatch, texts: readonly string[]): RecordedBatch {
  const general = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(general);
    if (typeof value !== 'string') return value;
    return texts.reduce((text, one) => text.replaceAll(one, placeholder), value);
  };
  return batch.map((statement) => ({ ...statement, values: statement.values.map(general) }));
}

/**
 * In turns: users with passwords and as many without. Hashes are made on the threads of libuv, and nothing else of creating a
 * user is, so that their CPU can be read from there.
 */
async function measurePasswords(
  { server, authorization }: Stage,
  { seconds, connections }: ComparisonOptions,
): Promise<string> {
  // What the cases before left to clean up would count as the work of this one.
  await asOwner(server, (client) => client.query('vacuum'));
  const build = requestBuilder(server.origin, authorization);
  let made = 200_000;
  const create = async (more: object, most: number, forSeconds: number) => {
    let left = most;
    const next = () =>
      left-- > 0 ? build.post('/api/v3/create-user', { username: nameOf(made++), ...more }) : undefined;
    const cpu = () => cpuSecondsOf(server.pid) + cpuSecondsOfTree(server.postgresPid);
    const hashing = () => cpuSecondsOfThreads(server.pid, 'libuv-worker');
    const before = { cpu: cpu(), hashing: hashing() };
    const { requests, failures, firstFailure } = await load(server.origin, connections, next, forSeconds);
    if (failures > 0) throw new Error(firstFailure);
    return { requests, cpuSeconds: cpu() - before.cpu, hashing: hashing() - before.hashing };
  };
  const password = 'passw0rd!';
  await create({ password }, Number.POSITIVE_INFINITY, 1);
  const total = { requests: 0, with: 0, hashing: 0, without: 0 };
  for (let turn = 0; turn < 4; turn++) {
    const made = await create({ password }, Number.POSITIVE_INFINITY, Math.max(2, seconds / 4));
    total.requests += made.requests;
    total.with += made.cpuSeconds;
    total.hashing += made.hashing;
    total.without += (await create({}, made.requests, 600)).cpuSeconds;
  }
  const each = (cpuSeconds: number) => `${((1000 * cpuSeconds) / total.requests).toFixed(2)} ms`;
  const share = (cpuSeconds: number) => `${Math.round((100 * cpuSeconds) / total.with)}%`;
  return (
    `create-user, CPU each of ${total.requests}: ${each(total.with)} with a password, of it hashing ${each(total.hashing)} ` +
    `(${share(total.hashing)}); ${each(total.without)} without, a difference of ${share(total.with - total.without)}`
  );
}
