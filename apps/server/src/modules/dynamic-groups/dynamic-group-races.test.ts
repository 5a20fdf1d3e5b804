/** What dynamic groups are after many changes at once: always what their rules say of everybody. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type CommandStart, createCommandRunner } from '../../platform/commands.ts';
import { statement } from '../../platform/database/database.ts';
import { newId } from '../../platform/ids.ts';
import { requireOperation, type TestUserPool, testUserPool } from '../../testing/server.ts';
import { groupMemberAdded } from '../group-members/index.ts';
import { roleUnassigned } from '../role-assignments/index.ts';
import { userCreated } from '../users/index.ts';
import { evaluationJob } from './index.ts';

/** Numbers that are the same in every run. */
function randomNumbers(seed: number) {
  let state = seed;
  const next = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  return { next, one: <T>(list: readonly T[]): T => list[next(list.length)] as T };
}

async function jobsEnded(pool: TestUserPool): Promise<void> {
  const states = async () => new Set((await pool.rows<{ state: string }>('jobs')).map(({ state }) => state));
  for (let seen = await states(); seen.has('waiting') || seen.has('running'); seen = await states()) await sleep(10);
  expect(await states()).toEqual(new Set(['done']));
}

/** More people than fit into one stretch of the job, so that it takes several steps. */
async function withPeople(pool: TestUserPool, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newId());
  await pool.server.sql(
    `insert into users (user_pool_id, id, username, profile)
     select $1, id, 'user' || position, jsonb_build_object('company', case when position % 3 = 0 then 'acme' else 'other' end)
     from unnest($2::text[]) with ordinality as given (id, position)`,
    [pool.id, ids],
  );
  return ids;
}

/** Who is a member but should not be, and the other way round; and groups whose number of members is not their count. */
async function differences(pool: TestUserPool, code: string, shouldBelong: string) {
  return pool.server.sql(
    `with wanted as (select id as user_id from users where user_pool_id = $1 and (${shouldBelong})),
       present as (
         select user_id, groups.id as group_id from groups join group_members member
         on member.user_pool_id = groups.user_pool_id and member.group_id = groups.id
         where groups.user_pool_id = $1 and groups.code = $2
       )
     select 'missing' as problem, user_id from wanted where user_id not in (select user_id from present)
     union all select 'too many', user_id from present where user_id not in (select user_id from wanted)
     union all select 'count', code from groups where user_pool_id = $1 and code = $2
       and (select coalesce(sum(members), 0) from group_counts where user_pool_id = $1 and group_id = groups.id)
         <> (select count(*) from present)
     limit 10`,
    [pool.id, code],
  );
}

const companyIs = (value: string) => ({ field: 'company', operator: 'EQUAL', value });

test('users who change, come and go while the job runs end up where the rule says', async () => {
  const pool = await testUserPool();
  const random = randomNumbers(7);
  const ids = await withPeople(pool, 6_500);
  const tree = await pool.do('createOrganization', { organizationCode: 'acme', organizationName: 'Acme' });
  const department = { organizationCode: 'acme', departmentId: tree.departmentId };
  const rule = {
    or: [
      companyIs('acme'),
      { field: 'department', operator: 'IN', value: [{ ...department, includeChildrenDepartments: true }] },
    ],
  };
  let isRunning = true;
  const failures: unknown[] = [];
  const call = async (operation: string, input: Readonly<Record<string, unknown>>) => {
    const answer = await pool.call(operation, input);
    if (answer.statusCode >= 500) failures.push(answer);
  };
  const write = async (): Promise<void> => {
    while (isRunning) {
      const userId = random.one(ids);
      switch (random.next(6)) {
        case 0:
        case 1:
          await call('updateUser', { userId, company: random.one(['acme', 'other', null]) });
          break;
        case 2:
          await call('addDepartmentMembers', { ...department, userIds: [userId, random.one(ids)] });
          break;
        case 3:
          await call('removeDepartmentMembers', { ...department, userIds: [userId, random.one(ids)] });
          break;
        case 4:
          await call('createUser', { username: newId(), company: random.one(['acme', 'other']) });
          break;
        case 5:
          if (random.next(3) === 0) await call('deleteUsersBatch', { userIds: [userId] });
          else await call('updateUser', { userId, status: random.one(['Archived', 'Activated', 'Suspended']) });
          break;
      }
    }
  };
  const writers = Array.from({ length: 6 }, write);
  await pool.do('createGroup', { code: 'a', type: 'dynamic', rule });
  await pool.do('createGroup', { code: 'b', type: 'dynamic', rule: { not: rule } });
  for (const company of ['other', 'acme']) {
    // One that comes and goes, while members are found for it and users join it.
    await call('createGroup', { code: 'c', type: 'dynamic', rule: { field: 'username', operator: 'NOT_NULL' } });
    await sleep(150);
    await call('deleteGroupsBatch', { codeList: ['c'] });
    await pool.do('updateGroup', { code: 'b', rule: { not: companyIs(company) } });
  }
  await jobsEnded(pool);
  isRunning = false;
  await Promise.all(writers);
  expect(failures).toEqual([]);
  const stays = `status not in ('Resigned', 'Archived')`;
  const inTree = `exists (select from department_members m where m.user_pool_id = $1 and m.user_id = users.id)`;
  const acme = `(profile ->> 'company' = 'acme') is true`;
  expect(await differences(pool, 'a', `${stays} and (${acme} or ${inTree})`)).toEqual([]);
  expect(await differences(pool, 'b', `${stays} and not ${acme}`)).toEqual([]);
  expect((await pool.rows('group_members')).length).toBeGreaterThan(4_000);
}, 60_000);

const insertUser = statement<Record<never, never>, [id: string]>(
  `insert into users (user_pool_id, id, username) values (current_setting('genauth.user_pool_id'), $1, 'late')`,
);

test('a user written before the rule was, but committed after the job began, is not forgotten', async () => {
  const pool = await testUserPool();
  const { server } = pool;
  const id = newId();
  let commit = () => {};
  const committing = new Promise<void>((resolve) => (commit = resolve));
  let written = () => {};
  const isWritten = new Promise<void>((resolve) => (written = resolve));
  // A transaction that evaluated nothing, because there was no group yet when it asked.
  const slow = server.database.withUserPool(pool.id, 'write', async (scope) => {
    await insertUser(scope, id);
    written();
    await committing;
  });
  await isWritten;
  const rule = { field: 'username', operator: 'NOT_NULL' };
  const { evaluation } = await pool.do('createGroup', { code: 'a', type: 'dynamic', rule });
  await sleep(200);
  expect(await pool.do('getJob', { jobId: evaluation.jobId })).toMatchObject({ state: 'running', done: 0 });
  commit();
  await slow;
  await jobsEnded(pool);
  expect(await pool.do('listGroupMembers', { code: 'a' })).toMatchObject({ totalCount: 1, list: [{ userId: id }] });
});

test('a user written while the rule was being set, and committed after the job began, is not forgotten', async () => {
  const pool = await testUserPool();
  const { database, composition } = pool.server;
  const id = newId();
  const gate = () => {
    let open = () => {};
    const opened = new Promise<void>((resolve) => (open = resolve));
    return { open, opened };
  };
  const [begun, written, committing] = [gate(), gate(), gate()];
  const { handle, operation } = requireOperation(pool.server, 'createGroup');
  const input = operation.input.parse({
    code: 'a',
    type: 'dynamic',
    rule: { field: 'username', operator: 'NOT_NULL' },
  });
  const runCommand = createCommandRunner({ modules: composition.modules, checkAnswers: false });
  // The older of the two ends first, and nothing younger has ended by then.
  const older = database.withUserPool(pool.id, 'write', async (scope) => {
    await takeId(scope);
    begun.open();
    await written.opened;
    await runCommand(scope, startOf(pool), (context) => handle(input, context));
  });
  await begun.opened;
  const younger = database.withUserPool(pool.id, 'write', async (scope) => {
    await insertUser(scope, id);
    written.open();
    await committing.opened;
  });
  await older;
  await sleep(200);
  const [job] = await pool.rows<{ state: string }>('jobs');
  expect(job?.state).toBe('running');
  committing.open();
  await younger;
  await jobsEnded(pool);
  expect(await pool.do('listGroupMembers', { code: 'a' })).toMatchObject({ totalCount: 1, list: [{ userId: id }] });
});

test('a user whose command has asked for the rules before there was one, and writes him after, is not forgotten', async () => {
  const pool = await testUserPool();
  const { handle, operation } = requireOperation(pool.server, 'createUser');
  const input = operation.input.parse({ username: 'ann' });
  const runCommand = createCommandRunner({ modules: pool.server.composition.modules, checkAnswers: false });
  const asked = Promise.withResolvers<void>();
  const ruled = Promise.withResolvers<void>();
  const start = { ...startOf(pool), command: { ...startOf(pool).command, emits: [userCreated] } };
  const made = pool.server.database.withUserPool(pool.id, 'write', (scope) =>
    runCommand(scope, start, async (context) => {
      await nothing(scope);
      asked.resolve();
      await ruled.promise;
      return handle(input, context, [undefined]);
    }),
  );
  await asked.promise;
  await pool.do('createGroup', { code: 'a', type: 'dynamic', rule: { field: 'username', operator: 'NOT_NULL' } });
  await sleep(200);
  ruled.resolve();
  await made;
  await jobsEnded(pool);
  expect(await pool.do('listGroupMembers', { code: 'a' })).toMatchObject({ totalCount: 1 });
});

const nothing = statement<Record<never, never>, []>('select 1');

const takeId = statement<Record<never, never>, []>('select pg_current_xact_id()');

/** What a command starts with that comes past HTTP. */
function startOf(pool: TestUserPool): CommandStart {
  return {
    name: 'test',
    command: {
      audit: { operationType: 'update', resourceType: 'userGroup' },
      emits: [groupMemberAdded, roleUnassigned],
    },
    actor: { userPoolId: pool.id, accessKeyId: pool.id, rateLimitPerSecond: 1 },
    context: { requestId: '00000000-0000-0000-0000-000000000000', language: 'en-US', now: Date.now() },
    clientIp: undefined,
    userAgent: undefined,
    parameters: {},
    target: undefined,
  };
}

test('two transactions that each bring half of what a rule asks for do not overlook each other', async () => {
  const pool = await testUserPool();
  const { userId } = await pool.do('createUser', { username: 'ann', company: 'other' });
  await pool.do('createRole', { code: 'editor' });
  const revocation = { code: 'editor', targets: [{ targetType: 'USER', targetIdentifier: userId }] };
  await pool.do('assignRole', revocation);
  const isEditor = { field: 'role', operator: 'IN', value: [{ code: 'editor' }] };
  await pool.do('createGroup', { code: 'a', type: 'dynamic', rule: { and: [companyIs('acme'), { not: isEditor }] } });
  await jobsEnded(pool);

  const runCommand = createCommandRunner({ modules: pool.server.composition.modules, checkAnswers: true });
  let commit = () => {};
  const committing = new Promise<void>((resolve) => (commit = resolve));
  let evaluated = () => {};
  const isEvaluated = new Promise<void>((resolve) => (evaluated = resolve));
  const { handle, operation } = requireOperation(pool.server, 'revokeRole');
  const slow = pool.server.database.withUserPool(pool.id, 'write', async (scope) => {
    await runCommand(scope, startOf(pool), (context) => handle(operation.input.parse(revocation), context));
    evaluated();
    await committing;
  });
  await isEvaluated;
  const update = pool.do('updateUser', { userId, company: 'acme' });
  await sleep(100);
  commit();
  await Promise.all([slow, update]);
  expect(await pool.do('listGroupMembers', { code: 'a' })).toMatchObject({ totalCount: 1, list: [{ userId }] });
});

test('a server that ends in the middle leaves the rest to the next, and nobody is forgotten or announced twice', async () => {
  const pool = await testUserPool();
  await withPeople(pool, 4_500);
  const [groupId, jobId] = [newId(), newId()];
  // Past the API, whose job a server would take up at once.
  await pool.server.sql(
    `insert into groups (user_pool_id, id, code, name, type, rule, rule_job_id) values ($1, $2, 'a', 'a', 'dynamic', $3, $4)`,
    [pool.id, groupId, JSON.stringify(companyIs('acme')), jobId],
  );
  const runCommand = createCommandRunner({ modules: pool.server.composition.modules, checkAnswers: true });
  let saved: unknown;
  const run = (mostSteps: number) => {
    let steps = 0;
    return evaluationJob.run(
      { groupIds: [groupId] },
      {
        jobId,
        userPoolId: pool.id,
        language: 'en-US',
        checkpoint: saved,
        signal: new AbortController().signal,
        read: (work) => pool.server.database.withUserPool(pool.id, 'read', work),
        async step(work) {
          if (steps++ === mostSteps) throw new Error('crash');
          await pool.server.database.withUserPool(pool.id, 'write', (scope) =>
            runCommand(scope, startOf(pool), async (context) => {
              saved = (await work(context)).checkpoint;
            }),
          );
        },
      },
    );
  };
  await expect(run(1)).rejects.toThrow('crash');
  expect(saved).toMatchObject({ done: 2_000 });
  expect(await run(10)).toEqual({ users: 4_500, changed: 1_500 });
  expect(await differences(pool, 'a', `profile ->> 'company' = 'acme'`)).toEqual([]);
  const named = (await pool.events()).flatMap(({ data }) => data.users.map(({ id }: { id: string }) => id));
  expect([named.length, new Set(named).size]).toEqual([1_500, 1_500]);
  expect((await pool.do('getGroup', { code: 'a' })).evaluation.evaluatedAt).not.toBeNull();
});

interface Person {
  readonly company: string | null;
  readonly gender: string;
  readonly status: string;
  readonly holdsEditor: boolean;
  /** Departments from the root, of each department he is in. */
  readonly paths: readonly (readonly string[])[];
}

type Rule =
  | { readonly and: readonly Rule[] }
  | { readonly or: readonly Rule[] }
  | { readonly not: Rule }
  | { readonly field: 'company' | 'gender'; readonly operator: string; readonly value?: string }
  | { readonly field: 'role'; readonly operator: 'IN'; readonly value: readonly { readonly code: string }[] }
  | {
      readonly field: 'department';
      readonly operator: 'IN';
      readonly value: readonly { readonly departmentId: string; readonly includeChildrenDepartments: boolean }[];
    };

/** The same rule, read by somebody else. */
function holds(rule: Rule, person: Person): boolean {
  if ('and' in rule) return rule.and.every((one) => holds(one, person));
  if ('or' in rule) return rule.or.some((one) => holds(one, person));
  if ('not' in rule) return !holds(rule.not, person);
  if (rule.field === 'department') {
    return rule.value.some(({ departmentId, includeChildrenDepartments }) =>
      person.paths.some((path) =>
        includeChildrenDepartments ? path.includes(departmentId) : path.at(-1) === departmentId,
      ),
    );
  }
  if (rule.field === 'role') return person.holdsEditor;
  const value = person[rule.field];
  switch (rule.operator) {
    case 'EQUAL':
      return value === rule.value;
    case 'NOT_EQUAL':
      return value !== rule.value;
    case 'IS_NULL':
      return value === null;
    default:
      return value !== null;
  }
}

test('after any changes in any order, every group holds whom its rule describes', async () => {
  const pool = await testUserPool();
  const random = randomNumbers(2026);
  const organizationCode = 'acme';
  const root = await pool.do('createOrganization', { organizationCode, organizationName: 'Acme' });
  const departments: string[] = [root.departmentId];
  for (let at = 0; at < 7; at++) {
    const parentDepartmentId = random.one(departments);
    departments.push(
      (await pool.do('createDepartment', { organizationCode, name: `d${at}`, parentDepartmentId })).departmentId,
    );
  }
  const companies = ['acme', 'other', null];
  const randomRule = (levels: number): Rule => {
    const kind = levels === 0 ? 3 + random.next(4) : random.next(7);
    const some = () => Array.from({ length: 1 + random.next(3) }, () => randomRule(levels - 1));
    if (kind === 0) return { and: some() };
    if (kind === 1) return { or: some() };
    if (kind === 2) return { not: randomRule(levels - 1) };
    if (kind === 3) {
      const departmentId = random.one(departments);
      return {
        field: 'department',
        operator: 'IN',
        value: [{ departmentId, includeChildrenDepartments: random.next(2) === 0 }],
      };
    }
    if (kind === 4) return { field: 'role', operator: 'IN', value: [{ code: 'editor' }] };
    const field = random.one(['company', 'gender'] as const);
    const operator = random.one(['EQUAL', 'NOT_EQUAL', 'IS_NULL', 'NOT_NULL']);
    return operator.endsWith('NULL')
      ? { field, operator }
      : { field, operator, value: field === 'company' ? random.one(['acme', 'other']) : random.one(['M', 'F']) };
  };
  const rules = Array.from({ length: 12 }, () => randomRule(3));
  const list = rules.map((rule, at) => ({ code: `g${at}`, type: 'dynamic', rule }));
  const made = await pool.do('createUsersBatch', {
    list: Array.from({ length: 15 }, (_, at) => ({ username: `u${at}` })),
  });
  const ids: string[] = made.map(({ userId }: { userId: string }) => userId);
  await pool.do('createRolesBatch', { list: [{ code: 'editor' }, { code: 'chief' }] });
  await pool.do('createGroup', { code: 'static' });
  await pool.do('createGroupsBatch', { list });

  for (let round = 0; round < 12; round++) {
    const change = () => {
      const userId = random.one(ids);
      const departmentId = random.one(departments);
      const target = random.one([
        { targetType: 'USER', targetIdentifier: userId },
        { targetType: 'DEPARTMENT', targetIdentifier: departmentId, includeChildrenDepartments: random.next(2) === 0 },
        { targetType: 'GROUP', targetIdentifier: 'static' },
        { targetType: 'ROLE', targetIdentifier: 'chief' },
      ]);
      switch (random.next(11)) {
        case 7:
          return pool.call('assignRole', { code: random.one(['editor', 'chief']), targets: [target] });
        case 8:
          return pool.call('revokeRole', { code: random.one(['editor', 'chief']), targets: [target] });
        case 9:
          return pool.call(random.one(['addGroupMembers', 'removeGroupMembers']), {
            code: 'static',
            userIds: [userId, random.one(ids)],
          });
        case 10:
          return pool.call('updateRole', { code: 'chief', status: random.one(['ENABLE', 'DISABLE']) });
        case 0:
        case 1:
          return pool.call('updateUser', {
            userId,
            company: random.one(companies),
            gender: random.one(['M', 'F', 'U']),
          });
        case 2:
          return pool.call('setUserDepartments', {
            userId,
            departments: [{ departmentId }, { departmentId: random.one(departments) }],
          });
        case 3:
          return pool.call('addDepartmentMembers', {
            organizationCode,
            departmentId,
            userIds: [userId, random.one(ids)],
          });
        case 4:
          return pool.call('removeDepartmentMembers', { organizationCode, departmentId, userIds: ids });
        case 5:
          return pool.call('updateUser', {
            userId,
            status: random.one(['Activated', 'Suspended', 'Resigned', 'Archived']),
          });
        default:
          return pool.call('updateDepartment', {
            organizationCode,
            departmentId,
            parentDepartmentId: random.one(departments),
          });
      }
    };
    const answers = await Promise.all(Array.from({ length: 8 }, change));
    expect(answers.filter(({ statusCode }) => statusCode >= 500)).toEqual([]);
    await jobsEnded(pool);

    const holders = await pool.do('listRoleMembers', { code: 'editor', includeInherited: true, limit: 50 });
    const editors = new Set(holders.list.map((holder: { userId: string }) => holder.userId));
    const people = await pool.server.sql<Person & { id: string; groups: readonly string[] }>(
      `select id, profile ->> 'company' as company, gender, status,
         (select coalesce(jsonb_agg((
             select jsonb_agg(above.id order by length(above.path)) from departments above
             where above.user_pool_id = $1 and starts_with(member.path, above.path))), '[]')
           from department_members member where member.user_pool_id = $1 and member.user_id = users.id) as paths,
         array(select code from group_members member join groups using (user_pool_id)
           where user_pool_id = $1 and member.group_id = groups.id and member.user_id = users.id
             and groups.type = 'dynamic' order by code) as groups
       from users where user_pool_id = $1`,
      [pool.id],
    );
    const gone = ['Resigned', 'Archived'];
    const expected = people.map((person) => ({
      id: person.id,
      groups: gone.includes(person.status)
        ? []
        : rules
            .flatMap((rule, at) => (holds(rule, { ...person, holdsEditor: editors.has(person.id) }) ? [`g${at}`] : []))
            .toSorted(),
    }));
    expect([round, people.map(({ id, groups }) => ({ id, groups: groups.toSorted() }))]).toEqual([round, expected]);
  }
  // What was announced adds up to what there is.
  const members = new Set<string>();
  for (const { name, data } of await pool.events()) {
    for (const { id } of name.startsWith('group.member.') ? data.users : []) {
      const membership = `${data.group.id} ${id}`;
      expect([name, membership, members.has(membership)]).toEqual([name, membership, name === 'group.member.removed']);
      if (name === 'group.member.added') members.add(membership);
      else members.delete(membership);
    }
  }
  const rows = await pool.rows<{ group_id: string; user_id: string }>('group_members');
  expect(members).toEqual(new Set(rows.map((row) => `${row.group_id} ${row.user_id}`)));
}, 60_000);
