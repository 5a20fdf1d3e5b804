import { objectIdPattern } from '@genauth/contract';
import { expect, test } from 'vitest';
import { newId, newSecret } from './ids.ts';

test('ids are 24 hex digits, none twice, each after the one before, also within a millisecond', () => {
  const now = Date.now();
  const ids = Array.from({ length: 20_000 }, (_, at) => newId(now + Math.floor(at / 10_000)));
  for (const id of ids) expect(id).toMatch(objectIdPattern);
  expect(new Set(ids).size).toBe(ids.length);
  expect([...ids].sort()).toEqual(ids);
});

test('ids stay in order when the clock is set back', () => {
  const now = Date.now() + 1000;
  const before = newId(now);
  expect(newId(now - 60_000) > before).toBe(true);
});

test('secrets are 32 hex digits, none twice', () => {
  const secrets = Array.from({ length: 1000 }, newSecret);
  for (const secret of secrets) expect(secret).toMatch(/^[0-9a-f]{32}$/);
  expect(new Set(secrets).size).toBe(secrets.length);
});
