import { expect, test } from 'vitest';
import { parsePattern } from './patterns.ts';

test('reads regular expressions as JavaScript writes them', () => {
  expect(parsePattern('^[\\u4e00-\\u9fa5]{2,4}$')?.matches('张三')).toBe(true);
  expect(parsePattern('\\d{3}')?.matches('a123b')).toBe(true);
  expect(parsePattern('^\\p{Lu}')?.matches('abc')).toBe(false);
});

test('takes nothing that cannot be matched in time linear to the text', () => {
  for (const expression of ['(', '(?=a)b', '(?<!a)b', '(a)\\1', 'a{1001}', '(a{1,100}){1,100}', 'a'.repeat(600)]) {
    expect([expression, parsePattern(expression)]).toEqual([expression, undefined]);
  }
  const pattern = parsePattern('^(a+)+(a|aa)+(.*b){10}$');
  const startedAt = performance.now();
  expect(pattern?.matches(`${'a'.repeat(20_000)}!`)).toBe(false);
  expect(performance.now() - startedAt).toBeLessThan(2000);
});

test('what would be large is refused before it is made', () => {
  const startedAt = performance.now();
  for (const expression of [
    'a{1000}'.repeat(73),
    `(${'a'.repeat(490)}){500}`,
    '((a{10}){10}){10}',
    '(?:(\\w{30}[^)]){30}',
  ]) {
    expect([expression, parsePattern(expression)]).toEqual([expression, undefined]);
  }
  expect(performance.now() - startedAt).toBeLessThan(100);
  for (const expression of [
    '^[\\]{1000}]$',
    '\\u{1000}',
    '\\{1000}',
    '^(?:[a-z0-9]+\\.)*[a-z]{2,60}@([a-z0-9-]+\\.)+[a-z]{2,63}$',
  ]) {
    expect(parsePattern(expression)).toBeDefined();
  }
});
