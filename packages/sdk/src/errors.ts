/** What is known of a failure that the server told. */
export interface Failure {
  readonly statusCode: number;
  readonly apiCode?: number | undefined;
  readonly requestId?: string | undefined;
  readonly message: string;
  readonly operation: string;
  readonly httpStatus: number;
}

/**
 * The server refused a call. Thrown for every answer whose `statusCode` is not 200 where `throwOnError` asks for it, while
 * iterating over pages, and always when HTTP itself says that the call failed (429, 503).
 *
 * @example
 * try {
 *   await client.getOrganization({ organizationCode: 'nobody' }, { throwOnError: true });
 * } catch (error) {
 *   if (!(error instanceof GenAuthError)) throw error;
 *   console.log(error.statusCode, error.message, error.requestId);
 * }
 */
export class GenAuthError extends Error {
  override readonly name = 'GenAuthError';
  /** The envelope's status, such as 404; HTTP's own where the answer had no envelope. */
  readonly statusCode: number;
  /** The finer code of the catalogue, where there is one. */
  readonly apiCode: number | undefined;
  /** Name it when you ask for support. */
  readonly requestId: string | undefined;
  /** Method that was called: `getOrganization`. */
  readonly operation: string;
  readonly httpStatus: number;

  constructor({ statusCode, apiCode, requestId, message, operation, httpStatus }: Failure) {
    super(message);
    this.statusCode = statusCode;
    this.apiCode = apiCode;
    this.requestId = requestId;
    this.operation = operation;
    this.httpStatus = httpStatus;
  }
}

/** No answer came: the server was not reached, the connection broke, or the time ran out. The reason is in `cause`. */
export class GenAuthConnectionError extends Error {
  override readonly name = 'GenAuthConnectionError';
  /** Method that was called: `getOrganization`. */
  readonly operation: string;
  /** Whether the call took longer than `timeout`. */
  readonly timedOut: boolean;

  constructor(operation: string, message: string, { timedOut, cause }: { timedOut: boolean; cause?: unknown }) {
    super(message, { cause });
    this.operation = operation;
    this.timedOut = timedOut;
  }
}
