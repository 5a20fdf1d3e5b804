import { expect, test } from 'vitest';
import { testUserPool } from '../../testing/server.ts';

const chinese = { 'x-authing-lang': 'zh-CN' };

test('creates a group, announces it, and finds it by its code', async () => {
  const pool = await testUserPool();
  const group = await pool.do('createGroup', {
    code: 'developer',
    name: '开发者',
    description: '描述内容',
    type: 'static',
    customData: {},
  });
  expect(group).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{24}$/),
    code: 'developer',
    name: '开发者',
    description: '描述内容',
    type: 'static',
    metadataSource: [],
  });
  expect(await pool.do('getGroup', { code: 'developer' })).toEqual(group);
  expect(await pool.do('getGroup', { code: 'developer', withCustomData: true })).toEqual({ ...group, customData: {} });
  const { metadataSource: _data, ...announced } = group;
  expect(await pool.events()).toEqual([
    { name: 'group.created', webhook: 'group:created', topic: null, data: { group: announced } },
  ]);
  expect(await pool.audits()).toMatchObject([{ action: 'createGroup', target_id: group.id, target_value: announced }]);
});

test('needs no more than a code, and takes null and empty for what was not given', async () => {
  const pool = await testUserPool();
  expect(await pool.do('createGroup', { code: 'a' })).toMatchObject({ name: 'a', description: '', type: 'static' });
  const empty = { code: 'b', name: '', description: null, type: null, customData: null };
  expect(await pool.do('createGroup', empty)).toMatchObject({ name: 'b', description: '', type: 'static' });
});

test('refuses codes that are illegal, taken or unknown, in the words of the live service', async () => {
  const pool = await testUserPool();
  await pool.do('createGroup', { code: 'a' });
  for (const code of ['', '分组', 'a b', 'a/b', 'x'.repeat(65)]) {
    expect(await pool.call('createGroup', { code })).toMatchObject({ statusCode: 400 });
  }
  expect(await pool.call('createGroup', { code: 'a' }, chinese)).toMatchObject({
    statusCode: 409,
    message: '分组标识符已存在',
  });
  expect(await pool.call('getGroup', { code: 'b' }, chinese)).toMatchObject({ statusCode: 404, message: '分组不存在' });
  expect(await pool.call('getGroup', { code: 'b' })).toMatchObject({ message: 'group not exists with code: b' });
  // Codes are told apart by case.
  expect(await pool.call('getGroup', { code: 'A' })).toMatchObject({ statusCode: 404 });
  expect(await pool.call('createGroup', { code: 'c', type: 'other' })).toMatchObject({ statusCode: 400 });
  expect(await pool.call('createGroup', { code: 'c', customData: { a: 1 } })).toMatchObject({ statusCode: 400 });
});

test('creates a batch whole or not at all, in the order given', async () => {
  const pool = await testUserPool();
  await pool.do('createGroup', { code: 'taken' });
  const list = ['z', 'a', 'm'].map((code) => ({ code }));
  for (const more of ['taken', 'z']) {
    expect(await pool.call('createGroupsBatch', { list: [...list, { code: more }] }, chinese)).toMatchObject({
      statusCode: 409,
      message: '分组标识符已存在',
    });
  }
  expect(await pool.rows('groups')).toHaveLength(1);
  const groups = await pool.do('createGroupsBatch', { list });
  expect(groups.map(({ code }: { code: string }) => code)).toEqual(['z', 'a', 'm']);
  expect((await pool.events()).map(({ name }) => name)).toEqual(Array(4).fill('group.created'));
});

test('of many who create the same group at once one succeeds', async () => {
  const pool = await testUserPool();
  const codes = ['a', 'b', 'c'];
  const batches = [codes, codes.toReversed(), ['b', 'a', 'c'], ['c', 'b', 'a']];
  const answers = await Promise.all(
    batches.map((batch) => pool.call('createGroupsBatch', { list: batch.map((code) => ({ code })) })),
  );
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409, 409, 409]);
  expect(await pool.rows('groups')).toHaveLength(3);
});

test('creates or updates, and says which', async () => {
  const pool = await testUserPool();
  const first = await pool.do('createOrUpdateGroup', { code: 'a', name: 'A', description: 'one', type: 'static' });
  expect(first).toMatchObject({ created: true, data: { code: 'a', name: 'A', description: 'one' } });
  const second = await pool.do('createOrUpdateGroup', { code: 'a', description: 'two' });
  expect(second).toEqual({ created: false, data: { ...first.data, description: 'two' } });
  const events = await pool.events();
  expect(events.map(({ name }) => name)).toEqual(['group.created', 'group.updated']);
  expect(events[1]?.data.updates).toEqual({ description: 'two' });
  const many = await Promise.all(Array.from({ length: 5 }, () => pool.do('createOrUpdateGroup', { code: 'b' })));
  expect(many.filter(({ created }) => created)).toHaveLength(1);
});

test('creates or updates also what others delete at the same moment', async () => {
  const pool = await testUserPool();
  for (let round = 0; round < 30; round++) {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        index % 2 === 0
          ? pool.call('createOrUpdateGroup', { code: 'a', name: `${round} ${index}` })
          : pool.call('deleteGroupsBatch', { codeList: ['a'] }),
      ),
    );
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([200]));
  }
});

test('changes what is given, a new code included, and says nothing of what does not change', async () => {
  const pool = await testUserPool();
  await pool.do('createGroupsBatch', { list: [{ code: 'a', name: 'A' }, { code: 'b' }] });
  const group = await pool.do('updateGroup', { code: 'a', newCode: 'c', description: 'new' });
  expect(group).toMatchObject({ code: 'c', name: 'A', description: 'new' });
  expect(await pool.call('getGroup', { code: 'a' })).toMatchObject({ statusCode: 404 });
  const [audit] = (await pool.audits()).slice(-1);
  expect(audit).toMatchObject({
    target_id: group.id,
    origin_value: { code: 'a', description: '' },
    target_value: { code: 'c', description: 'new' },
  });
  const before = await pool.events();
  await pool.do('updateGroup', { code: 'c', newCode: 'c', name: null, description: 'new' });
  expect(await pool.events()).toEqual(before);
  expect(await pool.call('updateGroup', { code: 'c', newCode: 'b' })).toMatchObject({ statusCode: 409 });
  expect(await pool.call('updateGroup', { code: 'none', name: 'x' })).toMatchObject({ statusCode: 404 });
  expect(await pool.call('updateGroup', { code: 'c', newCode: 'a b' })).toMatchObject({ statusCode: 400 });
});

test('lists pages, the newest first, and finds keywords in code, name and description', async () => {
  const pool = await testUserPool();
  const list = Array.from({ length: 12 }, (_, at) => ({ code: `g${at}`, name: `Group ${at}` }));
  await pool.do('createGroupsBatch', { list });
  await pool.do('createGroup', { code: 'last', name: '开发者', description: 'They BUILD 50% of it' });
  const page = await pool.do('listGroups', { page: 2, limit: 5 });
  expect(page.totalCount).toBe(13);
  expect(page.list.map(({ code }: { code: string }) => code)).toEqual(['g7', 'g6', 'g5', 'g4', 'g3']);
  for (const keywords of ['LAS', '开发', 'build', '50%', '者', ' last ']) {
    const found = await pool.do('listGroups', { keywords });
    expect([keywords, found.totalCount, found.list[0]?.code]).toEqual([keywords, 1, 'last']);
  }
  expect(await pool.do('listGroups', { keywords: '100%' })).toEqual({ totalCount: 0, list: [] });
  expect((await pool.do('listGroups', { keywords: '', withMetadata: true })).totalCount).toBe(13);
});

test('gets all groups at once, with members on request', async () => {
  const pool = await testUserPool();
  await pool.do('createGroupsBatch', { list: [{ code: 'a' }, { code: 'b' }] });
  const { userId } = await pool.do('createUser', { username: 'bob' });
  await pool.do('addGroupMembers', { code: 'b', userIds: [userId] });
  const plain = await pool.do('getAllGroups');
  expect(plain.map(({ code }: { code: string }) => code)).toEqual(['a', 'b']);
  expect(plain[0]).not.toHaveProperty('members');
  const [a, b] = await pool.do('getAllGroups', { fetchMembers: true });
  expect(a.members).toEqual([]);
  expect(b.members).toMatchObject([{ userId, username: 'bob' }]);
});

test('deletes groups with their memberships, announces each, and ignores the unknown', async () => {
  const pool = await testUserPool();
  await pool.do('createGroupsBatch', { list: [{ code: 'a' }, { code: 'b' }, { code: 'c' }] });
  const { userId } = await pool.do('createUser', { username: 'bob' });
  await pool.do('addGroupMembers', { code: 'a', userIds: [userId] });
  expect(await pool.do('deleteGroupsBatch', { codeList: ['a', 'nothing', 'b', 'a'] })).toEqual({ success: true });
  const deleted = (await pool.events()).filter(({ name }) => name === 'group.deleted');
  expect(deleted.map(({ data }) => data.group.code).sort()).toEqual(['a', 'b']);
  expect(await pool.rows('group_members')).toEqual([]);
  expect(await pool.rows('group_counts')).toEqual([]);
  expect(await pool.do('getUserGroups', { userId })).toEqual({ totalCount: 0, list: [] });
  expect(await pool.do('deleteGroupsBatch', { codeList: ['a'] })).toEqual({ success: true });
});

test('lists no authorized resources while there are none', async () => {
  const pool = await testUserPool();
  await pool.do('createGroup', { code: 'a' });
  const input = { code: 'a', namespace: 'default', resourceType: 'API' };
  expect(await pool.do('getGroupAuthorizedResources', input)).toEqual([]);
  expect(await pool.call('getGroupAuthorizedResources', { code: 'b' })).toMatchObject({ statusCode: 404 });
});
