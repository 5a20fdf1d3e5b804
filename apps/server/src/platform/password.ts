import { hash } from '@node-rs/argon2';
import { requestErrors } from './errors.ts';

/**
 * Argon2id, 7 MiB, 5 passes, 1 lane: one of the settings OWASP's Password Storage Cheat Sheet names as equally strong, and
 * the one that needs the least memory.
 */
const cost = { memoryCost: 7 * 1024, timeCost: 5, parallelism: 1 };

/** Hashes passwords, a few at a time. */
export interface PasswordHasher {
  /** The hash in PHC string format. Refuses with 503 when too many others are waiting. */
  hash(password: string): Promise<string>;
}

/**
 * Makes a hasher. Hashes run on the threads that files and look-ups of names use too, so only some may run at once; and a
 * queue without end would answer nobody in time.
 */
export function createPasswordHasher({
  maxRunning = 2,
  maxWaiting = 256,
}: {
  readonly maxRunning?: number;
  readonly maxWaiting?: number;
} = {}): PasswordHasher {
  const waiting: (() => void)[] = [];
  let running = 0;

  const enter = (): Promise<void> | undefined => {
    if (running < maxRunning) {
      running += 1;
      return undefined;
    }
    if (waiting.length >= maxWaiting) throw requestErrors.unavailable();
    return new Promise((resolve) => waiting.push(resolve));
  };
  const leave = () => {
    // The place goes straight to the next, so that nobody slips in between.
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  };

  return {
    async hash(password) {
      await enter();
      try {
        return await hash(password, cost);
      } finally {
        leave();
      }
    },
  };
}
