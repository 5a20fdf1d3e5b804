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
