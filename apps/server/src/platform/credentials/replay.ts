import { hash } from 'node:crypto';

/** Remembers nonces for as long as their signature would be accepted again. */
export interface ReplayGuard {
  /** Notes a nonce; answers whether it is new. */
  note(accessKeyId: string, nonce: string): boolean;
}

/**
 * Two generations of nonces: the older one is dropped whole once it is older than `windowMs`, so that memory is bounded
 * by the rate limit and nothing has to be swept entry by entry.
 */
export function createReplayGuard(now: () => number, windowMs: number): ReplayGuard {
  let current = new Set<number>();
  let previous = new Set<number>();
  let startedAt = now();
  return {
    note(accessKeyId, nonce) {
      const elapsed = now() - startedAt;
      if (elapsed > windowMs) {
        previous = elapsed > 2 * windowMs ? new Set() : current;
        current = new Set();
        startedAt = now();
      }
      // 48 bits instead of two texts: a tenth of the memory, and one false alarm in hundreds of millions of requests.
      const entry = hash('sha1', `${accessKeyId}:${nonce}`, 'buffer').readUIntBE(0, 6);
      if (current.has(entry) || previous.has(entry)) return false;
      current.add(entry);
      return true;
    },
  };
}
