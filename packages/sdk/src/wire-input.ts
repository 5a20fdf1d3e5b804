/** The parameters of a call as the wire needs them: what is sent, and what is signed. */
export interface WireInput {
  /** What follows the path in the address: empty, or `?` and the query. */
  readonly search: string;
  /** JSON text; `undefined` for GET. */
  readonly body: string | undefined;
  /** What a signature covers behind the path: the values as given, neither quoted nor escaped. */
  readonly signed: string;
}

type Parameter = readonly [name: string, value: unknown];

/** Prepares an input. What is `undefined` is not there; a query cannot say `null` or an empty list, so neither is sent. */
export function toWireInput(method: string, input: object): WireInput {
  const given: Parameter[] = Object.entries(input).map(([name, value]) => [name, asJsonSeesIt(value)]);
  if (method !== 'GET') {
    const parameters = given.filter(([, value]) => value !== undefined);
    return { search: '', body: JSON.stringify(input), signed: toSigned(parameters) };
  }
  const parameters = given.filter(([, value]) => canBeAsked(value));
  const query = parameters.flatMap(([name, value]) => toPairs(name, value)).join('&');
  return { search: query === '' ? '' : `?${query}`, body: undefined, signed: toSigned(parameters) };
}

/** A `Date` is the text that JSON writes for it, and so for everything that knows its own JSON. */
function asJsonSeesIt(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  const knowsItsJson = typeof value === 'object' && value !== null && 'toJSON' in value;
  return knowsItsJson ? JSON.parse(JSON.stringify(value)) : value;
}

function canBeAsked(value: unknown): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}

/** Sorted by code unit; objects and lists as compact JSON, everything else as its text. Nothing is escaped. */
function toSigned(parameters: readonly Parameter[]): string {
  if (parameters.length === 0) return '';
  const sorted = parameters.toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `?${sorted.map(([name, value]) => `${name}=${toSignedText(value)}`).join('&')}`;
}

function toSignedText(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

/** `k[]=a&k[]=b` for a list, `k[x]=1` for an object. */
function toPairs(name: string, value: unknown): string[] {
  const json = asJsonSeesIt(value);
  if (Array.isArray(json)) return json.map((item) => `${encodeURIComponent(`${name}[]`)}=${toQueryText(item)}`);
  if (typeof json === 'object' && json !== null) {
    return Object.entries(json).flatMap(([key, part]) => (canBeAsked(part) ? toPairs(`${name}[${key}]`, part) : []));
  }
  return [`${encodeURIComponent(name)}=${toQueryText(json)}`];
}

/** Half of a character cannot be written in an address; the replacement character stands for it, as in a body. */
function toQueryText(value: unknown): string {
  return encodeURIComponent(String(value).toWellFormed());
}
