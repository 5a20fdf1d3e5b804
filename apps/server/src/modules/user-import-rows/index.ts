/**
 * Rows of an import file: how CSV and NDJSON become inputs of `create-user`, from any position in the file on.
 */
export { type FilePosition, type ImportedRow, type KnownColumns, readRows, writePath } from './service.ts';
