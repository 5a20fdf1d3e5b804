import { GenAuthError } from './errors.ts';
import { toFailure } from './transport.ts';

/** The envelope of a paged list. */
export interface PageEnvelope<Item> {
  readonly statusCode: number;
  readonly message: string;
  readonly data: { readonly totalCount: number; readonly list: readonly Item[] };
}

/**
 * The answer of a paged list: a promise of the one page that was asked for, or, in a `for await`, all items from that page
 * on. Further pages are fetched when the loop gets there; a page that fails throws a `GenAuthError`.
 *
 * @example
 * const { data } = await client.listOrganizations({ limit: 50 });
 * console.log(`${data.list.length} of ${data.totalCount}`);
 *
 * for await (const organization of client.listOrganizations({ limit: 50 })) {
 *   console.log(organization.organizationName);
 * }
 */
export interface PagedAnswer<Answer, Item> extends Promise<Answer>, AsyncIterable<Item> {
  /** The answers page by page, where `totalCount` or the `requestId` of each is wanted. */
  pages(): AsyncIterable<Answer>;
}

/** What is needed to ask for the page after the first. */
export interface PageSource<Answer> {
  readonly operation: string;
  /** Number of the first page, from 1. */
  readonly page: number;
  /** Items on a page. */
  readonly limit: number;
  fetch(page: number): Promise<Answer>;
}

/** Makes the answer of a paged list. The first page is asked for at once, as with every other operation. */
export function pagedAnswer<Answer extends PageEnvelope<Item>, Item>(
  source: PageSource<Answer>,
): PagedAnswer<Answer, Item> {
  const first = source.fetch(source.page);
  const pages = () => pagesFrom<Answer, Item>(first, source);
  return Object.assign(first, {
    pages,
    async *[Symbol.asyncIterator]() {
      for await (const { data } of pages()) yield* data.list;
    },
  });
}

async function* pagesFrom<Answer extends PageEnvelope<Item>, Item>(
  first: Promise<Answer>,
  { operation, page, limit, fetch }: PageSource<Answer>,
): AsyncGenerator<Answer> {
  let seen = (page - 1) * limit;
  for (let current = page; ; current += 1) {
    const answer = await (current === page ? first : fetch(current));
    if (answer.statusCode !== 200) throw new GenAuthError(toFailure(operation, 200, answer));
    yield answer;
    const { list, totalCount } = answer.data;
    seen += list.length;
    // An empty page ends the loop too: items may have gone since they were counted.
    if (list.length === 0 || seen >= totalCount) return;
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** The page and limit that an input names, with the defaults of the operation. */
export function readPage(input: object, { at, limit }: { at: readonly string[]; limit: number }) {
  const place = at.reduce<Fields>((inside, name) => toFields(inside[name]), toFields(input));
  const { page, limit: asked } = place;
  return { page: typeof page === 'number' ? page : 1, limit: typeof asked === 'number' ? asked : limit };
}

/** The same input for another page. */
export function withPage(input: object, at: readonly string[], page: number): Fields {
  const [name, ...rest] = at;
  const fields = toFields(input);
  return name === undefined ? { ...fields, page } : { ...fields, [name]: withPage(toFields(fields[name]), rest, page) };
}

function toFields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
