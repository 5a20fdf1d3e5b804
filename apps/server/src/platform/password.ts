import { availableParallelism } from 'node:os';
import { hash } from '@node-rs/argon2';
import { createFairLine, type FairLineBounds, type Turn } from './fair-line.ts';

/** What an Argon2id hash costs, RFC 9106 §3.1: memory, passes over it, and lanes. */
export interface PasswordHashCost {
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
}

/** One of the settings OWASP's Password Storage Cheat Sheet names as equally strong, and the one that needs least memory. */
export const defaultPasswordHashCost: PasswordHashCost = { memoryKib: 7 * 1024, passes: 5, lanes: 1 };

/** Of libuv's threads one is left to files and look-ups of names, which must not wait for hashes. */
const threads = Number(process.env['UV_THREADPOOL_SIZE']) || 4;
const defaultMaxRunning = Math.max(1, Math.min(availableParallelism(), threads - 1));

/** Hashes passwords, a few at a time, for one sharer after the other. Refuses with 503 when too many others are waiting. */
export interface PasswordHasher {
  /** The hash in PHC string format. */
  hash(password: string, turn: Turn): Promise<string>;
  /** Does other work that takes as long, in the same line. */
  inLine<Result>(turn: Turn, work: () => Promise<Result>): Promise<Result>;
  /** Whether a hash was made with the settings of today. */
  isCurrent(hash: string): boolean;
  /** A hash of no password that takes as long to check as any of ours. */
  readonly nobodysHash: string;
}

/** Makes a hasher. Only some hashes run at once, and only some wait: a queue without end would answer nobody in time. */
export function createPasswordHasher({
  cost = defaultPasswordHashCost,
  maxRunning = defaultMaxRunning,
  maxWaiting = 256,
  // More than the pipeline lets a user pool prepare at once: its requests wait there, and its imports find room beside them.
  maxWaitingOfSharer = 64,
  ...bounds
}: Partial<FairLineBounds> & { readonly cost?: PasswordHashCost } = {}): PasswordHasher {
  const parameters = { memoryCost: cost.memoryKib, timeCost: cost.passes, parallelism: cost.lanes };
  const line = createFairLine({ maxRunning, maxWaiting, maxWaitingOfSharer, ...bounds });
  const prefix = `$argon2id$v=19$m=${cost.memoryKib},t=${cost.passes},p=${cost.lanes}$`;

  return {
    hash: (password, turn) => line.run(turn, () => hash(password, parameters)),
    inLine: line.run,
    isCurrent: (text) => text.startsWith(prefix),
    nobodysHash: `${prefix}${'A'.repeat(22)}$${'A'.repeat(43)}`,
  };
}
