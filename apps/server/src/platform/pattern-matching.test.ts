import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { createPatternMatching, type Question } from './pattern-matching.ts';

const matching = createPatternMatching();
afterAll(matching.hold());

const asked = vi.spyOn(Worker.prototype, 'postMessage');
afterEach(() => void asked.mockClear());

/** Seconds of work, even where it goes fast: all different, because an expression learns from one text for the next. */
const costly = [...'abcdefghijklmnopqrstuvwxyz'].flatMap((letter) =>
  Array.from({ length: 40 }, (_, at) => ({ expression: `\\p{L}{${400 + at}}[^${letter}]?`, text: 'aé中'.repeat(341) })),
);

test('says of each text whether it matches, and of each expression whether it can be used', async () => {
  const questions = [
    { expression: '^a+$', text: 'aaa' },
    { expression: '^a+$', text: 'aab' },
    { expression: '^b+$', text: 'bbb' },
    { expression: '(?=a)', text: 'a' },
    { expression: '(?=a)' },
    { expression: '\\d{3}' },
  ];
  expect(await matching.match('pool', questions, 10_000)).toEqual([true, false, true, false, false, true]);
  expect(await matching.match('pool', [], 10_000)).toEqual([]);
});

test('asks once for a thousand rows', async () => {
  const questions = Array.from({ length: 1000 }, (_, at) => ({ expression: '^[0-9]{1,3}$', text: String(at) }));
  const answers = await matching.match('pool', questions, 10_000);
  expect(answers.filter(Boolean)).toHaveLength(1000);
  expect(asked).toHaveBeenCalledTimes(1);
  expect(asked.mock.calls[0]?.[0].expressions).toEqual(['^[0-9]{1,3}$']);
});

test('packs many more in several messages, and answers all of them in order', async () => {
  const questions = Array.from({ length: 25_000 }, (_, at) => ({ expression: '[05]$', text: String(at) }));
  const answers = await matching.match('pool', questions, 60_000);
  expect(answers).toEqual(questions.map(({ text }) => /[05]$/.test(text)));
  expect(asked).toHaveBeenCalledTimes(5);
});

test('leaves the event loop to others while the worst is matched, and stops when the time is up', async () => {
  let turns = 0;
  let isWaiting = true;
  const count = () => {
    turns += 1;
    if (isWaiting) setImmediate(count);
  };
  count();
  const answers = await matching.match('pool', costly, 300);
  isWaiting = false;
  expect(answers.length).toBeLessThan(costly.length);
  // In this thread there would have been none.
  expect(turns).toBeGreaterThan(100);
});

test('lets sharers take turns: who asks little is not behind all that another asks', { timeout: 60_000 }, async () => {
  const done: string[] = [];
  const ask = async (sharer: string, questions: readonly Question[]) => {
    await matching.match(sharer, questions, 60_000);
    done.push(sharer);
  };
  // Many turns of work, whatever the machine: none of these has been matched yet.
  const many = Array.from({ length: 4 }, () => ask('many', costly.slice(-60)));
  await Promise.all([...many, ask('few', [{ expression: 'a', text: 'a' }])]);
  expect(done).toEqual(['few', 'many', 'many', 'many', 'many']);
});

test('forgets what expressions have learnt before it becomes too much', { timeout: 60_000 }, async () => {
  // Each of them takes some 5 MB, and the thread may have 512 MB.
  const many = costly.slice(0, 160);
  expect(await matching.match('pool', many, 60_000)).toEqual(many.map(() => true));
});

test('ends with the last server of the process, what still waits is told so, and the next question starts it anew', async () => {
  const own = createPatternMatching();
  const [first, last] = [own.hold(), own.hold()];
  const ended = expect(own.match('pool', costly, 60_000)).rejects.toThrow('that matches patterns has ended');
  await first();
  expect(await own.match('other', [{ expression: 'a', text: 'a' }], 10_000)).toEqual([true]);
  await last();
  await ended;
  expect(await own.match('pool', [{ expression: 'a', text: 'a' }], 10_000)).toEqual([true]);
  await own.hold()();
});
