import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { java, publishedClient } from '../../../../../scripts/published-clients.ts';
import { testUserPool } from '../server.ts';
import { organizationCalls, walk } from './walk.ts';

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
