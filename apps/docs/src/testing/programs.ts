import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { javaSdk, python } from '../../../../scripts/published-clients.ts';
import type { Sample } from './samples.ts';

/** What running a sample showed. */
export interface Outcome {
  readonly statusCode?: number | undefined;
  readonly text: string;
  /** The exception that ended it. */
  readonly failure?: string | undefined;
}

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../../../..', import.meta.url));

/** Runs the samples of a language, which are filled in, in their order. The folder must be inside the repository. */
export async function runAll(
  language: string,
  samples: readonly Sample[],
  folder: string,
): Promise<Map<string, Outcome>> {
  await mkdir(folder, { recursive: true });
  const run = { js: runJavaScript, python: runPython, java: runJava, sh: runShell }[language];
  if (run === undefined) throw new Error(`nothing runs ${language}`);
  return run(samples, folder);
}

async function runJavaScript(samples: readonly Sample[], folder: string): Promise<Map<string, Outcome>> {
  const files = await writeAll(samples, folder, ({ code }) => (code.includes('require(') ? 'cjs' : 'mjs'));
  const { output } = await run('node', [join(here, 'run-samples.mjs'), ...files.keys()]);
  return readLines(output, files);
}

async function runPython(samples: readonly Sample[], folder: string): Promise<Map<string, Outcome>> {
  const files = await writeAll(samples, folder, () => 'py');
  const environment = { PYTHONPATH: join(root, 'sdks', 'python', 'src'), PYTHONDONTWRITEBYTECODE: '1' };
  const { output } = await run(python.interpreter, [join(here, 'run_samples.py'), ...files.keys()], environment);
  return readLines(output, files);
}

/** All classes are called Example, so each gets a package of its own. */
async function runJava(samples: readonly Sample[], folder: string): Promise<Map<string, Outcome>> {
  const jars = globSync('com/fasterxml/jackson/core/*/2.18.*/*.jar', { cwd: javaSdk.repository });
  const classpath = jars.map((jar) => join(javaSdk.repository, jar)).join(delimiter);
  const files = await Promise.all(
    samples.map(async ({ code }, index) => {
      const file = join(folder, `sample${index}`, 'Example.java');
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, `package sample${index};\n\n${code}`);
      return file;
    }),
  );
  const classes = join(folder, 'classes');
  const sources = ['-sourcepath', join(root, 'sdks', 'java', 'src', 'main', 'java'), '-cp', classpath];
  const compiler = [
    '-nowarn',
    '-encoding',
    'UTF-8',
    '-d',
    classes,
    ...sources,
    join(here, 'RunSamples.java'),
    ...files,
  ];
  const compiled = await run('javac', compiler);
  if (compiled.code !== 0) throw new Error(`the Java samples do not compile:\n${compiled.output}`);
  const names = samples.map((_sample, index) => `sample${index}.Example`);
  const { output } = await run('java', ['-cp', [classes, classpath].join(delimiter), 'RunSamples', ...names]);
  const outcomes = new Map<string, Outcome>();
  for (const line of output.split('\n')) {
    const [name = '', printed = '-', failure = '-'] = line.split(' ');
    const sample = samples[names.indexOf(name)];
    if (sample === undefined) continue;
    const text = decoded(printed);
    const statusCode = /statusCode\W+(\d+)/.exec(text)?.[1];
    outcomes.set(sample.name, {
      text,
      statusCode: statusCode === undefined ? undefined : Number(statusCode),
      failure: decoded(failure) || undefined,
    });
  }
  return outcomes;
}

async function runShell(samples: readonly Sample[], folder: string): Promise<Map<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  for (const [file, name] of await writeAll(samples, folder, () => 'sh')) {
    const { code, output } = await run('bash', ['-euo', 'pipefail', file]);
    outcomes.set(name, { text: output, failure: code === 0 ? undefined : `ended with ${code}: ${output}` });
  }
  return outcomes;
}

function decoded(text: string): string {
  return text === '-' ? '' : Buffer.from(text, 'base64').toString();
}

async function writeAll(
  samples: readonly Sample[],
  folder: string,
  extension: (sample: Sample) => string,
): Promise<Map<string, string>> {
  const files = new Map(samples.map((sample) => [join(folder, `${sample.name}.${extension(sample)}`), sample.name]));
  await Promise.all([...files.keys()].map((file, index) => writeFile(file, samples[index]?.code ?? '')));
  return files;
}

/** A JSON line for each file, from our own runners. */
function readLines(output: string, files: ReadonlyMap<string, string>): Map<string, Outcome> {
  const outcomes = new Map<string, Outcome>();
  for (const line of output.split('\n')) {
    if (!line.startsWith('{"file"')) continue;
    const { file, ...outcome } = JSON.parse(line);
    outcomes.set(files.get(file) ?? file, outcome);
  }
  return outcomes;
}

function run(
  program: string,
  parameters: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, {
      env: { ...process.env, ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A sample that waits for ever must not outlive the tests.
      timeout: 100_000,
    });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}
