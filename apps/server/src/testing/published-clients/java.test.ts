import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { java, publishedClient } from '../../../../../scripts/published-clients.ts';
import { testUserPool } from '../server.ts';
import { directoryCalls } from './directory-calls.ts';
import { comparable, organizationCalls, type WalkCall, walk } from './walk.ts';

const client = publishedClient(java);
const program = fileURLToPath(new URL('Walk.java', import.meta.url));
const title = client.ready ? '' : ` (skipped: ${client.reason})`;

test.skipIf(!client.ready)(
  `the published Java client manages organizations with a bare token${title}`,
  { timeout: 60_000 },
  async () => {
    const pool = await testUserPool();
    const { camel } = await organizationCalls(pool);
    const answers = await walk(pool, ['java', '-cp', java.classpath, program], camel);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(camel.map(() => 200));
    const byMethod = new Map(camel.map(({ method }, index) => [method, answers[index]]));
    expect(byMethod.get('listDepartmentMembers')?.data).toMatchObject({ totalCount: 2 });
    expect(byMethod.get('listChildrenDepartments')?.data.list).toHaveLength(1);
    expect(byMethod.get('removeDepartmentMembers')?.data).toEqual({ success: true });
  },
);

test.skipIf(!client.ready)(
  `the published Java client reads a post where its types say, without an envelope${title}`,
  { timeout: 60_000 },
  async () => {
    const pool = await testUserPool();
    const { departmentId } = await pool.do('createOrganization', { organizationCode: 'a', organizationName: 'A' });
    const { userId } = await pool.do('createUser', { username: 'ada' });
    const post = { code: 'developer', name: '研发', description: '写代码', departmentIdList: departmentId };
    const { id } = await pool.do('createPost', { code: 'tester', name: 'Tester' });
    const calls: WalkCall[] = [
      { method: 'createPost', input: post },
      { method: 'getPost', input: { code: 'developer' } },
      { method: 'userConnectionPost', input: { userId, postId: id } },
      { method: 'getUserPost', input: { userId } },
      { method: 'getUserPosts', input: { userId } },
    ];
    const [created, bare, connected, ofUser, list] = await walk(pool, ['java', '-cp', java.classpath, program], calls);
    expect(created).toMatchObject({ statusCode: 200, data: { ...post, departmentIdList: [departmentId] } });
    expect(bare).toEqual(post);
    expect(connected?.statusCode).toBe(200);
    expect(ofUser).toMatchObject({ code: 'tester', name: 'Tester' });
    expect(list?.data).toMatchObject([{ code: 'tester' }]);
  },
);

test.skipIf(!client.ready)(
  `the published Java client walks through the directory${title}`,
  { timeout: 60_000 },
  async () => {
    const pool = await testUserPool();
    // Its types have one text for the list of `getUserBatch`, and drop the id of a new post.
    const calls = directoryCalls.filter(({ method }) => method !== 'getUserBatch' && !/Post/i.test(method));
    const answers = await walk(pool, ['java', '-cp', java.classpath, program], calls);
    const { given, wanted } = comparable(calls, answers);
    expect(given).toMatchObject(wanted);
  },
);
