/**
 * Writes the files that follow from the contracts: `npm run generate`. With `--check` nothing is written, and the run
 * fails when a file is not what it would be.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { documents } from '../apps/server/src/documents.ts';
import { generate } from '../packages/codegen/src/index.ts';

/** A file as it should be, its path below the repository. */
interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}

type Generator = () => readonly GeneratedFile[] | Promise<readonly GeneratedFile[]>;

/** Add a generator here, and `npm run generate` and `npm run check` know it. The same contracts must give the same bytes. */
const generators: readonly Generator[] = [documents, clientsAndPages];

const root = fileURLToPath(new URL('..', import.meta.url));

/** Those of packages/codegen, from the documents as they will be. */
function clientsAndPages(): readonly GeneratedFile[] {
  const parsed = Object.fromEntries(documents().map(({ path, text }) => [path, JSON.parse(text)]));
  return generate({ management: parsed['openapi/management.json'] });
}

async function generatedFiles(): Promise<GeneratedFile[]> {
  const files = (await Promise.all(generators.map((generate) => generate()))).flat();
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function isCurrent({ path, text }: GeneratedFile): Promise<boolean> {
  const present = await readFile(join(root, path), 'utf8').catch(() => undefined);
  return present === text;
}

async function write({ path, text }: GeneratedFile): Promise<void> {
  const file = join(root, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

const files = await generatedFiles();
const stale: GeneratedFile[] = [];
for (const file of files) if (!(await isCurrent(file))) stale.push(file);

if (process.argv.includes('--check')) {
  for (const { path } of stale) console.error(`${path} is not what the contracts say`);
  if (stale.length > 0) {
    console.error('Run `npm run generate`, look at the difference, and commit it with the contract.');
    process.exitCode = 1;
  }
} else {
  await Promise.all(stale.map(write));
  for (const { path } of stale) console.log(`wrote ${path}`);
}
console.log(`${files.length} generated files, ${stale.length} ${stale.length === 1 ? 'was' : 'were'} stale`);
