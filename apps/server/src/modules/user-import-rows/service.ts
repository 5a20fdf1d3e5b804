import type { ApiError } from '@genauth/contract';
import { fromCell } from '../../platform/csv.ts';
import { requestErrors } from '../../platform/errors.ts';
import { importFileErrors, importRowErrors } from './contract.ts';
import { parseCsv, parseLines, type RawRow } from './text.ts';

/** A row as an input of `create-user`, not yet checked, with departments still as paths. */
export interface ImportedRow {
  /** As a spreadsheet counts: the names of the columns of a CSV file are row 1. */
  readonly number: number;
  /** Bytes of the file up to its end. */
  readonly end: number;
  readonly values: Readonly<Record<string, unknown>>;
  readonly paths: readonly (readonly string[])[];
  /** Whether it says that its user is not disabled, which is more than not to say that he is. */
  readonly isEnabled?: boolean;
  /** Why it cannot be read. */
  readonly problem?: ApiError;
}

/** What a file may have columns for, beside the fields of `create-user`. */
export interface KnownColumns {
  /** Fields of `create-user` that are taken as they are: texts, and in NDJSON objects and lists. */
  readonly plain: ReadonlySet<string>;
  /** Fields that reads answer and nobody can set: passed over, so that what was exported can be imported. */
  readonly readOnly: ReadonlySet<string>;
  /** Custom fields by key, with their types. */
  readonly customFields: ReadonlyMap<string, string>;
  /** Columns that the caller explained. */
  readonly renamed: Readonly<Record<string, string | null>>;
}

/** Where to go on in a file. */
export interface FilePosition {
  readonly offset: number;
  readonly row: number;
  /** The fields of its columns, null for one to pass over; absent until the first row is read. */
  readonly columns?: readonly (string | null)[] | undefined;
}

/** Rows of a file from a position on, those of one piece at a time. `pieces` begin at the position. */
export async function* readRows(
  format: 'csv' | 'ndjson',
  pieces: AsyncIterable<Buffer>,
  start: FilePosition,
  known: KnownColumns,
): AsyncGenerator<{ readonly rows: readonly ImportedRow[]; readonly columns: readonly (string | null)[] }> {
  let columns = start.columns;
  const find = remembering((name) => findField(name, known));
  const raw = format === 'csv' ? parseCsv(pieces, start) : parseLines(pieces, start);
  for await (const piece of raw) {
    let rows = piece;
    if (format === 'csv' && columns === undefined) {
      const [header, ...others] = piece;
      if (header === undefined) continue;
      const { cells } = header;
      if (cells.length === 1 && find(cells[0] ?? '') === undefined) refuseOtherSeparator(cells[0] ?? '');
      columns = cells.map((name) => (name.trim() === '' ? noName : fieldOfColumn(name, find)));
      refuseTwice(columns);
      rows = others;
    }
    const fields = columns ?? [];
    yield { rows: rows.map((row) => toRow(row, fields, find, known)), columns: fields };
  }
  if (format === 'csv' && columns === undefined) throw importFileErrors.empty();
}

/** What a column without a name counts as: spreadsheets write such columns where once was something, and nothing in them. */
const noName = '';

/** The only name, which nobody knows, is most likely all names of a file that is not separated by commas. */
function refuseOtherSeparator(names: string): void {
  if (names.includes(';')) throw importFileErrors.otherSeparator({ separator: ';' });
  if (names.includes('\t')) throw importFileErrors.otherSeparator({ separator: 'TAB' });
}

function refuseTwice(columns: readonly (string | null)[]): void {
  const seen = new Set<string>();
  for (const field of columns) {
    if (field === null || field === noName) continue;
    if (seen.has(field)) throw importFileErrors.columnTwice({ field });
    seen.add(field);
  }
}

type Find = (name: string) => string | null | undefined;

/** Most files have the same names in every row; those of a hostile one are not all kept. */
function remembering(find: Find): Find {
  const known = new Map<string, string | null | undefined>();
  return (name) => {
    if (known.has(name)) return known.get(name);
    const found = find(name);
    if (known.size < 1000) known.set(name, found);
    return found;
  };
}

function toRow(
  { number, end, cells, line }: RawRow,
  columns: readonly (string | null)[],
  find: Find,
  known: KnownColumns,
): ImportedRow {
  const refused = (problem: ApiError): ImportedRow => ({ number, end, values: {}, paths: [], problem });
  const given: Record<string, unknown> = {};
  if (line === undefined) {
    const surplus = cells.slice(columns.length);
    if (cells.length < columns.length || surplus.some((cell) => cell !== '')) {
      return refused(importRowErrors.ragged({ cells: cells.length, columns: columns.length }));
    }
    for (const [index, field] of columns.entries()) {
      const text = fromCell(cells[index] ?? '');
      // Nobody can say "nothing given" in a cell other than by leaving it empty.
      if (field === null || text === '') continue;
      if (field === noName) return refused(importRowErrors.columnWithoutName({ column: index + 1 }));
      if (identityColumns.has(field)) return refused(importRowErrors.unknownField({ field }));
      given[field] = text;
    }
  } else {
    const parsed = parseObject(line);
    if (parsed === undefined) return refused(importRowErrors.notJson());
    for (const [name, value] of Object.entries(parsed)) {
      const field = name === 'customData' ? name : find(name);
      if (field === undefined) return refused(importRowErrors.unknownField({ field: name }));
      if (field !== null) given[field] = value;
    }
  }
  return toInput(given, known, { number, end });
}

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(line);
    return isPlainObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Names of columns as people write them; those of the V3 template among them. Without blanks, marks and capitals. */
const aliases: Readonly<Record<string, string>> = {
  mail: 'email',
  emailaddress: 'email',
  mobile: 'phone',
  phonenumber: 'phone',
  department: 'departments',
  departmentpath: 'departments',
  departmentid: 'departmentIds',
  displayname: 'name',
  fullname: 'name',
  passwordhash: 'password',
  passwordsalt: 'salt',
  用户名: 'username',
  邮箱: 'email',
  邮箱是否验证: 'emailVerified',
  邮箱已验证: 'emailVerified',
  手机号: 'phone',
  手机号码: 'phone',
  手机号是否验证: 'phoneVerified',
  手机号已验证: 'phoneVerified',
  手机区号: 'phoneCountryCode',
  姓名: 'name',
  昵称: 'nickname',
  密码: 'password',
  公司: 'company',
  性别: 'gender',
  部门: 'departments',
  是否禁用: 'disabled',
  禁用: 'disabled',
  外部id: 'externalId',
  身份证号: 'identityNumber',
  unionid: 'unionid',
  openid: 'openid',
};

/** Columns of the V3 template that say too little of an identity to make one: good while they are empty. */
const identityColumns = new Set(['unionid', 'openid']);
const booleans = new Set(['emailVerified', 'phoneVerified', 'disabled']);
const lists = new Set(['departmentIds', 'departments']);

function fieldOfColumn(name: string, find: Find): string | null {
  const field = find(name);
  if (field === undefined) throw importFileErrors.unknownColumn({ column: name.slice(0, 100) });
  return field;
}

/** The field of a column; null for one to pass over, undefined for one nobody knows. */
function findField(name: string, known: KnownColumns): string | null | undefined {
  const { renamed } = known;
  const trimmed = name.trim();
  const said = Object.hasOwn(renamed, trimmed) ? renamed[trimmed] : undefined;
  if (said === null) return null;
  const wanted = said ?? trimmed;
  const compact = compactOf(wanted);
  const custom = wanted.startsWith('customData.') ? wanted.slice('customData.'.length) : wanted;
  if (known.customFields.has(custom)) return `customData.${custom}`;
  const builtIn = [...known.plain, ...booleans, ...lists, 'gender'].find((field) => field.toLowerCase() === compact);
  if (builtIn !== undefined) return builtIn;
  const alias = Object.hasOwn(aliases, compact) ? aliases[compact] : undefined;
  if (alias !== undefined) return alias;
  if (known.readOnly.has(wanted)) return null;
  // Of two keys that differ in capitals alone, neither is meant for sure.
  const [key, ...others] = [...known.customFields.keys()].filter((one) => compactOf(one) === compactOf(custom));
  return key !== undefined && others.length === 0 ? `customData.${key}` : undefined;
}

function compactOf(name: string): string {
  return name.toLowerCase().replace(/[\s_-]/g, '');
}

const yes = new Set(['true', 'yes', 'y', '1', '是']);
const no = new Set(['false', 'no', 'n', '0', '否']);
const genders: Readonly<Record<string, string>> = {
  m: 'M',
  male: 'M',
  男: 'M',
  f: 'F',
  w: 'F',
  female: 'F',
  女: 'F',
  u: 'U',
  unknown: 'U',
  未知: 'U',
};

/** As many as `create-user` takes ids. A path may make departments: without a bound one row could make a million. */
const maxPaths = 50;

/** Texts become what the fields hold; what is none of that stays as it is, for the check to name. */
function toInput(
  given: Readonly<Record<string, unknown>>,
  { customFields }: KnownColumns,
  place: Pick<ImportedRow, 'number' | 'end'>,
): ImportedRow {
  const values: Record<string, unknown> = {};
  const custom = new Map<string, unknown>();
  let paths: string[][] = [];
  let isEnabled = false;
  const refused = (field: string): ImportedRow => {
    return { ...place, values: {}, paths: [], problem: requestErrors.fieldMalformed({ field }) };
  };
  for (const [field, value] of Object.entries(given)) {
    if (field === 'departments') {
      const texts = toTexts(value);
      if (texts === undefined || texts.length > maxPaths) return refused(field);
      paths = texts.map(toPath);
      // A path without a name leads nowhere: rather a slip than an organization that is called nothing.
      if (paths.some((path) => path.length === 0)) return refused(field);
    } else if (field === 'departmentIds') values[field] = typeof value === 'string' ? toTexts(value) : value;
    else if (field === 'disabled') {
      const isDisabled = toBoolean(value) ?? false;
      if (typeof isDisabled !== 'boolean') return refused(field);
      if (isDisabled) values['status'] ??= 'Suspended';
      isEnabled = !isDisabled && value !== null;
    } else if (booleans.has(field)) values[field] = toBoolean(value);
    else if (field === 'gender')
      values[field] = typeof value === 'string' ? (genders[value.toLowerCase()] ?? value) : value;
    else if (field === 'customData') {
      // A text has as many properties as characters; that and lists are left for the check to refuse.
      if (isPlainObject(value)) for (const [key, one] of Object.entries(value)) custom.set(key, one);
      else values[field] = value;
    } else if (field.startsWith('customData.')) {
      const key = field.slice('customData.'.length);
      custom.set(key, toCustomValue(value, customFields.get(key)));
    } else values[field] = value;
  }
  return {
    ...place,
    values: custom.size === 0 ? values : { customData: Object.fromEntries(custom), ...values },
    paths,
    isEnabled: isEnabled && !values['status'],
  };
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function toBoolean(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const text = value.trim().toLowerCase();
  return yes.has(text) ? true : no.has(text) ? false : value;
}

function toCustomValue(value: unknown, dataType: string | undefined): unknown {
  if (typeof value !== 'string') return value;
  if (dataType === 'BOOLEAN') return toBoolean(value);
  const text = value.trim();
  if (dataType === 'NUMBER' && /^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  return value;
}

/** Several in one cell are separated by semicolons; a backslash takes the meaning from the character after it. */
function toTexts(value: unknown): string[] | undefined {
  const texts: unknown = typeof value === 'string' ? splitUnescaped(value, ';') : (value ?? []);
  // Nothing is made a text here: of a hostile value that throws, or never ends.
  if (!Array.isArray(texts) || !texts.every((text) => typeof text === 'string')) return undefined;
  return texts.map((text) => text.trim()).filter((text) => text !== '');
}

function toPath(text: string): string[] {
  return splitUnescaped(text, '/')
    .map((name) => name.replace(/\\(.)/gs, '$1').trim())
    .filter((name) => name !== '');
}

function splitUnescaped(text: string, separator: ';' | '/'): string[] {
  if (!text.includes('\\')) return text.split(separator);
  const parts = [''];
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === separator) parts.push('');
    else if (character === '\\') parts.push(`${parts.pop() ?? ''}${character}${text.charAt(++at)}`);
    else parts.push(`${parts.pop() ?? ''}${character}`);
  }
  return parts;
}

/** A department as the column `departments` names it: the way back of how it is read. */
export function writePath(names: readonly string[]): string {
  return names.map((name) => name.replace(/[\\/;]/g, '\\$&')).join('/');
}
