/**
 * Checks who imports whom, by the rules of .dependency-cruiser.mjs, and that the check read every file it should.
 */
import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import extractOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';

/** An import that a rule forbids, or a file that no rule was applied to. */
export interface BoundaryViolation {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
  readonly comment: string;
}

/** What a check of the boundaries found. */
export interface BoundaryReport {
  readonly violations: readonly BoundaryViolation[];
  /** The names of the rules that were applied. */
  readonly rules: readonly string[];
  readonly modulesRead: number;
}

const rulesFile = fileURLToPath(new URL('../.dependency-cruiser.mjs', import.meta.url));
const folders = ['apps', 'packages', 'bench', 'scripts'];

/** Checks the tree below `root`, which is laid out like this repository. */
export async function checkBoundaries(root: string): Promise<BoundaryReport> {
  const present = folders.filter((folder) => existsSync(join(root, folder)));
  const { output } = await cruise(present, { ...(await extractOptions(rulesFile)), baseDir: root });
  if (typeof output === 'string') throw new Error('dependency-cruiser answered with a text, not with its findings');

  const read = new Set(output.modules.map(({ source }) => source));
  return {
    violations: [...forbiddenImports(output), ...filesNotRead(root, read)],
    rules: (output.summary.ruleSetUsed?.forbidden ?? []).map(({ name }) => name ?? ''),
    modulesRead: read.size,
  };
}

function forbiddenImports({ summary }: ICruiseResult): BoundaryViolation[] {
  const comments = new Map(summary.ruleSetUsed?.forbidden?.map(({ name, comment }) => [name, comment]));
  return summary.violations.map(({ rule, from, to }) => ({
    rule: rule.name,
    from,
    to,
    comment: comments.get(rule.name) ?? '',
  }));
}

/**
 * The floor. Without a compiler that it understands dependency-cruiser skips TypeScript files in silence and reports
 * success, so each file on disk has to appear among those it read.
 */
export function filesNotRead(root: string, read: ReadonlySet<string>): BoundaryViolation[] {
  const onDisk = globSync(
    folders.map((folder) => `${folder}/**/*.{ts,tsx,mts}`),
    { cwd: root, exclude: (path) => path.includes('node_modules') || /^(apps|packages)\/[^/]+\/dist(\/|$)/.test(path) },
  );
  const comment = 'dependency-cruiser did not read this. Does it find a TypeScript that has the compiler API?';
  if (onDisk.length === 0) return [{ rule: 'every-file-is-read', from: root, to: '', comment }];
  return onDisk
    .filter((file) => !read.has(file))
    .map((file) => ({ rule: 'every-file-is-read', from: file, to: '', comment }));
}

if (import.meta.main) {
  const { violations, modulesRead } = await checkBoundaries(process.cwd());
  for (const { rule, from, to, comment } of violations) console.error(`${from}\n  -> ${to}\n  ${rule}: ${comment}\n`);
  console.log(`${modulesRead} modules read, ${violations.length} imports against the rules`);
  if (violations.length > 0) process.exitCode = 1;
}
