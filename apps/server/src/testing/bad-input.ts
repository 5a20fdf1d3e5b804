import type { ImplementedOperation } from '../platform/module.ts';
import { type InputSchema, inputSchemaOf } from './input-schema.ts';
import { sampleValue } from './sample-input.ts';
import type { SampleWorld } from './sample-world.ts';

/** An input with one wrong place. */
export interface BadInput {
  /** `userIds.0: too long`. */
  readonly label: string;
  /** The place as error messages name it. */
  readonly path: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** An input with something else than usual in one place, which need not be wrong. */
export interface OddInput extends Omit<BadInput, 'path'> {
  readonly text: string;
}

interface Place {
  readonly path: readonly (string | number)[];
  readonly schema: InputSchema;
  readonly required: boolean;
}

const maxNesting = 4;

/** Everything a declaration refuses, one place at a time: missing, of another type, outside its bounds. */
export function badInputs(
  { operation }: ImplementedOperation,
  sample: Readonly<Record<string, unknown>>,
  world: SampleWorld,
): BadInput[] {
  const isQuery = operation.method === 'GET';
  return placesOf(inputSchemaOf(operation), isQuery).flatMap(({ path, schema, required }) => {
    const isTextOfQuery = isQuery && path.length > 1;
    const values = wrongValues(schema, isQuery).filter(([label]) => !(isTextOfQuery && label === 'of another type'));
    if (required) values.push(['missing', undefined]);
    return values.map(([label, value]) => ({
      label: `${path.join('.')}: ${label}`,
      path: path.join('.'),
      input: withValueAt(sample, path, value, inputSchemaOf(operation), world),
    }));
  });
}

/** A place of an input that takes text. */
export interface TextPlace {
  /** `list.0.name`. */
  readonly path: string;
  readonly maxLength: number | undefined;
  /** Its whole declaration, to tell places that are declared alike. */
  readonly declaration: string;
}

/** Every place that takes text, with every text that is chosen for it. */
export function textInputs(
  { operation }: ImplementedOperation,
  /** By the number of the request, for operations that take the same input once only. */
  sampleFor: (request: number) => Readonly<Record<string, unknown>>,
  world: SampleWorld,
  textsFor: (place: TextPlace) => Readonly<Record<string, string>>,
): OddInput[] {
  let requests = 0;
  return placesOf(inputSchemaOf(operation), operation.method === 'GET')
    .filter(({ schema }) => schema.type === 'string')
    .flatMap(({ path, schema }) => {
      const { maxLength, description: _description, examples: _examples, ...rules } = schema;
      const place = { path: path.join('.'), maxLength, declaration: JSON.stringify({ maxLength, ...rules }) };
      return Object.entries(textsFor(place)).map(([label, text]) => ({
        label: `${place.path}: ${label}`,
        text,
        input: withValueAt(sampleFor(++requests), path, text, inputSchemaOf(operation), world),
      }));
    });
}

function placesOf(schema: InputSchema, isQuery: boolean, above: readonly (string | number)[] = []): Place[] {
  if (above.length > maxNesting) return [];
  const places: Place[] = [];
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    const path = [...above, name];
    places.push({ path, schema: inner, required: schema.required?.includes(name) === true });
    // A query has no objects, and its lists hold text.
    if (!isQuery) places.push(...placesOf(inner, isQuery, path));
    if (inner.items !== undefined) {
      const first = [...path, 0];
      places.push({ path: first, schema: inner.items, required: false });
      if (!isQuery) places.push(...placesOf(inner.items, isQuery, first));
    }
  }
  return places;
}

type LabelledValue = [label: string, value: unknown];

function wrongValues(schema: InputSchema, isQuery: boolean): LabelledValue[] {
  const values: LabelledValue[] = [];
  const { type, enum: members, minLength, maxLength, pattern, minimum, maximum, minItems, maxItems } = schema;
  const odd = { neither: 'this nor that' };
  if (schema.anyOf !== undefined) {
    const takesObjects = schema.anyOf.some((one) => one.type === 'object' || one.type === undefined);
    return takesObjects ? [] : [['of another type', odd]];
  }
  switch (type) {
    case 'string':
      values.push(['of another type', isQuery ? odd : 12345]);
      if (members !== undefined) values.push(['not among the known values', 'no-such-value']);
      if (maxLength !== undefined) values.push(['too long', 'a'.repeat(maxLength + 1)]);
      if (minLength !== undefined && minLength > 0) values.push(['empty', '']);
      if (pattern !== undefined && !new RegExp(pattern).test('☃ ')) values.push(['of another form', '☃ ']);
      break;
    case 'integer':
    case 'number':
      values.push(['of another type', isQuery ? 'many' : '1']);
      if (type === 'integer') values.push(['fractional', 1.5], ['past every integer', 2 ** 60]);
      if (minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER) values.push(['too small', minimum - 1]);
      if (maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER) values.push(['too large', maximum + 1]);
      break;
    case 'boolean':
      values.push(['of another type', isQuery ? 'maybe' : 'true']);
      break;
    case 'array':
      values.push(['of another type', isQuery ? odd : 'a list']);
      if (minItems !== undefined && minItems > 0 && !isQuery) values.push(['empty', []]);
      if (maxItems !== undefined) values.push(['too many', Array.from({ length: maxItems + 1 }, (_, at) => `n${at}`)]);
      break;
    case 'object':
      values.push(['of another type', isQuery ? ['a', 'b'] : 'an object'], ['a list', ['a']]);
      break;
  }
  return values;
}

/** A copy with another value at a path; what is missing on the way there is made up from the declaration. */
function withValueAt(
  whole: Readonly<Record<string, unknown>>,
  path: readonly (string | number)[],
  value: unknown,
  schema: InputSchema,
  world: SampleWorld,
): Record<string, unknown> {
  return placed(whole, path, value, schema, world) as Record<string, unknown>;
}

function placed(
  whole: unknown,
  [key, ...rest]: readonly (string | number)[],
  value: unknown,
  schema: InputSchema,
  world: SampleWorld,
): unknown {
  if (key === undefined) return value;
  if (typeof key === 'number') {
    const list: readonly unknown[] = Array.isArray(whole) ? whole : [];
    const inner = schema.items ?? {};
    return list.length === 0
      ? [placed(sampleValue('', inner, world), rest, value, inner, world)]
      : list.with(key, placed(list[key], rest, value, inner, world));
  }
  const object: Readonly<Record<string, unknown>> =
    typeof whole === 'object' && whole !== null ? (whole as Record<string, unknown>) : {};
  const inner = schema.properties?.[key] ?? {};
  const before = object[key] ?? (rest.length === 0 ? undefined : sampleValue(key, inner, world));
  const after = placed(before, rest, value, inner, world);
  const { [key]: _replaced, ...others } = object;
  return after === undefined ? others : { ...others, [key]: after };
}
