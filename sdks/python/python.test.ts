/** Runs the tests of the Python client, which are Python's, against a server of this process. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import {
  organizationCalls,
  snakeCase,
  type WalkCall,
  walk,
} from '../../apps/server/src/testing/published-clients/walk.ts';
import { type Answer, testUserPool } from '../../apps/server/src/testing/server.ts';
import { cache, publishedClient, python } from '../../scripts/published-clients.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const environment = { PYTHONPATH: join(here, 'src'), PYTHONDONTWRITEBYTECODE: '1' };
const client = publishedClient(python);
const title = client.ready ? '' : ` (skipped: ${client.reason})`;

test.skipIf(!client.ready)(`the tests of the Python client pass${title}`, { timeout: 60_000 }, async () => {
  const pool = await testUserPool();
  const { code, output } = await runPython(['-m', 'pytest', '--color=no', here], {
    GENAUTH_TEST_ORIGIN: pool.server.origin,
    GENAUTH_TEST_ACCESS_KEY_ID: pool.id,
    GENAUTH_TEST_ACCESS_KEY_SECRET: pool.secret,
  });
  expect(code, output).toBe(0);
});

test.skipIf(!client.ready)(
  'the Python client passes mypy --strict, and finds misuse',
  { timeout: 120_000 },
  async () => {
    const caching = `--cache-dir=${join(cache, 'mypy')}`;
    const { code, output } = await runPython(['-m', 'mypy', '--strict', caching, 'src/genauth', 'tests/typed_use.py']);
    expect(code, output).toBe(0);
  },
);

test.skipIf(!client.ready)('a program of the published client runs on ours with its import replaced', async () => {
  const program = fileURLToPath(new URL('../../apps/server/src/testing/published-clients/walk.py', import.meta.url));
  const source = await readFile(program, 'utf8');
  expect(source).toContain('from authing import ManagementClient');
  const folder = await mkdtemp(join(tmpdir(), 'genauth-python-'));
  try {
    const replaced = join(folder, 'walk.py');
    await writeFile(replaced, source.replace('from authing import', 'from genauth import'));
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    const published = await answersOf([python.interpreter, program]);
    const ours = await answersOf(['env', ...variables, python.interpreter, replaced]);
    expect(ours.map(withoutItsOwn)).toEqual(published.map(withoutItsOwn));
    expect(ours.every(({ statusCode }) => statusCode === 200)).toBe(true);
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** The answers to the calls of the walk, in a user pool of its own. */
async function answersOf(command: readonly [string, ...string[]]): Promise<Answer[]> {
  const pool = await testUserPool();
  const { camel } = await organizationCalls(pool);
  const calls: WalkCall[] = camel.map(({ method, input }) => ({ method: snakeCase(method), input }));
  return walk(pool, command, calls);
}

/** An answer without what no two runs have in common: ids and times. */
function withoutItsOwn(answer: Answer): unknown {
  const text = JSON.stringify(answer)
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{24}/g, '<id>')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>');
  return JSON.parse(text);
}

function runPython(
  parameters: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; output: string }> {
  const child = spawn(python.interpreter, parameters, {
    cwd: here,
    env: { ...process.env, ...environment, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}
