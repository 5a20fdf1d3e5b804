/**
 * Runs before `npm test`: fetches the published Python and Java clients, what ours in those languages are built and tested
 * with, and the fuzzer, into .cache, once, where the languages are present. What is missing is said and skipped, here and in
 * the tests; with `--required`, a language that is present and cannot be prepared fails the run.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { cache, java, javaSdk, type PublishedClient, python, readPrepared, schemathesis } from './published-clients.ts';

/** A program that ended badly, with the last of what it said. */
class ProgramFailed extends Error {}

/** The language is not on this machine, which is nobody's fault. */
class LanguageMissing extends Error {}

const required = process.argv.includes('--required');

await mkdir(cache, { recursive: true });
await Promise.all([
  prepare('Python client', python, python.interpreter, preparePython),
  prepare('Schemathesis', schemathesis, schemathesis.program, prepareSchemathesis),
  // One after the other: they share a repository, which Maven does not lock.
  prepare('Java client', java, dirname(java.classpath), prepareJava).then(() =>
    prepare('our Java client', javaSdk, javaSdk.repository, prepareJavaSdk),
  ),
]);

async function prepare(
  name: string,
  { wanted, state }: { readonly wanted: readonly string[]; readonly state: string },
  product: string,
  fetchClient: () => Promise<string>,
): Promise<void> {
  const before = readPrepared(state);
  if (before?.client.ready && String(before.wanted) === String(wanted) && existsSync(product)) return;

  let client: PublishedClient;
  try {
    const version = await fetchClient();
    client = { ready: true, version };
    console.log(`${name}: ${version}`);
  } catch (error) {
    if (!(error instanceof ProgramFailed || error instanceof LanguageMissing)) throw error;
    client = { ready: false, reason: error.message };
    console.log(`skipped: the tests of the ${name} (${error.message})`);
    if (required && error instanceof ProgramFailed) process.exitCode = 1;
  }
  await writeFile(state, `${JSON.stringify({ wanted, client }, null, 2)}\n`);
}

async function preparePython(): Promise<string> {
  await requirePython(9);
  await makeEnvironment(dirname(dirname(python.interpreter)), python.wanted);
  await run(python.interpreter, ['-c', 'import authing']);
  return python.wanted[0];
}

async function prepareSchemathesis(): Promise<string> {
  await requirePython(10);
  const environment = dirname(dirname(schemathesis.program));
  await makeEnvironment(environment, schemathesis.wanted);
  await run(schemathesis.program, ['--version']);
  return schemathesis.wanted[0];
}

async function requirePython(minor: number): Promise<void> {
  await run('python3', ['-c', `import sys; sys.exit(sys.version_info < (3, ${minor}))`]).catch(() => {
    throw new LanguageMissing(`it needs python3, 3.${minor} or newer`);
  });
}

async function makeEnvironment(environment: string, wanted: readonly string[]): Promise<void> {
  await rm(environment, { recursive: true, force: true });
  console.log(`Fetching ${wanted[0]} …`);
  // On Debian the module is a package of its own, python3-venv, and Python says so.
  await run('python3', ['-m', 'venv', environment]);
  await run(join(environment, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', '--retries=2', ...wanted]);
}

async function prepareJava(): Promise<string> {
  await requireJava();
  await rm(dirname(java.classpath), { recursive: true, force: true });
  await mkdir(java.folder, { recursive: true });

  let lastFailure: unknown;
  for (const artifact of java.wanted) {
    console.log(`Fetching ${artifact} …`);
    try {
      await copyWithDependencies(artifact);
      return artifact;
    } catch (error) {
      lastFailure = error;
    }
  }
  throw lastFailure;
}

/** Running one test is the only way to make Maven fetch all it takes to run the others: it chooses some of it while it runs. */
async function prepareJavaSdk(): Promise<string> {
  await requireJava();
  console.log('Fetching what the Java client is built with …');
  await run('mvn', [
    '--batch-mode',
    '--no-transfer-progress',
    '--quiet',
    '--file',
    javaSdk.project,
    `-Dmaven.repo.local=${javaSdk.repository}`,
    '-Dtest=SignatureTest',
    'test',
  ]);
  return 'libraries and plugins';
}

async function requireJava(): Promise<void> {
  for (const program of ['javac', 'mvn']) {
    await run(program, ['-version']).catch(() => {
      throw new LanguageMissing('it needs a JDK, 8 or newer, and Maven: javac and mvn');
    });
  }
}

/** Maven's own way to a folder of jars: a project that needs the artifact, and nothing else. */
async function copyWithDependencies(artifact: string): Promise<void> {
  const [groupId, artifactId, version] = artifact.split(':');
  const project = join(java.folder, 'pom.xml');
  await writeFile(
    project,
    `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>genauth</groupId><artifactId>published-client</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>${groupId}</groupId><artifactId>${artifactId}</artifactId><version>${version}</version></dependency>
  </dependencies>
</project>
`,
  );
  await run('mvn', [
    '--batch-mode',
    '--no-transfer-progress',
    '--quiet',
    '--file',
    project,
    `-Dmaven.repo.local=${join(java.folder, 'repository')}`,
    'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies',
    '-DincludeScope=runtime',
    `-DoutputDirectory=${dirname(java.classpath)}`,
  ]);
}

function run(program: string, parameters: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', ({ message }) => reject(new ProgramFailed(message)));
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new ProgramFailed(`${program} ended with ${code}: ${complaintIn(output)}`));
    });
  });
}

/** The line that says what went wrong: not the last one, which is often about how to get help. */
function complaintIn(output: string): string {
  const lines = stripVTControlCharacters(output).trim().split('\n');
  return (lines.find((line) => /error/i.test(line)) ?? lines.at(-1) ?? '').trim();
}
