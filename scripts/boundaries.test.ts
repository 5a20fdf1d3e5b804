import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BoundaryReport, checkBoundaries, filesNotRead } from './boundaries.ts';

/** Path -> text of a small server that keeps every rule. */
type Tree = Record<string, string>;

const server = 'apps/server/src';
const packages = ['zod', 'kysely', 'pg', 'fastify', 'vitest'];

const cleanTree: Tree = {
  'package.json': JSON.stringify({ name: 'fixture', devDependencies: { vitest: '*' } }),
  'apps/server/package.json': JSON.stringify({
    name: '@genauth/server',
    dependencies: { '@genauth/contract': '*', zod: '*', kysely: '*', pg: '*', fastify: '*' },
  }),
  'packages/contract/package.json': JSON.stringify({ name: '@genauth/contract', dependencies: { zod: '*' } }),
  'packages/contract/src/index.ts': `import 'zod'; export const kit = 1;`,
  ...Object.fromEntries(
    packages.flatMap((name) => [
      [`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' })],
      [`node_modules/${name}/index.js`, 'export const anything = 1;'],
    ]),
  ),
  [`${server}/main.ts`]: `import './compose.ts';`,
  [`${server}/compose.ts`]: `import './modules/trees/index.ts'; import './protocols/oidc/index.ts'; export const all = 1;`,
  [`${server}/platform/clock.ts`]: 'export const now = 1;',
  [`${server}/platform/http/server.ts`]: `import 'fastify'; import '../clock.ts'; export const listen = 1;`,
  [`${server}/platform/database/database.ts`]: `import 'pg'; import 'kysely'; export type Scope = string; export const statement = 1;`,
  [`${server}/protocols/oidc/index.ts`]: `import 'fastify'; import '../../modules/trees/index.ts'; export const oidc = 1;`,
  [`${server}/modules/trees/contract.ts`]: `import 'zod'; import '../../../../../packages/contract/src/index.ts'; export const trees = 1;`,
  [`${server}/modules/trees/store.ts`]: `import 'kysely'; import type { Scope } from '../../platform/database/database.ts'; export const rows = (scope: Scope) => scope;`,
  [`${server}/modules/trees/service.ts`]: `import './contract.ts'; import './store.ts'; import type { Scope } from '../../platform/database/database.ts'; export const rule = (scope: Scope) => scope;`,
  [`${server}/modules/trees/index.ts`]: `import './service.ts'; import './store.ts'; import './contract.ts'; export const tree = 1;`,
  [`${server}/modules/trees/trees.test.ts`]: `import 'vitest'; import '../../testing/world.ts';`,
  [`${server}/modules/leaves/contract.ts`]: `import '../trees/contract.ts'; export const leaves = 1;`,
  [`${server}/modules/leaves/store.ts`]: 'export const rows = 1;',
  [`${server}/modules/leaves/service.ts`]: `import '../trees/index.ts'; export const rule = 1;`,
  [`${server}/modules/leaves/index.ts`]: `import './service.ts'; export const leaf = 1;`,
  [`${server}/testing/world.ts`]: `import 'pg'; import '../compose.ts'; export const world = 1;`,
  'bench/main.ts': `import 'pg'; import '../apps/server/src/compose.ts'; export const bench = 1;`,
};

/** What is added to the clean tree, and the rule that has to name it. The line replaces the file or makes it. */
const plantings: { readonly rule: string; readonly file: string; readonly text: string; readonly why: string }[] = [
  {
    rule: 'no-cycles',
    file: `${server}/platform/clock.ts`,
    text: `import type { Tick } from './tick.ts'; export const now = 1; export type Clock = Tick;`,
    why: 'two files name each other, by type imports alone',
  },
  {
    rule: 'no-unresolved-imports',
    file: `${server}/platform/lost.ts`,
    text: `import './not-there.ts';`,
    why: 'an import leads nowhere',
  },
  {
    rule: 'modules-meet-at-their-index',
    file: `${server}/modules/leaves/service.ts`,
    text: `import '../trees/service.ts';`,
    why: 'a service reaches into another module',
  },
  {
    rule: 'only-the-index-of-a-module',
    file: `${server}/protocols/saml/index.ts`,
    text: `import type { rows } from '../../modules/trees/store.ts'; export type Rows = typeof rows;`,
    why: 'a protocol reads the tables of a module',
  },
  {
    rule: 'contracts-are-data',
    file: `${server}/modules/leaves/contract.ts`,
    text: `import '../../platform/clock.ts';`,
    why: 'a contract uses the platform',
  },
  {
    rule: 'the-kit-needs-only-zod',
    file: 'packages/contract/src/clock.ts',
    text: `import 'node:fs';`,
    why: 'the kit uses Node.js',
  },
  {
    rule: 'the-platform-knows-no-module',
    file: `${server}/platform/audit.ts`,
    text: `import '../modules/trees/index.ts';`,
    why: 'the platform calls a module',
  },
  {
    rule: 'modules-know-no-protocol',
    file: `${server}/modules/leaves/index.ts`,
    text: `import '../../protocols/cas/index.ts';`,
    why: 'a module calls a protocol',
  },
  {
    rule: 'nothing-looks-up',
    file: `${server}/platform/restart.ts`,
    text: `import '../main.ts';`,
    why: 'a part of the server imports the whole',
  },
  {
    rule: 'sql-only-in-stores',
    file: `${server}/modules/roots/service.ts`,
    text: `import type { anything } from 'kysely'; export type Query = typeof anything;`,
    why: 'a service builds a query',
  },
  {
    rule: 'modules-write-sql-in-stores',
    file: `${server}/modules/petals/service.ts`,
    text: `import { statement } from '../../platform/database/database.ts'; export const rows = statement;`,
    why: 'a service makes a statement with the platform',
  },
  {
    rule: 'fastify-only-at-the-edge',
    file: `${server}/modules/roots/index.ts`,
    text: `import type { anything } from 'fastify'; export type Request = typeof anything;`,
    why: 'a module sees the request',
  },
  {
    rule: 'rules-know-no-http',
    file: `${server}/modules/trees/service.ts`,
    text: `import '../../platform/http/server.ts';`,
    why: 'a service uses the HTTP part of the platform',
  },
  {
    rule: 'stores-answer-and-do-not-ask',
    file: `${server}/modules/leaves/store.ts`,
    text: `import './contract.ts';`,
    why: 'a store knows the wire format',
  },
  {
    rule: 'services-are-wired-by-their-index',
    file: `${server}/modules/stems/service.ts`,
    text: `import './index.ts';`,
    why: 'a service imports the index above it',
  },
  {
    rule: 'production-imports-no-tests',
    file: `${server}/compose.ts`,
    text: `import './testing/world.ts';`,
    why: 'the server starts with test data',
  },
  {
    rule: 'production-imports-no-development-packages',
    file: `${server}/platform/spy.ts`,
    text: `import 'vitest';`,
    why: 'the server runs on a development package',
  },
];

/** Files that the plantings need to point at. */
const targets: Tree = {
  [`${server}/platform/tick.ts`]: `import type { now } from './clock.ts'; export type Tick = typeof now;`,
  [`${server}/protocols/cas/index.ts`]: 'export const cas = 1;',
  [`${server}/modules/stems/index.ts`]: 'export const stem = 1;',
};

const roots: string[] = [];

async function plant(tree: Tree): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'genauth-boundaries-'));
  roots.push(root);
  for (const [path, text] of Object.entries(tree)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

afterAll(async () => {
  for (const root of roots) await rm(root, { recursive: true });
});

test('a tree that keeps the rules passes', async () => {
  const { violations, modulesRead } = await checkBoundaries(await plant(cleanTree));
  expect(violations).toEqual([]);
  expect(modulesRead).toBeGreaterThan(Object.keys(cleanTree).filter((path) => path.endsWith('.ts')).length);
});

describe('a planted violation is reported:', () => {
  let report: BoundaryReport;

  beforeAll(async () => {
    const planted = Object.fromEntries(plantings.map(({ file, text }) => [file, text]));
    report = await checkBoundaries(await plant({ ...cleanTree, ...targets, ...planted }));
  });

  test.each(plantings)('$why ($rule)', ({ rule, file }) => {
    expect(report.violations).toContainEqual(expect.objectContaining({ rule, from: file }));
  });

  test('every rule has one', () => {
    expect(plantings.map(({ rule }) => rule).sort()).toEqual([...report.rules].sort());
  });
});

describe('the check itself fails', () => {
  test('when dependency-cruiser skipped the TypeScript files', async () => {
    const root = await plant(cleanTree);
    const unread = filesNotRead(root, new Set(['bench/main.ts', 'node_modules/pg/index.js']));
    expect(unread).toContainEqual(expect.objectContaining({ rule: 'every-file-is-read', from: `${server}/main.ts` }));
    expect(unread.map(({ from }) => from)).not.toContain('bench/main.ts');
  });

  test('when there is nothing to read', async () => {
    const { violations } = await checkBoundaries(await plant({ 'package.json': '{}', 'apps/readme.txt': '' }));
    expect(violations).toEqual([expect.objectContaining({ rule: 'every-file-is-read' })]);
  });
});
