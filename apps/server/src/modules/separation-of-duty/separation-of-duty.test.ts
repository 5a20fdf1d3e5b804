import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { byCompany, finished, namesIn } from '../../testing/dynamic-groups.ts';
import { sentFor } from '../../testing/sent-statements.ts';
import { type TestUserPool, testUserPool } from '../../testing/server.ts';

const organizationCode = 'acme';

/**
 * A pool with roles `a` and `b`, which exclude each other, roles that bring them, a tree (root > left > below, root > right),
 * static groups `g` and `h`, and three users.
 */
async function aWorld({ isExclusive = true }: { readonly isExclusive?: boolean } = {}) {
  const pool = await testUserPool();
  await pool.do('createRolesBatch', { list: ['a', 'b', 'withA', 'withB', 'other'].map((code) => ({ code })) });
  await assign(pool, 'a', target('ROLE', 'withA'));
  await assign(pool, 'b', target('ROLE', 'withB'));
  const exclude = () => pool.call('setRoleMutualExclusion', { roles: [{ code: 'a' }, { code: 'b' }] });
  if (isExclusive) expect(await exclude()).toMatchObject({ statusCode: 200 });
  const made = await pool.do('createUsersBatch', { list: ['ada', 'bob', 'cat'].map((username) => ({ username })) });
  const [ada, bob, cat] = made.map(({ userId }: { userId: string }) => userId) as [string, string, string];
  const { departmentId: root } = await pool.do('createOrganization', { organizationCode, organizationName: 'Acme' });
  const under = async (parentDepartmentId: string): Promise<string> =>
    (await pool.do('createDepartment', { organizationCode, parentDepartmentId, name: 'd' })).departmentId;
  const [left, right] = [await under(root), await under(root)];
  const below = await under(left);
  for (const code of ['g', 'h']) await pool.do('createGroup', { code, name: code, type: 'static' });
  return { pool, ada, bob, cat, root, left, right, below, exclude };
}

/** An operation with its input. */
type Call = [operation: string, input: Readonly<Record<string, unknown>>];

type World = Awaited<ReturnType<typeof aWorld>>;

function target(targetType: string, targetIdentifier: string, more: object = {}) {
  return { targetType, targetIdentifier, ...more };
}

async function assign(pool: TestUserPool, code: string, to: object, more: object = {}): Promise<void> {
  await pool.do('assignRole', { code, targets: [to], ...more });
}

function join(departmentId: string, ...userIds: string[]) {
  return { organizationCode, departmentId, userIds };
}

/** Everything a refused call could have left behind. */
async function stateOf(pool: TestUserPool) {
  const tables = ['role_assignments', 'department_members', 'group_members', 'departments', 'users', 'outbox_events'];
  return Promise.all([...tables, 'role_exclusions', 'audit_logs'].map((table) => pool.rows(table)));
}

/** The call is refused for these roles, and leaves nothing. */
async function expectRefusal(pool: TestUserPool, [operation, input]: Call, ...told: string[]) {
  const before = await stateOf(pool);
  const answer = await pool.call(operation, input);
  expect({ operation, ...answer }).toMatchObject({ operation, statusCode: 422 });
  for (const text of ['Roles a and b', ...told]) expect(answer.message).toContain(text);
  expect(await stateOf(pool)).toEqual(before);
}

test('to assign a department, group or role is refused when one user would hold both, and all such are counted', async () => {
  const { pool, ada, bob, cat, root, left, below } = await aWorld();
  await pool.do('addDepartmentMembers', join(below, ada, bob));
  await pool.do('addDepartmentMembers', join(left, cat));
  await pool.do('addGroupMembers', { code: 'g', userIds: [ada, bob] });
  await assign(pool, 'other', target('USER', bob));
  const ways = [
    target('DEPARTMENT', root),
    target('DEPARTMENT', left),
    target('DEPARTMENT', below, { includeChildrenDepartments: false }),
    target('GROUP', 'g'),
    target('ROLE', 'other'),
  ];
  for (const held of ['a', 'withA']) {
    for (const wanted of ['b', 'withB']) {
      await assign(pool, held, target('USER', bob));
      for (const way of ways) {
        await expectRefusal(pool, ['assignRole', { code: wanted, targets: [way] }], `USER ${bob}`, '(users in all: 1)');
      }
      await assign(pool, held, target('USER', ada));
      for (const way of ways.slice(0, 4)) {
        const call = ['assignRole', { code: wanted, targets: [way] }] as Call;
        await expectRefusal(pool, call, `USER ${ada}`, '(users in all: 2)');
      }
      // Where neither of them is, it is nobody's matter.
      await assign(pool, wanted, target('DEPARTMENT', left, { includeChildrenDepartments: false }));
      await assign(pool, wanted, target('DEPARTMENT', root, { includeChildrenDepartments: false }));
      await assign(pool, wanted, target('GROUP', 'h'));
      const targets = [target('DEPARTMENT', left), target('DEPARTMENT', root), target('GROUP', 'h')];
      await pool.do('revokeRole', { code: wanted, targets });
      await pool.do('revokeRole', { code: held, targets: [target('USER', ada), target('USER', bob)] });
    }
  }
});

/** Ways of one user to come into department `left` or group `g`. */
const joins: readonly [string, (world: World) => Call][] = [
  ['added to the department', ({ left, ada }) => ['addDepartmentMembers', join(left, ada)]],
  ['added below it', ({ below, ada }) => ['addDepartmentMembers', join(below, ada)]],
  [
    'set to be there',
    ({ left, ada }) => ['setUserDepartments', { userId: ada, departments: [{ departmentId: left }] }],
  ],
  ['in a batch of others', ({ left, ada, bob, cat }) => ['addDepartmentMembers', join(left, bob, ada, cat)]],
];

test.each(joins)('to join a department is refused: %s', async (_, wayOf) => {
  const world = await aWorld();
  const { pool, ada, left, right } = world;
  await assign(pool, 'withA', target('DEPARTMENT', left));
  const call = wayOf(world);
  const before: [object, () => Promise<unknown>][] = [
    [target('USER', ada), async () => {}],
    [target('GROUP', 'g'), () => pool.do('addGroupMembers', { code: 'g', userIds: [ada] })],
    [target('DEPARTMENT', right), () => pool.do('addDepartmentMembers', join(right, ada))],
  ];
  for (const [way, enter] of before) {
    await enter();
    await assign(pool, 'b', way);
    if (call[0] === 'setUserDepartments' && way === before[2]?.[0]) {
      // Who leaves where he held the one may come where he holds the other.
      await pool.do(...call);
      continue;
    }
    await expectRefusal(pool, call, `USER ${ada}`, '(users in all: 1)');
    await pool.do('revokeRole', { code: 'b', targets: [way] });
  }
});

test('to join a group is refused, and to be made in a department or by a row of an import', async () => {
  const { pool, ada, bob, left, below } = await aWorld();
  await assign(pool, 'a', target('GROUP', 'g'));
  await assign(pool, 'b', target('USER', ada));
  await expectRefusal(pool, ['addGroupMembers', { code: 'g', userIds: [bob, ada] }], `USER ${ada}`);
  await pool.do('addGroupMembers', { code: 'g', userIds: [bob] });

  await pool.do('updateDepartment', { organizationCode, departmentId: below, name: 'Below' });
  await pool.do('updateDepartment', { organizationCode, departmentId: left, name: 'Left' });
  const [root] = await pool.rows<{ id: string; name: string }>('departments');
  await assign(pool, 'a', target('DEPARTMENT', left));
  // By a rule the new user is in a group the moment he is there.
  const rule = { ...byCompany, value: 'acme' };
  const { evaluation } = await pool.do('createGroup', { code: 'dynamic', name: 'dynamic', type: 'dynamic', rule });
  await finished(pool, evaluation.jobId);
  await assign(pool, 'withB', target('GROUP', 'dynamic'));
  const dan = { username: 'dan', company: 'acme', departmentIds: [below] };
  await expectRefusal(pool, ['createUser', dan], '(users in all: 1)');
  const list = [{ username: 'eve' }, dan];
  await expectRefusal(pool, ['createUsersBatch', { list }], '(users in all: 1)');

  const path = `${root?.name}/Left`;
  const rows = [`fay,acme,`, `gus,acme,${path}`, `hal,,${path}/Below`, `ian,acme,${path}/Below`];
  for (const dryRun of [true, false]) {
    const before = await stateOf(pool);
    const { importId } = await pool.do('createUserImport', { format: 'csv', options: { dryRun } });
    const content = Buffer.from(['username,company,departments', ...rows].join('\n')).toString('base64');
    await pool.do('uploadUserImportChunk', { importId, index: 0, content });
    await pool.do('startUserImport', { importId, chunkCount: 1 });
    let done = await pool.do('getUserImport', { importId });
    for (; done.state === 'waiting' || done.state === 'running'; await sleep(20)) {
      done = await pool.do('getUserImport', { importId });
    }
    expect(done).toMatchObject({ state: 'done', created: 2, failed: 2 });
    const report = (await pool.do('getUserImportReport', { importId })).content.trim().split('\r\n').slice(1);
    expect(report.map((line: string) => line.split(',')[0])).toEqual(['3', '5']);
    for (const line of report) expect(line).toContain('Roles a and b exclude each other');
    if (dryRun) expect((await stateOf(pool)).slice(0, 6)).toEqual(before.slice(0, 6));
  }
  expect(await namesIn(pool, 'dynamic')).toEqual(['fay']);
  const created = (await pool.events()).filter(({ name }) => name === 'user.created').slice(3);
  expect(created.map(({ data }) => data.user.username)).toEqual(['fay', 'hal']);
});

test('a change that a rule answers is refused with its group, and a job that evaluates one fails and leaves it', async () => {
  const { pool, ada, bob } = await aWorld();
  const { evaluation } = await pool.do('createGroup', { code: 'rule', name: 'rule', type: 'dynamic', rule: byCompany });
  await finished(pool, evaluation.jobId);
  await assign(pool, 'a', target('GROUP', 'rule'));
  await assign(pool, 'b', target('USER', ada));
  await pool.do('updateUser', { userId: bob, company: 'acme' });
  await expectRefusal(pool, ['updateUser', { userId: ada, company: 'acme' }], `USER ${ada}`);
  await pool.do('updateUser', { userId: ada, company: 'other' });
  const members = await pool.rows('group_members');
  expect(await namesIn(pool, 'rule')).toEqual(['bob']);

  await pool.do('updateGroup', { code: 'rule', rule: { field: 'username', operator: 'IN', value: ['ada', 'cat'] } });
  const { jobId } = (await pool.do('getGroup', { code: 'rule' })).evaluation;
  const job = await finished(pool, jobId);
  expect(job).toMatchObject({ state: 'failed' });
  expect(JSON.stringify(job)).toContain(`USER ${ada}`);
  expect(await pool.rows('group_members')).toEqual(members);
  await pool.do('revokeRole', { code: 'b', targets: [target('USER', ada)] });
  await finished(pool, (await pool.do('evaluateDynamicGroup', { code: 'rule' })).jobId);
  expect(await namesIn(pool, 'rule')).toEqual(['ada', 'cat']);
});

test('a group that cannot have all its members gets none of them, and others of the same job get theirs', async () => {
  const { pool, ada, bob, left } = await aWorld();
  await pool.do('addDepartmentMembers', join(left, ada, bob));
  const rule = { field: 'role', operator: 'IN', value: [{ code: 'other' }] };
  for (const code of ['refused', 'fine']) {
    const { evaluation } = await pool.do('createGroup', { code, name: code, type: 'dynamic', rule });
    await finished(pool, evaluation.jobId);
  }
  await assign(pool, 'a', target('GROUP', 'refused'));
  await assign(pool, 'b', target('USER', bob));
  await assign(pool, 'other', target('DEPARTMENT', left));
  const [refused, fine] = await Promise.all(['refused', 'fine'].map((code) => pool.do('getGroup', { code })));
  expect(fine.evaluation.jobId).toBe(refused.evaluation.jobId);
  expect(await finished(pool, fine.evaluation.jobId)).toMatchObject({ state: 'failed', done: 3 });
  expect([await namesIn(pool, 'refused'), await namesIn(pool, 'fine')]).toEqual([[], ['ada', 'bob']]);
  const evaluated = async (code: string) => (await pool.do('getGroup', { code })).evaluation.evaluatedAt;
  expect([await evaluated('refused'), await evaluated('fine')]).toEqual([null, expect.any(String)]);
});

test('a group stays as it was though the user who is refused comes last of thousands', {
  timeout: 60_000,
}, async () => {
  const { pool } = await aWorld();
  await pool.do('createGroup', { code: 'all', name: 'all', type: 'dynamic', rule: { ...byCompany, value: 'none' } });
  await assign(pool, 'a', target('GROUP', 'all'));
  const { importId } = await pool.do('createUserImport', { format: 'csv' });
  const rows = Array.from({ length: 4_100 }, (_, i) => `u${i},acme`);
  const content = Buffer.from(['username,company', ...rows].join('\n')).toString('base64');
  await pool.do('uploadUserImportChunk', { importId, index: 0, content });
  await pool.do('startUserImport', { importId, chunkCount: 1 });
  while ((await pool.do('getUserImport', { importId })).state !== 'done') await sleep(20);
  const last =
    (await pool.rows<{ id: string }>('users'))
      .map(({ id }) => id)
      .sort()
      .at(-1) ?? '';
  await assign(pool, 'b', target('USER', last));
  await pool.do('updateGroup', { code: 'all', rule: byCompany });
  const job = await finished(pool, (await pool.do('getGroup', { code: 'all' })).evaluation.jobId);
  expect(JSON.stringify(job)).toContain(`USER ${last}`);
  expect([job.state, await pool.rows('group_members')]).toEqual(['failed', []]);
  expect((await pool.events()).filter(({ name }) => name.startsWith('group.member'))).toEqual([]);
  await pool.do('revokeRole', { code: 'b', targets: [target('USER', last)] });
  const again = await finished(pool, (await pool.do('evaluateDynamicGroup', { code: 'all' })).jobId);
  expect(again).toMatchObject({ state: 'done', done: 4_103, result: { users: 4_103, changed: 4_100 } });
});

test('who is made with a tree of departments, or becomes a person, is looked at like everybody', async () => {
  const { pool, root } = await aWorld();
  const rules = { byRule: byCompany, alsoByRule: { field: 'nickname', operator: 'EQUAL', value: 'x' } };
  for (const [code, rule] of Object.entries(rules)) {
    const { evaluation } = await pool.do('createGroup', { code, name: code, type: 'dynamic', rule });
    await finished(pool, evaluation.jobId);
  }
  await assign(pool, 'a', target('GROUP', 'byRule'));
  await assign(pool, 'withB', target('GROUP', 'alsoByRule'));
  const account = await pool.do('createPublicAccount', { username: 'desk', company: 'acme', nickname: 'x' });
  const { userId } = account;
  await expectRefusal(pool, ['changeIntoPersonalAccount', { userId }], `USER ${userId}`, '(users in all: 1)');
  await pool.do('updatePublicAccount', { userId, nickname: 'y' });
  await pool.do('changeIntoPersonalAccount', { userId });
  expect(await namesIn(pool, 'byRule')).toEqual(['desk']);

  await pool.do('updateUser', { userId, company: 'none' });
  await assign(pool, 'b', target('USER', userId));
  await assign(pool, 'a', target('DEPARTMENT', root));
  const tree = {
    name: 'Acme',
    children: [{ name: 'new', members: [{ username: 'desk' }, { username: 'nobody yet' }] }],
  };
  await expectRefusal(pool, ['createDepartmentTree', tree], `USER ${userId}`, '(users in all: 1)');
});

test('a department cannot be moved below a role that its members, or those below it, must not hold', async () => {
  const { pool, ada, bob, root, left, right, below } = await aWorld();
  const move = (departmentId: string, parentDepartmentId: string): Call => [
    'updateDepartment',
    { organizationCode, departmentId, parentDepartmentId },
  ];
  await assign(pool, 'a', target('DEPARTMENT', right));
  await pool.do('addDepartmentMembers', join(below, ada, bob));
  await assign(pool, 'withB', target('USER', ada));
  await expectRefusal(pool, move(left, right), `USER ${ada}`, '(users in all: 1)');
  // What is given there to the members of the department alone does not come down.
  await assign(pool, 'a', target('DEPARTMENT', right, { includeChildrenDepartments: false }));
  await pool.do(...move(left, right));
  await pool.do(...move(left, root));
  await assign(pool, 'a', target('DEPARTMENT', right));
  await pool.do('revokeRole', { code: 'withB', targets: [target('USER', ada)] });
  await assign(pool, 'b', target('DEPARTMENT', below));
  await pool.do('removeDepartmentMembers', join(below, ada, bob));
  await expectRefusal(pool, move(left, right), `DEPARTMENT ${below}`, '(users in all: 0)');
  await pool.do(...move(below, root));
  await pool.do(...move(left, right));
});

test('roles cannot exclude each other while somebody holds both, whichever ways they came', async () => {
  const { pool, ada, bob, root, left, right, exclude } = await aWorld({ isExclusive: false });
  await pool.do('addDepartmentMembers', join(left, ada, bob));
  await pool.do('addGroupMembers', { code: 'g', userIds: [ada, bob] });
  await assign(pool, 'other', target('USER', ada));
  const ways = [
    target('USER', ada),
    target('DEPARTMENT', root),
    target('DEPARTMENT', left, { includeChildrenDepartments: false }),
    target('GROUP', 'g'),
    target('ROLE', 'other'),
  ];
  for (const [index, one] of ways.entries()) {
    for (const other of ways.slice(index + 1)) {
      await assign(pool, 'withA', one);
      await assign(pool, 'b', other);
      expect(await exclude()).toMatchObject({ statusCode: 422, message: expect.stringContaining(`USER ${ada}`) });
      await pool.do('revokeRole', { code: 'withA', targets: [one] });
      await pool.do('revokeRole', { code: 'b', targets: [other] });
    }
  }
  await assign(pool, 'withA', target('GROUP', 'g'));
  await assign(pool, 'b', target('DEPARTMENT', right));
  expect(await exclude()).toMatchObject({ statusCode: 200 });
});

test('what begins later or is disabled counts, what has ended does not, and nothing is revived', async () => {
  const { pool, ada, left } = await aWorld();
  await pool.do('addDepartmentMembers', join(left, ada));
  const later = Date.now() + 1_000_000;
  await assign(pool, 'a', target('USER', ada), { enableTime: later });
  await expectRefusal(pool, ['assignRole', { code: 'b', targets: [target('DEPARTMENT', left)] }], `USER ${ada}`);
  await assign(pool, 'a', target('USER', ada));
  await pool.do('updateRole', { code: 'a', status: 'DISABLE' });
  await expectRefusal(pool, ['assignRole', { code: 'b', targets: [target('DEPARTMENT', left)] }], `USER ${ada}`);
  await assign(pool, 'a', target('USER', ada), { endTime: 1 });
  await assign(pool, 'b', target('DEPARTMENT', left));
  await expectRefusal(pool, ['assignRole', { code: 'a', targets: [target('USER', ada)] }], `USER ${ada}`);
  expect((await pool.call('updateRole', { code: 'a', status: 'ENABLE' })).statusCode).toBe(200);
});

test('of more users than are judged one by one, all are counted', { timeout: 60_000 }, async () => {
  const { pool, left } = await aWorld();
  const people = Array.from({ length: 520 }, (_, i) => ({ username: `u${i}`, departmentIds: [left] }));
  const userIds: string[] = [];
  for (let at = 0; at < people.length; at += 50) {
    const made = await pool.do('createUsersBatch', { list: people.slice(at, at + 50) });
    userIds.push(...made.map(({ userId }: { userId: string }) => userId));
  }
  for (let at = 0; at < 510; at += 50) {
    await pool.do('addGroupMembers', { code: 'g', userIds: userIds.slice(at, Math.min(at + 50, 510)) });
  }
  await assign(pool, 'a', target('GROUP', 'g'));
  const [first] = userIds.slice(0, 510).sort();
  for (const code of ['b', 'withB']) {
    const call: Call = ['assignRole', { code, targets: [target('DEPARTMENT', left)] }];
    await expectRefusal(pool, call, `USER ${first}`, '(users in all: 510)');
  }
  // The two meet in nobody.
  await pool.do('addGroupMembers', { code: 'h', userIds: userIds.slice(510) });
  await assign(pool, 'b', target('GROUP', 'h'));
});

test('of two calls that are harmless alone, made at the same moment, one is refused', { timeout: 60_000 }, async () => {
  const { pool, ada, bob, cat, left, right, below, root } = await aWorld({ isExclusive: false });
  await pool.do('addDepartmentMembers', join(right, bob));
  await pool.do('addGroupMembers', { code: 'h', userIds: [bob] });
  await assign(pool, 'other', target('USER', bob));
  const give = (code: string, to: object): Call => ['assignRole', { code, targets: [to] }];
  const exclude: Call = ['setRoleMutualExclusion', { roles: [{ code: 'a' }, { code: 'b' }] }];
  const pairs: readonly [before: readonly Call[], one: Call, other: Call][] = [
    // Two joins of one user.
    [
      [exclude, give('a', target('GROUP', 'g')), give('b', target('DEPARTMENT', left))],
      ['addGroupMembers', { code: 'g', userIds: [ada] }],
      ['addDepartmentMembers', join(below, ada, cat)],
    ],
    // A join, and what is assigned where to.
    [
      [exclude, give('a', target('USER', ada))],
      ['addDepartmentMembers', join(left, ada)],
      give('withB', target('DEPARTMENT', left)),
    ],
    [
      [exclude, give('a', target('USER', ada))],
      ['addGroupMembers', { code: 'g', userIds: [ada] }],
      give('withB', target('GROUP', 'g')),
    ],
    // Two places somebody is in.
    [[exclude], give('a', target('DEPARTMENT', right)), give('b', target('GROUP', 'h'))],
    [[exclude], give('a', target('ROLE', 'other')), give('b', target('DEPARTMENT', right))],
    // A move, and a join.
    [
      [exclude, give('a', target('DEPARTMENT', left)), give('b', target('GROUP', 'g'))],
      ['updateDepartment', { organizationCode, departmentId: right, parentDepartmentId: left }],
      ['addGroupMembers', { code: 'g', userIds: [bob] }],
    ],
    // The first exclusion there is, and what it forbids.
    [
      [give('a', target('USER', ada)), give('b', target('DEPARTMENT', left))],
      exclude,
      ['addDepartmentMembers', join(left, ada)],
    ],
    [
      [give('a', target('USER', ada)), give('b', target('GROUP', 'g'))],
      ['addGroupMembers', { code: 'g', userIds: [ada] }],
      exclude,
    ],
    [[give('a', target('DEPARTMENT', right))], exclude, give('b', target('GROUP', 'h'))],
  ];
  const roles = ['a', 'b', 'withA', 'withB'].map((code) => ({ code }));
  const everywhere = [
    ...[ada, bob, cat].map((id) => target('USER', id)),
    ...[left, right, below, root].map((id) => target('DEPARTMENT', id)),
    ...['g', 'h'].map((code) => target('GROUP', code)),
    target('ROLE', 'other'),
  ];
  for (const [index, [before, one, other]] of pairs.entries()) {
    for (let round = 0; round < 4; round++) {
      for (const call of before) await pool.do(...call);
      const calls = round % 2 === 0 ? [one, other] : [other, one];
      const answers = await Promise.all(calls.map((call) => pool.call(...call)));
      expect([index, ...answers.map(({ statusCode }) => statusCode).sort()]).toEqual([index, 200, 422]);
      await pool.do('removeRoleMutualExclusion', { roles: [{ code: 'a' }, { code: 'b' }] });
      await pool.do('revokeRoleBatch', { roles: roles.slice(0, 2), targets: everywhere });
      await pool.do('revokeRole', { code: 'withB', targets: everywhere });
      await pool.do('removeDepartmentMembers', join(left, ada));
      await pool.do('removeDepartmentMembers', join(below, ada, cat));
      await pool.do('removeGroupMembers', { code: 'g', userIds: [ada, bob] });
      if (one[0] === 'updateDepartment') {
        await pool.do('updateDepartment', { organizationCode, departmentId: right, parentDepartmentId: root });
      }
      await assign(pool, 'b', target('ROLE', 'withB'));
    }
  }
});

test('where nothing is excluded a command costs one look-up more, and where nobody comes to a role none', async () => {
  const { pool, ada, bob, left, right, root } = await aWorld({ isExclusive: false });
  const costOf = async (...call: Call) => {
    const sent = await sentFor(pool.id, () => pool.do(...call));
    return sent.flat().filter((text) => /separation_of_duty|role_exclusions/.test(text)).length;
  };
  expect(await costOf('addDepartmentMembers', join(left, ada, bob))).toBe(1);
  expect(await costOf('addGroupMembers', { code: 'g', userIds: [ada, bob] })).toBe(1);
  expect(await costOf('createUser', { username: 'dan', departmentIds: [left] })).toBe(1);
  expect(await costOf('assignRole', { code: 'a', targets: [target('DEPARTMENT', root), target('USER', ada)] })).toBe(1);
  const move = { organizationCode, departmentId: left, parentDepartmentId: right };
  expect(await costOf('updateDepartment', move)).toBe(1);
  expect(await costOf('updateDepartment', { organizationCode, departmentId: left, name: 'x' })).toBe(0);
  expect(await costOf('addDepartmentMembers', join(left, ada))).toBe(0);
  expect(await costOf('createUser', { username: 'eve' })).toBe(0);
  expect(await costOf('removeGroupMembers', { code: 'g', userIds: [ada] })).toBe(0);
  expect(await costOf('updateUser', { userId: ada, nickname: 'x' })).toBe(0);
  await pool.do('setRoleMutualExclusion', { roles: [{ code: 'other' }, { code: 'b' }] });
  // With exclusions those who join are judged in one more.
  expect(await costOf('addDepartmentMembers', join(root, ada, bob))).toBe(2);
});
