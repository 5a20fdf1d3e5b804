import { expect, test } from 'vitest';
import { newId } from '../../platform/ids.ts';
import { type TestUserPool, testUserPool } from '../../testing/server.ts';

async function makePosts(pool: TestUserPool, ...codes: string[]): Promise<string[]> {
  const posts: string[] = [];
  for (const code of codes) posts.push((await pool.do('createPost', { code, name: code.toUpperCase() })).id);
  return posts;
}

async function postsOf(pool: TestUserPool, userId: string): Promise<string[]> {
  return (await pool.do('getUserPosts', { userId })).map(({ code }: { code: string }) => code);
}

test('setting posts replaces them, and announces who got and lost which', async () => {
  const pool = await testUserPool();
  const [a, b, c] = await makePosts(pool, 'a', 'b', 'c');
  const { userId } = await pool.do('createUser', { username: 'ada', email: 'ada@example.com' });
  expect(await pool.call('setUserPosts', { userId, postIds: [a, b, a] })).not.toHaveProperty('data');
  expect(new Set(await postsOf(pool, userId))).toEqual(new Set(['a', 'b']));
  const joined = await pool.rows<{ post_id: string; joined_at: Date }>('post_members');
  const before = (await pool.events()).length;
  await pool.do('setUserPosts', { userId, postIds: [c, b] });
  expect(await postsOf(pool, userId)).toEqual(['b', 'c']);
  const kept = (await pool.rows<{ post_id: string; joined_at: Date }>('post_members')).find(
    ({ post_id }) => post_id === b,
  );
  expect(kept?.joined_at).toEqual(joined.find(({ post_id }) => post_id === b)?.joined_at);
  const user = { id: userId, username: 'ada', email: 'ada@example.com' };
  expect((await pool.events()).slice(before)).toEqual([
    {
      name: 'post.member.removed',
      webhook: 'post:member-removed',
      topic: null,
      data: { post: { id: a, code: 'a', name: 'A' }, user },
    },
    {
      name: 'post.member.added',
      webhook: 'post:member-added',
      topic: null,
      data: { post: { id: c, code: 'c', name: 'C' }, user },
    },
  ]);
  expect((await pool.audits()).at(-1)).toMatchObject({
    action: 'setUserPosts',
    target_id: userId,
    origin_value: { postIds: expect.arrayContaining([a, b]) },
    target_value: { postIds: [b, c] },
  });
  const announced = (await pool.events()).length;
  await pool.do('setUserPosts', { userId, postIds: [b, c] });
  expect(await pool.events()).toHaveLength(announced);
  await pool.do('setUserPosts', { userId, postIds: [] });
  expect(await postsOf(pool, userId)).toEqual([]);
});

test('adding a post keeps the others, and adding it again changes nothing', async () => {
  const pool = await testUserPool();
  const [a, b] = await makePosts(pool, 'a', 'b');
  const { userId } = await pool.do('createUser', { username: 'ada' });
  expect(await pool.do('getUserPost', { userId })).toBeNull();
  expect(await pool.call('getUserPost', { userId })).not.toHaveProperty('code');
  await pool.do('userConnectionPost', { userId, postId: b });
  await pool.do('userConnectionPost', { userId, postId: a });
  await pool.do('userConnectionPost', { userId, postId: b });
  expect(await postsOf(pool, userId)).toEqual(['b', 'a']);
  const first = { id: b, code: 'b', name: 'B', description: null, departmentIdList: [] };
  expect(await pool.call('getUserPost', { userId })).toMatchObject({ data: first, code: 'b', departmentIdList: '' });
  expect(await pool.do('getUserPosts', { userId, withCustomData: true })).toEqual([
    { id: b, code: 'b', name: 'B', description: null, customData: {} },
    { id: a, code: 'a', name: 'A', description: null, customData: {} },
  ]);
  expect((await pool.events()).filter(({ name }) => name === 'post.member.added')).toHaveLength(2);
});

test('refuses unknown posts and users, all or nothing', async () => {
  const pool = await testUserPool();
  const [a] = await makePosts(pool, 'a');
  const { userId } = await pool.do('createUser', { username: 'ada' });
  const unknown = newId();
  for (const input of [{ postIds: [a, unknown] }, { postIds: [unknown] }]) {
    expect(await pool.call('setUserPosts', { userId, ...input })).toMatchObject({
      statusCode: 404,
      message: `Post not found: ${unknown}`,
    });
  }
  expect(await pool.call('userConnectionPost', { userId, postId: unknown })).toMatchObject({ statusCode: 404 });
  for (const [operation, input] of [
    ['setUserPosts', { postIds: [a] }],
    ['userConnectionPost', { postId: a }],
    ['getUserPosts', {}],
    ['getUserPost', {}],
  ] as const) {
    expect(await pool.call(operation, { ...input, userId: unknown })).toMatchObject({ statusCode: 404, apiCode: 2004 });
    expect(await pool.call(operation, { ...input, userId: '' })).toMatchObject({ statusCode: 400 });
  }
  expect(await pool.call('setUserPosts', { userId })).toMatchObject({ statusCode: 400 });
  expect(await pool.rows('post_members')).toEqual([]);
});

test('users show their posts on request, one by one and in lists', async () => {
  const pool = await testUserPool();
  const [a, b] = await makePosts(pool, 'a', 'b');
  const { userId } = await pool.do('createUser', { username: 'ada' });
  await pool.do('createUser', { username: 'grace' });
  await pool.do('userConnectionPost', { userId, postId: b });
  await pool.do('userConnectionPost', { userId, postId: a });
  expect(await pool.do('getUser', { userId, withPost: true })).toMatchObject({ postIdList: [b, a] });
  expect(await pool.do('getUser', { userId })).not.toHaveProperty('postIdList');
  const lists = [
    await pool.do('listUsers', { options: { withPost: true } }),
    await pool.do('listUsersLegacy', { withPost: true }),
  ];
  for (const { list } of lists) {
    expect(list.map(({ postIdList }: { postIdList: string[] }) => postIdList)).toEqual([[], [b, a]]);
  }
});

test.each(['Resigned', 'Archived'])('a user who becomes %s loses his posts, and gets none', async (status) => {
  const pool = await testUserPool();
  const [a, b] = await makePosts(pool, 'a', 'b');
  const [ada, grace] = await pool.do('createUsersBatch', { list: [{ username: 'ada' }, { username: 'grace' }] });
  for (const { userId } of [ada, grace]) await pool.do('setUserPosts', { userId, postIds: [a, b] });
  const before = (await pool.events()).length;
  await pool.do('updateUser', { userId: ada.userId, status });
  expect(await postsOf(pool, ada.userId)).toEqual([]);
  expect(await postsOf(pool, grace.userId)).toHaveLength(2);
  const ended = (await pool.events()).slice(before).filter(({ name }) => name === 'post.member.removed');
  expect(ended.map(({ data }) => [data.post.code, data.user])).toEqual([
    ['a', { id: ada.userId, username: 'ada', email: null }],
    ['b', { id: ada.userId, username: 'ada', email: null }],
  ]);
  for (const [operation, input] of [
    ['setUserPosts', { postIds: [a] }],
    ['userConnectionPost', { postId: a }],
  ] as const) {
    expect(await pool.call(operation, { ...input, userId: ada.userId })).toMatchObject({ statusCode: 422 });
  }
  // Back at work he starts without.
  await pool.do('updateUser', { userId: ada.userId, status: 'Activated' });
  expect(await postsOf(pool, ada.userId)).toEqual([]);
});

test('a deleted user is counted no more', async () => {
  const pool = await testUserPool();
  const [a] = await makePosts(pool, 'a');
  const { userId } = await pool.do('createUser', { username: 'ada' });
  await pool.do('userConnectionPost', { userId, postId: a });
  await pool.do('deleteUsersBatch', { userIds: [userId] });
  expect(await pool.do('postList', {})).toMatchObject({ list: [{ userCount: 0 }] });
});

test('counts stay exact, and a user ends with one of the lists asked for, when many calls race', async () => {
  const pool = await testUserPool();
  const posts = await makePosts(pool, 'a', 'b', 'c', 'd');
  const users = await pool.do('createUsersBatch', {
    list: ['ada', 'grace', 'linus'].map((username) => ({ username })),
  });
  const ids: string[] = users.map(({ userId }: { userId: string }) => userId);
  const lists = [posts.slice(0, 2), posts.slice(2), [posts[1], posts[2]]];
  const answers = await Promise.all([
    ...ids.flatMap((userId) => lists.map((postIds) => pool.call('setUserPosts', { userId, postIds }))),
    ...ids.map((userId) => pool.call('userConnectionPost', { userId, postId: posts[3] })),
    pool.call('removePost', { code: 'a' }),
  ]);
  // A list with the post that is being removed may come too late; nothing else may fail.
  expect(answers.filter(({ statusCode }) => statusCode !== 200 && statusCode !== 404)).toEqual([]);
  const rows = await pool.rows<{ post_id: string; user_id: string }>('post_members');
  const { list } = await pool.do('postList', {});
  expect(list).toHaveLength(3);
  for (const { id, userCount } of list) {
    expect(userCount).toBe(rows.filter(({ post_id }) => post_id === id).length);
  }
  for (const userId of ids) {
    const held = rows.filter(({ user_id }) => user_id === userId).map(({ post_id }) => post_id);
    const allowed = lists
      .flatMap((one) => [one, [...one, posts[3]]])
      .map((one) => new Set(one.filter((id) => id !== posts[0])));
    expect(allowed).toContainEqual(new Set(held));
  }
});
