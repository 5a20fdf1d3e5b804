/** Runs every program of the documentation in its language, against a server. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { operationSlug, readModel } from '@genauth/codegen';
import { expect, test } from 'vitest';
import { cache, javaSdk, publishedClient, python } from '../../../scripts/published-clients.ts';
import { type TestUserPool, testUserPool } from '../../server/src/testing/server.ts';
import { type Outcome, runAll } from './testing/programs.ts';
import { filledIn, readSamples, type Sample } from './testing/samples.ts';

const samples = await readSamples();
const documentFile = fileURLToPath(new URL('../../../openapi/management.json', import.meta.url));
const model = readModel(JSON.parse(await readFile(documentFile, 'utf8')));

const clients = {
  js: { ready: true, version: 'in this repository' },
  sh: { ready: true, version: 'curl' },
  python: publishedClient(python),
  java: publishedClient(javaSdk),
} as const;

test.for(Object.entries(clients))(
  'every %s sample runs',
  { timeout: 120_000 },
  async ([language, client], { skip }) => {
    if (!client.ready) {
      console.log(`skipped: the ${language} samples of the documentation (${client.reason})`);
      return skip(client.reason);
    }
    const pool = await testUserPool();
    const { origin } = pool.server;
    const values = await world(pool);
    const filled = inOrder(samples.filter((sample) => sample.language === language)).map((sample) => ({
      ...sample,
      code: filledIn(sample.code, { origin, id: pool.id, secret: pool.secret }, values),
    }));
    expect(filled.length).toBeGreaterThan(0);

    const folder = join(cache, `samples-${process.pid}-${language}`);
    try {
      const outcomes = await runAll(language, filled, folder);
      expect(filled.flatMap((sample) => complaints(sample, outcomes.get(sample.name)))).toEqual([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);

/** What a reader would see go wrong. */
function complaints({ name, page }: Sample, outcome: Outcome | undefined): string[] {
  if (outcome === undefined) return [`${name} did not run`];
  if (outcome.failure !== undefined) return [`${name}: ${outcome.failure}`];
  if (page === '') return [];
  const operation = model.operations.find((one) => page.endsWith(`/${operationSlug(one)}`));
  const allowed = [200, ...(operation?.errors ?? []).map(({ statusCode }) => statusCode)];
  const { statusCode } = outcome;
  return statusCode !== undefined && allowed.includes(statusCode) ? [] : [`${name}: ${statusCode} ${outcome.text}`];
}

/** Those that delete come last: they would take away what the others read. */
function inOrder(unordered: readonly Sample[]): Sample[] {
  const rank = ({ page }: Sample): number =>
    ['/delete-department', '/delete-users', '/delete-access', '/delete-organization'].findIndex((part) =>
      page.includes(part),
    );
  return unordered.toSorted((a, b) => rank(a) - rank(b));
}

/** Makes what the samples speak of. The ids in them are those of the contract; here they become real ones. */
async function world(pool: TestUserPool): Promise<Record<string, string>> {
  const organizationCode = 'steamory';
  const root = await pool.do('createOrganization', { organizationCode, organizationName: '蒸汽记忆' });
  const parent = { organizationCode, parentDepartmentId: 'root' };
  const department = await pool.do('createDepartment', { ...parent, name: '技术部' });
  const user = await pool.do('createUser', { username: 'bob' });
  const [key] = await pool.do('createAccessKey', { type: 'userpool' });
  return {
    '60b49eb83fd80adb96f26e68': department.departmentId,
    '6229c4deb3e4d8a20b6021ff': root.departmentId,
    '623c20b2a062aaaaf41b17da': user.userId,
    '6229ffa0a1b2c3d4cade3e3d': user.userId,
    '64f0c2a1b3d4e5f60718293a': key.accessKeyId,
  };
}
