/**
 * Reads query strings the way every published client writes them, and turns their text into typed values.
 *
 * Lists arrive as `k[]=a&k[]=b` (Node), `k=a&k=b` (Python), `k=[a b]` (Go), `k=[a, b]` (Java) or `k=a,b`; booleans as `true`
 * or `True`; numbers at times as `1.65571476389e+12`. Parsing keeps what was sent, because signatures are made over it;
 * the conversions below are applied afterwards, parameter by parameter, by the type the operation declares.
 */

/** What one query parameter can hold: text, a list, or the nested form `k[x]=1`. */
export type QueryValue = string | readonly QueryValue[] | { readonly [name: string]: QueryValue };

/** The decoded parameters of a query string in the order they were sent. Has no prototype, so any name is plain data. */
export type QueryParameters = Readonly<Record<string, QueryValue>>;

/** Parameters past this number are not read. Node's own header limit stops honest clients long before. */
export const MAX_QUERY_PARAMETERS = 1000;

const MAX_NESTING = 5;

/**
 * Decimal numbers only: `Number` alone also reads hexadecimal, blanks and `Infinity`.
 * The exponent's sign may be a blank, which is what form decoding makes of the `+` in an unescaped `1e+06`.
 */
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+\- ]?\d+)?$/;

type MutableValue = string | MutableValue[] | MutableRecord;
type MutableRecord = { [name: string]: MutableValue };

/** Decodes a query string (without its `?`). Never throws: what cannot be decoded is kept as it came. */
export function parseQueryString(raw: string): QueryParameters {
  const parameters = emptyRecord();
  let hasNesting = false;
  let start = 0;
  for (let count = 0; start < raw.length && count < MAX_QUERY_PARAMETERS; ) {
    let end = raw.indexOf('&', start);
    if (end === -1) end = raw.length;
    if (end > start) {
      count += 1;
      const pair = raw.slice(start, end);
      const equals = pair.indexOf('=');
      const name = decodeQueryText(equals === -1 ? pair : pair.slice(0, equals));
      const value = equals === -1 ? '' : decodeQueryText(pair.slice(equals + 1));
      const bracket = name.indexOf('[');
      if (bracket > 0 && name.endsWith(']')) {
        if (bracket === name.length - 2) append(parameters, name.slice(0, bracket), value, true);
        else {
          hasNesting = true;
          placeNested(parameters, name, bracket, value);
        }
      } else if (name !== '') append(parameters, name, value, false);
    }
    start = end + 1;
  }
  if (hasNesting) for (const name in parameters) parameters[name] = indexedToList(parameters[name] ?? '');
  return parameters;
}

/** Undoes form encoding: `+` is a blank, `%XX` a byte of UTF-8; malformed escapes stay as they are. */
export function decodeQueryText(text: string): string {
  const blanks = text.indexOf('+') === -1 ? text : text.replaceAll('+', ' ');
  return blanks.indexOf('%') === -1 ? blanks : decodeEscapes(blanks);
}

/** Decodes `%XX` escapes; a run of escapes that is not UTF-8 stays as it is. */
export function decodeEscapes(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text.replace(/(?:%[0-9a-fA-F]{2})+/g, (run) => {
      try {
        return decodeURIComponent(run);
      } catch {
        return run;
      }
    });
  }
}

/** The boolean a client meant, `undefined` for an empty parameter, or the value unchanged for the schema to refuse. */
export function toBoolean(value: QueryValue | undefined): boolean | QueryValue | undefined {
  switch (value) {
    case 'true':
    case 'True':
    case '1':
      return true;
    case 'false':
    case 'False':
    case '0':
      return false;
    case '':
      return undefined;
    default:
      return value;
  }
}

/** The finite decimal number written, `undefined` for an empty parameter, or the value unchanged for the schema to refuse. */
export function toNumber(value: QueryValue | undefined): number | QueryValue | undefined {
  if (value === '') return undefined;
  if (typeof value !== 'string' || !DECIMAL.test(value)) return value;
  const number = Number(value.replace(' ', '+'));
  return Number.isFinite(number) ? number : value;
}

/**
 * The list a client meant, whichever form it used; the value unchanged for the schema to refuse when it is nested.
 *
 * An empty list counts as absent, as an empty text does: Go prints an unset slice as `[]`, Node and Python drop it.
 */
export function toStringList(value: QueryValue | undefined): readonly string[] | QueryValue | undefined {
  if (typeof value !== 'string') return value;
  const bracketed = value.startsWith('[') && value.endsWith(']') && value.length > 1;
  const text = bracketed ? value.slice(1, -1) : value;
  // Java separates by comma and blank, Go by a blank alone: where there is a comma, a blank belongs to its element.
  const separator = bracketed && text.indexOf(',') === -1 ? ' ' : ',';
  if (text.indexOf(separator) === -1) {
    const only = text.trim();
    return only === '' ? undefined : [only];
  }
  const list: string[] = [];
  for (const part of text.split(separator)) {
    const element = part.trim();
    if (element !== '') list.push(element);
  }
  return list.length === 0 ? undefined : list;
}

function emptyRecord(): MutableRecord {
  return Object.create(null);
}

/** Adds a value under a name; a second one, or the form `k[]`, makes a list. The first shape of a name wins over others. */
function append(record: MutableRecord, name: string, value: string, asList: boolean): void {
  const existing = record[name];
  if (existing === undefined) record[name] = asList ? [value] : value;
  else if (typeof existing === 'string') record[name] = [existing, value];
  else if (Array.isArray(existing)) existing.push(value);
}

/** Places `k[x][y]=value`. A name that is not well formed, or nested too deeply, stays one flat name. */
function placeNested(parameters: MutableRecord, name: string, bracket: number, value: string): void {
  const segments = name.slice(bracket + 1, -1).split('][');
  const asList = segments.at(-1) === '';
  if (asList) segments.pop();
  const last = segments.pop();
  if (last === undefined || segments.length >= MAX_NESTING || isMalformed(last) || segments.some(isMalformed)) {
    append(parameters, name, value, false);
    return;
  }
  let record = childRecord(parameters, name.slice(0, bracket));
  for (const segment of segments) record = record && childRecord(record, segment);
  if (record) append(record, last, value, asList);
}

function isMalformed(segment: string): boolean {
  return segment === '' || segment.includes('[') || segment.includes(']');
}

function childRecord(record: MutableRecord, name: string): MutableRecord | undefined {
  const existing = record[name];
  if (existing === undefined) {
    const created = emptyRecord();
    record[name] = created;
    return created;
  }
  return typeof existing === 'string' || Array.isArray(existing) ? undefined : existing;
}

/** Turns `{0: a, 1: b}`, which `k[0]=a&k[1]=b` left behind, into a list. The indexes only order: a huge one costs nothing. */
function indexedToList(value: MutableValue): MutableValue {
  if (typeof value === 'string' || Array.isArray(value)) return value;
  const names = Object.keys(value);
  for (const name of names) value[name] = indexedToList(value[name] ?? '');
  // Names that are array indexes come first and in ascending order in every JavaScript object.
  return names.every((name) => /^(?:0|[1-9]\d{0,8})$/.test(name)) ? Object.values(value) : value;
}
