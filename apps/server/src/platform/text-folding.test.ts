import { expect, test } from 'vitest';
import { foldText } from './text-folding.ts';

test.each([
  ['STRASSE', 'Straße', 'strasse'],
  ['ẞ', 'ss', 'ss'],
  ['Istanbul', 'İstanbul', 'istanbul'],
  ['ΟΔΟΣ', 'οδος', 'οδοσ'],
  ['ＡＢＣ１２３', 'abc123', 'abc123'],
  ['e\u0301', 'É', 'é'],
  ['ﬁne', 'FINE', 'fine'],
  ['張\u3000三', '張 三', '張 三'],
  ['a\u0000\t b', 'A B', 'a b'],
  ['👩‍💻', '👩‍💻', '👩‍💻'],
])('%j and %j are the same', (one, other, folded) => {
  expect([foldText(one), foldText(other)]).toEqual([folded, folded]);
});

test('folding twice changes nothing, whatever the character', () => {
  for (let code = 0; code <= 0x1ffff; code += 1) {
    const once = foldText(`a${String.fromCodePoint(code)}b`);
    if (foldText(once) !== once) throw new Error(`U+${code.toString(16)}`);
  }
});

test('plain texts come to the same the short way as beside a character that is not plain', () => {
  for (let code = 0x20; code < 0x7f; code += 1) {
    const text = `${String.fromCodePoint(code)}  B ${String.fromCodePoint(code)}`;
    expect(foldText(`字${text}`)).toBe(`字${foldText(text)}`);
  }
});
