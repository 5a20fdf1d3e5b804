/**
 * What a spreadsheet would run as a formula, blanks in front included; and what looks like one made harmless already. In
 * Chinese and Japanese surroundings full-width signs begin one, too.
 */
const formula = /^'*\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;

/**
 * A value as a cell of CSV (RFC 4180). Text that a spreadsheet would take for a formula gets an apostrophe in front, as OWASP
 * advises: whoever can name himself must not be able to run something on an administrator's desk.
 */
function toCell(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'string') return String(value);
  const text = formula.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A line of CSV with its end. */
export function csvLine(values: readonly (string | number | boolean | null | undefined)[]): string {
  return `${values.map(toCell).join(',')}\r\n`;
}

/** The value of a cell: without the apostrophe that `csvLine` or a careful spreadsheet put in front of it. */
export function fromCell(text: string): string {
  return text.startsWith("'") && formula.test(text) ? text.slice(1) : text;
}
