/**
 * The clients that others published, and what ours are built and tested with, in languages a machine may or may not have:
 * what is wanted of each, and where the tests find it. scripts/prepare-clients.ts puts them there before `npm test`.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Inside the clone, ignored by git: nothing on the machine itself is changed. */
export const cache = fileURLToPath(new URL('../.cache', import.meta.url));

/** A client that can be used, with what its language calls its version, or the reason why it cannot. */
export type PublishedClient =
  | { readonly ready: true; readonly version: string }
  | { readonly ready: false; readonly reason: string };

/** Written by the preparation, one file for each client. */
export interface PreparedClient {
  /** What the preparation was asked for. When that changes, it is done again. */
  readonly wanted: readonly string[];
  readonly client: PublishedClient;
}

/**
 * PyPI `authing` in a virtual environment. It imports `websockets` without declaring it. Beside it is what our own client
 * (sdks/python) runs on and is tested with.
 */
export const python = {
  wanted: ['authing==5.1.0', 'websockets>=12,<18', 'httpx>=0.25,<1', 'pytest>=8,<10', 'mypy>=1.11,<3'],
  /** The interpreter that has the client. */
  interpreter: join(cache, 'python', 'bin', 'python'),
  state: join(cache, 'python.json'),
} as const;

/** PyPI `schemathesis`, which calls every operation from its schema, in an environment of its own. */
export const schemathesis = {
  wanted: ['schemathesis==4.32.5'],
  program: join(cache, 'schemathesis', 'bin', 'schemathesis'),
  state: join(cache, 'schemathesis.json'),
} as const;

/** Maven `cn.authing:authing-java-sdk` with all it needs, as jars; not every repository has the newest release. */
export const java = {
  wanted: ['cn.authing:authing-java-sdk:3.1.19', 'cn.authing:authing-java-sdk:3.1.9'],
  folder: join(cache, 'maven'),
  /** For `javac -cp` and `java -cp`, with the folder of the compiled program behind it. */
  classpath: join(cache, 'maven', 'jars', '*'),
  state: join(cache, 'java.json'),
} as const;

const javaProject = fileURLToPath(new URL('../sdks/java/pom.xml', import.meta.url));

/** What Maven needs to build and test our own Java client (sdks/java) without a network. */
export const javaSdk = {
  /** By its content: when the project asks for something else, that is fetched too. */
  wanted: [createHash('sha256').update(readFileSync(javaProject)).digest('hex')],
  project: javaProject,
  repository: join(cache, 'maven', 'repository'),
  state: join(cache, 'java-sdk.json'),
} as const;

/** Whether the tests of a language can run: `test.skipIf(!client.ready)`. */
export function publishedClient({ state }: { readonly state: string }): PublishedClient {
  return readPrepared(state)?.client ?? { ready: false, reason: 'not prepared, `npm test` does that' };
}

/** What an earlier preparation left, or undefined when there was none. */
export function readPrepared(state: string): PreparedClient | undefined {
  try {
    return JSON.parse(readFileSync(state, 'utf8'));
  } catch {
    return undefined;
  }
}
