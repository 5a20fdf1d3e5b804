/**
 * `npm run build -w @genauth/docs`: makes apps/docs/dist, for `/docs` of the server. `--base=/` makes it for a host of its
 * own and `--output=FOLDER` puts it elsewhere; `--if-changed` does nothing when the site is newer than what it is made from.
 */
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Base } from './addresses.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const here = join(root, 'apps', 'docs');

const { values } = parseArgs({
  options: {
    base: { type: 'string', default: '/docs' },
    output: { type: 'string', default: join(here, 'dist') },
    'if-changed': { type: 'boolean', default: false },
  },
});

const options = {
  content: join(here, 'content'),
  theme: join(here, 'theme'),
  document: join(root, 'openapi', 'management.json'),
  authenticationDocument: join(root, 'openapi', 'authentication.json'),
  output: resolve(values.output),
  base: parseBase(values.base),
};

if (!values['if-changed']) await build();
else if (await isOutdated()) {
  // Before a start of the server: without its pages it is still a server.
  await build().catch((error: unknown) => console.error(`The documentation could not be built: ${error}`));
}

async function build(): Promise<void> {
  const startedAt = performance.now();
  // Only now: most starts of the server find the site as it should be, and need not wait for this to load.
  const { buildSite } = await import('./site.ts');
  const { pages, brokenLinks } = await buildSite(options);
  for (const link of brokenLinks) console.error(link);
  if (brokenLinks.length > 0 && !values['if-changed']) process.exitCode = 1;
  console.log(`Documentation: ${pages} pages in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
}

function parseBase(text: string): Base {
  const trimmed = text.replace(/\/+$/, '');
  if (trimmed === '') return '';
  if (!trimmed.startsWith('/')) throw new Error('--base is a path: /docs');
  return `/${trimmed.slice(1)}`;
}

/** Whether anything the site is made from is newer than the site. */
async function isOutdated(): Promise<boolean> {
  const built = await timeOf(join(options.output, 'index.html'));
  if (built === undefined) return true;
  const inputs = [options.content, options.theme, join(here, 'src'), join(root, 'packages', 'codegen', 'src')];
  const files = await Promise.all(
    inputs.map(async (folder) => (await readdir(folder, { recursive: true })).map((name) => join(folder, name))),
  );
  const times = await Promise.all(
    [...files.flat(), ...inputs, options.document, options.authenticationDocument].map(timeOf),
  );
  return times.some((time) => time !== undefined && time > built);
}

async function timeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
}
