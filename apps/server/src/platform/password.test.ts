import { verify } from '@node-rs/argon2';
import { expect, test } from 'vitest';
import { createPasswordHasher } from './password.ts';

test('hashes every password of a queue, each with a salt of its own', async () => {
  const passwords = createPasswordHasher({ maxRunning: 1 });
  const [first = '', second = ''] = await Promise.all(['passw0rd', 'passw0rd'].map(passwords.hash));
  expect(first).not.toBe(second);
  expect(await verify(first, 'passw0rd')).toBe(true);
  expect(await verify(second, 'password')).toBe(false);
});

test('refuses what would wait too long, and takes on more when the queue is shorter', async () => {
  const passwords = createPasswordHasher({ maxRunning: 1, maxWaiting: 1 });
  const running = passwords.hash('a');
  const waiting = passwords.hash('b');
  await expect(passwords.hash('c')).rejects.toThrow('Temporarily unavailable');
  await running;
  await Promise.all([waiting, passwords.hash('d')]);
});
