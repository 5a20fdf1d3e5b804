import { GenAuthConnectionError, GenAuthError } from './errors.ts';
import type { ManagementClient } from './generated/management-client.ts';
import type * as Models from './generated/models/index.ts';
import { delayBefore, wait } from './retry.ts';

/** What a file may come as: whole, or piece by piece, as streams of Node.js and of browsers do. */
export type FileSource = string | Uint8Array | Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>;

/** How users are imported. */
export interface ImportUsersOptions extends Models.UserImportOptionsDto {
  /** Format of the file. */
  readonly format: Models.CreateUserImportDto['format'];
  /** Name of the file, for the history of imports. */
  readonly fileName?: string | undefined;
  /** An import that was interrupted, to be carried on with the same file. */
  readonly importId?: string | undefined;
  /** Stops uploading or watching. An import that is started goes on all the same, on the server. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Milliseconds between two looks at the import.
   *
   * @default 500
   */
  readonly pollInterval?: number | undefined;
}

const CHUNK_BYTES = 512 * 1024;
/** A piece may take its time on a slow line. */
const UPLOAD_TIMEOUT_MS = 120_000;
const MOST_ATTEMPTS = 6;
const NEVER = new AbortController().signal;

/**
 * Imports users from a file of any size and yields the state of the import as it goes: first `uploading`, then that of its
 * job. The last one yielded is final: `done`, `failed` or `canceled`. Interrupted, it is carried on by calling again with the
 * `importId` and the same file. Throws a `GenAuthError` when the server refuses; refused rows are counted in `failed`, and
 * `importReport` says why.
 *
 * @example
 * import { importUsers } from 'genauth';
 *
 * const file = 'username,email\nada,ada@example.com\n';
 * for await (const { state, rows, created, failed } of importUsers(client, file, { format: 'csv' })) {
 *   console.log(`${state}: ${rows} rows, ${created} created, ${failed} refused`);
 * }
 */
export async function* importUsers(
  client: ManagementClient,
  file: FileSource,
  { format, fileName, importId, signal = NEVER, pollInterval = 500, ...options }: ImportUsersOptions,
): AsyncGenerator<Models.UserImportDto, void, undefined> {
  const call = { signal, throwOnError: true };
  let state =
    importId === undefined
      ? (await client.createUserImport({ format, ...(fileName === undefined ? {} : { fileName }), options }, call)).data
      : (await client.getUserImport({ importId }, call)).data;
  yield state;
  if (state.state === 'uploading') {
    const known = state.chunks;
    let index = 0;
    for await (const chunk of inChunks(file)) {
      // What has arrived need not be sent again: pieces of one file are always cut at the same places.
      if (index >= known) {
        const input = { importId: state.importId, index, content: toBase64(chunk) };
        const upload = () => client.uploadUserImportChunk(input, { ...call, timeout: UPLOAD_TIMEOUT_MS });
        state = (await repeatedly(upload, signal)).data;
        yield state;
      }
      index += 1;
    }
    const start = { importId: state.importId, chunkCount: index };
    state = (await repeatedly(() => client.startUserImport(start, call), signal)).data;
    yield state;
  }
  while (state.state === 'waiting' || state.state === 'running') {
    await wait(pollInterval, signal);
    const { importId: id } = state;
    state = (await repeatedly(() => client.getUserImport({ importId: id }, call), signal)).data;
    yield state;
  }
}

/**
 * The rows that an import refused, as CSV (row, field, message): yields the text piece by piece.
 *
 * @example
 * import { importReport } from 'genauth';
 *
 * for await (const text of importReport(client, '6229ffa0a1b2c3d4cade3e3d')) console.log(text);
 */
export async function* importReport(
  client: ManagementClient,
  importId: string,
  { signal = NEVER }: { readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<string, void, undefined> {
  for (let after: number | null = 0; after !== null; ) {
    const input: Models.GetUserImportReportParams = { importId, after, limit: 5000 };
    const { data } = await repeatedly(() => client.getUserImportReport(input, { signal, throwOnError: true }), signal);
    yield data.content;
    after = data.next;
  }
}

/** The bytes of a file in pieces of one size. */
async function* inChunks(file: FileSource): AsyncGenerator<Uint8Array, void, undefined> {
  let chunk = new Uint8Array(CHUNK_BYTES);
  let filled = 0;
  let hasAny = false;
  for await (const piece of typeof file === 'string' || file instanceof Uint8Array ? [file] : file) {
    const bytes = typeof piece === 'string' ? new TextEncoder().encode(piece) : piece;
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + CHUNK_BYTES - filled);
      chunk.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < CHUNK_BYTES) continue;
      yield chunk;
      hasAny = true;
      chunk = new Uint8Array(CHUNK_BYTES);
      filled = 0;
    }
  }
  if (filled > 0) yield chunk.subarray(0, filled);
  // An empty file is for the server to refuse.
  else if (!hasAny) yield new TextEncoder().encode('\n');
}

function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += 0x2000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x2000));
  return btoa(binary);
}

/** Every call of an import leaves the same when it is sent twice, so a server that is away for a while ends nothing. */
export async function repeatedly<Answer>(call: () => Promise<Answer>, signal: AbortSignal = NEVER): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      const isAway =
        error instanceof GenAuthConnectionError ||
        (error instanceof GenAuthError && [429, 502, 503, 504].includes(error.httpStatus));
      if (!isAway || attempt === MOST_ATTEMPTS || signal.aborted) throw error;
      await wait(delayBefore(attempt, { kind: 'failure', cause: error }, machine), signal);
    }
  }
}

const machine = { random: Math.random, now: Date.now };
