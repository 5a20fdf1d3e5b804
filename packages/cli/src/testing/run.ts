import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

/** What a run of the command left. */
export interface Run {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A run of the command that may still be under way. */
export interface Running {
  readonly ended: Promise<Run>;
  interrupt(): void;
}

/** Runs the command as a shell would. */
export function start(parameters: readonly string[], environment: Readonly<Record<string, string>>): Running {
  const child = spawn(process.execPath, [main, ...parameters], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (piece: Buffer) => {
    stdout += piece.toString();
  });
  child.stderr.on('data', (piece: Buffer) => {
    stderr += piece.toString();
  });
  return {
    ended: new Promise((resolve) => child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr }))),
    interrupt: () => child.kill('SIGINT'),
  };
}
