/** Whom an evaluation looks at, and what is left of one that was canceled. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createCommandRunner } from '../../platform/commands.ts';
import { statement } from '../../platform/database/database.ts';
import { byCompany, finished, namesIn, settled, withGroup, withTree, withUsers } from '../../testing/dynamic-groups.ts';
import { doUpkeep, type TestUserPool, testUserPool } from '../../testing/server.ts';
import { startDueEvaluations } from './index.ts';

const takeId = statement<Record<never, never>, []>('select pg_current_xact_id()');

/** While `work` runs every evaluation that begins waits for a transaction that is older. */
async function heldUp(pool: TestUserPool, work: () => Promise<void>): Promise<void> {
  await pool.server.database.withUserPool(pool.id, 'write', async (scope) => {
    await takeId(scope);
    await work();
  });
}

async function evaluationOf(pool: TestUserPool, code: string) {
  return (await pool.do('getGroup', { code })).evaluation;
}

const below = (departmentId: string) => ({
  field: 'department',
  operator: 'IN',
  value: [{ departmentId, includeChildrenDepartments: true }],
});
const holds = (code: string) => ({ field: 'role', operator: 'IN', value: [{ code }] });

/** Ann is in rd, bob in web below it, cat in sales, eve in both; dan and many others are nowhere. */
async function withPeople(pool: TestUserPool) {
  const tree = await withTree(pool);
  const ids = await withUsers(pool, {
    ann: { departmentIds: [tree.rd] },
    bob: { departmentIds: [tree.web] },
    cat: { departmentIds: [tree.sales] },
    dan: {},
    eve: { departmentIds: [tree.web, tree.sales] },
    ...Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`other-${i}`, { departmentIds: [tree.root] }])),
  });
  return { ...tree, ids };
}

const everybody = 25;

test('a department that is moved has its own people evaluated and those below it, and nobody else', async () => {
  const pool = await testUserPool();
  const { organizationCode, root, rd, web, sales } = await withPeople(pool);
  await pool.do('createRole', { code: 'seller' });
  const seller = { targetType: 'DEPARTMENT', targetIdentifier: sales };
  await pool.do('assignRole', { code: 'seller', targets: [seller] });
  await withGroup(pool, 'sales', below(sales));
  await withGroup(pool, 'outside', { not: below(rd) });
  await withGroup(pool, 'sellers', holds('seller'));
  await withGroup(pool, 'acme', byCompany);
  const acme = await evaluationOf(pool, 'acme');
  const move = async (departmentId: string, parentDepartmentId: string) => {
    await pool.do('updateDepartment', { organizationCode, departmentId, parentDepartmentId });
    await settled(pool);
    const { jobId } = await evaluationOf(pool, 'sales');
    expect((await evaluationOf(pool, 'sellers')).jobId).toBe(jobId);
    return finished(pool, jobId);
  };
  // To and fro: what lies above before and after the move are both nobody's business but those below.
  expect(await move(web, sales)).toMatchObject({ state: 'done', done: 2, total: 2, result: { users: 2, changed: 2 } });
  expect(await namesIn(pool, 'sales')).toEqual(['bob', 'cat', 'eve']);
  expect(await namesIn(pool, 'sellers')).toEqual(['bob', 'cat', 'eve']);
  expect(await namesIn(pool, 'outside')).toContain('bob');
  expect(await move(sales, rd)).toMatchObject({ done: 3, total: 3 });
  expect(await namesIn(pool, 'outside')).not.toContain('cat');
  expect(await move(sales, root)).toMatchObject({ done: 3 });
  expect(await move(web, rd)).toMatchObject({ done: 2 });
  expect(await namesIn(pool, 'sales')).toEqual(['cat', 'eve']);
  expect(await namesIn(pool, 'sellers')).toEqual(['cat', 'eve']);
  expect((await namesIn(pool, 'outside')).length).toBe(everybody - 3);
  expect(await evaluationOf(pool, 'acme')).toEqual(acme);
  expect(await evaluationOf(pool, 'sales')).toMatchObject({ state: 'evaluated' });
});

test('moves that come before the job of the last is done are done together', async () => {
  const pool = await testUserPool();
  const { organizationCode, root, rd, web, sales } = await withPeople(pool);
  await withGroup(pool, 'rd', below(rd));
  await heldUp(pool, async () => {
    await pool.do('updateDepartment', { organizationCode, departmentId: web, parentDepartmentId: root });
    await pool.do('updateDepartment', { organizationCode, departmentId: sales, parentDepartmentId: rd });
    expect(await evaluationOf(pool, 'rd')).toMatchObject({ state: 'evaluating', evaluatedAt: null });
  });
  await settled(pool);
  const { jobId } = await evaluationOf(pool, 'rd');
  // Bob and eve of the first, cat and eve of the second.
  expect(await finished(pool, jobId)).toMatchObject({ state: 'done', done: 3, total: 3 });
  expect(await namesIn(pool, 'rd')).toEqual(['ann', 'cat', 'eve']);
});

test('a move does not cut short an evaluation of everybody that is under way', async () => {
  const pool = await testUserPool();
  const { organizationCode, rd, web, sales } = await withPeople(pool);
  await withGroup(pool, 'a', below(rd));
  await heldUp(pool, async () => {
    await pool.do('updateGroup', { code: 'a', rule: { not: below(rd) } });
    await pool.do('updateDepartment', { organizationCode, departmentId: web, parentDepartmentId: sales });
  });
  await settled(pool);
  const { jobId } = await evaluationOf(pool, 'a');
  expect(await finished(pool, jobId)).toMatchObject({ done: everybody });
  expect((await namesIn(pool, 'a')).length).toBe(everybody - 1);
});

test('a role that ends while a move is evaluated is not forgotten', async () => {
  const pool = await testUserPool();
  const { server } = pool;
  const { organizationCode, web, sales, ids } = await withPeople(pool);
  await pool.do('createRole', { code: 'guest' });
  await withGroup(pool, 'guests', holds('guest'));
  const endTime = new Date(Date.now() + 1_500);
  const dan = { targetType: 'USER', targetIdentifier: ids['dan'] };
  await pool.do('assignRole', { code: 'guest', targets: [dan], endTime: String(endTime.getTime()) });
  expect(await namesIn(pool, 'guests')).toEqual(['dan']);
  await heldUp(pool, async () => {
    await pool.do('updateDepartment', { organizationCode, departmentId: web, parentDepartmentId: sales });
    await expect.poll(() => Date.now(), { timeout: 5_000 }).toBeGreaterThan(endTime.getTime());
  });
  await settled(pool);
  expect(await finished(pool, (await evaluationOf(pool, 'guests')).jobId)).toMatchObject({ done: 2 });
  const runCommand = createCommandRunner({ modules: server.composition.modules, checkAnswers: true });
  await startDueEvaluations({ database: server.database, runCommand, now: Date.now });
  await settled(pool);
  expect(await namesIn(pool, 'guests')).toEqual([]);
});

test('a group whose evaluation was canceled says so, is left alone by the clock, and is right when it is evaluated again', async () => {
  const pool = await testUserPool();
  const { server } = pool;
  const count = 2_500;
  await server.sql(
    `insert into users (user_pool_id, id, username, profile)
     select $1, lpad(number::text, 24, '0'), 'user-' || number, '{"company": "acme"}' from generate_series(1, $2::integer) as number`,
    [pool.id, count],
  );
  const last = String(count).padStart(24, '0');
  const total = async () => (await pool.do('listGroupMembers', { code: 'a' })).totalCount;
  const canceling = Promise.withResolvers<void>();
  let jobId = '';
  let holding: Promise<void> | undefined;
  await heldUp(pool, async () => {
    jobId = (await pool.do('createGroup', { code: 'a', type: 'dynamic', rule: byCompany })).evaluation.jobId;
    await expect.poll(async () => (await pool.do('getJob', { jobId })).state).toBe('running');
    await sleep(200);
    // Younger than the job, which does not wait for it to begin; but its second step does, for a user.
    const locked = Promise.withResolvers<void>();
    holding = server.database.withUserPool(pool.id, 'write', async (scope) => {
      await lockUser(scope, last);
      locked.resolve();
      await canceling.promise;
    });
    await locked.promise;
  });
  await expect.poll(total, { timeout: 10_000 }).toBe(2_000);
  await pool.do('cancelJob', { jobId });
  canceling.resolve();
  await holding;
  const canceled = { jobId, state: 'canceled', evaluatedAt: null };
  expect(await evaluationOf(pool, 'a')).toEqual(canceled);
  const { list } = await pool.do('listGroups');
  expect(list[0].evaluation).toEqual(canceled);
  expect(await total()).toBe(2_000);
  const announced = (await pool.events()).filter(({ name }) => name === 'job.canceled');
  expect(announced.map(({ data }) => data)).toEqual([{ job: { id: jobId, kind: 'evaluate-dynamic-groups' } }]);
  await pool.do('cancelJob', { jobId });
  expect((await pool.events()).filter(({ name }) => name === 'job.canceled')).toHaveLength(1);

  // The clock has no time to wait for; other tests' groups have, so it is not put forward.
  expect((await pool.rows('groups'))[0]?.['rule_due_at']).toBeNull();
  // Whoever changes is settled by the rule all the same.
  await pool.do('updateUser', { userId: last, nickname: 'last' });
  await pool.do('updateUser', { userId: last, company: 'acme', name: 'x' });
  await pool.do('updateUser', { userId: '1'.padStart(24, '0'), company: 'other' });
  expect(await total()).toBe(1_999);

  const again = await pool.do('evaluateDynamicGroup', { code: 'a' });
  expect(await finished(pool, again.jobId)).toMatchObject({ state: 'done', done: count });
  expect(await evaluationOf(pool, 'a')).toMatchObject({ jobId: again.jobId, state: 'evaluated' });
  expect(await total()).toBe(count - 1);
}, 30_000);

const lockUser = statement<Record<never, never>, [id: string]>(`
  select from users where user_pool_id = current_setting('genauth.user_pool_id') and id = $1 for update
`);

test('after a canceled evaluation a move has everybody evaluated', async () => {
  const pool = await testUserPool();
  const { organizationCode, rd, web, sales } = await withPeople(pool);
  await heldUp(pool, async () => {
    const { evaluation } = await pool.do('createGroup', { code: 'a', type: 'dynamic', rule: { not: below(rd) } });
    await pool.do('cancelJob', { jobId: evaluation.jobId });
  });
  expect(await evaluationOf(pool, 'a')).toMatchObject({ state: 'canceled' });
  await pool.do('updateDepartment', { organizationCode, departmentId: web, parentDepartmentId: sales });
  await settled(pool);
  expect((await namesIn(pool, 'a')).length).toBe(everybody - 1);
  expect(await evaluationOf(pool, 'a')).toMatchObject({ state: 'evaluated' });
});

test('a group does not name the job that evaluated it once nobody finds that job any more', async () => {
  const pool = await testUserPool();
  await withUsers(pool, { ann: { company: 'acme' } });
  const { evaluation } = await withGroup(pool, 'a', byCompany);
  const shown = async () => [
    (await pool.do('getGroup', { code: 'a' })).evaluation,
    (await pool.do('listGroups', {})).list[0].evaluation,
    (await pool.do('getAllGroups', {}))[0].evaluation,
    (await pool.do('updateGroup', { code: 'a', description: 'Who is at Acme' })).evaluation,
  ];
  const { evaluatedAt } = (await pool.do('getGroup', { code: 'a' })).evaluation;
  for (const one of await shown()) expect(one).toEqual({ jobId: evaluation.jobId, state: 'evaluated', evaluatedAt });
  await pool.server.sql(`update jobs set finished_at = now() - interval '400 days' where user_pool_id = $1`, [pool.id]);
  await doUpkeep(pool.server, 'delete what ended long ago');
  expect(await pool.call('getJob', { jobId: evaluation.jobId })).toMatchObject({ statusCode: 404 });
  for (const one of await shown()) expect(one).toEqual({ jobId: null, state: 'evaluated', evaluatedAt });
  await withUsers(pool, { bob: { company: 'acme' } });
  expect(await namesIn(pool, 'a')).toEqual(['ann', 'bob']);
  const { jobId } = await pool.do('evaluateDynamicGroup', { code: 'a' });
  await finished(pool, jobId);
  for (const one of await shown()) expect(one).toMatchObject({ jobId, state: 'evaluated' });
});

const alone = statement<Record<never, never>, []>('select genauth.hold_separation_of_duty(true)');
const lockGroup = statement<Record<never, never>, [id: string]>(
  `select from groups where user_pool_id = current_setting('genauth.user_pool_id') and id = $1 for no key update`,
);
const ownProcess = statement<{ pid: number }, []>('select pg_backend_pid() as pid');
const doNotWait = statement<Record<never, never>, []>(`set local lock_timeout = '200ms'`);

test('the end of an evaluation meets whoever assigns a role to many without waiting in a circle', async () => {
  const pool = await testUserPool();
  const { id } = await pool.do('createGroup', { code: 'a', type: 'dynamic', rule: byCompany });
  await settled(pool);
  await withUsers(pool, { ann: {} });
  let jobId = '';
  let assigning: Promise<void> | undefined;
  await heldUp(pool, async () => {
    ({ jobId } = await pool.do('evaluateDynamicGroup', { code: 'a' }));
    await pool.server.sql(`update users set profile = '{"company": "acme"}' where user_pool_id = $1`, [pool.id]);
    let hasLocked = false;
    // It starts an evaluation of the group, then makes sure that nobody else comes to hold a role.
    assigning = pool.server.database.withUserPool(pool.id, 'write', async (scope) => {
      const [own] = await ownProcess(scope);
      await lockGroup(scope, id);
      hasLocked = true;
      for (;;) {
        const waiting = await pool.server.sql('select from pg_stat_activity where $1 = any(pg_blocking_pids(pid))', [
          own?.pid,
        ]);
        if (waiting.length > 0) break;
        await sleep(5);
      }
      await doNotWait(scope);
      await alone(scope);
    });
    await expect.poll(() => hasLocked).toBe(true);
  });
  await assigning;
  expect(await finished(pool, jobId)).toMatchObject({ state: 'done', result: { users: 1, changed: 1 } });
  expect(await namesIn(pool, 'a')).toEqual(['ann']);
});
