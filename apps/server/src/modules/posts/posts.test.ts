import { expect, test } from 'vitest';
import { newId } from '../../platform/ids.ts';
import { type TestUserPool, testUserPool } from '../../testing/server.ts';

async function organization(pool: TestUserPool) {
  const organizationCode = 'acme';
  const root = await pool.do('createOrganization', { organizationCode, organizationName: 'Acme' });
  const make = async (name: string): Promise<string> => {
    const input = { organizationCode, parentDepartmentId: 'root', name, code: name };
    return (await pool.do('createDepartment', input)).departmentId;
  };
  return { organizationCode, rootId: root.departmentId as string, ids: [await make('a'), await make('b')] as const };
}

test('creates a post with departments, announces it, and shows it by code and by id', async () => {
  const pool = await testUserPool();
  const { ids, rootId } = await organization(pool);
  const post = await pool.do('createPost', {
    code: 'developer',
    name: ' 研发 ',
    description: '写代码',
    departmentIdList: [ids[0], rootId, ids[0]],
  });
  expect(post).toMatchObject({ code: 'developer', name: '研发', description: '写代码' });
  expect(post.id).toMatch(/^[0-9a-f]{24}$/);
  expect(new Set(post.departmentIdList)).toEqual(new Set([ids[0], rootId]));
  expect(await pool.do('getPost', { code: 'developer' })).toEqual(post);
  expect(await pool.do('getPost', { code: 'developer', withCustomData: true })).toEqual({ ...post, customData: {} });
  expect(await pool.do('getPostById', { idList: [newId(), post.id, post.id] })).toEqual([post]);
  expect(await pool.do('getPostById', { idList: post.id })).toEqual(post);
  expect(await pool.do('getPostById', { idList: `${post.id}, ${newId()}` })).toEqual([post]);
  expect(await pool.do('getPostById', {})).toEqual([]);
  expect((await pool.events()).at(-1)).toEqual({
    name: 'post.created',
    webhook: 'post:created',
    topic: null,
    data: { post },
  });
  expect((await pool.audits()).at(-1)).toMatchObject({ action: 'createPost', target_id: post.id, target_value: post });
});

test('stands at the top of the answer as well, for clients that are typed for a bare post', async () => {
  const pool = await testUserPool();
  const { ids } = await organization(pool);
  const post = await pool.do('createPost', { code: 'developer', name: '研发', departmentIdList: ids.join(',') });
  const { departmentIdList, ...bare } = post;
  expect(new Set(departmentIdList)).toEqual(new Set(ids));
  const answer = await pool.call('getPost', { code: 'developer' });
  expect(answer).toMatchObject({ ...bare, departmentIdList: departmentIdList.join(','), statusCode: 200, data: post });
  expect(await pool.call('getPost', { code: 'nobody' })).not.toHaveProperty('code');
});

test.each([
  ['createPost', { name: '研发' }, 400, 'code'],
  ['createPost', { code: '', name: '研发' }, 400, 'code'],
  ['createPost', { code: '研发', name: '研发' }, 400, 'code'],
  ['createPost', { code: 'a'.repeat(65), name: '研发' }, 400, 'code'],
  ['createPost', { code: 'a', name: ' ' }, 400, 'name'],
  ['createPost', { code: 'a' }, 400, 'name'],
  [
    'createPost',
    { code: 'a', name: 'a', departmentIdList: ['64f0c2a1b3d4e5f607182940'] },
    404,
    '64f0c2a1b3d4e5f607182940',
  ],
  ['createPost', { code: 'a', name: 'a', departmentIdList: [''] }, 400, 'departmentIdList'],
  ['getPost', { code: 'nothing' }, 404, 'Post not found for code: nothing'],
  ['getPostById', { idList: '64f0c2a1b3d4e5f607182940' }, 404, 'Post not found: 64f0c2a1b3d4e5f607182940'],
  ['updatePost', { code: 'nothing', name: 'a' }, 404, 'Post not found for code: nothing'],
  ['updatePost', { code: 'nothing', name: 'a', id: '64f0c2a1b3d4e5f607182940' }, 404, '64f0c2a1b3d4e5f607182940'],
  ['removePost', { code: 'nothing' }, 404, 'Post not found for code: nothing'],
  ['postListBatch', { limit: 51 }, 400, 'limit'],
  ['postListBatch', { createdAfter: -1 }, 400, 'createdAfter'],
] as const)('%s refuses %j', async (operation, input, statusCode, text) => {
  const pool = await testUserPool();
  const answer = await pool.call(operation, input);
  expect(answer.statusCode).toBe(statusCode);
  expect(answer.message).toContain(text);
  expect(await pool.events()).toEqual([]);
  expect(await pool.rows('posts')).toEqual([]);
});

test('a code is unique in a user pool, whoever races for it', async () => {
  const [pool, other] = await Promise.all([testUserPool(), testUserPool()]);
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, index) => pool.call('createPost', { code: 'developer', name: `${index}` })),
  );
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, ...Array(7).fill(409)]);
  expect(answers.find(({ statusCode }) => statusCode === 409)?.message).toBe('Post code already exists: developer');
  expect(await pool.rows('posts')).toHaveLength(1);
  await other.do('createPost', { code: 'developer', name: 'elsewhere' });

  const second = await pool.do('createPost', { code: 'tester', name: 'Tester' });
  expect(await pool.call('updatePost', { id: second.id, code: 'developer', name: 'x' })).toMatchObject({
    statusCode: 409,
  });
  expect(await pool.do('getPost', { code: 'tester' })).toEqual(second);
});

test('an update changes what is given, replaces departments, and changes the code of a post named by its id', async () => {
  const pool = await testUserPool();
  const { ids } = await organization(pool);
  const post = await pool.do('createPost', { code: 'a', name: 'A', description: 'old', departmentIdList: [ids[0]] });
  expect(await pool.do('updatePost', { code: 'a', name: 'B' })).toEqual({ ...post, name: 'B' });
  expect(await pool.do('updatePost', { code: 'a', name: null, description: null, departmentIdList: null })).toEqual({
    ...post,
    name: 'B',
    description: null,
  });
  expect(await pool.do('updatePost', { code: 'a', departmentIdList: [ids[1]] })).toMatchObject({
    departmentIdList: [ids[1]],
  });
  const unknown = { code: 'a', name: 'C', departmentIdList: [ids[0], newId()] };
  expect(await pool.call('updatePost', unknown)).toMatchObject({ statusCode: 404 });
  expect(await pool.do('getPost', { code: 'a' })).toMatchObject({ name: 'B', departmentIdList: [ids[1]] });
  expect(await pool.do('updatePost', { id: post.id, code: 'renamed', departmentIdList: [] })).toMatchObject({
    id: post.id,
    code: 'renamed',
    departmentIdList: [],
  });
  expect(await pool.call('getPost', { code: 'a' })).toMatchObject({ statusCode: 404 });
  expect((await pool.events()).at(-1)).toEqual({
    name: 'post.updated',
    topic: null,
    webhook: 'post:updated',
    data: {
      post: { id: post.id, code: 'renamed', name: 'B', description: null, departmentIdList: [] },
      updates: { code: 'renamed', departmentIdList: [] },
    },
  });
});

test('says nothing of an update that changes nothing', async () => {
  const pool = await testUserPool();
  const { ids } = await organization(pool);
  const post = await pool.do('createPost', {
    code: 'a',
    name: 'A',
    description: 'what he does',
    departmentIdList: ids,
  });
  const [row] = await pool.rows('posts');
  for (const input of [{}, { name: '' }, { id: post.id, name: 'A', departmentIdList: [...ids].reverse() }]) {
    expect(await pool.do('updatePost', { code: 'a', ...input })).toEqual(post);
  }
  expect((await pool.events()).filter(({ name }) => name === 'post.updated')).toEqual([]);
  expect(await pool.rows('posts')).toEqual([row]);
  expect((await pool.audits()).at(-1)).toMatchObject({ action: 'updatePost', target_id: post.id, target_value: null });
});

test('lists posts newest first, by keywords, codes and times, with exact counts unless they are skipped', async () => {
  const pool = await testUserPool();
  const { ids, rootId } = await organization(pool);
  for (const [code, name] of [
    ['developer', '研发'],
    ['tester', '测试 100%_'],
    ['Manager', '研发经理'],
  ]) {
    await pool.do('createPost', { code, name, departmentIdList: code === 'tester' ? [] : [...ids, rootId] });
  }
  const users = await pool.do('createUsersBatch', { list: [{ username: 'a' }, { username: 'b' }] });
  const manager = await pool.do('getPost', { code: 'Manager' });
  for (const { userId } of users) await pool.do('userConnectionPost', { userId, postId: manager.id });

  const all = await pool.do('postList', {});
  expect(all).toMatchObject({
    totalCount: 3,
    list: [
      { code: 'Manager', userCount: 2, departmentCount: 3, metadataSource: [] },
      { code: 'tester', userCount: 0, departmentCount: 0 },
      { code: 'developer', userCount: 0, departmentCount: 3 },
    ],
  });
  const [first] = (await pool.do('postList', { skipCount: true, limit: 1 })).list;
  expect(first).not.toHaveProperty('userCount');
  expect(first).not.toHaveProperty('departmentCount');
  const codes = async (input: object, operation = 'postListBatch') =>
    (await pool.do(operation, { ...input })).list.map(({ code }: { code: string }) => code);
  expect(await codes({ keywords: '研发' }, 'postList')).toEqual(['Manager', 'developer']);
  expect(await codes({ keywords: ' MANAG ' })).toEqual(['Manager']);
  expect(await codes({ keywords: '%_' })).toEqual(['tester']);
  expect(await codes({ keywords: '' })).toHaveLength(3);
  expect(await codes({ postCodes: ['tester', 'developer', 'nothing'] })).toEqual(['tester', 'developer']);
  expect(await codes({ postCodes: [], page: 2, limit: 2 })).toEqual(['developer']);
  expect(await pool.do('postListBatch', { page: 9, limit: 2 })).toEqual({ totalCount: 3, list: [] });

  const now = Date.now();
  expect(await codes({ createdAfter: now - 60_000, createdBefore: now + 60_000 })).toHaveLength(3);
  expect(await codes({ createdAfter: Math.floor(now / 1000) + 60 })).toEqual([]);
  expect(await codes({ updatedAfter: now + 60_000 }, 'postList')).toEqual([]);
  expect(await codes({ updatedBefore: 1 })).toEqual([]);
  expect(await codes({ createdBefore: 0, updatedBefore: 0 })).toHaveLength(3);
});

test('a removed post is gone from users and departments, which stay', async () => {
  const pool = await testUserPool();
  const { ids, organizationCode } = await organization(pool);
  const { userId } = await pool.do('createUser', { username: 'ada' });
  const post = await pool.do('createPost', { code: 'developer', name: 'Developer', departmentIdList: ids });
  await pool.do('setUserPosts', { userId, postIds: [post.id] });
  expect(await pool.call('removePost', { code: 'developer' })).not.toHaveProperty('data');
  expect(await pool.do('getUserPosts', { userId })).toEqual([]);
  const department = { organizationCode, departmentId: ids[0], withPost: true };
  expect(await pool.do('getDepartment', department)).toMatchObject({ postIdList: [], posts: [] });
  for (const table of ['posts', 'post_members', 'post_departments']) expect(await pool.rows(table)).toEqual([]);
  expect((await pool.events()).at(-1)).toMatchObject({ name: 'post.deleted', data: { post: { id: post.id } } });
  expect(await pool.call('removePost', { code: 'developer' })).toMatchObject({ statusCode: 404 });
});

test('departments and organizations get posts when they are made and changed, and show them on request', async () => {
  const pool = await testUserPool();
  const [one, two] = await Promise.all(['one', 'two'].map((code) => pool.do('createPost', { code, name: code })));
  const organizationCode = 'acme';
  const created = await pool.do('createOrganization', {
    organizationCode,
    organizationName: 'Acme',
    postIdList: [one.id],
  });
  expect(created.postIdList).toEqual([one.id]);
  expect(await pool.do('getOrganization', { organizationCode })).not.toHaveProperty('postIdList');
  const changed = await pool.do('updateOrganization', { organizationCode, postIdList: [two.id, two.id] });
  expect(changed.postIdList).toEqual([two.id]);
  expect((await pool.do('updateOrganization', { organizationCode, postIdList: null })).postIdList).toEqual([two.id]);
  const flags = { withPost: true };
  expect(await pool.do('getOrganization', { organizationCode, ...flags })).toMatchObject({ postIdList: [two.id] });
  const batch = await pool.do('getOrganizationsBatch', { organizationCodeList: [organizationCode], ...flags });
  expect(batch).toMatchObject([{ postIdList: [two.id] }]);
  expect(await pool.do('listOrganizations', flags)).toMatchObject({ list: [{ postIdList: [two.id] }] });

  const input = { organizationCode, parentDepartmentId: 'root', name: 'R&D', postIdList: [one.id, two.id] };
  const department = await pool.do('createDepartment', input);
  expect(new Set(department.postIdList)).toEqual(new Set([one.id, two.id]));
  const { departmentId } = department;
  const update = { organizationCode, departmentId, postIdList: [one.id] };
  expect(await pool.do('updateDepartment', update)).toMatchObject({ postIdList: [one.id], posts: ['one'] });
  expect(await pool.do('getDepartment', { organizationCode, departmentId })).not.toHaveProperty('posts');
  expect(await pool.do('getDepartmentById', { departmentId, ...flags })).toMatchObject({ posts: ['one'] });
  const search = await pool.do('searchDepartmentsList', { organizationCode, ...flags, sort: [] });
  expect(search.map(({ posts }: { posts: string[] }) => posts).sort()).toEqual([['one'], ['two']]);
  expect(await pool.do('updateDepartment', { ...update, postIdList: [] })).toMatchObject({ postIdList: [] });

  const unknown = newId();
  for (const [operation, more] of [
    ['createOrganization', { organizationName: 'B', organizationCode: 'b' }],
    ['updateOrganization', { organizationCode }],
    ['createDepartment', { organizationCode, parentDepartmentId: 'root', name: 'B' }],
    ['updateDepartment', { organizationCode, departmentId, name: 'changed' }],
  ] as const) {
    expect(await pool.call(operation, { ...more, postIdList: [one.id, unknown] })).toMatchObject({
      statusCode: 404,
      message: `Post not found: ${unknown}`,
    });
  }
  expect(await pool.do('getDepartment', { organizationCode, departmentId })).toMatchObject({ name: 'R&D' });
});

test('a deleted department or organization leaves its posts', async () => {
  const pool = await testUserPool();
  const { ids, organizationCode } = await organization(pool);
  await pool.do('createPost', { code: 'developer', name: 'Developer', departmentIdList: ids });
  await pool.do('deleteDepartment', { organizationCode, departmentId: ids[0] });
  expect(await pool.do('getPost', { code: 'developer' })).toMatchObject({ departmentIdList: [ids[1]] });
  await pool.do('deleteOrganization', { organizationCode });
  expect(await pool.do('getPost', { code: 'developer' })).toMatchObject({ departmentIdList: [] });
});

test('posts and departments of another user pool are unknown', async () => {
  const [pool, foreign] = await Promise.all([testUserPool(), testUserPool()]);
  const post = await foreign.do('createPost', { code: 'developer', name: 'Developer' });
  const { ids } = await organization(foreign);
  const { userId } = await pool.do('createUser', { username: 'ada' });
  const own = await pool.do('createPost', { code: 'own', name: 'Own' });
  for (const [operation, input] of [
    ['getPost', { code: 'developer' }],
    ['getPostById', { idList: post.id }],
    ['updatePost', { code: 'own', id: post.id }],
    ['updatePost', { code: 'own', departmentIdList: [ids[0]] }],
    ['removePost', { code: 'developer' }],
    ['setUserPosts', { userId, postIds: [own.id, post.id] }],
    ['userConnectionPost', { userId, postId: post.id }],
    ['createOrganization', { organizationName: 'A', postIdList: [post.id] }],
  ] as const) {
    expect([operation, (await pool.call(operation, input)).statusCode]).toEqual([operation, 404]);
  }
  expect(await pool.do('getPostById', { idList: [post.id] })).toEqual([]);
  expect(await pool.do('getUserPosts', { userId })).toEqual([]);
  expect(await foreign.do('getPost', { code: 'developer' })).toEqual(post);
});
