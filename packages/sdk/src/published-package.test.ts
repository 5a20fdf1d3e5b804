import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testUserPool } from '../../../apps/server/src/testing/server.ts';
import { build } from '../build.ts';
import { type Example, examples } from './testing/examples.ts';

/*
 * The package as it will be on npm, in a project that has nothing else: it compiles there, it runs there, and so does every
 * example of its documentation.
 */

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const known = examples();
let project: string;
let installed: string;

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'genauth-sdk-'));
  installed = join(project, 'node_modules', 'genauth');
  await build(installed);
  await writeFile(join(project, 'package.json'), '{}');
});

afterAll(() => rm(project, { recursive: true }));

async function write(name: string, text: string): Promise<string> {
  const path = join(project, name);
  await writeFile(path, text);
  return path;
}

async function run(program: string, parameters: string[], env: Record<string, string> = {}): Promise<string> {
  const outcome = await promisify(execFile)(program, parameters, {
    cwd: project,
    env: { ...process.env, ...env },
  }).catch(({ stdout, stderr }) => Promise.reject(new Error(`${stdout}${stderr}`)));
  return outcome.stdout;
}

/** One program of all examples: a block each, with a client at hand, which notes what the server answered. */
function programOf(all: readonly Example[], host: string): string {
  const blocks = all.map(({ place, code }) => {
    const own = code.replace(/^import .*\n/gm, '').replaceAll('http://127.0.0.1:3000', host);
    const hasClient = /const client = /.test(own);
    const block = `${hasClient ? '' : 'const client = documented;\n'}${own}`;
    // What an example names need not exist, which a loop over a list says by throwing.
    return `place = ${JSON.stringify(place)};\ntry {\n${block}\n} catch (error) {\nexpectNotFound(error);\n}\n`;
  });
  return `import { AuthenticationClient, exportUsers, GenAuthError, importReport, importUsers, ManagementClient } from 'genauth';
import type { Models } from 'genauth';

let place = '';
const answers: { place: string; statusCode: number; message: string }[] = [];
const documented = new ManagementClient({
  host: '${host}',
  accessKeyId: process.env.GENAUTH_ACCESS_KEY_ID ?? '',
  accessKeySecret: process.env.GENAUTH_ACCESS_KEY_SECRET ?? '',
  lang: 'en-US',
  async fetch(address, request) {
    const answer = await fetch(address, request);
    const { statusCode, message }: Models.CommonResponseDto = JSON.parse(await answer.clone().text());
    answers.push({ place, statusCode, message });
    return answer;
  },
});
console.log = () => undefined;

function expectNotFound(error: unknown): void {
  if (!(error instanceof GenAuthError) || error.statusCode !== 404) throw error;
}

${blocks.join('\n')}
void AuthenticationClient;
console.info(JSON.stringify(answers));
`;
}

const misuse = `import { ManagementClient, type Models } from 'genauth';

const client = new ManagementClient({ accessKeyId: 'a', accessKeySecret: 'b' });

// @ts-expect-error: without a secret
new ManagementClient({ accessKeyId: 'a' });
// @ts-expect-error: a language that the server does not speak
new ManagementClient({ accessKeyId: 'a', accessKeySecret: 'b', lang: 'fr-FR' });

export async function misuse() {
  // @ts-expect-error: a required field is missing
  await client.removeDepartmentMembers({ organizationCode: 'acme', departmentId: 'root' });
  // @ts-expect-error: a field that the operation does not have
  await client.getOrganization({ organizationCode: 'acme', organisationCode: 'acme' });
  // @ts-expect-error: not one of the kinds of id
  await client.getDepartment({ organizationCode: 'acme', departmentId: 'a', departmentIdType: 'name' });
  // @ts-expect-error: text for a list
  await client.addDepartmentMembers({ organizationCode: 'acme', departmentId: 'a', userIds: 'u' });
  // @ts-expect-error: a field that the answer does not have
  (await client.getOrganization({ organizationCode: 'acme' })).data.organisationName;
  // @ts-expect-error: an operation that does not exist
  client.explode;
  // @ts-expect-error: not a list of pages
  for await (const one of client.getOrganization({ organizationCode: 'acme' })) void one;

  const name: string = (await client.getOrganization({ organizationCode: 'acme' })).data.organizationName;
  for await (const one of client.listOrganizations()) one satisfies Models.OrganizationDto;
  for await (const page of client.listOrganizations().pages()) page satisfies Models.OrganizationPaginatedRespDto;
  return name;
}
`;

test('compiles in a strict project, as ES module and as CommonJS, and what is wrong does not', async () => {
  await write('examples.mts', programOf(known, 'http://127.0.0.1:1'));
  await write('misuse.mts', misuse);
  await write('common.cts', "import genauth = require('genauth');\nexport const client = genauth.ManagementClient;\n");
  await write(
    'node.d.mts',
    'declare global { const process: { env: Record<string, string | undefined> } }\nexport {};\n',
  );
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2023', 'dom', 'dom.iterable', 'dom.asynciterable'],
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
  };
  await write('tsconfig.json', JSON.stringify({ compilerOptions }));
  await run(join(repository, 'node_modules', '.bin', 'tsc'), ['-p', project]);
});

test('has examples for every method', async () => {
  const client = await readFile(join(installed, 'esm', 'generated', 'operations.js'), 'utf8');
  for (const [, name] of client.matchAll(/name: '(\w+)'/g)) {
    expect(
      known.some(({ code }) => code.includes(`client.${name}(`)),
      name,
    ).toBe(true);
  }
});

test('every example runs, and none is refused as malformed', async () => {
  const pool = await testUserPool();
  const program = await write('run.mts', programOf(known, pool.server.origin));
  const output = await run(process.execPath, [program], {
    GENAUTH_ACCESS_KEY_ID: pool.id,
    GENAUTH_ACCESS_KEY_SECRET: pool.secret,
  });
  const answers: { statusCode: number; message: string }[] = JSON.parse(output);
  expect(answers.length).toBeGreaterThan(known.length / 2);
  // The keys and ids of an example are nobody's, and what one example creates the next may create again.
  const refused = answers.filter(({ statusCode }) => ![200, 401, 404, 409].includes(statusCode));
  // One example deletes the custom field that the next would set.
  expect(refused.filter(({ message }) => message !== 'Custom field not defined: school')).toEqual([]);
});

test('works when it is required', async () => {
  const pool = await testUserPool();
  const options = { host: pool.server.origin, accessKeyId: pool.id, accessKeySecret: pool.secret };
  const program = await write(
    'run.cjs',
    `const { ManagementClient } = require('genauth');
new ManagementClient(${JSON.stringify(options)}).listOrganizations().then(({ statusCode }) => console.log(statusCode));`,
  );
  expect(await run(process.execPath, [program])).toBe('200\n');
});

test('needs nothing, and names nothing of Node.js that a bundler would look for', async () => {
  const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
  expect(manifest).not.toHaveProperty('dependencies');
  expect(manifest).not.toHaveProperty('private');
  const files = (await readdir(join(installed, 'esm'), { recursive: true })).filter((path) => path.endsWith('.js'));
  for (const path of files) {
    const text = await readFile(join(installed, 'esm', path), 'utf8');
    for (const [, imported] of text.matchAll(/\bfrom '([^']+)'|\bimport\('([^']+)'\)/g)) {
      expect(imported, path).toMatch(/^\.\.?\/.*\.js$|^genauth$/);
    }
  }
});

test('says its version in one voice', async () => {
  const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
  const { version } = await import('./version.ts');
  expect(manifest.version).toBe(version);
});
