import { type CsvError, type Info, parse } from 'csv-parse';
import { importFileErrors } from './contract.ts';

/** A row as it is in the file: cells of CSV, or a line of NDJSON. */
export interface RawRow {
  readonly number: number;
  readonly end: number;
  readonly cells: readonly string[];
  readonly line?: string;
}

/** The longest row there can be: nobody's data, rather a quotation mark that is not closed. */
const maxRowBytes = 4 * 1024 * 1024;

interface Start {
  readonly offset: number;
  readonly row: number;
}

/** Rows of CSV (RFC 4180), whatever ends its lines, those of one piece at a time. Empty rows count, and are passed over. */
export async function* parseCsv(pieces: AsyncIterable<Buffer>, { offset, row }: Start): AsyncGenerator<RawRow[]> {
  const parser = parse({
    info: true,
    bom: true,
    relax_column_count: true,
    relax_quotes: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    max_record_size: maxRowBytes,
  });
  let number = row;
  let rows: RawRow[] = [];
  let failure: unknown;
  parser.on('data', ({ record, info }: { record: string[]; info: Info }) => {
    number += 1;
    if (record.length > 1 || record[0] !== '') rows.push({ number, end: offset + info.bytes, cells: record });
  });
  parser.on('error', (error) => {
    failure = error;
  });
  const check = () => {
    if (failure === undefined) return;
    const isTooLarge = failure instanceof Error && (failure as CsvError).code === 'CSV_MAX_RECORD_SIZE';
    throw isTooLarge ? importFileErrors.rowTooLarge({ row: number, maxBytes: maxRowBytes }) : failure;
  };
  const take = () => {
    const taken = rows;
    rows = [];
    return taken;
  };
  for await (const piece of decodable(pieces, offset)) {
    await new Promise<void>((resolve) => parser.write(piece, () => resolve()));
    check();
    if (rows.length > 0) yield take();
  }
  await new Promise<void>((resolve) => {
    parser.once('end', resolve);
    parser.once('error', () => resolve());
    parser.end();
  });
  check();
  if (rows.length > 0) yield take();
}

/** Lines of NDJSON, those of one piece at a time. Empty ones count, and are passed over. */
export async function* parseLines(pieces: AsyncIterable<Buffer>, { offset, row }: Start): AsyncGenerator<RawRow[]> {
  let number = row;
  let end = offset;
  let rest = Buffer.alloc(0);
  const toRow = (bytes: Buffer): RawRow => {
    const text = bytes.toString('utf8');
    return { number, end, cells: [], line: text.charCodeAt(0) === 0xfeff ? text.slice(1) : text };
  };
  for await (const piece of decodable(pieces, offset)) {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const rows: RawRow[] = [];
    let from = 0;
    for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, from)) {
      const line = bytes.subarray(from, at);
      number += 1;
      end += at + 1 - from;
      from = at + 1;
      if (line.length > 1 || (line.length === 1 && line[0] !== 13)) rows.push(toRow(line));
    }
    rest = Buffer.from(bytes.subarray(from));
    if (rest.length > maxRowBytes) throw importFileErrors.rowTooLarge({ row: number, maxBytes: maxRowBytes });
    if (rows.length > 0) yield rows;
  }
  if (rest.length === 0) return;
  number += 1;
  end += rest.length;
  yield [toRow(rest)];
}

/** The same pieces, unless they are no UTF-8: read as if they were, names would come out mangled. */
async function* decodable(pieces: AsyncIterable<Buffer>, offset: number): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let at = offset;
  const check = (decode: () => string) => {
    try {
      decode();
    } catch {
      throw importFileErrors.notUtf8({ at });
    }
  };
  for await (const piece of pieces) {
    check(() => decoder.decode(piece, { stream: true }));
    at += piece.length;
    yield piece;
  }
  check(() => decoder.decode());
}
