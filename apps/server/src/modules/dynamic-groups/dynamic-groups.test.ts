import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createCommandRunner } from '../../platform/commands.ts';
import {
  byCompany,
  finished,
  is,
  namesIn,
  type Rule,
  settled,
  withGroup,
  withGroups,
  withTree,
  withUsers,
} from '../../testing/dynamic-groups.ts';
import { testUserPool } from '../../testing/server.ts';
import { startDueEvaluations } from './index.ts';

test('a job finds the members, and when it is done they are there', async () => {
  const pool = await testUserPool();
  await withUsers(pool, { ann: { company: 'acme' }, bob: { company: 'other' }, cat: {}, dan: { company: 'acme' } });
  const group = await pool.do('createGroup', { code: 'a', type: 'dynamic', rule: byCompany });
  expect(group).toMatchObject({
    type: 'dynamic',
    rule: byCompany,
    evaluation: { jobId: expect.any(String), state: 'evaluating', evaluatedAt: null },
  });
  const job = await finished(pool, group.evaluation.jobId);
  expect(job).toMatchObject({
    kind: 'evaluate-dynamic-groups',
    state: 'done',
    done: 4,
    result: { users: 4, changed: 2 },
  });
  expect(await namesIn(pool, 'a')).toEqual(['ann', 'dan']);
  expect((await pool.do('getGroup', { code: 'a' })).evaluation).toEqual({
    jobId: group.evaluation.jobId,
    state: 'evaluated',
    evaluatedAt: expect.any(String),
  });
  const added = (await pool.events()).filter(({ name }) => name === 'group.member.added');
  expect(added).toHaveLength(1);
  expect(added[0]?.data.users.map(({ username }: { username: string }) => username)).toEqual(['ann', 'dan']);
});

test('every change of a user is followed in its own transaction, and announced', async () => {
  const pool = await testUserPool();
  await withGroup(pool, 'a', byCompany);
  const { ann, bob } = await withUsers(pool, { ann: { company: 'acme' }, bob: {} });
  expect(await namesIn(pool, 'a')).toEqual(['ann']);
  await pool.do('updateUser', { userId: bob, company: 'acme' });
  await pool.do('updateUser', { userId: ann, company: null });
  expect(await namesIn(pool, 'a')).toEqual(['bob']);
  const events = (await pool.events()).filter(({ name }) => name.startsWith('group.member'));
  expect(events.map(({ name, data }) => [name, data.group.code, data.users[0].id])).toEqual([
    ['group.member.added', 'a', ann],
    ['group.member.added', 'a', bob],
    ['group.member.removed', 'a', ann],
  ]);
  const before = (await pool.events()).length;
  await pool.do('updateUser', { userId: bob, company: 'acme', nickname: 'Bobby' });
  expect((await pool.events()).slice(before).map(({ name }) => name)).toEqual(['user.updated']);
  // What a change breaks breaks the membership with it.
  await pool.call('updateUser', { userId: bob, company: 'x', username: 'ann' });
  expect(await namesIn(pool, 'a')).toEqual(['bob']);
});

test('follows departments, with and without those below, through joins, moves and the end of an organization', async () => {
  const pool = await testUserPool();
  const { organizationCode, rd, web, sales } = await withTree(pool);
  const ids = await withUsers(pool, {
    ann: { departmentIds: [rd] },
    bob: { departmentIds: [web] },
    cat: { departmentIds: [sales] },
    dan: {},
  });
  const named = { organizationCode, departmentId: 'rd', departmentIdType: 'code', includeChildrenDepartments: true };
  const group = await withGroup(pool, 'below', { field: 'department', operator: 'IN', value: [named] });
  expect(group.rule.value).toEqual([{ departmentId: rd, includeChildrenDepartments: true }]);
  await withGroup(pool, 'direct', { field: 'department', operator: 'IN', value: [{ departmentId: rd }] });
  await withGroup(pool, 'outside', { not: { field: 'department', operator: 'IN', value: [named] } });
  const all = async () => [await namesIn(pool, 'below'), await namesIn(pool, 'direct'), await namesIn(pool, 'outside')];
  expect(await all()).toEqual([['ann', 'bob'], ['ann'], ['cat', 'dan']]);

  await pool.do('addDepartmentMembers', { organizationCode, departmentId: web, userIds: [ids['dan']] });
  await pool.do('removeDepartmentMembers', { organizationCode, departmentId: rd, userIds: [ids['ann']] });
  expect(await all()).toEqual([['bob', 'dan'], [], ['ann', 'cat']]);
  await pool.do('setUserDepartments', {
    userId: ids['ann'],
    departments: [{ departmentId: rd }, { departmentId: sales }],
  });
  expect(await all()).toEqual([['ann', 'bob', 'dan'], ['ann'], ['cat']]);

  await pool.do('updateDepartment', { organizationCode, departmentId: sales, parentDepartmentId: web });
  await settled(pool);
  expect(await all()).toEqual([['ann', 'bob', 'cat', 'dan'], ['ann'], []]);
  await pool.do('deleteOrganization', { organizationCode });
  await settled(pool);
  expect(await all()).toEqual([[], [], ['ann', 'bob', 'cat', 'dan']]);
});

test('follows custom fields of every type, and the end of a field', async () => {
  const pool = await testUserPool();
  const fields = { school: 'STRING', level: 'NUMBER', since: 'DATETIME', isLead: 'BOOLEAN', shirt: 'ENUM' };
  const list = Object.entries(fields).map(([key, dataType]) => ({
    targetType: 'USER',
    key,
    dataType,
    ...(dataType === 'ENUM'
      ? {
          options: [
            { value: 'S', label: 'S' },
            { value: 'M', label: 'M' },
          ],
        }
      : {}),
  }));
  await pool.do('setCustomFields', { list: [...list, { targetType: 'USER', key: 'secret', encrypted: true }] });
  const { ann, bob } = await withUsers(pool, { ann: {}, bob: {}, cat: {} });
  const set = (userId: unknown, values: object) =>
    pool.do('setCustomData', {
      targetType: 'USER',
      targetIdentifier: userId,
      list: Object.entries(values).map(([key, value]) => ({ key, value })),
    });
  await set(ann, { school: 'PKU', level: 3, since: '2020-01-01', isLead: true, shirt: 'S', secret: 'x' });
  const rules: readonly (readonly [Rule, readonly string[]])[] = [
    [is('school', 'PKU'), ['ann']],
    [{ field: 'school', operator: 'CONTAINS', value: 'pk' }, ['ann']],
    [{ not: is('school', 'PKU') }, ['bob', 'cat']],
    [{ field: 'level', operator: 'GREATER', value: 3 }, ['ann']],
    [{ field: 'level', operator: 'BETWEEN', value: [4, 9] }, []],
    [{ field: 'since', operator: 'LESSER', value: Date.UTC(2020, 0, 1) }, ['ann']],
    [is('isLead', true), ['ann']],
    [{ field: 'shirt', operator: 'IN', value: ['S', 'XL'] }, ['ann']],
    [{ field: 'secret', operator: 'NOT_NULL' }, ['ann']],
    [{ field: 'level', operator: 'IS_NULL' }, ['bob', 'cat']],
  ];
  const check = async (who: (names: readonly string[]) => readonly string[]) => {
    for (const [index, [rule, expected]] of rules.entries()) {
      expect([rule, await namesIn(pool, `g${index}`)]).toEqual([rule, who(expected)]);
    }
  };
  await withGroups(
    pool,
    rules.map(([rule]) => rule),
  );
  await check((names) => names);
  for (const [rule, expected] of rules.filter(([one]) => 'field' in one)) {
    const found = await pool.do('listUsers', { advancedFilter: [rule] });
    expect(found.list.map(({ username }: { username: string }) => username).sort()).toEqual(expected);
  }
  // The two change places.
  await set(bob, { school: 'PKU', level: 3, since: '2020-01-01', isLead: true, shirt: 'S', secret: 'x' });
  await set(ann, { school: null, level: null, since: null, isLead: null, shirt: null, secret: null });
  await check((names) => names.map((name) => ({ ann: 'bob', bob: 'ann' })[name] ?? name).sort());

  // They come with other operations, too.
  await pool.do('createUser', { username: 'dan', customData: { school: 'PKU' } });
  await pool.do('updateUser', { userId: bob, customData: { school: null } });
  expect(await namesIn(pool, 'g0')).toEqual(['dan']);
  await pool.do('updateUser', { userId: bob, customData: { school: 'PKU' } });
  await pool.do('deleteUsersBatch', { userIds: ['dan'], options: { userIdType: 'username' } });
  expect(await namesIn(pool, 'g0')).toEqual(['bob']);

  expect(await pool.call('createGroup', { code: 'x', type: 'dynamic', rule: { ...is('secret', 'x') } })).toMatchObject({
    statusCode: 400,
  });
  await pool.do('deleteCustomFields', { list: [{ targetType: 'USER', key: 'level' }] });
  await settled(pool);
  expect([await namesIn(pool, 'g3'), await namesIn(pool, 'g9')]).toEqual([[], ['ann', 'bob', 'cat']]);
  // Made anew it holds truth values, which the rule does not compare with.
  await pool.do('setCustomFields', { list: [{ targetType: 'USER', key: 'level', dataType: 'BOOLEAN' }] });
  await set(ann, { level: true });
  expect([await namesIn(pool, 'g3'), await namesIn(pool, 'g9')]).toEqual([[], ['bob', 'cat']]);
});

test('follows roles, held directly or through departments, groups and roles', async () => {
  const pool = await testUserPool();
  const { organizationCode, rd, web } = await withTree(pool);
  const { ann, bob, cat, dan } = await withUsers(pool, {
    ann: {},
    bob: { departmentIds: [web] },
    cat: {},
    dan: {},
  });
  await pool.do('createRolesBatch', { list: ['editor', 'chief', 'owner'].map((code) => ({ code })) });
  await pool.do('createGroup', { code: 'static' });
  const named = [{ code: 'editor' }];
  const { rule } = await withGroup(pool, 'a', { field: 'role', operator: 'IN', value: named });
  expect(rule.value).toEqual([{ roleId: expect.any(String), code: 'editor', namespace: 'default' }]);
  await withGroup(pool, 'b', { not: { field: 'role', operator: 'IN', value: rule.value } });
  const all = async () => {
    await settled(pool);
    const [holders, others] = [await namesIn(pool, 'a'), await namesIn(pool, 'b')];
    expect([...holders, ...others].sort()).toEqual(['ann', 'bob', 'cat', 'dan']);
    return holders;
  };
  const assign = (code: string, targetType: string, targetIdentifier: unknown) =>
    pool.do('assignRole', { code, targets: [{ targetType, targetIdentifier }] });
  const revoke = (code: string, targetType: string, targetIdentifier: unknown) =>
    pool.do('revokeRole', { code, targets: [{ targetType, targetIdentifier }] });
  expect(await all()).toEqual([]);
  // Assigned to a user it takes no job.
  await assign('editor', 'USER', ann);
  expect(await namesIn(pool, 'a')).toEqual(['ann']);
  await revoke('editor', 'USER', ann);
  expect(await namesIn(pool, 'a')).toEqual([]);

  await assign('editor', 'DEPARTMENT', rd);
  expect(await all()).toEqual(['bob']);
  await pool.do('addDepartmentMembers', { organizationCode, departmentId: rd, userIds: [cat] });
  expect(await namesIn(pool, 'a')).toEqual(['bob', 'cat']);
  await pool.do('updateDepartment', { organizationCode, departmentId: web, parentDepartmentId: 'root' });
  expect(await all()).toEqual(['cat']);

  await assign('editor', 'GROUP', 'static');
  await pool.do('addGroupMembers', { code: 'static', userIds: [dan] });
  expect(await all()).toEqual(['cat', 'dan']);
  await pool.do('removeGroupMembers', { code: 'static', userIds: [dan] });
  expect(await namesIn(pool, 'a')).toEqual(['cat']);

  await assign('editor', 'ROLE', 'chief');
  await assign('chief', 'ROLE', 'owner');
  await assign('owner', 'USER', ann);
  expect(await all()).toEqual(['ann', 'cat']);
  await pool.do('updateRole', { code: 'chief', status: 'DISABLE' });
  expect(await all()).toEqual(['cat']);
  await pool.do('updateRole', { code: 'chief', status: 'ENABLE', newCode: 'boss' });
  expect(await all()).toEqual(['ann', 'cat']);
  await pool.do('deleteRolesBatch', { codeList: ['boss'] });
  expect(await all()).toEqual(['cat']);
  await pool.do('addGroupMembers', { code: 'static', userIds: [bob] });
  expect(await all()).toEqual(['bob', 'cat']);
  await pool.do('deleteGroupsBatch', { codeList: ['static'] });
  expect(await all()).toEqual(['cat']);
  await pool.do('updateUser', { userId: cat, status: 'Resigned' });
  await pool.do('updateUser', { userId: cat, status: 'Activated' });
  expect(await all()).toEqual([]);
  // What a dynamic group is assigned would change who belongs to it: that does not count.
  await assign('editor', 'GROUP', 'b');
  expect(await all()).toEqual([]);
}, 30_000);

test('follows roles that begin and end by the clock', async () => {
  const pool = await testUserPool();
  const { server } = pool;
  const { ann, bob } = await withUsers(pool, { ann: {}, bob: {} });
  await pool.do('createRolesBatch', { list: [{ code: 'editor' }, { code: 'chief' }] });
  const hour = 3_600_000;
  const start = Date.now();
  const assign = (code: string, targetType: string, targetIdentifier: unknown, validity: object) =>
    pool.do('assignRole', { code, targets: [{ targetType, targetIdentifier }], ...validity });
  await assign('editor', 'ROLE', 'chief', {});
  await assign('chief', 'USER', bob, { endTime: start + 2 * hour });
  await withGroup(pool, 'a', { field: 'role', operator: 'IN', value: [{ code: 'editor' }] });
  let passed = 0;
  const state = async () => {
    const [row] = await pool.rows<{ rule_due_at: Date | null }>('groups');
    const due = row?.rule_due_at;
    return [await namesIn(pool, 'a'), due ? (due.getTime() + passed - start) / hour : null];
  };
  expect(await state()).toEqual([['bob'], 2]);
  await assign('editor', 'USER', ann, { enableTime: start + hour, endTime: start + 3 * hour });
  expect(await state()).toEqual([['bob'], 1]);

  const runCommand = createCommandRunner({ modules: server.composition.modules, checkAnswers: true });
  /** Time is not waited for: what lies in the future comes nearer. */
  const pass = async (hours: number) => {
    passed += hours * hour;
    await server.sql(
      `update role_assignments set enable_time = enable_time - $2::interval, end_time = end_time - $2::interval
       where user_pool_id = $1`,
      [pool.id, `${hours} hours`],
    );
    await server.sql(`update groups set rule_due_at = rule_due_at - $2::interval where user_pool_id = $1`, [
      pool.id,
      `${hours} hours`,
    ]);
    // As upkeep does now and then, and on several servers at once.
    const due = { database: server.database, runCommand, now: Date.now };
    await Promise.all([startDueEvaluations(due), startDueEvaluations(due)]);
    await settled(pool);
    return state();
  };
  expect(await pass(0.5)).toEqual([['bob'], 1]);
  expect(await pass(0.5)).toEqual([['ann', 'bob'], 2]);
  expect(await pass(1)).toEqual([['ann'], 3]);
  expect(await pass(1)).toEqual([[], null]);
  expect(await pool.rows('jobs')).toHaveLength(4);
});

test('who has left belongs to no group, whatever the rule says, and who comes back may belong to any', async () => {
  const pool = await testUserPool();
  await withGroup(pool, 'a', { or: [byCompany, is('status', 'Resigned')] });
  const { ann, bob } = await withUsers(pool, { ann: { company: 'acme' }, bob: { company: 'acme' } });
  await pool.do('updateUser', { userId: ann, status: 'Resigned' });
  await pool.do('updateUser', { userId: bob, status: 'Archived' });
  expect(await namesIn(pool, 'a')).toEqual([]);
  const removed = (await pool.events()).filter(({ name }) => name === 'group.member.removed');
  expect(removed.map(({ data }) => data.users[0].id)).toEqual([ann, bob]);
  const { jobId } = await pool.do('evaluateDynamicGroup', { code: 'a' });
  expect(await finished(pool, jobId)).toMatchObject({ result: { users: 2, changed: 0 } });
  await pool.do('updateUser', { userId: bob, status: 'Activated' });
  expect(await namesIn(pool, 'a')).toEqual(['bob']);
  await pool.do('deleteUsersBatch', { userIds: [bob] });
  expect((await pool.do('listGroupMembers', { code: 'a' })).totalCount).toBe(0);
});

test('a job that failed is started again, and one at work is left alone', async () => {
  const pool = await testUserPool();
  const { server } = pool;
  await withGroup(pool, 'a', byCompany);
  await pool.server.sql(
    `insert into users (user_pool_id, id, username, profile) values ($1, $2, 'ann', '{"company": "acme"}')`,
    [pool.id, 'a'.repeat(24)],
  );
  const runCommand = createCommandRunner({ modules: server.composition.modules, checkAnswers: true });
  const after = async (state: string, kind: string) => {
    await server.sql(`update jobs set state = $2, kind = $3, due_at = 'infinity' where user_pool_id = $1`, [
      pool.id,
      state,
      kind,
    ]);
    await server.sql(`update groups set rule_due_at = now(), rule_evaluated_at = null where user_pool_id = $1`, [
      pool.id,
    ]);
    await startDueEvaluations({ database: server.database, runCommand, now: Date.now });
  };
  const jobs = async () => (await pool.rows('jobs')).length;
  await after('running', 'sample');
  expect(await jobs()).toBe(1);
  await after('failed', 'evaluate-dynamic-groups');
  // Another server of this database may have been faster, and not be done yet.
  await expect.poll(jobs).toBe(2);
  await settled(pool);
  expect(await namesIn(pool, 'a')).toEqual(['ann']);
  const [row] = await pool.rows('groups');
  expect([row?.rule_due_at, row?.rule_evaluated_at]).toEqual([null, expect.any(Date)]);
});

test('people who come from a file are members like any other', async () => {
  const pool = await testUserPool();
  await withGroup(pool, 'a', byCompany);
  const { importId } = await pool.do('createUserImport', { format: 'csv', fileName: 'users.csv', options: {} });
  const rows = Array.from({ length: 120 }, (_, at) => `user${at},${at % 3 === 0 ? 'acme' : 'other'}`);
  const content = Buffer.from(['username,company', ...rows].join('\n')).toString('base64');
  await pool.do('uploadUserImportChunk', { importId, index: 0, content });
  await pool.do('startUserImport', { importId, chunkCount: 1 });
  while ((await pool.do('getUserImport', { importId })).state !== 'done') await sleep(20);
  expect((await pool.do('listGroupMembers', { code: 'a' })).totalCount).toBe(40);
  const named = (await pool.events())
    .filter(({ name }) => name === 'group.member.added')
    .flatMap(({ data }) => data.users.map(({ id }: { id: string }) => id));
  expect(new Set(named).size).toBe(40);
});

test('a new rule is evaluated anew; the same one, sent back, is not', async () => {
  const pool = await testUserPool();
  await withUsers(pool, { ann: { company: 'acme' }, bob: { company: 'other' } });
  const group = await withGroup(pool, 'a', byCompany);
  const same = await pool.do('updateGroup', { code: 'a', rule: group.rule, description: 'x' });
  expect(same.evaluation.jobId).toBe(group.evaluation.jobId);
  const rule = { field: 'company', operator: 'EQUAL', value: 'other' };
  const changed = await pool.do('updateGroup', { code: 'a', rule });
  expect(changed.evaluation).toEqual({
    jobId: expect.not.stringMatching(group.evaluation.jobId),
    state: 'evaluating',
    evaluatedAt: null,
  });
  await finished(pool, changed.evaluation.jobId);
  expect(await namesIn(pool, 'a')).toEqual(['bob']);
  const [updated] = (await pool.events()).filter(({ data }) => data.updates?.rule);
  expect(updated).toMatchObject({ name: 'group.updated', data: { updates: { rule } } });
  const both = await pool.do('createOrUpdateGroup', { code: 'a', type: 'dynamic', rule: byCompany });
  expect(both.created).toBe(false);
  await finished(pool, both.data.evaluation.jobId);
  expect(await namesIn(pool, 'a')).toEqual(['ann']);
});

test('members of a dynamic group cannot be added or removed by hand, and only a dynamic group has a rule', async () => {
  const pool = await testUserPool();
  const { ann } = await withUsers(pool, { ann: { company: 'acme' } });
  await withGroup(pool, 'a', byCompany);
  await pool.do('createGroup', { code: 'b' });
  for (const operation of ['addGroupMembers', 'removeGroupMembers']) {
    const answer = await pool.call(operation, { code: 'a', userIds: [ann] }, { 'x-authing-lang': 'zh-CN' });
    expect(answer).toMatchObject({ statusCode: 422, message: '动态分组的成员由规则决定，不能手动添加或移除' });
  }
  const refusals: readonly (readonly [string, Rule, number])[] = [
    ['createGroup', { code: 'c', rule: byCompany }, 422],
    ['createGroup', { code: 'c', type: 'static', rule: byCompany }, 422],
    ['createGroup', { code: 'c', type: 'dynamic' }, 400],
    ['createGroup', { code: 'c', type: 'dynamic', rule: {} }, 400],
    ['updateGroup', { code: 'b', rule: byCompany }, 422],
    ['createOrUpdateGroup', { code: 'b', type: 'dynamic', rule: byCompany }, 422],
    ['createOrUpdateGroup', { code: 'a', type: 'static' }, 422],
    ['evaluateDynamicGroup', { code: 'b' }, 422],
    ['evaluateDynamicGroup', { code: 'none' }, 404],
  ];
  for (const [operation, input, statusCode] of refusals) {
    expect([operation, input, (await pool.call(operation, input)).statusCode]).toEqual([operation, input, statusCode]);
  }
  // Null means not given.
  await pool.do('updateGroup', { code: 'b', rule: null, description: 'x' });
});
