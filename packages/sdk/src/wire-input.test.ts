import { describe, expect, test } from 'vitest';
import { toWireInput } from './wire-input.ts';

describe('a query', () => {
  test('writes lists with brackets and escapes everything', () => {
    expect(toWireInput('GET', { userIds: ['a', 'b&c'], keywords: 'x y+z 中' })).toEqual({
      search: '?userIds%5B%5D=a&userIds%5B%5D=b%26c&keywords=x%20y%2Bz%20%E4%B8%AD',
      body: undefined,
      signed: '?keywords=x y+z 中&userIds=["a","b&c"]',
    });
  });

  test('neither sends nor signs what it cannot say', () => {
    const unsayable = { tenantId: undefined, status: null, organizationCodeList: [] };
    expect(toWireInput('GET', unsayable)).toEqual({ search: '', body: undefined, signed: '' });
    expect(toWireInput('GET', { ...unsayable, page: 1 }).search).toBe('?page=1');
  });

  test('writes a date as JSON does', () => {
    const { search, signed } = toWireInput('GET', { at: new Date(0) });
    expect(search).toBe('?at=1970-01-01T00%3A00%3A00.000Z');
    expect(signed).toBe('?at=1970-01-01T00:00:00.000Z');
  });

  test('writes objects field by field', () => {
    expect(toWireInput('GET', { o: { a: 1, b: undefined, c: [true] } })).toMatchObject({
      search: '?o%5Ba%5D=1&o%5Bc%5D%5B%5D=true',
      signed: '?o={"a":1,"c":[true]}',
    });
  });

  test('survives half a character', () => {
    expect(toWireInput('GET', { keywords: '\ud800' }).search).toBe('?keywords=%EF%BF%BD');
  });
});

describe('a body', () => {
  test('is signed by its top level, sorted, objects as compact JSON in their own order', () => {
    const input = { username: 'zhang san', customData: { b: 1, a: 'b&c' }, departmentIds: ['d1'], email: null };
    expect(toWireInput('POST', input)).toEqual({
      search: '',
      body: JSON.stringify(input),
      signed: '?customData={"b":1,"a":"b&c"}&departmentIds=["d1"]&email=null&username=zhang san',
    });
  });

  test('leaves out what is undefined, and signs no question mark for nothing', () => {
    expect(toWireInput('POST', { tenantId: undefined })).toEqual({ search: '', body: '{}', signed: '' });
  });

  test('signs dates and odd numbers as they arrive', () => {
    const { body, signed } = toWireInput('POST', { at: new Date(0), size: Number.NaN, list: [new Date(0)] });
    expect(body).toBe('{"at":"1970-01-01T00:00:00.000Z","size":null,"list":["1970-01-01T00:00:00.000Z"]}');
    expect(signed).toBe('?at=1970-01-01T00:00:00.000Z&list=["1970-01-01T00:00:00.000Z"]&size=null');
  });

  test('sorts names by code unit', () => {
    expect(toWireInput('POST', { b: 1, a: 1, B: 1, é: 1 }).signed).toBe('?B=1&a=1&b=1&é=1');
  });
});
