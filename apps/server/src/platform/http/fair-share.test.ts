import { expect, test } from 'vitest';
import { createFairShare } from './fair-share.ts';

/** Work that ends when it is told to. */
function held() {
  let end = () => {};
  let hasStarted = false;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return {
    work: () => {
      hasStarted = true;
      return ended;
    },
    end: () => end(),
    hasStarted: () => hasStarted,
  };
}

test('runs so much of a key at a time, and others beside it', async () => {
  const share = createFairShare(2, 10);
  const [a, b, c, other] = [held(), held(), held(), held()];
  const runs = [a, b, c].map(({ work }) => share.run('pool', work));
  const beside = share.run('another', other.work);
  expect([a, b, c, other].map(({ hasStarted }) => hasStarted())).toEqual([true, true, false, true]);
  a.end();
  await runs[0];
  await expect.poll(c.hasStarted).toBe(true);
  for (const one of [b, c, other]) one.end();
  await Promise.all([...runs, beside]);
});

test('turns away what would wait behind too many, and passes a failure on without losing a place', async () => {
  const share = createFairShare(1, 1);
  const first = held();
  const running = share.run('pool', first.work);
  const waiting = share.run('pool', async () => {
    throw new Error('failed');
  });
  expect(share.run('pool', async () => {})).toBeUndefined();
  first.end();
  await running;
  await expect(waiting).rejects.toThrow('failed');
  expect(await share.run('pool', async () => 'again')).toBe('again');
});

test('nobody waits for who has gone', async () => {
  const share = createFairShare(1, 1);
  const client = new AbortController();
  const [first, gone, next] = [held(), held(), held()];
  const running = share.run('pool', first.work);
  const waiting = share.run('pool', gone.work, client.signal);
  client.abort();
  await expect(waiting).rejects.toThrow('Temporarily unavailable');
  const later = share.run('pool', next.work);
  expect(later).toBeDefined();
  for (const one of [first, next]) one.end();
  await Promise.all([running, later]);
  expect(gone.hasStarted()).toBe(false);
  expect(next.hasStarted()).toBe(true);
});
