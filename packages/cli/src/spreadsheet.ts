import { readFile } from 'node:fs/promises';
import { readSheet } from 'read-excel-file/node';
import { UsageError } from './usage-error.ts';

/** A workbook is read whole. What is larger than this belongs into a CSV file, which is not. */
const maxWorkbookBytes = 64 * 1024 * 1024;

/** The first sheet of a workbook as CSV, row by row, so that rows keep their numbers. */
export async function* sheetAsCsv(path: string): AsyncGenerator<string> {
  const content = await readFile(path);
  if (content.length > maxWorkbookBytes) {
    throw new UsageError(`${path} is larger than ${maxWorkbookBytes} bytes. Save it as "CSV UTF-8" and import that.`);
  }
  const rows = await readSheet(content).catch((error: unknown) => {
    throw new UsageError(`${path} cannot be read as a workbook: ${error instanceof Error ? error.message : error}`);
  });
  for (const row of rows) yield `${row.map((value) => quote(toText(value))).join(',')}\n`;
}

function toText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) {
    const iso = value.toISOString();
    return iso.endsWith('T00:00:00.000Z') ? iso.slice(0, 10) : iso;
  }
  return String(value);
}

function quote(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
