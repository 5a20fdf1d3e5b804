import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createReplayGuard } from './replay.ts';

const minute = 60_000;

test('refuses a nonce until its signature has expired, whatever happens in between', () => {
  const request = fc.record({
    afterMs: fc.integer({ min: 0, max: 5 * minute }),
    nonce: fc.integer({ min: 0, max: 20 }).map((number) => `nonce-${number}`),
    /** How far the client's clock is from ours. */
    skewMs: fc.integer({ min: -15 * minute, max: 15 * minute }),
  });
  fc.assert(
    fc.property(fc.array(request, { maxLength: 60 }), (requests) => {
      let now = 1_800_000_000_000;
      const guard = createReplayGuard(() => now);
      const acceptedUntil = new Map<string, number>();
      for (const { afterMs, nonce, skewMs } of requests) {
        now += afterMs;
        const expiresAt = now + skewMs + 15 * minute;
        const remembered = acceptedUntil.get(nonce) ?? 0;
        const isNew = guard.note('key', nonce, expiresAt);
        if (remembered >= now) expect(isNew).toBe(false);
        // It forgets by whole minutes.
        if (remembered < now - minute) expect(isNew).toBe(true);
        if (isNew) acceptedUntil.set(nonce, expiresAt);
      }
    }),
    { numRuns: 200 },
  );
});

test('keeps access keys apart, and refuses a nonce that is signed again with another date', () => {
  const guard = createReplayGuard(() => 0);
  expect(guard.note('one', 'nonce', minute)).toBe(true);
  expect(guard.note('other', 'nonce', minute)).toBe(true);
  expect(guard.note('one', 'nonce', 2 * minute)).toBe(false);
});

test('needs no more memory the longer it runs', () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage: () => void = runInNewContext('gc');
  let now = 1_800_000_000_000;
  const guard = createReplayGuard(() => now);
  const heapAfter = (minutes: number) => {
    for (let request = 0; request < minutes * 1000; request++) {
      now += minute / 1000;
      guard.note('key', `${now}`, now + 15 * minute);
    }
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const afterOneWindow = heapAfter(20);
  // 60,000 more nonces that stayed would take more than 2 MB.
  expect(heapAfter(60)).toBeLessThan(afterOneWindow + 2 ** 20);
});
