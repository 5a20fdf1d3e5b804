import * as z from 'zod';
import { envelopeOf } from './envelope.ts';
import type { AnyErrorFactory } from './errors.ts';
import {
  type ConsequenceDeclaration,
  type ConstraintDeclaration,
  type EventDeclaration,
  eventsFollowing,
} from './events.ts';
import { type Operation, unwrapField } from './operation.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

interface DocumentInformation {
  readonly title: string;
  readonly version: string;
  readonly description: string;
}

/**
 * The OpenAPI 3.1 document of the given operations. `commonErrors` are those that any of them can answer with and none
 * declares; `constraints` add theirs to the commands after which they look, be it for a `consequence`. Deterministic: same contracts, same bytes.
 */
export function toOpenApi(
  operations: readonly (readonly [string, Operation])[],
  info: DocumentInformation,
  commonErrors: readonly AnyErrorFactory[] = [],
  constraints: readonly ConstraintDeclaration[] = [],
  consequences: readonly ConsequenceDeclaration[] = [],
): Json {
  const components = new Components();
  const paths: Record<string, Record<string, Json>> = {};
  for (const [order, [name, operation]] of operations.entries()) {
    const path = (paths[operation.path] ??= {});
    // Paths are sorted, so that a new operation is a small difference; menus follow the order of the contracts.
    path[operation.method.toLowerCase()] = {
      ...toOperationObject(name, operation, components),
      'x-errors': toErrorObjects([...operation.errors, ...errorsOfConstraints(operation, constraints, consequences)]),
      'x-order': order,
    };
  }
  return {
    openapi: '3.1.0',
    info: { ...info, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths: sorted(paths),
    components: { schemas: components.all(), securitySchemes },
    'x-errors': toErrorObjects(commonErrors),
  };
}

const securitySchemes = {
  managementToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'Token of `POST /api/v3/get-management-token`, with or without the word `Bearer`',
  },
  signature: {
    type: 'apiKey',
    in: 'header',
    name: 'authorization',
    description: '`authing <accessKeyId>:<signature>` or `GenAuth <accessKeyId>:<signature>`, HMAC-SHA1',
  },
} satisfies Json;

function toOperationObject(name: string, operation: Operation, components: Components): Record<string, Json> {
  return {
    operationId: name,
    tags: [operation.tag],
    summary: operation.summary.en,
    description: operation.description.en,
    ...(operation.deprecated ? { deprecated: true } : {}),
    security: operation.permission === 'public' ? [] : [{ managementToken: [] }, { signature: [] }],
    ...(operation.method === 'GET'
      ? { parameters: toParameters(operation, components) }
      : toRequestBody(operation, components)),
    responses: {
      200: {
        description: 'The envelope. `statusCode` tells success (200) from failure.',
        content: { 'application/json': { schema: components.reference(envelopeOf(operation)) } },
      },
    },
    'x-title': operation.title.en,
    'x-title-zh-CN': operation.title.zh,
    'x-summary-zh-CN': operation.summary.zh,
    'x-description-zh-CN': operation.description.zh,
    'x-kind': operation.kind,
    'x-permission': operation.permission,
    // The envelope's schema does not say it: operations share one, whether theirs may be null or not.
    ...(operation.output instanceof z.ZodNullable ? { 'x-data-may-be-null': true } : {}),
    ...(operation.pythonName === undefined ? {} : { 'x-python-name': operation.pythonName }),
    ...(operation.kind === 'command'
      ? {
          'x-audit': { ...operation.audit, ...(operation.target === undefined ? {} : { target: operation.target }) },
          'x-events': operation.emits.map(toEventObject),
        }
      : {}),
  };
}

/** What constraints may refuse of an operation, without what it declares itself. */
function errorsOfConstraints(
  operation: Operation,
  constraints: readonly ConstraintDeclaration[],
  consequences: readonly ConsequenceDeclaration[],
): readonly AnyErrorFactory[] {
  if (operation.kind !== 'command') return [];
  const announced = eventsFollowing(operation.emits, consequences);
  return constraints
    .filter(({ events }) => events.some((event) => announced.has(event)))
    .flatMap(({ errors }) => errors)
    .filter((error) => !operation.errors.includes(error));
}

function toErrorObjects(errors: readonly AnyErrorFactory[]): Json {
  return [...errors]
    .sort((a, b) => (a.code < b.code ? -1 : 1))
    .map(({ code, declaration: { statusCode, apiCode, message } }) => ({
      code,
      statusCode,
      ...(apiCode === undefined ? {} : { apiCode }),
      message: typeof message === 'string' ? message : message.en,
      'message-zh-CN': typeof message === 'string' ? message : message.zh,
    }));
}

function toEventObject({ name, webhook, topic }: EventDeclaration): Json {
  return { name, ...(webhook === undefined ? {} : { webhook }), ...(topic === undefined ? {} : { topic }) };
}

function toParameters(operation: Operation, components: Components): Json {
  return Object.entries(operation.input.shape).map(([name, field]) => {
    const schema = components.inline(field);
    const { description, ...rest } = schema;
    return {
      name,
      in: 'query',
      required: unwrapField(field).required,
      ...(description === undefined ? {} : { description }),
      ...(rest['type'] === 'array' ? { style: 'form', explode: true } : {}),
      schema: rest,
    };
  });
}

function toRequestBody(operation: Operation, components: Components): Record<string, Json> {
  return {
    requestBody: {
      required: true,
      content: { 'application/json': { schema: components.reference(operation.input) } },
    },
  };
}

/** Collects the named schemas that the operations mention. */
class Components {
  readonly #schemas = new Map<string, string>();

  all(): Json {
    return sorted(Object.fromEntries([...this.#schemas].map(([name, text]) => [name, JSON.parse(text)])));
  }

  reference(schema: z.ZodType): Json {
    return this.inline(z.object({ it: schema }), (converted) => {
      const it = (converted['properties'] as { it: Json }).it;
      return typeof it === 'object' && it !== null && '$ref' in it ? { $ref: it['$ref'] } : it;
    }) as Json;
  }

  inline(
    schema: z.core.$ZodType,
    pick: (converted: Record<string, Json>) => Json = (converted) => converted,
  ): Record<string, Json> {
    // `input`: fields with a default need not be sent, and unknown properties are allowed.
    const converted = JSON.parse(
      JSON.stringify(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })).replaceAll(
        '"#/$defs/',
        '"#/components/schemas/',
      ),
    ) as Record<string, Json>;
    const definitions = (converted['$defs'] ?? {}) as Record<string, Record<string, Json>>;
    for (const [name, definition] of Object.entries(definitions)) this.#add(name, definition);
    const { $schema: _schema, $defs: _definitions, ...rest } = converted;
    return pick(rest) as Record<string, Json>;
  }

  #add(name: string, { id: _id, ...definition }: Record<string, Json>): void {
    const text = JSON.stringify(definition);
    const known = this.#schemas.get(name);
    if (known !== undefined && known !== text) throw new Error(`schema ${name} is declared twice, differently`);
    this.#schemas.set(name, text);
  }
}

function sorted<Value>(record: Record<string, Value>): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
