import { setTimeout as sleep } from 'node:timers/promises';
import { type Case, type ComparisonOptions, compare, type ReadCall, readCase } from './comparison.ts';
import { load, requestBuilder } from './http-load.ts';
import { cpuSecondsOf, cpuSecondsOfTree } from './processes.ts';
import { createRandom } from './random.ts';
import { asOwner } from './server-under-test.ts';
import type { Size, Stage } from './stage.ts';

/** Groups that runs made: their codes begin alike. */
const madeHere = 'bench-';
const everybody = `${madeHere}everybody`;

/** Measures groups: one that everybody belongs to, and what dynamic groups cost those who change users. */
export function benchGroups(options: ComparisonOptions): Promise<void> {
  return compare(
    options,
    async (small, large) => {
      for (const stage of [small, large]) await seedGroup(stage);
      return { small: cases(small, options.small), large: cases(large, options.large) };
    },
    async (large) => {
      if (options.only === '') await measureRules(large, options);
      // Other benchmarks keep this data set.
      await asOwner(large.server, (client) => client.query(leftovers, [large.dataset.userPoolId]));
    },
  );
}

const leftovers = `delete from groups where user_pool_id = $1 and code ^@ '${madeHere}'`;

async function seedGroup({ server, dataset }: Stage): Promise<void> {
  await asOwner(server, async (client) => {
    const { userPoolId } = dataset;
    await client.query(`select set_config('genauth.user_pool_id', $1, false)`, [userPoolId]);
    await client.query(leftovers, [userPoolId]);
    await client.query(
      `with made as (
         insert into groups (user_pool_id, id, code, name) values ($1, 'be9c00000004000000000000', $2, 'Everybody')
       )
       select`,
      [userPoolId, everybody],
    );
    await client.query(
      `insert into group_members (user_pool_id, group_id, user_id, joined_at)
       select $1, 'be9c00000004000000000000', id, created_at from users where user_pool_id = $1`,
      [userPoolId],
    );
    await client.query('vacuum (analyze) groups, group_members, group_counts');
  });
}

function cases({ dataset, server, authorization }: Stage, { users }: Size): Case[] {
  const random = createRandom(13);
  const build = requestBuilder(server.origin, authorization);
  const reading = (name: string, path: () => string): Case => {
    const calls = Array.from({ length: 1000 }, (): ReadCall => ({ method: 'GET', path: path() }));
    return readCase(
      name,
      calls,
      calls.map((call) => build.get(call.path)),
    );
  };
  const page = (number: number) => `/api/v3/list-group-members?code=${everybody}&limit=50&page=${number}`;
  return [
    reading('list-group-members, page of 50, of everybody', () => page(1 + random.below(20))),
    reading('get-user-groups', () => `/api/v3/get-user-groups?userId=${dataset.userId(random.below(users))}`),
  ];
}

/** Changes users without dynamic groups, with one and with fifty; and has the members of a new one found. */
async function measureRules(
  stage: Stage,
  { seconds, connections, large: { users } }: ComparisonOptions,
): Promise<void> {
  const { server, authorization, dataset } = stage;
  const build = requestBuilder(server.origin, authorization);
  const random = createRandom(17);
  const call = async (method: 'GET' | 'POST', path: string, input?: object) => {
    const response = await fetch(`${server.origin}/api/v3/${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(input === undefined ? {} : { body: JSON.stringify(input) }),
    });
    const answer = (await response.json()) as { statusCode: number; message: string; data: Evaluated };
    if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.message}`);
    return answer.data;
  };
  let made = 0;
  const makeGroup = async () => {
    const company = { field: 'company', operator: 'EQUAL', value: `company-${made}` };
    const rule = made === 0 ? { field: 'gender', operator: 'EQUAL', value: 'F' } : { or: [company, companyOf(made)] };
    const code = `${madeHere}rule-${made++}`;
    const { evaluation } = await call('POST', 'create-group', { code, type: 'dynamic', rule });
    while ((await call('GET', `get-job?jobId=${evaluation.jobId}`)).state !== 'done') await sleep(20);
  };
  const change = async () => {
    const cpu = () => cpuSecondsOf(server.pid) + cpuSecondsOfTree(server.postgresPid);
    const next = () => {
      const company = `company-${random.below(100)}`;
      return build.post('/api/v3/update-user', { userId: dataset.userId(random.below(users)), company });
    };
    await load(server.origin, connections, next, 1);
    const before = cpu();
    const { requests, failures, firstFailure } = await load(server.origin, connections, next, seconds);
    if (failures > 0) throw new Error(firstFailure);
    return Math.round(requests / (cpu() - before));
  };
  const none = await change();
  const start = performance.now();
  await makeGroup();
  const found = (performance.now() - start) / 1000;
  const one = await change();
  while (made < 50) await makeGroup();
  const fifty = await change();
  console.log(
    `\nupdate-user: ${none} per CPU-second without dynamic groups, ${one} with one, ${fifty} with fifty; the members of a new group, ` +
      `about half of ${users} users, were found in ${found.toFixed(1)} s`,
  );
}

interface Evaluated {
  readonly state: string;
  readonly evaluation: { readonly jobId: string };
}

/** A second company, so that every rule has two comparisons. */
function companyOf(number: number) {
  return { field: 'company', operator: 'EQUAL', value: `company-${number + 50}` };
}
