import { expect, test } from 'vitest';
import { createRateLimit } from './rate-limit.ts';

function limitAt(start: number, maxKeys?: number) {
  const clock = { now: start };
  const limit = createRateLimit(() => clock.now, maxKeys);
  const takeMany = (key: string, perSecond: number, times: number) =>
    Array.from({ length: times }, () => limit.take(key, perSecond)).filter((wait) => wait === 0).length;
  return { clock, limit, takeMany };
}

test('allows one second’s worth at once, then as much as each second brings', () => {
  const { clock, takeMany } = limitAt(1_000_000);
  expect(takeMany('pool', 5, 10)).toBe(5);
  clock.now += 400;
  expect(takeMany('pool', 5, 10)).toBe(2);
  clock.now += 3_600_000;
  expect(takeMany('pool', 5, 10)).toBe(5);
});

test('says after how many whole seconds to try again, at least one', () => {
  const { limit } = limitAt(0);
  limit.take('pool', 1);
  expect(limit.take('pool', 1)).toBe(1);
});

test('keeps keys apart', () => {
  const { takeMany } = limitAt(0);
  expect(takeMany('one', 3, 5)).toBe(3);
  expect(takeMany('other', 3, 5)).toBe(3);
});

test('follows a limit that was changed', () => {
  const { clock, takeMany } = limitAt(0);
  expect(takeMany('pool', 2, 5)).toBe(2);
  clock.now += 1000;
  expect(takeMany('pool', 100, 200)).toBe(100);
  clock.now += 1000;
  expect(takeMany('pool', 2, 5)).toBe(2);
});

test('goes on when the clock is set back', () => {
  const { clock, takeMany } = limitAt(10_000_000);
  expect(takeMany('pool', 5, 2)).toBe(2);
  clock.now -= 3_600_000;
  expect(takeMany('pool', 5, 10)).toBe(3);
  clock.now += 1000;
  expect(takeMany('pool', 5, 10)).toBe(5);
});

test('forgets the oldest key when there are too many, which only makes that one’s bucket full', () => {
  const { takeMany } = limitAt(0, 2);
  expect(takeMany('one', 3, 5)).toBe(3);
  takeMany('two', 3, 1);
  takeMany('three', 3, 1);
  expect(takeMany('one', 3, 5)).toBe(3);
});
