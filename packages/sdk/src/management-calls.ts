import { Caller, type Operation } from './call.ts';
import { type CallOptions, type ManagementClientOptions, resolveOptions } from './options.ts';
import { type PagedAnswer, type PageEnvelope, pagedAnswer, readPage, withPage } from './paged-answer.ts';
import type { Envelope } from './transport.ts';

/** A request to a path that the client has no method for. */
export interface RawRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** From `/api` on, without a query. */
  readonly url: string;
  /** What a GET sends, in the query. */
  readonly params?: object | undefined;
  /** What every other method sends, as JSON. */
  readonly data?: object | undefined;
}

/** What every method of the management client stands on. */
export abstract class ManagementCalls {
  readonly #caller: Caller;

  constructor(options: ManagementClientOptions) {
    this.#caller = new Caller(resolveOptions(options));
  }

  /**
   * Calls a path by itself, with the client's credential. For operations that are newer than the client.
   *
   * @example
   * const answer = await client.makeRequest({ method: 'GET', url: '/api/v3/list-organizations', params: { limit: 5 } });
   * console.log(answer.statusCode);
   */
  makeRequest<Answer = Envelope>({ method, url, params, data }: RawRequest, options?: CallOptions): Promise<Answer> {
    const isQuery = method === 'GET';
    return this.call({ name: url, method, path: url, repeatable: isQuery }, (isQuery ? params : data) ?? {}, options);
  }

  protected call<Answer>(operation: Operation, input: object, options?: CallOptions): Promise<Answer> {
    // What the server answers is what its contract says, from which `Answer` was generated; the server tests that.
    return this.#caller.call(operation, input, options) as Promise<Answer>;
  }

  protected list<Answer extends PageEnvelope<Item>, Item>(
    operation: Operation & Required<Pick<Operation, 'paging'>>,
    input: object,
    options?: CallOptions,
  ): PagedAnswer<Answer, Item> {
    const { name, paging } = operation;
    const start = readPage(input, paging);
    return pagedAnswer({
      operation: name,
      ...start,
      // The first page as it was asked for, to the byte.
      fetch: (page) =>
        this.call<Answer>(operation, page === start.page ? input : withPage(input, paging.at, page), options),
    });
  }
}
