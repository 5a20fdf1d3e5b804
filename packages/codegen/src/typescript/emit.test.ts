import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { libraryModel } from '../testing/library.ts';
import { docComment } from './doc-comment.ts';
import { emitTypeScript } from './emit.ts';
import { textLiteral, valueLiteral } from './literal.ts';
import { typeText } from './types.ts';

const files = emitTypeScript(libraryModel());

// `vitest -u` writes these files; what it changed is to be read before it is committed.
test.each(files)('$path is as it was', async ({ path, text }) => {
  await expect(text).toMatchFileSnapshot(`golden/${path.includes('/models/') ? 'models-' : ''}${basename(path)}.txt`);
});

test('the same model gives the same files', () => {
  expect(emitTypeScript(libraryModel())).toEqual(files);
});

test('a section that has no type of its own has no file of types', () => {
  const model = libraryModel();
  const again = { tag: 'Again', operations: model.operations };
  const paths = emitTypeScript({ ...model, sections: [...model.sections, again] }).map(({ path }) => path);
  expect(paths).toEqual(files.map(({ path }) => path));
});

test('the formatter of this repository finds nothing to change', async () => {
  const biome = fileURLToPath(new URL('../../../../node_modules/.bin/biome', import.meta.url));
  const formatted = await Promise.all(
    files.map(async ({ path, text }) => {
      const running = promisify(execFile)(biome, ['format', '--stdin-file-path=emitted.ts']);
      running.child.stdin?.end(text);
      return { path, text: (await running).stdout };
    }),
  );
  expect(formatted).toEqual(files);
});

describe('a literal', () => {
  test.each([
    ['plain', "'plain'"],
    ["Joyce's", '"Joyce\'s"'],
    [`both ' and "`, `'both \\' and "'`],
    ['line\nbreak', "'line\\nbreak'"],
    ['back\\slash', "'back\\\\slash'"],
    ['\u2028', "'\u2028'"],
  ])('of %j means the same', (text, literal) => {
    expect(textLiteral(text)).toBe(literal);
  });

  test('is broken where it does not fit', () => {
    expect(valueLiteral({ list: ['aa', 'bb'], 'a-b': { c: null } }, 20)).toBe(
      "{\n  list: ['aa', 'bb'],\n  'a-b': { c: null },\n}",
    );
  });
});

describe('a type', () => {
  const text = { kind: 'string', nullable: false } as const;

  test('of a list of alternatives binds them together', () => {
    expect(typeText({ kind: 'array', items: { ...text, nullable: true }, nullable: false })).toBe('(string | null)[]');
    expect(
      typeText({ kind: 'array', items: { kind: 'enum', values: ['a', 'b'], nullable: false }, nullable: true }),
    ).toBe("('a' | 'b')[] | null");
    expect(typeText({ kind: 'array', items: { kind: 'map', values: text, nullable: true }, nullable: false })).toBe(
      '(Record<string, string> | null)[]',
    );
  });

  test('of anything is unknown, null included', () => {
    expect(typeText({ kind: 'any', nullable: true })).toBe('unknown');
  });
});

describe('a comment', () => {
  test('cannot be ended by its text', () => {
    expect(docComment(['never */ here'], '')).toBe('/** never *\\/ here */\n');
  });

  test('is wrapped, items of a list hanging', () => {
    const item = `- ${'word '.repeat(30).trim()}`;
    const lines = docComment([`Fails with:\n${item}`], '  ')
      .trimEnd()
      .split('\n');
    expect(lines.every((line) => line.length <= 120)).toBe(true);
    expect(lines[3]).toMatch(/^ {3}\* {3}word/);
  });
});
