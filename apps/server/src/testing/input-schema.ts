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

function resolved(schema: RawSchema, definitions: Readonly<Record<string, RawSchema>>): InputSchema {
  const name = schema.$ref?.slice('#/$defs/'.length);
  const target = name === undefined ? schema : { ...definitions[name], ...schema };
  const inside = (one: InputSchema) => resolved(one, definitions);
  const alternatives = target.anyOf?.map(inside).filter(({ type }) => type !== 'null');
  const [only] = alternatives ?? [];
  // "This or null" is read as "this".
  const plain = only !== undefined && alternatives?.length === 1 ? { ...target, ...only, anyOf: undefined } : target;
  return {
    ...withoutUndefined(plain),
    ...(alternatives !== undefined && alternatives.length > 1 ? { anyOf: alternatives } : {}),
    ...(plain.items === undefined ? {} : { items: inside(plain.items) }),
    ...(plain.properties === undefined
      ? {}
      : { properties: Object.fromEntries(Object.entries(plain.properties).map(([key, one]) => [key, inside(one)])) }),
  };
}

function withoutUndefined({ anyOf: _anyOf, ...schema }: Omit<InputSchema, 'anyOf'> & { anyOf?: unknown }): InputSchema {
  return schema;
}
