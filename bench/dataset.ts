import { toSearchTexts } from '@genauth/server/user-texts';
import pg from 'pg';
import { hire, type Person, peoplePerBlock } from './people.ts';
import { type Profile, profileOf } from './profiles.ts';
import type { Progress } from './progress.ts';
import { createRandom } from './random.ts';
import { growTree, type Tree } from './tree.ts';

/** What to seed, and where. The connection is that of the owner of the tables. */
export interface SeedOptions {
  readonly users: number;
  readonly departments: number;
  readonly connection: pg.ClientConfig;
  /** Secret of the user pool, sealed as the server does: `seal(secret, context)`. */
  readonly sealSecret: (userPoolId: string) => Buffer;
  readonly progress: Progress;
}

/** A seeded user pool, and where in it the benchmarks should look. */
export interface Dataset {
  readonly userPoolId: string;
  readonly organizationCode: string;
  readonly rootDepartmentId: string;
  /** A subtree of a tenth of all departments, with about a tenth of all users below. Its parent is the root. */
  readonly tenthDepartmentId: string;
  /** The largest subtree beside it; a place to move it to and away from. */
  readonly largestBranchId: string;
  /** Departments that have children. */
  readonly parentIds: readonly string[];
  /** Departments with 100 to 200 people below them, by the size of their subtree. */
  readonly smallSubtreeIds: readonly string[];
  /** Departments with more than fifty members of their own. */
  readonly fullDepartmentIds: () => string[];
  departmentId(index: number): string;
  userId(index: number): string;
  /** Departments of a user, the main one first. */
  departmentIdsOf(userIndex: number): string[];
}

const organizationCode = 'bench';
const founded = Date.UTC(2023, 0, 1);

/** Describes the data set of this size without touching a database: everything in it follows from its size. */
export function describeDataset(users: number, departments: number, tree: Tree = growTree(departments)): Dataset {
  const [tenth, largest] = tree.branches;
  if (tenth === undefined || largest === undefined) throw new Error('a data set needs at least three departments');
  const withChildren = Array.from(tree.sizes.keys()).filter((index) => (tree.sizes[index] ?? 0) > 1);
  return {
    userPoolId: `be9c${hex(users, 10)}${hex(departments, 10)}`,
    organizationCode,
    rootDepartmentId: departmentId(0),
    tenthDepartmentId: departmentId(tenth),
    largestBranchId: departmentId(largest),
    parentIds: withChildren.map(departmentId),
    smallSubtreeIds: withChildren
      .filter((index) => isBetween(tree.sizes[index] ?? 0, departments, users))
      .map(departmentId),
    fullDepartmentIds() {
      const members = new Int32Array(departments);
      for (let block = 0; block * peoplePerBlock < users; block += 1) {
        for (const person of hire(tree, block, users)) {
          for (const department of person.departments) members[department] = (members[department] ?? 0) + 1;
        }
      }
      return Array.from(members.keys())
        .filter((index) => (members[index] ?? 0) > 50)
        .map(departmentId);
    },
    departmentId,
    userId,
    departmentIdsOf(userIndex) {
      const person = hire(tree, Math.floor(userIndex / peoplePerBlock), users)[userIndex % peoplePerBlock];
      return (person?.departments ?? []).map(departmentId);
    },
  };
}

/** People are spread evenly over subtrees: a department with so many departments below has so many people below. */
function isBetween(subtree: number, departments: number, users: number): boolean {
  const people = (subtree / departments) * users;
  return people >= 100 && people <= 200;
}

/**
 * Fills a user pool of its own with people in departments. Killed at any moment, the next call goes on where it was;
 * called again when all is there, it changes nothing.
 */
export async function seed(options: SeedOptions): Promise<Dataset> {
  const { users, departments, progress } = options;
  const tree = growTree(departments);
  const dataset = describeDataset(users, departments, tree);
  const client = new pg.Client(options.connection);
  await client.connect();
  try {
    const { userPoolId } = dataset;
    await client.query(`select set_config('genauth.user_pool_id', $1, false)`, [userPoolId]);
    if (await isComplete(client, userPoolId)) return dataset;
    await withoutTriggers(client);
    // Larger portions are merged into the index in far less time.
    await client.query('alter index user_search_grams set (gin_pending_list_limit = 32768)');
    await client.query('alter index users_fields set (gin_pending_list_limit = 32768)');
    await client.query(`set work_mem = '128MB'`);
    await inTransaction(client, () => seedTree(client, dataset, tree, options));
    const tally = await seedPeople(client, dataset, tree, options);
    await inTransaction(client, () => seedCounts(client, userPoolId, tally, progress));
    progress('statistics', 0, 1);
    await client.query('alter index user_search_grams reset (gin_pending_list_limit)');
    await client.query('alter index users_fields reset (gin_pending_list_limit)');
    await client.query(
      'vacuum (analyze) users, user_search, departments, department_members, department_counts, department_leaders',
    );
    progress('statistics', 1, 1);
    return dataset;
  } finally {
    await client.end();
  }
}

/** Counts are written last. */
async function isComplete(client: pg.Client, userPoolId: string): Promise<boolean> {
  const { rows } = await client.query('select from department_counts where user_pool_id = $1 limit 1', [userPoolId]);
  return rows.length > 0;
}

/** The rows are right by construction; checking each foreign key would triple the time. Needs a superuser. */
async function withoutTriggers(client: pg.Client): Promise<void> {
  await client.query(`set genauth.counting = off`);
  await client.query(`set session_replication_role = replica`).catch((error: unknown) => {
    if (error instanceof pg.DatabaseError && error.code === '42501') return;
    throw error;
  });
}

async function inTransaction<Result>(client: pg.Client, work: () => Promise<Result>): Promise<Result> {
  await client.query('begin');
  const result = await work();
  await client.query('commit');
  return result;
}

async function seedTree(client: pg.Client, dataset: Dataset, tree: Tree, options: SeedOptions): Promise<void> {
  const { userPoolId, rootDepartmentId } = dataset;
  const present = await client.query('select from organizations where user_pool_id = $1', [userPoolId]);
  if (present.rows.length > 0) return;
  await client.query('insert into user_pools (user_pool_id, name, secret_sealed) values ($1, $2, $3)', [
    userPoolId,
    `bench ${options.users}/${options.departments}`,
    options.sealSecret(userPoolId),
  ]);
  await client.query('insert into organizations (user_pool_id, id, code) values ($1, $2, $3)', [
    userPoolId,
    rootDepartmentId,
    organizationCode,
  ]);
  await client.query(
    `insert into custom_fields (user_pool_id, target_type, key, data_type, label, encrypted, is_unique, user_editable,
       visible_in_admin_console, visible_in_user_center, desensitization, validate_rules, options, app_ids, created_at, updated_at)
     select $1, 'USER', key, data_type, key, false, false, false, true, false, false, '[]', '[]', '{}', now(), now()
     from (values ('cost_center', 'STRING'), ('points', 'NUMBER')) as field (key, data_type)`,
    [userPoolId],
  );
  const { parents } = tree;
  const base = await reserveNumbers(client, parents.length);
  const paths: string[] = [];
  for (const [index, parent] of parents.entries()) paths.push(`${paths[parent] ?? ''}${base + index}/`);
  for (const indexes of slices(parents.length, 5_000)) {
    await client.query(
      `insert into departments (user_pool_id, id, organization_id, parent_id, number, path, code, open_department_id, name)
       select $1, id, $2, parent_id, number, path, code, 'open-' || code, name
       from unnest($3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[])
         as department (id, parent_id, number, path, code, name)`,
      [
        userPoolId,
        rootDepartmentId,
        indexes.map(departmentId),
        indexes.map((index) => (index === 0 ? null : departmentId(parents[index] ?? 0))),
        indexes.map((index) => base + index),
        indexes.map((index) => paths[index]),
        indexes.map((index) => `d-${index}`),
        indexes.map((index) => (index === 0 ? 'Bench' : `Department ${index}`)),
      ],
    );
    options.progress('departments', (indexes.at(-1) ?? 0) + 1, parents.length);
  }
}

/** Takes as many numbers as there are departments, in one piece; answers the first. */
async function reserveNumbers(client: pg.Client, count: number): Promise<number> {
  const { rows } = await client.query<{ first: string }>(
    `select setval('department_numbers', nextval('department_numbers') + $1) - $1 as first`,
    [count],
  );
  return Number(rows[0]?.first);
}

/** Who is counted where: by index of the department. */
interface Tally {
  readonly members: Int32Array;
  readonly users: Int32Array;
  /** The first member, who leads; -1 where there is none. */
  readonly leaders: Int32Array;
}

/** Each block of people is one transaction, so the number of users says where an earlier run was stopped. */
async function seedPeople(client: pg.Client, dataset: Dataset, tree: Tree, options: SeedOptions): Promise<Tally> {
  const { userPoolId } = dataset;
  const tally: Tally = {
    members: new Int32Array(tree.parents.length),
    users: new Int32Array(tree.parents.length),
    leaders: new Int32Array(tree.parents.length).fill(-1),
  };
  const { rows } = await client.query<{ path: string }>(
    'select path from departments where user_pool_id = $1 order by number',
    [userPoolId],
  );
  const paths = rows.map(({ path }) => path);
  const counted = await client.query<{ done: string }>('select count(*) as done from users where user_pool_id = $1', [
    userPoolId,
  ]);
  const done = Number(counted.rows[0]?.done);
  for (let block = 0; block * peoplePerBlock < options.users; block += 1) {
    const people = hire(tree, block, options.users);
    for (const person of people) count(tally, tree, person);
    if (block * peoplePerBlock >= done)
      await inTransaction(client, () => insertPeople(client, userPoolId, people, paths));
    options.progress('people', block * peoplePerBlock + people.length, options.users);
  }
  return tally;
}

/** A user counts once in every department on the ways from the root to his departments. */
function count({ members, users, leaders }: Tally, { parents }: Tree, { index, departments }: Person): void {
  const counted = new Set<number>();
  for (const department of departments) {
    members[department] = (members[department] ?? 0) + 1;
    if (leaders[department] === -1) leaders[department] = index;
    for (let above = department; above !== -1 && !counted.has(above); above = parents[above] ?? -1) counted.add(above);
  }
  for (const department of counted) users[department] = (users[department] ?? 0) + 1;
}

async function insertPeople(
  client: pg.Client,
  userPoolId: string,
  people: readonly Person[],
  paths: readonly string[],
): Promise<void> {
  const profiles = people.map(({ index }) => ({ id: userId(index), ...profileOf(index) }));
  await client.query({
    name: 'insert-users',
    text: `
      insert into users (user_pool_id, id, username, email, phone, phone_country_code, name, nickname, gender, status,
        source_type, logins_count, last_login_at, profile, custom_data, created_at, updated_at)
      select $1, id, username, email, phone, '+86', name, nickname, gender, status, "sourceType", "loginsCount",
        "lastLoginAt", profile, "customData", "createdAt", "createdAt"
      from jsonb_to_recordset($2) as profile (id text, username text, email text, phone text, name text, nickname text,
        gender text, status text, "sourceType" text, "loginsCount" integer, "lastLoginAt" timestamptz, profile jsonb,
        "customData" jsonb, "createdAt" timestamptz)`,
    values: [
      userPoolId,
      JSON.stringify(
        people.map(({ joinedAfter }, at) => ({
          ...profiles[at],
          lastLoginAt: lastLoginOf(profiles[at]),
          createdAt: joinedAt(joinedAfter[0] ?? 0),
        })),
      ),
    ],
  });
  await client.query({
    name: 'insert-texts',
    text: `
      insert into user_search (user_pool_id, user_id, common, other)
      select $1, id, common, other from unnest($2::text[], $3::text[], $4::text[]) as texts (id, common, other)`,
    values: [
      userPoolId,
      profiles.map(({ id }) => id),
      ...(['common', 'other'] as const).map((column) =>
        profiles.map((one) => toSearchTexts({ ...one, externalId: null })[column]),
      ),
    ],
  });
  const memberships = people.flatMap(({ index, departments, joinedAfter }) =>
    departments.map((department, rank) => ({ index, department, rank, joinedAfter: joinedAfter[rank] ?? 0 })),
  );
  await client.query({
    name: 'insert-members',
    text: `
      insert into department_members (user_pool_id, department_id, user_id, path, joined_at, is_main)
      select $1, department_id, user_id, path, joined_at, is_main
      from unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::boolean[])
        as member (department_id, user_id, path, joined_at, is_main)`,
    values: [
      userPoolId,
      memberships.map(({ department }) => departmentId(department)),
      memberships.map(({ index }) => userId(index)),
      memberships.map(({ department }) => paths[department]),
      memberships.map(({ joinedAfter }) => joinedAt(joinedAfter)),
      memberships.map(({ rank }) => rank === 0),
    ],
  });
}

async function seedCounts(client: pg.Client, userPoolId: string, tally: Tally, progress: Progress): Promise<void> {
  const { members, users, leaders } = tally;
  await client.query('delete from department_leaders where user_pool_id = $1', [userPoolId]);
  await client.query(
    `insert into user_counts (user_pool_id, slot, kind, status, gender, source_type, total)
     select user_pool_id, 0, kind, status, gender, source_type, count(*) from users where user_pool_id = $1
     group by 1, 3, 4, 5, 6`,
    [userPoolId],
  );
  for (const indexes of slices(members.length, 10_000)) {
    await client.query(
      `with counted as (
         select * from unnest($2::text[], $3::integer[], $4::integer[], $5::text[]) as counted (id, members, users, leader)
       ), led as (
         insert into department_leaders (user_pool_id, department_id, user_id, position)
         select $1, id, leader, 1 from counted where leader is not null
       )
       insert into department_counts (user_pool_id, department_number, slot, members, users)
       select $1, department.number, 0, counted.members, counted.users
       from counted join departments department on department.user_pool_id = $1 and department.id = counted.id
       where counted.users > 0`,
      [
        userPoolId,
        indexes.map(departmentId),
        indexes.map((index) => members[index]),
        indexes.map((index) => users[index]),
        indexes.map((index) => (leaders[index] === -1 ? null : userId(leaders[index] ?? 0))),
      ],
    );
    progress('counts', (indexes.at(-1) ?? 0) + 1, members.length);
  }
}

function lastLoginOf(profile: Profile | undefined): string | null {
  return profile?.lastLoginAfter == null ? null : joinedAt(profile.lastLoginAfter);
}

function* slices(end: number, size: number): Generator<number[]> {
  for (let first = 0; first < end; first += size) {
    yield Array.from({ length: Math.min(size, end - first) }, (_, offset) => first + offset);
  }
}

function joinedAt(secondsAfter: number): string {
  return new Date(founded + secondsAfter * 1000).toISOString();
}

/** Ids as the server makes them: time, counter, and a part that looks random. */
function departmentId(index: number): string {
  return toId(founded + index, index, 0xde9);
}

function userId(index: number): string {
  return toId(founded + 3_600_000 + index * 90, index, 0x05e);
}

function toId(time: number, index: number, kind: number): string {
  return hex(time, 11) + hex(kind, 3) + hex(createRandom(index ^ (kind << 20)).below(2 ** 32), 10);
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
