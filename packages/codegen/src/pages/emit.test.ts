import { expect, test } from 'vitest';
import type { Field } from '../model.ts';
import { libraryModel } from '../testing/library.ts';
import { areasOf } from './areas.ts';
import { emitPages } from './emit.ts';
import { anchor, cell, code, fieldWords, table, typeWords, valueWords } from './markdown.ts';

const files = emitPages(libraryModel());
const content = 'apps/docs/content/';

// `vitest -u` writes these files; what it changed is to be read before it is committed.
test.each([
  'en/errors.md',
  'en/reference/python/shelf-content/index.md',
  'en/reference/python/shelf-content/add-books.md',
  'en/reference/java/shelf-content/find-books.md',
  'en/reference/nodejs/shelves/create-shelf.md',
  'zh/reference/nodejs/shelves/list-shelves.md',
])('%s is as it was', async (path) => {
  const text = files.find((file) => file.path === content + path)?.text;
  await expect(text).toMatchFileSnapshot(`golden/${path.replaceAll('/', '-')}.txt`);
});

test('there is a page for every operation, area and SDK in every language', () => {
  const { operations } = libraryModel();
  const areas = areasOf(libraryModel());
  expect(files).toHaveLength(2 * (1 + 3 * (operations.length + areas.length)));
  expect(new Set(files.map(({ path }) => path)).size).toBe(files.length);
});

test('the same model gives the same files', () => {
  expect(emitPages(libraryModel())).toEqual(files);
});

test('known sections share an area, others have one of their own', () => {
  const model = libraryModel();
  const [first, second, third] = model.operations;
  if (first === undefined || second === undefined || third === undefined) throw new Error('too few operations');
  const operations = [
    { ...first, tag: 'Organizations' },
    { ...second, tag: 'Departments' },
    { ...third, tag: 'Something New' },
  ];
  expect(areasOf({ ...model, operations }).map(({ slug, title }) => [slug, title.zh])).toEqual([
    ['organization-management', '组织机构管理'],
    ['something-new', 'Something New'],
  ]);
});

test('what would end a cell is escaped, in code too', () => {
  expect(table(['a'], [[cell('x | y\nz')], [code('x|y')]])).toEqual([
    '| a |',
    '| --- |',
    '| x \\| y z |',
    '| `x\\|y` |',
  ]);
  expect(code('a `b`')).toBe('`` a `b` ``');
});

test('types read as in the published reference', () => {
  const book = { kind: 'ref', name: 'BookDto', nullable: true } as const;
  expect(typeWords(book, { withNull: false })).toBe('[BookDto](#bookdto)');
  expect(typeWords({ kind: 'array', items: book, nullable: false }, { withNull: true })).toBe(
    '([BookDto](#bookdto) \\| null)[]',
  );
  expect(typeWords({ kind: 'enum', values: ['a', 'b'], nullable: false }, { withNull: true })).toBe('string');
});

test('a description says what its type allows', () => {
  const field: Field = {
    name: 'sizes',
    type: { kind: 'array', items: { kind: 'enum', values: ['S', 'L'], nullable: false }, nullable: false },
    required: true,
    description: { en: 'Sizes', zh: '尺寸' },
    bounds: { minItems: 1, maxItems: 2 },
    secret: false,
    deprecated: false,
  };
  expect(fieldWords(field, 'en')).toBe('Sizes. One of `S`, `L`. 1 to 2 items.');
  expect(fieldWords(field, 'zh')).toBe('尺寸。可选值： `S`, `L`。1 至 2 项。');
});

test('values read plainly', () => {
  expect([undefined, '', 'a', 1, false, ['a']].map(valueWords)).toEqual(['-', '-', '`a`', '`1`', '`false`', '`["a"]`']);
});

test('headings have one address in pages and site', () => {
  expect(anchor('Request Response')).toBe('request-response');
  expect(anchor('请求参数')).toBe('请求参数');
});
