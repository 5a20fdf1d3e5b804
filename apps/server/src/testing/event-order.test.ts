/**
 * What commands announce is the whole truth, in order: commands on the same users, departments, groups, roles and posts run at
 * once on two servers; then somebody who has nothing but the outbox must know exactly what the database holds.
 */
import { afterAll, expect, inject, test } from 'vitest';
import {
  callOperation,
  startTestServer,
  type TestServer,
  type TestUserPool,
  testServer,
  testUserPool,
} from './server.ts';

/** `EVENT_COMMANDS=5000 npx vitest run event-order` is the long form. */
const commandsPerClient = Number(process.env['EVENT_COMMANDS'] ?? 40);
const clientsPerServer = 4;

const server = await testServer();
const other = await startTestServer(inject('connection'));
afterAll(async () => {
  await other.composition.close();
  await other.database.close();
});

/** Things that belong to users: `department 1a2b… user 3c4d…`. */
type Membership = `${'department' | 'group' | 'role' | 'post'} ${string} user ${string}`;

interface Directory {
  readonly users: Record<string, { nickname: string | null; isResigned: boolean }>;
  readonly memberships: Set<Membership>;
}

interface OutboxEvent {
  readonly name: string;
  readonly request_id: string;
  // biome-ignore lint/suspicious/noExplicitAny: event data of every kind
  readonly data: any;
}

/** What a subscriber knows who started with nothing, and where it was told something that cannot be. */
function replay(events: readonly OutboxEvent[]): { directory: Directory; contradictions: string[] } {
  const directory: Directory = { users: {}, memberships: new Set() };
  const { users, memberships } = directory;
  const contradictions: string[] = [];
  const say = (name: string, what: string) => contradictions.push(`${name}: ${what}`);

  for (const { name, data } of events) {
    const begin = (one: Membership) => (memberships.has(one) ? say(name, `${one} already`) : memberships.add(one));
    const end = (one: Membership) => memberships.delete(one) || say(name, `${one} is not known`);
    // The deletion of a list says that all of it has ended.
    const endList = (start: string) => {
      for (const one of memberships) if (one.startsWith(start)) memberships.delete(one);
    };
    const known = (id: string) => {
      const user = users[id];
      if (user === undefined) say(name, `user ${id} is not known`);
      return user ?? { nickname: null, isResigned: false };
    };
    switch (name) {
      case 'user.created':
        if (users[data.user.userId] !== undefined) say(name, `user ${data.user.userId} already`);
        users[data.user.userId] = { nickname: data.user.nickname, isResigned: false };
        break;
      case 'user.updated':
        if ('nickname' in data.updates) known(data.user.userId).nickname = data.updates.nickname;
        break;
      case 'user.resigned':
        if (known(data.user.userId).isResigned) say(name, `user ${data.user.userId} already`);
        known(data.user.userId).isResigned = true;
        break;
      case 'user.deleted':
        known(data.user.userId);
        delete users[data.user.userId];
        for (const one of memberships) if (one.endsWith(` user ${data.user.userId}`)) say(name, `${one} still`);
        break;
      case 'group.deleted':
        endList(`group ${data.group.id} `);
        break;
      case 'role.deleted':
        endList(`role ${data.role.id} `);
        break;
      case 'post.deleted':
        endList(`post ${data.post.id} `);
        break;
      case 'department.member.added':
        begin(`department ${data.node.id} user ${data.user.id}`);
        break;
      case 'department.member.removed':
        end(`department ${data.node.id} user ${data.user.id}`);
        break;
      case 'group.member.added':
        for (const user of data.users) begin(`group ${data.group.id} user ${user.id}`);
        break;
      case 'group.member.removed':
        for (const user of data.users) end(`group ${data.group.id} user ${user.id}`);
        break;
      case 'post.member.added':
        begin(`post ${data.post.id} user ${data.user.id}`);
        break;
      case 'post.member.removed':
        end(`post ${data.post.id} user ${data.user.id}`);
        break;
      case 'role.assigned':
        for (const id of data.userIds) begin(`role ${data.role.id} user ${id}`);
        break;
      case 'role.unassigned':
        for (const id of data.userIds) end(`role ${data.role.id} user ${id}`);
        break;
    }
  }
  return { directory, contradictions };
}

/** What the database holds. */
async function stored(pool: TestUserPool): Promise<Directory> {
  const users = await pool.server.sql<{ id: string; nickname: string | null; status: string }>(
    'select id, nickname, status from users where user_pool_id = $1',
    [pool.id],
  );
  const memberships = await pool.server.sql<{ membership: Membership }>(
    `select 'department ' || department_id || ' user ' || user_id as membership from department_members where user_pool_id = $1
     union all select 'group ' || group_id || ' user ' || user_id from group_members where user_pool_id = $1
     union all select 'role ' || role_id || ' user ' || user_id from role_assignments where user_pool_id = $1 and user_id is not null
     union all select 'post ' || post_id || ' user ' || user_id from post_members where user_pool_id = $1`,
    [pool.id],
  );
  return {
    users: Object.fromEntries(
      users.map(({ id, nickname, status }) => [id, { nickname, isResigned: status === 'Resigned' }]),
    ),
    memberships: new Set(memberships.map(({ membership }) => membership)),
  };
}

/** Numbers that look random and are the same in every run. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Makes a pool with two of each, and calls it at random, as one of several clients. */
async function scene(pool: TestUserPool) {
  const organization = { organizationCode: 'acme' };
  await pool.do('createOrganization', { ...organization, organizationName: 'Acme' });
  const departments = ['one', 'two'].map(async (name) => {
    const made = await pool.do('createDepartment', { ...organization, name, parentDepartmentId: 'root' });
    return made.departmentId as string;
  });
  const posts = ['one', 'two'].map(async (code) => (await pool.do('createPost', { code, name: code })).id as string);
  for (const code of ['one', 'two']) {
    await pool.do('createGroup', { code, name: code });
    await pool.do('createRole', { code });
  }
  const users: string[] = [];
  for (let number = 0; number < 10; number++) {
    users.push((await pool.do('createUser', { username: `user-${number}` })).userId);
  }
  return { organization, departmentIds: await Promise.all(departments), postIds: await Promise.all(posts), users };
}

type Scene = Awaited<ReturnType<typeof scene>>;

/** One command, chosen at random. */
function anyCommand({ organization, departmentIds, postIds, users }: Scene, random: (below: number) => number) {
  const one = <Thing>(things: readonly Thing[]): Thing => things[random(things.length)] as Thing;
  const some = <Thing>(things: readonly Thing[]): Thing[] => things.filter(() => random(2) === 0);
  const userId = one(users);
  const userIds = [...new Set([userId, one(users), one(users)])];
  const code = one(['one', 'two']);
  const targets = userIds.map((targetIdentifier) => ({ targetType: 'USER', targetIdentifier }));
  const department = { ...organization, departmentId: one(departmentIds) };
  const commands: (readonly [operation: string, input: Record<string, unknown>])[] = [
    ['updateUser', { userId, nickname: `nick-${random(1_000)}` }],
    ['updateUserBatch', { list: userIds.map((id) => ({ userId: id, nickname: `nick-${random(1_000)}` })) }],
    ['addDepartmentMembers', { ...department, userIds }],
    ['removeDepartmentMembers', { ...department, userIds }],
    ['setUserDepartments', { userId, departments: some(departmentIds).map((departmentId) => ({ departmentId })) }],
    ['addGroupMembers', { code, userIds }],
    ['addGroupMembers', { code, userIds: [userId] }],
    ['removeGroupMembers', { code, userIds }],
    ['assignRole', { code, targets }],
    ['assignRole', { code, targets: targets.slice(0, 1) }],
    ['revokeRole', { code, targets }],
    ['setUserPosts', { userId, postIds: some(postIds) }],
    ['userConnectionPost', { userId, postId: one(postIds) }],
  ];
  // Seldom, or nobody would be left.
  if (random(25) === 0) return ['resignUser', { userId }] as const;
  if (random(15) === 0) return ['deleteUsersBatch', { userIds: [userId] }] as const;
  if (random(40) === 0)
    return one([
      ['deleteGroupsBatch', { codeList: [code] }],
      ['deleteRolesBatch', { codeList: [code] }],
      ['removePost', { code }],
    ] as const);
  if (random(8) === 0)
    return one([
      ['createGroup', { code, name: code }],
      ['createRole', { code }],
      ['createPost', { code, name: code }],
    ] as const);
  if (random(6) === 0)
    return ['createUser', { username: `more-${random(1_000_000)}`, departmentIds: some(departmentIds) }] as const;
  return one(commands);
}

test('who hears every event in its order knows what the database holds', { timeout: 120_000 }, async () => {
  const pool = await testUserPool({ server });
  const made = await scene(pool);
  const authorization = await pool.token();
  const accepted = new Set<string>();
  const failures: string[] = [];

  const client = async (at: TestServer, seed: number) => {
    const random = numbersFrom(seed);
    for (let command = 0; command < commandsPerClient; command++) {
      const [operation, input] = anyCommand(made, random);
      const answer = await callOperation(at, operation, input, { authorization });
      if (answer.statusCode === 200) accepted.add(answer.requestId);
      if (answer.statusCode >= 500) failures.push(`${operation} ${JSON.stringify(input)}: ${JSON.stringify(answer)}`);
      // Most commands about somebody who has left are refused whole, and then nothing would be tried with the others.
      if (operation === 'deleteUsersBatch')
        made.users = made.users.filter((id) => ![input['userIds']].flat().includes(id));
      if (operation === 'resignUser' && random(2) === 0) made.users = made.users.filter((id) => id !== input['userId']);
      if (operation === 'createUser' && answer.statusCode === 200) made.users.push(answer.data.userId);
      if (operation === 'createPost' && answer.statusCode === 200) made.postIds.push(answer.data.id);
    }
  };
  const clients = [server, other].flatMap((at, index) =>
    Array.from({ length: clientsPerServer }, (_, number) => client(at, 7 * index + number + 1)),
  );
  const before = (await pool.audits()).length;
  await Promise.all(clients);

  expect(failures).toEqual([]);
  const events = await server.sql<OutboxEvent>(
    'select name, request_id, data from outbox_events where user_pool_id = $1 order by id',
    [pool.id],
  );
  const { directory, contradictions } = replay(events);
  expect(contradictions).toEqual([]);
  const now = await stored(pool);
  expect(directory.users).toEqual(now.users);
  expect([...directory.memberships].sort()).toEqual([...now.memberships].sort());
  // Each command that was accepted left one audit row, the others nothing; and no event is of another.
  const audits = (await pool.audits()).slice(before);
  expect(audits.map(({ request_id }) => request_id).sort()).toEqual([...accepted].sort());
  const ofSetup = new Set((await pool.audits()).slice(0, before).map(({ request_id }) => request_id));
  expect(events.filter(({ request_id: id }) => !accepted.has(id) && !ofSetup.has(id))).toEqual([]);
  expect(events.length).toBeGreaterThan(commandsPerClient * clientsPerServer);
});
