/** Runs the tests of the Java client, which are Java's, against a server of this process. */
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { organizationCalls, walk } from '../../apps/server/src/testing/published-clients/walk.ts';
import { type Answer, testUserPool } from '../../apps/server/src/testing/server.ts';
import { java, javaSdk, publishedClient } from '../../scripts/published-clients.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const sdk = publishedClient(javaSdk);
const published = publishedClient(java);
const title = sdk.ready ? '' : ` (skipped: ${sdk.reason})`;

describe.skipIf(!sdk.ready)(`the Java client${title}`, () => {
  let tests: { code: number | null; output: string };

  beforeAll(async () => {
    const pool = await testUserPool();
    tests = await run(
      'mvn',
      ['--offline', '--batch-mode', '--quiet', `-Dmaven.repo.local=${javaSdk.repository}`, 'test'],
      {
        GENAUTH_TEST_ORIGIN: pool.server.origin,
        GENAUTH_TEST_ACCESS_KEY_ID: pool.id,
        GENAUTH_TEST_ACCESS_KEY_SECRET: pool.secret,
      },
    );
  }, 180_000);

  test('passes its tests', () => {
    expect(tests.code, tests.output).toBe(0);
  });

  test('runs the samples of its README', { timeout: 60_000 }, async () => {
    const readme = await readFile(join(here, 'README.md'), 'utf8');
    const samples = [...readme.matchAll(/^```java\n(.*?)^```/gms)].map(([, sample]) => sample ?? '');
    const pool = await testUserPool();
    const outputs: string[] = [];
    for (const sample of samples) {
      const program = sample
        .replace('YOUR_ACCESS_KEY_ID', pool.id)
        .replace('YOUR_ACCESS_KEY_SECRET', pool.secret)
        .replace('http://127.0.0.1:3000', pool.server.origin);
      await withFile('Example.java', program, async (file) => {
        const { code, output } = await run('java', ['-cp', classpathOfOurs(), file]);
        expect(code, output).toBe(0);
        outputs.push(output);
      });
    }
    expect(outputs).toHaveLength(2);
    expect(outputs[0]).toMatch(/^200 Success\n\{"statusCode":200,.*"name":"Research"/);
    expect(outputs[1]).toMatch(/^404 .*nobody/);
  });

  test.skipIf(!published.ready)('has the methods, classes and properties of the published one', async () => {
    const classpath = [join(here, 'target', 'classes'), java.classpath].join(delimiter);
    const { code, output } = await run('java', [
      '-cp',
      classpath,
      join(here, 'src', 'test', 'surface', 'Surface.java'),
    ]);
    expect(code, output).toBe(0);
  });

  test.skipIf(!published.ready)(
    'runs a program of the published one with its imports replaced',
    { timeout: 60_000 },
    async () => {
      const program = fileURLToPath(
        new URL('../../apps/server/src/testing/published-clients/Walk.java', import.meta.url),
      );
      const source = await readFile(program, 'utf8');
      expect(source).toContain('import cn.authing.sdk.java.client.ManagementClient;');
      await withFile('Walk.java', source.replaceAll('cn.authing.sdk.java', 'ai.genauth.sdk.java'), async (replaced) => {
        const theirs = await answersOf(['java', '-cp', java.classpath, program]);
        const ours = await answersOf(['java', '-cp', classpathOfOurs(), replaced]);
        // Ours knows fields that theirs does not.
        expect(ours.map(withoutItsOwn)).toMatchObject(theirs.map(withoutItsOwn));
        expect(ours.every(({ statusCode }) => statusCode === 200)).toBe(true);
      });
    },
  );
});

/** Writes a program for as long as it is used. */
async function withFile(name: string, text: string, use: (file: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'genauth-java-'));
  try {
    const file = join(folder, name);
    await writeFile(file, text);
    await use(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The compiled client with the libraries that its tests just ran with. */
function classpathOfOurs(): string {
  const jackson = globSync('com/fasterxml/jackson/core/*/2.18.*/*.jar', { cwd: javaSdk.repository });
  return [join(here, 'target', 'classes'), ...jackson.map((jar) => join(javaSdk.repository, jar))].join(delimiter);
}

/** The answers to the calls of the walk, in a user pool of its own. */
async function answersOf(command: readonly [string, ...string[]]): Promise<Answer[]> {
  const pool = await testUserPool();
  const { camel } = await organizationCalls(pool);
  return walk(pool, command, camel);
}

/**
 * An answer without what no two runs have in common, ids and times, without what is null in one class alone, and without
 * its message: the published client asks for Chinese, ours leaves the language to the server. A count that the published
 * client takes for a boolean is a number again.
 */
function withoutItsOwn({ message: _message, ...answer }: Answer): unknown {
  const text = JSON.stringify(answer, (_name, value) => (value === null ? undefined : value))
    .replaceAll('"totalCount":true', '"totalCount":1')
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{24}/g, '<id>')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>');
  return JSON.parse(text);
}

function run(
  program: string,
  parameters: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; output: string }> {
  const child = spawn(program, parameters, {
    cwd: here,
    env: { ...process.env, ...variables },
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
