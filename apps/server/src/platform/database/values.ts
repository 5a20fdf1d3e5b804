import pg from 'pg';

/** Timestamps leave the database as they leave the server: ISO 8601, UTC, milliseconds. */
function toIsoTimestamp(text: string): string {
  // PostgreSQL drops trailing zeros of the fraction: `2026-11-22 23:55:00.1+00`.
  const fraction = text.charCodeAt(19) === 46 ? text.slice(20, text.indexOf('+', 20)) : '';
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${fraction.slice(0, 3).padEnd(3, '0')}Z`;
}

const parsers = new Map<number, (text: string) => unknown>([
  [pg.types.builtins.TIMESTAMPTZ, toIsoTimestamp],
  [pg.types.builtins.INT8, Number],
  [pg.types.builtins.DATE, (text) => text],
]);

/** How values of a type are read, given its OID. */
export function parserOf(oid: number): (text: string) => unknown {
  return parsers.get(oid) ?? pg.types.getTypeParser(oid);
}

/** The same, for clients of `pg`. */
export const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    format === 'binary' ? pg.types.getTypeParser(oid, 'binary') : parserOf(oid),
};
