/** Sample values, the same in every language and on every page: examples of the contract first, then defaults. */
import type { Json } from './json.ts';
import { type Field, type Model, type Operation, requireSchema, type Type } from './model.ts';

type Schemas = Pick<Model, 'schemas'>;

/**
 * A sample call's input: the required fields in declared order, and those optional ones without which it would say nothing:
 * what an update changes, which thing is got, one of several names that a thing may have.
 */
export function sampleInput(model: Schemas, operation: Operation): Map<string, Json> {
  const required = operation.fields.filter((field) => field.required);
  const shown = [...required, ...tellingFields(operation, required.length === 0)];
  return new Map(shown.map((field) => [field.name, sampleOfField(model, field)]));
}

function tellingFields({ name, kind, fields }: Operation, isEmpty: boolean): Field[] {
  if (kind === 'command' && name.startsWith('update')) return plainTexts(fields).slice(0, 2);
  const thing = /^get([A-Z]\w*)$/.exec(name)?.[1];
  const ofThing = fields.filter((field) => !field.required && field.name.toLowerCase() === `${thing}id`.toLowerCase());
  if (ofThing.length > 0) return ofThing;
  const needsSomething = kind === 'command' || /^is[A-Z]/.test(name);
  return isEmpty && needsSomething ? plainTexts(fields).slice(0, 1) : [];
}

/** A value that a field may have. */
function sampleOfField(model: Schemas, field: Field): Json {
  return field.example ?? field.default ?? sampleOf(model, field.type);
}

/** A value of a type, made from the examples and defaults of its fields. Required fields alone, or all (`everyField`). */
function sampleOf(model: Schemas, type: Type, everyField = false, within: readonly string[] = []): Json {
  switch (type.kind) {
    case 'string':
      return type.format === 'date-time' ? '2022-07-03T02:20:30.000Z' : 'string';
    case 'integer':
    case 'number':
      return 0;
    case 'boolean':
      return true;
    case 'any':
    case 'map':
      return {};
    case 'enum':
      return type.values[0] ?? null;
    case 'array':
      return isBeingMade(type.items, within) ? [] : [sampleOf(model, type.items, everyField, within)];
    case 'union':
      return type.members[0] === undefined ? null : sampleOf(model, type.members[0], everyField, within);
    case 'object':
      return sampleOfFields(model, type.fields, everyField, within);
    case 'ref':
      return sampleOf(model, requireSchema(model, type.name).type, everyField, [...within, type.name]);
  }
}

/** The answer of a success: every field of the envelope that a success has, and every field of the payload. */
export function sampleAnswer(model: Schemas, operation: Operation): Json {
  const { fields } = requireSchema(model, operation.answerName);
  // `apiCode` comes with failures alone.
  return sampleOfFields(
    model,
    fields.filter(({ name }) => name !== 'apiCode'),
    true,
    [],
  );
}

function sampleOfFields(
  model: Schemas,
  fields: readonly Field[],
  everyField: boolean,
  within: readonly string[],
): { [name: string]: Json } {
  const object: { [name: string]: Json } = {};
  for (const field of fields) {
    if (!field.required && (!everyField || isBeingMade(field.type, within))) continue;
    object[field.name] = field.example ?? field.default ?? sampleOf(model, field.type, everyField, within);
  }
  if (Object.keys(object).length > 0) return object;
  // Nothing is required, and nothing says nothing.
  return Object.fromEntries(
    plainTexts(fields)
      .slice(0, 1)
      .map((field) => [field.name, field.example ?? null]),
  );
}

/** A department within a department within …: a schema is shown once on the way down. */
function isBeingMade(type: Type, within: readonly string[]): boolean {
  return type.kind === 'ref' && within.includes(type.name);
}

const identifying = /(id|ids|code|codes|type|status)$/i;

/** Optional texts that are no more than texts, as ids and codes are. */
function plainTexts(fields: readonly Field[]): Field[] {
  return fields.filter(
    ({ name, type, required, secret, example }) =>
      !required && type.kind === 'string' && !secret && typeof example === 'string' && !identifying.test(name),
  );
}
