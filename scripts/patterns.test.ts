/** No pattern of the server takes long over any text, however it is made: regular expressions backtrack in the thread of all. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isSafe } from 'redos-detector';
import ts from 'typescript';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Pattern {
  readonly file: string;
  readonly pattern: RegExp;
}

/** Every regular expression written in the sources of what answers requests, and places that make one of a text. */
function patternsOfServer(): { readonly written: readonly Pattern[]; readonly made: readonly string[] } {
  const written = new Map<string, Pattern>();
  const made: string[] = [];
  for (const file of globSync('{apps/server,packages/contract}/src/**/*.ts', { cwd: root })) {
    if (file.endsWith('.test.ts') || file.includes('/testing/')) continue;
    const source = ts.createSourceFile(file, readFileSync(root + file, 'utf8'), ts.ScriptTarget.Latest, true);
    const visit = (node: ts.Node): void => {
      if (ts.isRegularExpressionLiteral(node)) {
        const end = node.text.lastIndexOf('/');
        written.set(node.text, { file, pattern: new RegExp(node.text.slice(1, end), node.text.slice(end + 1)) });
      }
      if ((ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText() === 'RegExp')
        made.push(file);
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return { written: [...written.values()], made };
}

/** Not proven, and why that is no danger. */
const harmless: Readonly<Record<string, string>> = {
  '/\\{(\\w+)\\}/g': 'reads the wordings of our own errors',
  '/^(.*?) -D (.*?) -c /': 'reads the command line of our own PostgreSQL',
  '/\\\\[pPxu]\\{[^}]*\\}|\\\\.|\\[(?:\\\\.|[^\\]\\\\])*\\]|\\{\\d+(?:,\\d*)?\\}|./gsu':
    'reads an expression of a custom field, which is 512 characters at most by then',
};

const { written, made } = patternsOfServer();

test('there are patterns to look at', () => {
  expect(written.length).toBeGreaterThan(40);
});

test('none is made of a text that came from outside', () => {
  expect(made).toEqual([]);
});

/** As much as a body holds of every short text that patterns look for, with an end that none expects. */
const longTexts = [
  'a',
  '0',
  '-',
  ' ',
  '.',
  'a.',
  'a-',
  '0.',
  '%41',
  'a@',
  'é',
  '\u0301',
  `${'a'.repeat(63)}.`,
  '2026-01-01T',
].flatMap((part) => ['', 'a@', '2026-01-01T'].map((start) => `${start}${part.repeat((1024 * 1024) / part.length)}☃`));

test.each(written)('$file $pattern', { timeout: 30_000 }, ({ pattern }) => {
  if (String(pattern) in harmless) return;
  // Proven, or too large to be proven; then tried, as all are.
  const { safe, error } = isSafe(pattern, { timeout: 2_000 });
  expect(safe || error === 'timedOut', `${pattern} can backtrack without end (${error})`).toBe(true);
  for (const text of longTexts) {
    const startedAt = performance.now();
    pattern.lastIndex = 0;
    pattern.test(text);
    expect([text.slice(0, 20), performance.now() - startedAt > 1_000]).toEqual([text.slice(0, 20), false]);
  }
});
