import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importUsers, ManagementClient, type Models } from 'genauth';
import type pg from 'pg';
import { cpuSecondsOf, cpuSecondsOfTree, memoryOf } from './processes.ts';
import { createRandom } from './random.ts';
import { asOwner, type ServerUnderTest, startServerUnderTest } from './server-under-test.ts';

/** How large an import is measured. */
export interface ImportsOptions {
  readonly users: number;
}

const cache = fileURLToPath(new URL('../.cache/bench', import.meta.url));

/** What was used up to a moment of the import. */
interface Sample {
  readonly rows: number;
  readonly cpuSeconds: number;
  readonly serverCpuSeconds: number;
  readonly memory: number;
}

/**
 * Imports users with hashed passwords and 1.5 departments each into an empty server, then copies the same rows into another
 * one with bare COPY, and prints what a row costs of CPU, as the import goes and beside COPY.
 */
export async function benchImports({ users }: ImportsOptions): Promise<void> {
  const folder = await mkdtemp(join(cache, 'imports-'));
  // PostgreSQL reads and writes it, as whoever it runs as.
  const files = await mkdtemp(join(tmpdir(), 'genauth-copy-'));
  try {
    const server = await startServerUnderTest(join(folder, 'import'));
    try {
      const { samples, seconds } = await measureImport(server, users);
      const floor = await measureCopy(server, join(folder, 'copy'), files);
      report(users, samples, seconds, floor);
    } finally {
      await server.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
    await rm(files, { recursive: true, force: true });
  }
}

async function measureImport(server: ServerUnderTest, users: number): Promise<{ samples: Sample[]; seconds: number }> {
  const { userPoolId, userPoolSecret } = server.bootstrap;
  const departmentIds = await asOwner(server, async (client) => {
    await client.query('update user_pools set rate_limit_per_second = 1000000000');
    return makeDepartments(client, userPoolId, Math.max(100, Math.round(users / 10)));
  });
  const client = new ManagementClient({
    host: server.origin,
    accessKeyId: userPoolId,
    accessKeySecret: userPoolSecret,
    lang: 'en-US',
  });
  const samples: Sample[] = [];
  const take = (rows: number) => {
    const serverCpuSeconds = cpuSecondsOf(server.pid);
    samples.push({
      rows,
      serverCpuSeconds,
      cpuSeconds: serverCpuSeconds + cpuSecondsOfTree(server.postgresPid),
      memory: memoryOf(server.pid).now,
    });
  };
  const startedAt = performance.now();
  take(0);
  let last: Models.UserImportDto | undefined;
  let tenth = 0;
  const options = { format: 'csv', keepPassword: true, pollInterval: 100 } as const;
  for await (const state of importUsers(client, fileOf(users, departmentIds), options)) {
    if (state.state !== 'uploading' || last === undefined) take(state.rows);
    last = state;
    if (state.rows < ((tenth + 1) / 10) * users) continue;
    tenth = Math.floor((state.rows / users) * 10);
    const { cpuSeconds = 0, memory = 0 } = samples.at(-1) ?? {};
    const used = cpuSeconds - (samples[0]?.cpuSeconds ?? 0);
    console.error(
      `${state.rows} rows: ${used.toFixed(1)} s of CPU so far, server ${Math.round(memory / 1024 / 1024)} MB`,
    );
  }
  if (last?.state !== 'done' || last.created !== users) throw new Error(`the import ended so: ${JSON.stringify(last)}`);
  return { samples, seconds: (performance.now() - startedAt) / 1000 };
}

/** A tree with eight departments below each, beside the organization that a new server has. Answers their ids. */
async function makeDepartments(client: pg.Client, userPoolId: string, count: number): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    `with recursive root as (
       select id, number, path from departments where user_pool_id = $1 and parent_id is null limit 1
     ), made as (
       select i, lpad(to_hex(i), 24, '0') as id, nextval('department_numbers') as number from generate_series(1, $2::int) as i
     ), tree as (
       select made.i, made.id, root.id as parent_id, made.number, root.path || made.number || '/' as path
       from made, root where made.i <= 8
       union all
       select made.i, made.id, tree.id, made.number, tree.path || made.number || '/'
       from tree join made on (made.i - 1) / 8 = tree.i and made.i > 8
     )
     insert into departments (user_pool_id, id, organization_id, parent_id, number, path, name)
     select $1, tree.id, root.id, tree.parent_id, tree.number, tree.path, 'Department ' || i from tree, root
     returning id`,
    [userPoolId, count],
  );
  await client.query('analyze departments');
  return rows.map(({ id }) => id);
}

/** A file as systems that are left behind export it; half of the people have two departments. */
function* fileOf(users: number, departmentIds: readonly string[]): Generator<string> {
  const random = createRandom(11);
  const department = () => departmentIds[random.below(departmentIds.length)] ?? '';
  yield 'username,email,phone,externalId,name,company,password,departmentIds\n';
  let piece = '';
  for (let i = 0; i < users; i++) {
    const hash = `$2b$10$${i.toString(36).padStart(22, 'a')}${(i * 7919).toString(36).padStart(31, 'b')}`;
    const departments = i % 2 === 0 ? department() : `${department()};${department()}`;
    piece += `user${i},user${i}@example.com,${13000000000 + i},E${i},Person ${i},Acme,${hash},${departments}\n`;
    if (i % 1000 === 999) {
      yield piece;
      piece = '';
    }
  }
  yield piece;
}

/** The tables that an import of users fills, and where a user's id stands; what triggers fill follows by itself. */
const measured = { users: 'id', user_search: 'user_id', department_members: 'user_id' };
/** What those refer to. */
const needed = ['user_pools', 'organizations', 'departments'];

/**
 * CPU seconds of PostgreSQL for COPY of the same rows into an empty server's tables: of each tenth of the users in turn, one
 * COPY a table.
 */
async function measureCopy(source: ServerUnderTest, folder: string, files: string): Promise<number[]> {
  await chmod(files, 0o777);
  const tenths = Array.from({ length: 10 }, (_, i) => i);
  const columns = await asOwner(source, async (client) => {
    const lists = new Map<string, string>();
    const write = (what: string, file: string) => client.query(`copy (${what}) to '${join(files, file)}'`);
    const listOf = async (table: string) => {
      const { rows } = await client.query<{ list: string }>(
        `select string_agg(quote_ident(column_name), ', ' order by ordinal_position) as list
         from information_schema.columns where table_schema = 'public' and table_name = $1 and is_generated = 'NEVER'`,
        [table],
      );
      const list = rows[0]?.list ?? '';
      lists.set(table, list);
      return list;
    };
    for (const table of needed) {
      const order = table === 'departments' ? 'order by length(path)' : '';
      await write(`select ${await listOf(table)} from ${table} ${order}`, table);
    }
    // Ids are in the order in which the import made the users.
    const { rows: firsts } = await client.query<{ id: string }>(
      'select min(id) as id from (select id, ntile(10) over (order by id) as tenth from users) as divided group by tenth order by 1',
    );
    for (const [table, id] of Object.entries(measured)) {
      const list = await listOf(table);
      for (const tenth of tenths) {
        const [from, to] = [firsts[tenth]?.id, firsts[tenth + 1]?.id];
        const rows = `${id} >= '${from}'${to === undefined ? '' : ` and ${id} < '${to}'`}`;
        await write(`select ${list} from ${table} where ${rows} order by ctid`, `${table}-${tenth}`);
      }
    }
    return lists;
  });
  const target = await startServerUnderTest(folder);
  try {
    return await asOwner(target, async (client) => {
      const copy = (table: string, file: string) =>
        client.query(`copy ${table} (${columns.get(table)}) from '${join(files, file)}'`);
      await client.query('delete from departments; delete from organizations; delete from user_pools');
      await client.query('set session_replication_role = replica');
      for (const table of needed) await copy(table, table);
      await client.query('set session_replication_role = origin');
      await client.query('analyze departments');
      await client.query('checkpoint');
      const used: number[] = [];
      for (const tenth of tenths) {
        const before = cpuSecondsOfTree(target.postgresPid);
        await client.query('discard plans');
        for (const table of Object.keys(measured)) await copy(table, `${table}-${tenth}`);
        used.push(cpuSecondsOfTree(target.postgresPid) - before);
      }
      return used;
    });
  } finally {
    await target.stop();
  }
}

function report(users: number, samples: readonly Sample[], seconds: number, floors: readonly number[]): void {
  const at = (share: number) => {
    const rows = users * share;
    const after = samples.findIndex((sample) => sample.rows >= rows);
    const [before, next] = [samples[Math.max(0, after - 1)], samples[after]];
    if (before === undefined || next === undefined) return samples.at(-1)?.cpuSeconds ?? 0;
    const part = next.rows === before.rows ? 0 : (rows - before.rows) / (next.rows - before.rows);
    return before.cpuSeconds + part * (next.cpuSeconds - before.cpuSeconds);
  };
  const [begin, end] = [samples[0], samples.at(-1)];
  if (begin === undefined || end === undefined) throw new Error('the import was never looked at');
  const started = samples.find(({ rows }) => rows > 0) ?? begin;
  const cpu = end.cpuSeconds - begin.cpuSeconds;
  const serverCpu = end.serverCpuSeconds - begin.serverCpuSeconds;
  const floor = floors.reduce((sum, one) => sum + one, 0);
  const perRow = (cpuSeconds: number, rows: number) => `${Math.round((cpuSeconds / rows) * 1e6)} µs`;
  const tenths = Array.from({ length: 10 }, (_, i) => at((i + 1) / 10) - at(i / 10));
  const memoryIn = (from: number, to: number) => {
    const part = samples.filter(({ rows }) => rows >= users * from && rows <= users * to && rows > 0);
    return Math.round(part.reduce((sum, { memory }) => sum + memory, 0) / Math.max(1, part.length) / 1024 / 1024);
  };
  const peak = Math.round(Math.max(...samples.map(({ memory }) => memory)) / 1024 / 1024);
  console.log(
    `${users} users in ${seconds.toFixed(1)} s (${Math.round(users / seconds)} a second), first seen at row ${started.rows}`,
  );
  console.log(
    `CPU a row, upload included: ${perRow(cpu, users)} (server ${perRow(serverCpu, users)}, PostgreSQL ${perRow(cpu - serverCpu, users)})`,
  );
  console.log(
    `bare COPY of the same rows: ${perRow(floor, users)}; the import costs ${(cpu / floor).toFixed(2)} times that`,
  );
  const inTenths = (used: readonly number[]) => used.map((one) => perRow(one, users / 10)).join(', ');
  const growth = (used: readonly number[]) => ((used[9] ?? 0) / (used[1] ?? 1)).toFixed(2);
  console.log(`CPU a row by tenths (the upload is in the first): ${inTenths(tenths)}`);
  console.log(`of COPY: ${inTenths(floors)}`);
  console.log(`last tenth beside the second: ${growth(tenths)} times; of COPY ${growth(floors)} times`);
  console.log(
    `memory of the server: ${memoryIn(0, 0.2)} MB in the first fifth, ${memoryIn(0.8, 1)} MB in the last, peak ${peak} MB`,
  );
}
