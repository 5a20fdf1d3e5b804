import { expect, test } from 'vitest';
import { answerBesideLocks } from '../../testing/lock-order.ts';
import { type TestUserPool, testUserPool } from '../../testing/server.ts';

async function withUsers(pool: TestUserPool, count: number): Promise<string[]> {
  const list = Array.from({ length: count }, (_, at) => ({ username: `user${at}` }));
  const users = await pool.do('createUsersBatch', { list });
  return users.map(({ userId }: { userId: string }) => userId);
}

const idsOf = ({ list }: { list: { userId: string }[] }) => list.map(({ userId }) => userId);

/** Members as stored, and as counted. */
async function counts(pool: TestUserPool) {
  const members = await pool.rows<{ group_id: string }>('group_members');
  const slots = await pool.rows<{ members: number }>('group_counts');
  return { rows: members.length, counted: slots.reduce((sum, slot) => sum + slot.members, 0) };
}

test('adds members once, and announces those who are new', async () => {
  const pool = await testUserPool();
  const group = await pool.do('createGroup', { code: 'a' });
  const [one, two, three] = await withUsers(pool, 3);
  const before = (await pool.events()).length;
  expect(await pool.do('addGroupMembers', { code: 'a', userIds: [one, two, one] })).toEqual({ success: true });
  expect(await pool.do('addGroupMembers', { code: 'a', userIds: [two, three] })).toEqual({ success: true });
  expect(await pool.do('addGroupMembers', { code: 'a', userIds: [two, three] })).toEqual({ success: true });
  const events = (await pool.events()).slice(before);
  expect(events.map(({ name, webhook }) => [name, webhook])).toEqual(
    Array(2).fill(['group.member.added', 'group:member-added']),
  );
  expect(events[0]?.data).toMatchObject({
    group: { id: group.id, code: 'a' },
    users: [{ id: one, username: 'user0', email: null }, { id: two }],
  });
  expect(events[1]?.data.users).toMatchObject([{ id: three }]);
  const page = await pool.do('listGroupMembers', { code: 'a' });
  expect(page.totalCount).toBe(3);
  expect(idsOf(page)).toEqual([three, ...[one, two].sort().toReversed()]);
  const [audit] = (await pool.audits()).slice(-2);
  expect(audit).toMatchObject({ action: 'addGroupMembers', target_id: group.id, target_value: { added: [three] } });
});

test('adds all or nobody', async () => {
  const pool = await testUserPool();
  const other = await testUserPool();
  await pool.do('createGroup', { code: 'a' });
  const [one, two, three] = await withUsers(pool, 3);
  const [foreign] = await withUsers(other, 1);
  await pool.do('updateUser', { userId: three, status: 'Archived' });
  const add = (...userIds: unknown[]) => pool.call('addGroupMembers', { code: 'a', userIds });
  expect(await add(one, foreign)).toMatchObject({ statusCode: 404, apiCode: 2004 });
  expect(await add(one, 'nobody')).toMatchObject({ statusCode: 404 });
  expect(await add(one, three)).toMatchObject({ statusCode: 422 });
  expect(await add()).toMatchObject({ statusCode: 400 });
  expect(await add(...Array(51).fill(one))).toMatchObject({ statusCode: 400 });
  expect(await pool.call('addGroupMembers', { code: 'b', userIds: [two] })).toMatchObject({ statusCode: 404 });
  expect(await counts(pool)).toEqual({ rows: 0, counted: 0 });
});

test('removes members, ignores who is none, and announces those who were', async () => {
  const pool = await testUserPool();
  await pool.do('createGroup', { code: 'a' });
  const [one, two, three] = await withUsers(pool, 3);
  await pool.do('addGroupMembers', { code: 'a', userIds: [one, two] });
  const before = (await pool.events()).length;
  const remove = { code: 'a', userIds: [one, three, 'nobody'] };
  expect(await pool.do('removeGroupMembers', remove)).toEqual({ success: true });
  expect(await pool.do('removeGroupMembers', remove)).toEqual({ success: true });
  const events = (await pool.events()).slice(before);
  expect(events).toMatchObject([
    { name: 'group.member.removed', webhook: 'group:member-removed', data: { users: [{ id: one }] } },
  ]);
  expect(await pool.call('removeGroupMembers', { code: 'b', userIds: [one] })).toMatchObject({ statusCode: 404 });
  expect(idsOf(await pool.do('listGroupMembers', { code: 'a' }))).toEqual([two]);
});

test('lists members page by page, each once, with what is asked for', async () => {
  const pool = await testUserPool();
  await pool.do('createGroup', { code: 'a' });
  const ids = await withUsers(pool, 23);
  await pool.do('addGroupMembers', { code: 'a', userIds: ids });
  const pages = await Promise.all(
    [1, 2, 3, 4].map((page) =>
      pool.do('listGroupMembers', { code: 'a', page, limit: 10, withDepartmentIds: true, withCustomData: true }),
    ),
  );
  expect(pages.map(({ totalCount, list }) => [totalCount, list.length])).toEqual([
    [23, 10],
    [23, 10],
    [23, 3],
    [23, 0],
  ]);
  expect(pages.flatMap(idsOf)).toEqual(ids.toSorted().toReversed());
  expect(pages[0].list[0]).toMatchObject({ departmentIds: [], customData: {} });
  expect(await pool.call('listGroupMembers', { code: 'b' })).toMatchObject({ statusCode: 404 });
});

test('lists the groups of a user by any of his ids, the last joined first', async () => {
  const pool = await testUserPool();
  await pool.do('createGroupsBatch', { list: [{ code: 'a' }, { code: 'b' }, { code: 'c' }] });
  const [one] = await withUsers(pool, 1);
  for (const code of ['c', 'a']) await pool.do('addGroupMembers', { code, userIds: [one] });
  const groups = await pool.do('getUserGroups', { userId: 'user0', userIdType: 'username' });
  expect(groups).toMatchObject({ totalCount: 2, list: [{ code: 'a' }, { code: 'c' }] });
  expect(await pool.call('getUserGroups', { userId: 'nobody' })).toMatchObject({ statusCode: 404, apiCode: 2004 });
});

test('who resigns or is archived leaves all groups, who is deleted is gone from them', async () => {
  const pool = await testUserPool();
  await pool.do('createGroupsBatch', { list: [{ code: 'a' }, { code: 'b' }] });
  const [one, two, three, four] = await withUsers(pool, 4);
  await pool.do('addGroupMembers', { code: 'a', userIds: [one, two, three, four] });
  await pool.do('addGroupMembers', { code: 'b', userIds: [one] });
  const before = (await pool.events()).length;
  await pool.do('updateUser', { userId: one, status: 'Resigned' });
  await pool.do('updateUser', { userId: two, status: 'Archived' });
  await pool.do('updateUser', { userId: four, status: 'Suspended' });
  const removed = (await pool.events()).slice(before).filter(({ name }) => name === 'group.member.removed');
  expect(removed.map(({ data }) => [data.group.code, data.users[0].id])).toEqual([
    ['a', one],
    ['b', one],
    ['a', two],
  ]);
  await pool.do('deleteUsersBatch', { userIds: [three] });
  const page = await pool.do('listGroupMembers', { code: 'a' });
  expect([page.totalCount, idsOf(page)]).toEqual([1, [four]]);
  // Who comes back is a member of nothing.
  await pool.do('updateUser', { userId: one, status: 'Activated' });
  expect(await pool.do('getUserGroups', { userId: one })).toEqual({ totalCount: 0, list: [] });
  expect(await counts(pool)).toEqual({ rows: 1, counted: 1 });
});

test('counts stay exact whoever adds, removes and deletes at the same time', async () => {
  const pool = await testUserPool();
  const codes = ['a', 'b', 'c'];
  await pool.do('createGroupsBatch', { list: codes.map((code) => ({ code })) });
  const ids = await withUsers(pool, 30);
  const turns = Array.from({ length: 60 }, (_, turn) => {
    const code = codes[turn % 3];
    const userIds = ids.slice(turn % 20, (turn % 20) + 10).sort(() => (turn % 2 ? 1 : -1));
    if (turn === 40) return pool.call('deleteGroupsBatch', { codeList: ['c'] });
    if (turn % 12 === 5) return pool.call('deleteUsersBatch', { userIds: [ids[turn % 30]] });
    return pool.call(turn % 3 === 1 ? 'removeGroupMembers' : 'addGroupMembers', { code, userIds });
  });
  const answers = await Promise.all(turns);
  expect(answers.filter(({ statusCode }) => statusCode >= 500)).toEqual([]);
  for (const code of ['a', 'b']) {
    const { totalCount } = await pool.do('listGroupMembers', { code });
    const [counted] = await pool.server.sql<{ count: number }>(
      `select count(*)::integer as count from group_members join groups using (user_pool_id)
       where user_pool_id = $1 and groups.id = group_id and code = $2`,
      [pool.id, code],
    );
    expect([code, totalCount]).toEqual([code, counted?.count]);
  }
  const { rows, counted } = await counts(pool);
  expect(counted).toBe(rows);
});

test('public accounts belong to no group', async () => {
  const pool = await testUserPool();
  await pool.do('createGroup', { code: 'a' });
  const [one, two] = await withUsers(pool, 2);
  await pool.do('addGroupMembers', { code: 'a', userIds: [one, two] });
  await pool.do('changeIntoPublicAccount', { userId: two });
  const page = await pool.do('listGroupMembers', { code: 'a' });
  expect([page.totalCount, idsOf(page)]).toEqual([1, [one]]);
  expect(await pool.call('addGroupMembers', { code: 'a', userIds: [two] })).toMatchObject({ statusCode: 404 });
});

test('who leaves a group that is being deleted waits for that, and the deletion never for him', async () => {
  const pool = await testUserPool();
  const group = await pool.do('createGroup', { code: 'a' });
  const [one, two, three] = (await withUsers(pool, 3)) as [string, string, string];
  await pool.do('addGroupMembers', { code: 'a', userIds: [one, two, three] });
  for (const [operation, input, userId] of [
    ['resignUser', { userId: one }, one],
    ['changeIntoPublicAccount', { userId: two }, two],
    ['deleteUsersBatch', { userIds: [three] }, three],
  ] as const) {
    const deleted = [
      ['groups', group.id],
      ['group_members', userId],
    ] as const;
    const answer = await answerBesideLocks(pool, deleted, () => pool.call(operation, input));
    expect(answer).toMatchObject({ statusCode: 200 });
  }
  expect(await counts(pool)).toEqual({ rows: 0, counted: 0 });
});
