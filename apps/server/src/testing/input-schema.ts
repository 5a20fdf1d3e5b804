import type { Operation } from '@genauth/contract';
import * as z from 'zod';

/** A JSON Schema of one place in an input, references resolved. Only what the suites look at. */
export interface InputSchema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: InputSchema;
  readonly properties?: Readonly<Record<string, InputSchema>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly InputSchema[];
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly default?: unknown;
  readonly writeOnly?: boolean;
}

type RawSchema = InputSchema & { readonly $ref?: string; readonly $defs?: Readonly<Record<string, RawSchema>> };

const known = new Map<z.ZodType, InputSchema>();

/** The schema of an operation's input, as clients send it. */
export function inputSchemaOf(operation: Operation): InputSchema {
  return schemaOf(operation.input, 'input');
}

/** The schema of a value, as it is sent (`input`) or as it is read (`output`). */
export function schemaOf(type: z.ZodType, io: 'input' | 'output'): InputSchema {
  let schema = known.get(type);
  if (schema === undefined) {
    const raw = z.toJSONSchema(type, { io, unrepresentable: 'any' }) as RawSchema;
    known.set(type, (schema = resolved(raw, raw.$defs ?? {})));
  }
  return schema;
}

function resolved(
  schema: RawSchema,
  definitions: Readonly<Record<string, RawSchema>>,
  above: readonly string[] = [],
): InputSchema {
  const name = schema.$ref?.split('/').at(-1);
  // What holds itself, as a tree does, is followed one turn.
  if (name !== undefined && above.filter((one) => one === name).length > 1) return {};
  const target = name === undefined ? schema : { ...definitions[name], ...schema };
  const inside = (one: InputSchema) => resolved(one, definitions, name === undefined ? above : [...above, name]);
  const alternatives = target.anyOf?.map(inside).filter(({ type }) => type !== 'null');
  const [only] = alternatives ?? [];
  // "This or null" is read as "this", whose parts are resolved by now.
  if (only !== undefined && alternatives?.length === 1) return { ...withoutAlternatives(target), ...only };
  return {
    ...withoutAlternatives(target),
    ...(alternatives === undefined ? {} : { anyOf: alternatives }),
    ...(target.items === undefined ? {} : { items: inside(target.items) }),
    ...(target.properties === undefined
      ? {}
      : { properties: Object.fromEntries(Object.entries(target.properties).map(([key, one]) => [key, inside(one)])) }),
  };
}

function withoutAlternatives({ anyOf: _anyOf, ...schema }: InputSchema): InputSchema {
  return schema;
}
