import { describe, expect, test } from 'vitest';
import { type PageEnvelope, pagedAnswer, readPage, withPage } from './paged-answer.ts';

/** A list of so many letters. */
function letters(count: number, limit: number, page = 1) {
  const fetched: number[] = [];
  const all = [...'abcdefghijklmnopqrstuvwxyz'].slice(0, count);
  const answer = pagedAnswer<PageEnvelope<string>, string>({
    operation: 'listLetters',
    page,
    limit,
    async fetch(wanted) {
      fetched.push(wanted);
      const list = all.slice((wanted - 1) * limit, wanted * limit);
      return { statusCode: 200, message: '', data: { totalCount: all.length, list } };
    },
  });
  return { answer, fetched, all };
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

describe('a paged answer', () => {
  test('is the promise of one page', async () => {
    const { answer, fetched } = letters(5, 2);
    expect(answer).toBeInstanceOf(Promise);
    expect((await answer).data).toEqual({ totalCount: 5, list: ['a', 'b'] });
    expect(fetched).toEqual([1]);
  });

  test('is all items, each page fetched once', async () => {
    const { answer, fetched } = letters(5, 2);
    expect((await collect(answer)).join('')).toBe('abcde');
    expect(fetched).toEqual([1, 2, 3]);
  });

  test.each([
    [4, [1, 2]],
    [0, [1]],
  ])('of %d items fetches no page in vain', async (count, pages) => {
    const { answer, fetched } = letters(count, 2);
    expect(await collect(answer)).toHaveLength(count);
    expect(fetched).toEqual(pages);
  });

  test('begins with the page that was asked for', async () => {
    expect(await collect(letters(5, 2, 2).answer)).toEqual(['c', 'd', 'e']);
  });

  test('fetches no further than it is read', async () => {
    const { answer, fetched } = letters(26, 2);
    for await (const letter of answer) if (letter === 'c') break;
    expect(fetched).toEqual([1, 2]);
  });

  test('gives pages too', async () => {
    const pages = await collect(letters(3, 2).answer.pages());
    expect(pages.map(({ data }) => data.list)).toEqual([['a', 'b'], ['c']]);
  });

  test('ends when items go while it is read', async () => {
    const { answer, all } = letters(5, 2);
    const read: string[] = [];
    for await (const letter of answer) {
      read.push(letter);
      all.length = 2;
    }
    expect(read).toEqual(['a', 'b']);
  });

  test('throws where a page is refused, the first included', async () => {
    const answer = pagedAnswer<PageEnvelope<string>, string>({
      operation: 'listLetters',
      page: 1,
      limit: 2,
      fetch: async () => JSON.parse('{"statusCode":403,"message":"no","requestId":"q"}'),
    });
    expect(await answer).toMatchObject({ statusCode: 403 });
    await expect(collect(answer)).rejects.toMatchObject({ statusCode: 403, requestId: 'q', operation: 'listLetters' });
  });
});

test('the page of an input is read and set where the operation has it', () => {
  const nested = { at: ['options', 'pagination'], limit: 10 };
  expect(readPage({}, { at: [], limit: 20 })).toEqual({ page: 1, limit: 20 });
  expect(readPage({ options: { pagination: { page: 3, limit: 5 } } }, nested)).toEqual({ page: 3, limit: 5 });
  const input = { keywords: 'a', options: { sort: [], pagination: { limit: 5 } } };
  expect(withPage(input, nested.at, 4)).toEqual({
    keywords: 'a',
    options: { sort: [], pagination: { limit: 5, page: 4 } },
  });
  expect(input.options.pagination).toEqual({ limit: 5 });
  expect(withPage({}, nested.at, 2)).toEqual({ options: { pagination: { page: 2 } } });
});
