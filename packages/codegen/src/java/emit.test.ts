import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Json } from '../json.ts';
import { libraryModel } from '../testing/library.ts';
import { emitJava } from './emit.ts';
import { constantName, propertyName, requestClass, variableName } from './names.ts';
import { RequestStatements } from './statements.ts';
import { html, javadoc } from './text.ts';

const model = libraryModel();
const files = emitJava(model);

// `vitest -u` writes these files; what it changed is to be read before it is committed.
test.each(files)('$path is as it was', async ({ path, text }) => {
  await expect(text).toMatchFileSnapshot(`golden/${basename(path)}.txt`);
});

test('the same model gives the same files', () => {
  expect(emitJava(libraryModel())).toEqual(files);
});

describe('names', () => {
  test.each([
    ['userIds', 'UserIds', 'userIds'],
    ['access_token', 'AccessToken', 'accessToken'],
    ['zh-CN', 'ZhCN', 'zhCN'],
    ['class', 'Class', 'classValue'],
    ['2fa', '2fa', '_2fa'],
  ])('of the field %s are %s and %s', (wireName, property, variable) => {
    expect([propertyName(wireName), variableName(wireName)]).toEqual([property, variable]);
  });

  test.each([
    ['department_id', 'DEPARTMENT_ID'],
    ['userPool', 'USER_POOL'],
    ['zh-CN', 'ZH_CN'],
    ['2fa', '_2FA'],
  ])('of the value %s is %s', (value, constant) => {
    expect(constantName(value)).toBe(constant);
  });

  test('of classes for queries are the published ones', () => {
    const [query] = model.operations.filter(({ method }) => method === 'GET');
    if (query === undefined) throw new Error('the library has a query');
    expect(requestClass(model, { ...query, name: 'getOrganizationsBatch' })).toBe('GetOrganizationBatchDto');
    expect(requestClass(model, { ...query, name: 'getDepartment' })).toBe('GetDepartmentDto');
    expect(requestClass(model, { ...query, name: 'getDepartment', fields: [] })).toBeUndefined();
  });
});

describe('Javadoc', () => {
  test('shows its text as it is, code as code', () => {
    expect(html('a < b & `List<T>` */ {x} @y')).toBe('a &lt; b &amp; {@code List<T>} *&#47; &#123;x&#125; &#64;y');
  });

  test('is wrapped, tags hanging', () => {
    const lines = javadoc([`@return ${'word '.repeat(40).trim()}`], '    ');
    expect(lines.every((line) => line.length <= 120)).toBe(true);
    expect(lines[2]).toMatch(/^ {5}\* {5}word/);
  });
});

test('statements build inner objects first, and maps entry by entry', () => {
  const operation = model.operations.find(({ name }) => name === 'createShelf');
  if (operation === undefined) throw new Error('the library has createShelf');
  const any = { kind: 'map', values: { kind: 'any', nullable: true }, nullable: false } as const;
  const field = {
    name: 'customData',
    type: any,
    required: true,
    description: { en: '', zh: '' },
    bounds: {},
    secret: false,
    deprecated: false,
  };
  const input = new Map<string, Json>([['customData', { a: { b: 1.5 }, c: ['x', 3_000_000_000] }]]);
  expect(new RequestStatements(model, { ...operation, fields: [field] }, input).lines).toEqual([
    'Map<String, Object> values2 = new HashMap<>();',
    'values2.put("b", 1.5d);',
    'Map<String, Object> values = new HashMap<>();',
    'values.put("a", values2);',
    'values.put("c", Arrays.asList("x", 3000000000L));',
    'CreateShelfReqDto request = new CreateShelfReqDto();',
    'request.setCustomData(values);',
  ]);
});
