import { expect, test } from 'vitest';
import { languageOf } from './language.ts';

test.each([
  [{}, 'en-US'],
  [{ 'x-authing-lang': 'zh-CN' }, 'zh-CN'],
  [{ 'x-authing-lang': 'en-US', 'accept-language': 'zh-CN' }, 'en-US'],
  [{ 'x-genauth-lang': 'zh-CN' }, 'zh-CN'],
  [{ 'x-genauth-lang': 'ZH' }, 'zh-CN'],
  [{ 'x-authing-lang': '', 'x-genauth-lang': 'zh-CN' }, 'zh-CN'],
  [{ 'x-authing-lang': '', 'accept-language': 'zh' }, 'zh-CN'],
  // A language the server does not speak is no choice at all.
  [{ 'x-authing-lang': 'ja-JP', 'accept-language': 'zh-CN' }, 'zh-CN'],
  [{ 'x-authing-lang': 'ja-JP' }, 'en-US'],
  [{ 'accept-language': 'zh-TW,zh;q=0.9,en;q=0.8' }, 'zh-CN'],
  [{ 'accept-language': 'fr, en;q=0.2, zh;q=0.7' }, 'zh-CN'],
  [{ 'accept-language': 'zh;q=0, en;q=0.1' }, 'en-US'],
  [{ 'accept-language': 'zh;q=0' }, 'en-US'],
  [{ 'accept-language': 'en-GB;q=0.5, zh-Hans;q=0.5' }, 'en-US'],
  [{ 'accept-language': '*' }, 'en-US'],
  [{ 'accept-language': 'zh;q=high, ;;;,=' }, 'en-US'],
  [{ 'accept-language': `${'fr,'.repeat(10_000)}zh` }, 'en-US'],
])('%o reads %s', (headers, language) => {
  expect(languageOf(headers)).toBe(language);
});
