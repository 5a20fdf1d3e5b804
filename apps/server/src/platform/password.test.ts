import { verify } from '@node-rs/argon2';
import { expect, test } from 'vitest';
import { createPasswordHasher } from './password.ts';

const turn = { sharer: 'pool' };

test('hashes every password of a queue, each with a salt of its own', async () => {
  const passwords = createPasswordHasher({ maxRunning: 1 });
  const [first = '', second = ''] = await Promise.all(
    ['passw0rd', 'passw0rd'].map((password) => passwords.hash(password, turn)),
  );
  expect(first).not.toBe(second);
  expect(await verify(first, 'passw0rd')).toBe(true);
  expect(await verify(second, 'password')).toBe(false);
});

test('refuses what would wait too long, and takes on more when the queue is shorter', async () => {
  const passwords = createPasswordHasher({ maxRunning: 1, maxWaiting: 1 });
  const running = passwords.hash('a', turn);
  const waiting = passwords.hash('b', turn);
  await expect(passwords.hash('c', turn)).rejects.toThrow('Temporarily unavailable');
  await running;
  await Promise.all([waiting, passwords.hash('d', turn)]);
});

test('hashes for one user pool after the other, however many passwords one of them brings', async () => {
  const passwords = createPasswordHasher({ maxRunning: 1, cost: { memoryKib: 8, passes: 1, lanes: 1 } });
  const order: string[] = [];
  const hash = (sharer: string) => passwords.hash('passw0rd', { sharer }).then(() => order.push(sharer));
  await Promise.all([...Array.from({ length: 20 }, () => hash('many')), hash('few'), hash('other'), hash('few')]);
  expect(order.slice(0, 6)).toEqual(['many', 'many', 'few', 'other', 'many', 'few']);
});
