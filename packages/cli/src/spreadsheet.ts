import { readFile } from 'node:fs/promises';
import { readSheet } from 'read-excel-file/node';
import writeWorkbook from 'write-excel-file/node';
import { UsageError } from './usage-error.ts';

/** A workbook is read whole. What is larger than this belongs into a CSV file, which is not. */
const maxWorkbookBytes = 64 * 1024 * 1024;
/** Of all its parts, unpacked: what is packed a thousand times smaller is no table of people, but meant to fill the memory. */
const maxUnpackedBytes = 1024 ** 3;

/** The first sheet of a workbook as CSV, row by row, so that rows keep their numbers. */
export async function* sheetAsCsv(path: string): AsyncGenerator<string> {
  const content = await readFile(path);
  if (content.length > maxWorkbookBytes) {
    throw new UsageError(`${path} is larger than ${maxWorkbookBytes} bytes. Save it as "CSV UTF-8" and import that.`);
  }
  if (unpackedBytesOf(content) > maxUnpackedBytes) {
    throw new UsageError(`${path} is larger than ${maxUnpackedBytes} bytes when it is unpacked.`);
  }
  const rows = await readSheet(content).catch((error: unknown) => {
    throw new UsageError(`${path} cannot be read as a workbook: ${error instanceof Error ? error.message : error}`);
  });
  for (const row of rows) yield `${row.map((value) => quote(toText(value))).join(',')}\n`;
}

/** What the directory of a ZIP archive says of the sizes of its files (APPNOTE 4.3.12 and 4.3.16); 0 for what is none. */
function unpackedBytesOf(archive: Buffer): number {
  const end = archive.lastIndexOf('PK\u0005\u0006', undefined, 'latin1');
  if (end === -1 || end + 22 > archive.length) return 0;
  let at = archive.readUInt32LE(end + 16);
  let bytes = 0;
  while (at + 46 <= end && archive.readUInt32LE(at) === 0x02014b50) {
    bytes += archive.readUInt32LE(at + 24);
    at += 46 + archive.readUInt16LE(at + 28) + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return bytes;
}

/** Rows a workbook is written with at most: it is made in memory. */
export const maxSheetRows = 200_000;

/** Writes a workbook of one sheet. Everything is a value: nothing in it is a formula, whatever it begins with. */
export async function writeSheet(
  path: string,
  fields: readonly string[],
  rows: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  const header = fields.map((field) => ({ value: field, type: String, fontWeight: 'bold' as const }));
  const cells = rows.map((row) => fields.map((field) => toSheetCell(row[field])));
  await writeWorkbook([header, ...cells], { stickyRowsCount: 1 }).toFile(path);
}

function toSheetCell(value: unknown) {
  if (typeof value === 'boolean') return { value, type: Boolean };
  if (typeof value === 'number') return { value, type: Number };
  if (Array.isArray(value)) return { value: value.join('; '), type: String };
  return typeof value === 'string' ? { value, type: String } : null;
}

function toText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) {
    const iso = value.toISOString();
    return iso.endsWith('T00:00:00.000Z') ? iso.slice(0, 10) : iso;
  }
  return String(value);
}

/** The server takes an apostrophe off what would be a formula without it; one that belongs to the value is doubled. */
function quote(text: string): string {
  const kept = /^'+\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(kept) ? `"${kept.replaceAll('"', '""')}"` : kept;
}
