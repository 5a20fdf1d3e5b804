/**
 * Schemas as emitters see them, read from the JSON Schema of a document: references keep their names, "this or null" is a
 * nullable this, and of the many ways to say a thing one is left.
 */
import type { Json, JsonReader } from './json.ts';

/** One text in the languages of the documentation. */
export interface Words {
  readonly en: string;
  readonly zh: string;
}

/** What a value may be. `any` is every JSON value; `map` has string keys; `object` has fields, and no name of its own. */
export type Type = { readonly nullable: boolean } & (
  | { readonly kind: 'string'; readonly format?: string }
  | { readonly kind: 'integer' | 'number' | 'boolean' | 'any' }
  | { readonly kind: 'enum'; readonly values: readonly (string | number | boolean)[] }
  | { readonly kind: 'array'; readonly items: Type }
  | { readonly kind: 'map'; readonly values: Type }
  | { readonly kind: 'object'; readonly fields: readonly Field[] }
  | { readonly kind: 'union'; readonly members: readonly Type[] }
  | { readonly kind: 'ref'; readonly name: string }
);

/** Limits of a value, each only where the contract sets one. */
export interface Bounds {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
}

/** A field of an input or of a schema. */
export interface Field {
  readonly name: string;
  readonly type: Type;
  /** Whether a value must be given (in an input) or is always there (in an answer). */
  readonly required: boolean;
  readonly description: Words;
  /** What the server takes when the field is not given; absent when it has none. */
  readonly default?: Json;
  /** One sample value; absent when the contract has none. */
  readonly example?: Json;
  readonly bounds: Bounds;
  /** Can be set and never read back. */
  readonly secret: boolean;
  readonly deprecated: boolean;
}

/** A named schema: a DTO. `type` is an `object` for all but the odd named list or enumeration. */
export interface Schema {
  readonly name: string;
  readonly description: Words;
  readonly type: Type;
  /** The fields of an object in declared order, else empty. */
  readonly fields: readonly Field[];
}

/** Reads a named schema. */
export function readSchema(name: string, source: JsonReader): Schema {
  const type = readType(source);
  return { name, description: readWords(source), type, fields: type.kind === 'object' ? type.fields : [] };
}

/** Reads a field of an object or a query. */
export function readField(name: string, source: JsonReader, required: boolean, outerDescription = ''): Field {
  // Of "this or null" the words and limits stand inside, beside the type they were declared with.
  const inside = source.find('anyOf')?.items().find(isNotNull);
  const sources = inside === undefined ? [source] : [source, inside];
  const first = <Value>(read: (one: JsonReader) => Value | undefined): Value | undefined => {
    for (const one of sources) {
      const value = read(one);
      if (value !== undefined) return value;
    }
    return undefined;
  };
  const fallback = first((one) => one.find('default')?.value);
  const example = first((one) => one.find('examples')?.find(0)?.value);
  return {
    name,
    type: readType(source),
    required,
    description: {
      en: first((one) => one.find('description')?.string()) ?? outerDescription,
      zh: first((one) => one.find('x-description-zh-CN')?.string()) ?? '',
    },
    ...(fallback === undefined ? {} : { default: fallback }),
    ...(example === undefined ? {} : { example }),
    bounds: Object.assign({}, ...sources.toReversed().map(readBounds)) as Bounds,
    secret: first((one) => one.find('writeOnly')?.boolean()) ?? false,
    deprecated: first((one) => one.find('deprecated')?.boolean()) ?? false,
  };
}

function readWords(source: JsonReader): Words {
  return {
    en: source.find('description')?.string() ?? '',
    zh: source.find('x-description-zh-CN')?.string() ?? '',
  };
}

function readBounds(source: JsonReader): Bounds {
  const bounds: Record<string, number | string> = {};
  for (const name of ['minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems']) {
    const bound = source.find(name)?.number();
    // Zod states the range of safe integers for every integer; nobody chose it.
    if (bound !== undefined && Math.abs(bound) !== Number.MAX_SAFE_INTEGER) bounds[name] = bound;
  }
  const pattern = source.find('pattern')?.string();
  // A format says in a word what its pattern says in a line.
  if (pattern !== undefined && source.find('format') === undefined) bounds['pattern'] = pattern;
  return bounds;
}

function isNotNull(source: JsonReader): boolean {
  return source.find('type')?.value !== 'null';
}

function readType(source: JsonReader): Type {
  const alternatives = (source.find('anyOf') ?? source.find('oneOf'))?.items();
  if (alternatives !== undefined) return readUnion(alternatives);
  const reference = source.find('$ref');
  if (reference !== undefined) return { kind: 'ref', name: readReference(reference), nullable: false };
  const named = source.find('type')?.value;
  const types = Array.isArray(named) ? named : [named];
  const nullable = types.includes('null');
  const values = source.find('enum')?.value ?? (source.find('const') && [source.at('const').value]);
  if (Array.isArray(values)) return { kind: 'enum', values: values.filter(isPlain), nullable };
  const kept = types.filter((type) => type !== 'null');
  const [type] = kept;
  if (kept.length > 1)
    return { kind: 'union', members: kept.map((one) => readPlainType(one, source, false)), nullable };
  return readPlainType(type, source, nullable);
}

function isPlain(value: Json): value is string | number | boolean {
  return value !== null && typeof value !== 'object';
}

function readPlainType(type: Json | undefined, source: JsonReader, nullable: boolean): Type {
  switch (type) {
    case undefined:
      return { kind: 'any', nullable };
    case 'string': {
      const format = source.find('format')?.string();
      return { kind: 'string', ...(format === undefined ? {} : { format }), nullable };
    }
    case 'integer':
    case 'number':
    case 'boolean':
      return { kind: type, nullable };
    case 'array': {
      const items = source.find('items');
      return {
        kind: 'array',
        items: items === undefined ? { kind: 'any', nullable: false } : readType(items),
        nullable,
      };
    }
    case 'object':
      return readObject(source, nullable);
    default:
      throw source.unexpected('a JSON Schema type');
  }
}

function readObject(source: JsonReader, nullable: boolean): Type {
  const properties = source.find('properties');
  if (properties === undefined) {
    const values = source.find('additionalProperties');
    const isOpen = values === undefined || typeof values.value === 'boolean';
    return { kind: 'map', values: isOpen ? { kind: 'any', nullable: false } : readType(values), nullable };
  }
  const required = new Set((source.find('required')?.items() ?? []).map((name) => name.string()));
  const fields = [...properties.entries()].map(([name, field]) => readField(name, field, required.has(name)));
  return { kind: 'object', fields, nullable };
}

function readUnion(alternatives: readonly JsonReader[]): Type {
  const members = alternatives.filter(isNotNull).map(readType);
  const nullable = members.length < alternatives.length || members.some((member) => member.nullable);
  const [only] = members;
  if (only !== undefined && members.length === 1) return { ...only, nullable };
  return { kind: 'union', members, nullable };
}

/** The name that a reference refers to. */
export function readReference(source: JsonReader): string {
  const prefix = '#/components/schemas/';
  const reference = source.string();
  if (!reference.startsWith(prefix)) throw source.unexpected(`a reference below ${prefix}`);
  return reference.slice(prefix.length);
}
