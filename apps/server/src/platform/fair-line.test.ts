import { expect, test } from 'vitest';
import { createFairLine, type FairLineBounds, type Turn } from './fair-line.ts';

/** A line before work that ends when it is told to, in the order of `started`. */
function controlledLine(bounds: Partial<FairLineBounds> = {}) {
  const line = createFairLine({ maxRunning: 1, maxWaiting: 100, maxWaitingOfSharer: 100, ...bounds });
  const started: string[] = [];
  const refused: string[] = [];
  const running: (() => void)[] = [];
  const ends: Promise<void>[] = [];
  const bring = (name: string, turn: Partial<Turn> = {}) => {
    const work = () => {
      started.push(name);
      return new Promise<void>((resolve) => running.push(resolve));
    };
    const outcome = line.run({ sharer: name.slice(0, 1), ...turn }, work);
    ends.push(outcome.catch((error) => void refused.push(`${name}: ${error.message}`)));
  };
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    started,
    refused,
    bring,
    settle,
    /** Ends everything, one piece of work after the other. */
    async finish() {
      await settle();
      for (let end = running.shift(); end !== undefined; end = running.shift()) {
        end();
        await settle();
      }
      await Promise.all(ends);
      return started;
    },
  };
}

const busy = ': Temporarily unavailable, please try again';

test('lets sharers take turns, whatever came before, and each in its own order', async () => {
  const line = controlledLine();
  for (const name of ['a1', 'a2', 'a3', 'a4', 'a5', 'b1', 'b2', 'c1']) line.bring(name);
  expect(await line.finish()).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4', 'a5']);
});

test('lets one who comes later in before the second piece of whoever brought many', async () => {
  const line = controlledLine({ maxRunning: 2 });
  for (let at = 0; at < 50; at++) line.bring(`a${at}`);
  await line.settle();
  line.bring('b');
  const order = await line.finish();
  expect(order).toHaveLength(51);
  // Two are running and one is called before the other sharer has its turn.
  expect(order.indexOf('b')).toBeLessThanOrEqual(3);
});

test('refuses what is too much of one sharer, and no other for it', async () => {
  const line = controlledLine({ maxWaitingOfSharer: 2 });
  for (const name of ['a1', 'a2', 'a3', 'a4', 'b1']) line.bring(name);
  expect(await line.finish()).toEqual(['a1', 'a2', 'b1', 'a3']);
  expect(line.refused).toEqual([`a4${busy}`]);
});

test('when it is full, makes room for who has little in it by sending away the last of who has most', async () => {
  const line = controlledLine({ maxWaiting: 4 });
  for (const name of ['a1', 'a2', 'a3', 'a4', 'b1']) line.bring(name);
  await line.settle();
  line.bring('c1');
  await line.settle();
  // Nobody has two more than this would make, so there is nobody to take from.
  line.bring('c2');
  line.bring('b2');
  expect(await line.finish()).toEqual(['a1', 'a2', 'b1', 'c1', 'a3']);
  expect(line.refused).toEqual([`a4${busy}`, `c2${busy}`, `b2${busy}`]);
});

test('forgets who has gone: his place is nobody’s, and no work is done for him', async () => {
  const line = controlledLine();
  const client = new AbortController();
  line.bring('a1');
  for (const name of ['a2', 'b1']) line.bring(name, { signal: client.signal });
  for (const name of ['a3', 'b2']) line.bring(name);
  await line.settle();
  client.abort();
  line.bring('c1', { signal: client.signal });
  expect(await line.finish()).toEqual(['a1', 'a3', 'b2']);
  expect(line.refused).toEqual([`c1${busy}`, `a2${busy}`, `b1${busy}`]);
});

test('refuses who has waited too long', async () => {
  const deadlines: AbortController[] = [];
  const line = controlledLine({
    deadline: () => {
      const deadline = new AbortController();
      deadlines.push(deadline);
      return deadline.signal;
    },
  });
  for (const name of ['a1', 'a2', 'a3']) line.bring(name);
  await line.settle();
  expect(deadlines).toHaveLength(2);
  deadlines[0]?.abort();
  expect(await line.finish()).toEqual(['a1', 'a3']);
  expect(line.refused).toEqual([`a2${busy}`]);
});

test('goes on after work that failed', async () => {
  const line = createFairLine({ maxRunning: 1, maxWaiting: 10, maxWaitingOfSharer: 10 });
  const failing = line.run({ sharer: 'a' }, async () => {
    throw new Error('failed');
  });
  const next = line.run({ sharer: 'b' }, async () => 'done');
  await expect(failing).rejects.toThrow('failed');
  expect(await next).toBe('done');
});
