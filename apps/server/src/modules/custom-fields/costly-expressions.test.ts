import { expect, test } from 'vitest';
import { testUserPool } from '../../testing/server.ts';

test('expressions that take long are given up, and meanwhile other user pools are answered', async () => {
  const [pool, other] = await Promise.all([testUserPool(), testUserPool()]);
  const letters = 'abcdefghijklmnopqrst';
  const fields = [...letters].map((letter) => ({
    targetType: 'USER',
    key: `field_${letter}`,
    validateRules: [...'0123456789'].map((digit) => ({ type: 'regExp', content: `(.*[${letter}${digit}].*){65}$` })),
  }));
  await pool.do('setCustomFields', { list: fields });
  // Some text in which every expression finds much to try.
  const text = (letter: string) =>
    Array.from({ length: 1000 }, (_, at) => ((at * at + at) % 7 < 3 ? letter : String((at * 31) % 10))).join('');
  const customData = Object.fromEntries([...letters].map((letter) => [`field_${letter}`, text(letter)]));
  await other.do('listUsers');
  const startedAt = performance.now();
  const attack = pool.call('createUser', { username: 'mallory', customData });
  const waits: number[] = [];
  let isOver = false;
  attack.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    const askedAt = performance.now();
    await other.do('getUserBatch', { userIds: ['nobody'] });
    waits.push(performance.now() - askedAt);
  }
  expect(await attack).toMatchObject({ statusCode: 422, message: expect.stringContaining('takes too long') });
  expect(performance.now() - startedAt).toBeLessThan(5000);
  expect(Math.max(...waits)).toBeLessThan(1500);
  expect(await pool.rows('users')).toEqual([]);
});
