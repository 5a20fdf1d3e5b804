import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeQueryText,
  MAX_QUERY_PARAMETERS,
  parseQueryString,
  toBoolean,
  toNumber,
  toStringList,
} from './query-string.ts';

function parsed(raw: string): unknown {
  return { ...parseQueryString(raw) };
}

describe('parsing a query string', () => {
  test.each([
    ['', {}],
    ['a=1', { a: '1' }],
    ['a=1&b=2&', { a: '1', b: '2' }],
    ['&&a=1&&', { a: '1' }],
    ['a', { a: '' }],
    ['a=', { a: '' }],
    ['=1&a=2', { a: '2' }],
    ['a=b=c', { a: 'b=c' }],
    ['name=zhang+san&plus=1%2B1&and=a%26b', { name: 'zhang san', plus: '1+1', and: 'a&b' }],
    ['name=%E5%BC%A0%E4%B8%89', { name: '张三' }],
    ['a+b=1', { 'a b': '1' }],
  ])('decodes %j', (raw, expected) => {
    expect(parsed(raw)).toEqual(expected);
  });

  test.each([
    ['userIds%5B%5D=a&userIds%5B%5D=b', { userIds: ['a', 'b'] }],
    ['userIds[]=a', { userIds: ['a'] }],
    ['userIds=a&userIds=b&userIds=c', { userIds: ['a', 'b', 'c'] }],
    ['userIds=a&userIds[]=b', { userIds: ['a', 'b'] }],
    ['k[0]=a&k[1]=b', { k: ['a', 'b'] }],
    ['k[1]=b&k[0]=a', { k: ['a', 'b'] }],
    ['k[999999999]=a', { k: ['a'] }],
    ['o[a]=1&o[b][c]=2&o[b][d][]=3', { o: { a: '1', b: { c: '2', d: ['3'] } } }],
    ['o[0][a]=1&o[1][a]=2', { o: [{ a: '1' }, { a: '2' }] }],
  ])('gives %j its structure', (raw, expected) => {
    expect(parsed(raw)).toEqual(expected);
  });

  test.each([
    ['a=100%', { a: '100%' }],
    ['a=%zz', { a: '%zz' }],
    ['a=%E5%BC', { a: '%E5%BC' }],
    ['a=%FF&b=1', { a: '%FF', b: '1' }],
    ['a=50%25+of+100%', { a: '50% of 100%' }],
    ['a[=1', { 'a[': '1' }],
    ['[a]=1', { '[a]': '1' }],
    ['a[b=1', { 'a[b': '1' }],
    ['a[b]c=1', { 'a[b]c': '1' }],
    ['a[][x]=1', { 'a[][x]': '1' }],
    ['a[[]]=1', { 'a[[]]': '1' }],
    ['a[1][2][3][4][5][6][7]=1', { 'a[1][2][3][4][5][6][7]': '1' }],
  ])('keeps %j literally where it is malformed', (raw, expected) => {
    expect(parsed(raw)).toEqual(expected);
  });

  test.each([
    ['k=a&k[x]=b', { k: 'a' }],
    ['k[x]=b&k=a', { k: { x: 'b' } }],
    ['k[]=a&k[x]=b', { k: ['a'] }],
    ['k[x]=b&k[x][y]=c', { k: { x: 'b' } }],
  ])('lets the first shape of a name win in %j', (raw, expected) => {
    expect(parsed(raw)).toEqual(expected);
  });

  test('keeps the order of the parameters', () => {
    expect(Object.keys(parseQueryString('z=1&a=2&m=3&a=4'))).toEqual(['z', 'a', 'm']);
  });

  test('takes names of the object prototype as plain data', () => {
    const parameters = parseQueryString('__proto__=x&constructor[prototype][polluted]=y&o[__proto__][polluted]=z');
    expect(Object.getPrototypeOf(parameters)).toBeNull();
    expect(Object.keys(parameters)).toEqual(['__proto__', 'constructor', 'o']);
    expect(Object.keys(parameters['o'] ?? {})).toEqual(['__proto__']);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
    expect(parseQueryString('').toString).toBeUndefined();
  });

  test('stops reading after the largest number of parameters', () => {
    const raw = Array.from({ length: MAX_QUERY_PARAMETERS + 5 }, (_, index) => `p${index}=1`).join('&');
    expect(Object.keys(parseQueryString(raw))).toHaveLength(MAX_QUERY_PARAMETERS);
  });

  test('never throws, and reads back whatever URLSearchParams wrote', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (raw) => {
        parseQueryString(raw);
        parseQueryString(`a${encodeURIComponent('[')}${raw.replaceAll('&', '')}`);
        expect(decodeQueryText(new URLSearchParams({ '': raw }).toString().slice(1))).toBe(raw.toWellFormed());
      }),
    );
  });
});

describe('reading a boolean', () => {
  test.each([
    ['true', true],
    ['True', true],
    ['1', true],
    ['false', false],
    ['False', false],
    ['0', false],
    ['', undefined],
    [undefined, undefined],
    ['TRUE', 'TRUE'],
    ['yes', 'yes'],
    [['true'], ['true']],
  ])('takes %j for %j', (value, expected) => {
    expect(toBoolean(value)).toEqual(expected);
  });
});

describe('reading a number', () => {
  test.each([
    ['1', 1],
    ['-2.5', -2.5],
    ['+3', 3],
    ['.5', 0.5],
    ['007', 7],
    ['1.65571476389e+12', 1655714763890],
    ['1e 06', 1000000],
    ['1E3', 1000],
    ['', undefined],
    [undefined, undefined],
  ])('takes %j for %j', (value, expected) => {
    expect(toNumber(value)).toBe(expected);
  });

  test.each([
    'abc',
    'Infinity',
    '-Infinity',
    'NaN',
    '0x10',
    '1e999',
    ' 1',
    '1 ',
    '1_000',
    '1,5',
    '.',
    'e5',
    '--1',
    '１',
  ])('leaves %j for the schema to refuse', (value) => {
    expect(toNumber(value)).toBe(value);
  });

  test('leaves a repeated parameter for the schema to refuse', () => {
    expect(toNumber(['1', '2'])).toEqual(['1', '2']);
  });
});

describe('reading a list', () => {
  test.each([
    ['a', ['a']],
    ['a,b,c', ['a', 'b', 'c']],
    ['a, b', ['a', 'b']],
    ['a b', ['a b']],
    ['a,,b,', ['a', 'b']],
    ['[a b]', ['a', 'b']],
    ['[a, b]', ['a', 'b']],
    ['[a]', ['a']],
    ['[Human Resources, Sales]', ['Human Resources', 'Sales']],
    ['[[a], b]', ['[a]', 'b']],
    ['[a', ['[a']],
    ['[', ['[']],
    [
      ['a', 'b,c'],
      ['a', 'b,c'],
    ],
    [[''], ['']],
    ['', undefined],
    [',', undefined],
    ['[]', undefined],
    ['[ ]', undefined],
    [undefined, undefined],
  ])('takes %j for %j', (value, expected) => {
    expect(toStringList(value)).toEqual(expected);
  });

  test('reads the same list from each client', () => {
    for (const raw of ['k%5B%5D=a&k%5B%5D=b', 'k=a&k=b', 'k=%5Ba+b%5D', 'k=[a,%20b]', 'k=a,b', 'k[0]=a&k[1]=b']) {
      expect(toStringList(parseQueryString(raw)['k'])).toEqual(['a', 'b']);
    }
  });

  test('leaves a nested parameter for the schema to refuse', () => {
    expect(toStringList({ x: '1' })).toEqual({ x: '1' });
  });
});
