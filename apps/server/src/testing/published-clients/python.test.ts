import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { publishedClient, python } from '../../../../../scripts/published-clients.ts';
import { testUserPool } from '../server.ts';
import { directoryCalls } from './directory-calls.ts';
import { comparable, organizationCalls, snakeCase, walk } from './walk.ts';

const client = publishedClient(python);
const program = fileURLToPath(new URL('walk.py', import.meta.url));
const title = client.ready ? '' : ` (skipped: ${client.reason})`;

test.skipIf(!client.ready)(`the published Python client manages organizations with a token${title}`, async () => {
  const pool = await testUserPool();
  const { camel, userIds } = await organizationCalls(pool);
  const calls = [
    ...camel.map(({ method, input }) => ({ method: snakeCase(method), input })),
    // The call of the documentation page, once more when there is nothing left to remove it from.
    {
      method: 'remove_department_members',
      input: { userIds, organizationCode: 'steamory', departmentId: '60b49eb83fd80adb96f26e68' },
    },
  ];
  const answers = await walk(pool, [python.interpreter, program], calls);
  expect(answers.slice(0, -1).map(({ statusCode }) => statusCode)).toEqual(camel.map(() => 200));
  const byMethod = new Map(calls.map(({ method }, index) => [method, answers[index]]));
  expect(byMethod.get('list_department_members')?.data).toMatchObject({ totalCount: 2 });
  expect(byMethod.get('is_user_in_department')?.data).toEqual({ inDepartment: true });
  expect(answers.at(-2)?.data).toEqual({ success: true });
  expect(answers.at(-1)).toMatchObject({ statusCode: 404, message: 'organization not found for code: steamory' });
  expect(answers.at(0)).toMatchObject({ message: 'Success', requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
});

test.skipIf(!client.ready)(
  `the published Python client walks through the directory${title}`,
  { timeout: 60_000 },
  async () => {
    const pool = await testUserPool();
    const calls = directoryCalls.map((call) => ({ ...call, method: snakeCase(call.method) }));
    const { given, wanted } = comparable(calls, await walk(pool, [python.interpreter, program], calls));
    expect(given).toMatchObject(wanted);
  },
);

test.skipIf(!client.ready)('remove_department_members answers to the letter of its page', async () => {
  const pool = await testUserPool();
  const { camel, userIds } = await organizationCalls(pool);
  const prepare = camel.slice(
    0,
    camel.findIndex(({ method }) => method === 'removeDepartmentMembers'),
  );
  for (const { method, input } of prepare) await pool.do(method, input);
  const input = {
    userIds,
    organizationCode: 'steamory',
    departmentId: 'rd',
    departmentIdType: 'code',
  };
  const [answer] = await walk(pool, [python.interpreter, program], [{ method: 'remove_department_members', input }]);
  expect(answer).toEqual({
    statusCode: 200,
    message: 'Success',
    requestId: expect.any(String),
    data: { success: true },
  });
});
