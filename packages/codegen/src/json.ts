/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: Json;
}

/** Reads a JSON value part by part and knows where it stands, so that a complaint names the place. */
export class JsonReader {
  readonly value: Json;
  readonly #place: string;

  constructor(value: Json, place: string) {
    this.value = value;
    this.#place = place;
  }

  /** The part of that name or index; it must be there. */
  at(key: string | number): JsonReader {
    const part = this.find(key);
    if (part === undefined) throw new Error(`${this.#place} has no ${key}`);
    return part;
  }

  /** The part of that name or index, if it is there. */
  find(key: string | number): JsonReader | undefined {
    const value = typeof key === 'number' ? this.#list()[key] : this.#object()[key];
    return value === undefined ? undefined : new JsonReader(value, `${this.#place}/${key}`);
  }

  /** Another value, read as if it stood here. */
  with(value: Json): JsonReader {
    return new JsonReader(value, this.#place);
  }

  entries(): Map<string, JsonReader> {
    return new Map(Object.keys(this.#object()).map((key) => [key, this.at(key)]));
  }

  items(): JsonReader[] {
    return this.#list().map((_item, index) => this.at(index));
  }

  string(): string {
    if (typeof this.value !== 'string') throw this.unexpected('a string');
    return this.value;
  }

  number(): number {
    if (typeof this.value !== 'number') throw this.unexpected('a number');
    return this.value;
  }

  boolean(): boolean {
    if (typeof this.value !== 'boolean') throw this.unexpected('a boolean');
    return this.value;
  }

  oneOf<const Values extends readonly string[]>(values: Values): Values[number] {
    const found = values.find((value) => value === this.value);
    if (found === undefined) throw this.unexpected(values.join(' or '));
    return found;
  }

  /** The complaint that something else was expected here. */
  unexpected(expected: string): Error {
    return new Error(`${this.#place} is not ${expected}: ${JSON.stringify(this.value)}`);
  }

  #object(): JsonObject {
    if (!isObject(this.value)) throw this.unexpected('an object');
    return this.value;
  }

  #list(): readonly Json[] {
    if (!isList(this.value)) throw this.unexpected('a list');
    return this.value;
  }
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !isList(value);
}
