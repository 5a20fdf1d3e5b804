/**
 * `npm run check`: everything about the source that can be said without running it. With names behind it
 * (`npm run check -- types style`) only those checks run.
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Check {
  readonly name: string;
  /** A program of node_modules/.bin, with its arguments. */
  readonly command: readonly [program: string, ...parameters: string[]];
}

interface Outcome {
  readonly name: string;
  readonly passed: boolean;
  readonly output: string;
  readonly seconds: string;
}

const inTerminal = process.stdout.isTTY === true;

/** The long ones first, so that the short ones fill the gaps. */
const checks: readonly Check[] = [
  { name: 'types', command: ['tsc', '-p', 'tsconfig.json', '--pretty', String(inTerminal)] },
  { name: 'browser-types', command: ['tsc', '-p', 'apps/docs/theme', '--pretty', String(inTerminal)] },
  { name: 'dead-code', command: ['knip', '--no-progress', '--no-config-hints'] },
  { name: 'boundaries', command: ['node', 'scripts/boundaries.ts'] },
  { name: 'generated', command: ['node', 'scripts/generate.ts', '--check'] },
  {
    name: 'style',
    command: ['biome', 'ci', `--colors=${inTerminal ? 'force' : 'off'}`, '--error-on-warnings', '--max-diagnostics=50'],
  },
  { name: 'lockfile', command: ['node', 'scripts/lockfile.ts', '--check'] },
];

const root = fileURLToPath(new URL('..', import.meta.url));
/** As npm sets it, for a start without npm. */
const environment = { ...process.env, PATH: [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter) };

const chosen = chooseChecks(process.argv.slice(2));
const failed = (await runAll(chosen)).filter(({ passed }) => !passed);
for (const { name, output } of failed) console.error(`\n--- ${name} ---\n${output.trim()}`);
if (failed.length > 0) {
  console.error(`\n${failed.length} of ${chosen.length} checks failed: ${failed.map(({ name }) => name).join(', ')}`);
  process.exitCode = 1;
}

function chooseChecks(names: readonly string[]): readonly Check[] {
  const unknown = names.filter((name) => !checks.some((check) => check.name === name));
  if (unknown.length > 0) {
    console.error(`There is no check ${unknown.join(', ')}. There are: ${checks.map(({ name }) => name).join(', ')}`);
    process.exit(1);
  }
  return names.length === 0 ? checks : checks.filter(({ name }) => names.includes(name));
}

/** As many at a time as there are cores, and no more than two: most of them use several themselves. */
async function runAll(waiting: readonly Check[]): Promise<Outcome[]> {
  const queue = [...waiting];
  const outcomes: Outcome[] = [];
  const work = async (): Promise<void> => {
    for (let check = queue.shift(); check !== undefined; check = queue.shift()) {
      const outcome = await run(check);
      console.log(`${outcome.passed ? 'ok    ' : 'FAILED'}  ${outcome.name.padEnd(13)}  ${outcome.seconds} s`);
      outcomes.push(outcome);
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work));
  return outcomes;
}

function run({ name, command: [program, ...parameters] }: Check): Promise<Outcome> {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const child = spawn(program, parameters, { cwd: root, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const finish = (passed: boolean): void => {
      resolve({ name, passed, output, seconds: ((performance.now() - startedAt) / 1000).toFixed(1) });
    };
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.on('error', (error) => {
      output += `${program} could not be started: ${error.message}`;
      finish(false);
    });
    child.on('close', (code) => finish(code === 0));
  });
}
