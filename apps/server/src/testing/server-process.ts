import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

/** A server in a process of its own, as `npm start` runs it. */
export interface ServerProcess {
  readonly origin: string;
  readonly userPoolId: string;
  readonly userPoolSecret: string;
  /** All it has said so far. */
  output(): string;
  kill(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts a server on a data directory and any free port, and waits until it says that it is ready. */
export async function startServerProcess(
  dataDirectory: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const child = spawn(process.execPath, [main], {
    env: {
      ...process.env,
      GENAUTH_DATA_DIR: dataDirectory,
      GENAUTH_PORT: '0',
      GENAUTH_LOG_LEVEL: 'error',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const origin = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const ready = /GenAuth is ready at (\S+)/.exec(output)?.[1];
      if (ready !== undefined) resolve(ready);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('exit', (code) => reject(new Error(`the server ended with ${code}: ${output}`)));
  });
  const bootstrap = JSON.parse(await readFile(join(dataDirectory, 'bootstrap.json'), 'utf8'));
  return {
    origin,
    userPoolId: bootstrap.userPoolId,
    userPoolSecret: bootstrap.userPoolSecret,
    output: () => output,
    kill: (signal) => kill(child, signal),
  };
}

function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => {
    child.once('exit', (code) => resolve(code));
    child.kill(signal);
  });
}
