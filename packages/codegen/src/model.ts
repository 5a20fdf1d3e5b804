/**
 * The model that every emitter writes from: an OpenAPI document of ours, read once and made plain. References keep their
 * names, "this or null" is a nullable this, words come in both languages, operations in the order of the menus.
 */
import { type Json, JsonReader } from './json.ts';
import { toSnakeCase } from './names.ts';
import { type Field, readField, readReference, readSchema, type Schema, type Type, type Words } from './schema.ts';

export type { Bounds, Field, Schema, Type, Words } from './schema.ts';

/** A failure that an operation documents. */
export interface OperationError {
  /** `department.not_found` */
  readonly code: string;
  readonly statusCode: number;
  readonly apiCode?: number;
  /** With `{name}` where a value is filled in. */
  readonly message: Words;
}

/** What a command announces when it has changed something. */
export interface OperationEvent {
  readonly name: string;
  readonly webhook?: string;
  readonly topic?: string;
}

/** How a list is paged: fields of the input that say which page, below `options.pagination` or at the top. */
export interface Paging {
  readonly at: readonly string[];
  /** Type of one item of the list. */
  readonly item: Type;
  readonly defaultLimit: number;
}

export interface Operation {
  /** `removeDepartmentMembers` */
  readonly name: string;
  /** `remove_department_members` */
  readonly pythonName: string;
  readonly kind: 'query' | 'command' | 'publicQuery';
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** Section of the reference. */
  readonly tag: string;
  /** Title in menus. */
  readonly title: Words;
  readonly summary: Words;
  readonly description: Words;
  readonly deprecated: boolean;
  /** `department:RemoveMember`, or `public`. */
  readonly permission: string;
  /** Whether sending it twice leaves what sending it once leaves, so that a client may repeat it unasked. */
  readonly idempotent: boolean;
  /** Name of the body's schema; absent for GET, whose fields are query parameters. */
  readonly inputName?: string;
  /** The fields of the input in declared order, of query and body alike. */
  readonly fields: readonly Field[];
  /** Name of the envelope's schema. */
  readonly answerName: string;
  /** What the envelope carries below `data`; absent when it carries nothing. */
  readonly payload?: Type;
  readonly paging?: Paging;
  readonly errors: readonly OperationError[];
  readonly events: readonly OperationEvent[];
}

/** Operations of one section of the reference. */
export interface Section {
  readonly tag: string;
  readonly operations: readonly Operation[];
}

/** One document. */
export interface Model {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  /** In the order of the menus. */
  readonly operations: readonly Operation[];
  /** The same by section, sections in the order of their first operation. */
  readonly sections: readonly Section[];
  /** By name, sorted. */
  readonly schemas: ReadonlyMap<string, Schema>;
  /** Every documented failure once, sorted by code. */
  readonly errors: readonly OperationError[];
  /** Failures that any operation can answer with and none lists. */
  readonly commonErrors: readonly OperationError[];
}

/** Reads an OpenAPI document. Throws with the place of what it does not understand: a guess would reach every client. */
export function readModel(document: Json): Model {
  const root = new JsonReader(document, 'document');
  const schemas = new Map(
    [...root.at('components').at('schemas').entries()].map(([name, schema]) => [name, readSchema(name, schema)]),
  );
  const unordered = [...root.at('paths').entries()].flatMap(([path, item]) =>
    [...item.entries()].map(([method, operation]) => readOperation(path, method.toUpperCase(), operation, schemas)),
  );
  // The document sorts its paths; where an operation has no place in the menus, that order stays.
  const operations = unordered.sort((a, b) => a.order - b.order).map(({ operation }) => operation);
  const information = root.at('info');
  return {
    title: information.at('title').string(),
    version: information.at('version').string(),
    description: information.at('description').string(),
    operations,
    sections: toSections(operations),
    schemas,
    errors: toCatalogue(operations),
    commonErrors: (root.find('x-errors')?.items() ?? []).map(readError),
  };
}

/** The schema of that name. */
export function requireSchema({ schemas }: Pick<Model, 'schemas'>, name: string): Schema {
  const schema = schemas.get(name);
  if (schema === undefined) throw new Error(`the document has no schema ${name}`);
  return schema;
}

/** Named schemas that a type mentions, each once, in the order met; with those that these mention in turn. */
export function schemasWithin(model: Pick<Model, 'schemas'>, type: Type, found = new Set<string>()): Set<string> {
  switch (type.kind) {
    case 'ref':
      if (!found.has(type.name)) {
        found.add(type.name);
        schemasWithin(model, requireSchema(model, type.name).type, found);
      }
      break;
    case 'array':
      schemasWithin(model, type.items, found);
      break;
    case 'map':
      schemasWithin(model, type.values, found);
      break;
    case 'object':
      for (const field of type.fields) schemasWithin(model, field.type, found);
      break;
    case 'union':
      for (const member of type.members) schemasWithin(model, member, found);
      break;
    default:
  }
  return found;
}

const methods = ['GET', 'POST', 'PUT', 'DELETE'] as const;
const kinds = ['query', 'command', 'publicQuery'] as const;

/** Commands whose repetition changes nothing more. What creates, sends or starts is done twice when it is sent twice. */
const idempotentVerbs = /^(update|set|add|remove|delete)(?=[A-Z]|$)/;

function readOperation(
  path: string,
  method: string,
  source: JsonReader,
  schemas: ReadonlyMap<string, Schema>,
): { order: number; operation: Operation } {
  const name = source.at('operationId').string();
  const kind = source.at('x-kind').oneOf(kinds);
  const input = readInput(source, schemas);
  const answerName = readReference(
    source.at('responses').at('200').at('content').at('application/json').at('schema').at('$ref'),
  );
  const payload = schemas.get(answerName)?.fields.find((field) => field.name === 'data')?.type;
  const paging = readPaging(input.fields, payload, schemas);
  return {
    order: source.find('x-order')?.number() ?? Number.MAX_SAFE_INTEGER,
    operation: {
      name,
      pythonName: source.find('x-python-name')?.string() ?? toSnakeCase(name),
      kind,
      method: source.with(method).oneOf(methods),
      path,
      tag: source.at('tags').at(0).string(),
      title: { en: source.at('x-title').string(), zh: source.at('x-title-zh-CN').string() },
      summary: { en: source.at('summary').string(), zh: source.at('x-summary-zh-CN').string() },
      description: { en: source.at('description').string(), zh: source.at('x-description-zh-CN').string() },
      deprecated: source.find('deprecated')?.boolean() ?? false,
      permission: source.at('x-permission').string(),
      idempotent: kind !== 'command' || idempotentVerbs.test(name),
      ...input,
      answerName,
      ...(payload === undefined ? {} : { payload }),
      ...(paging === undefined ? {} : { paging }),
      errors: (source.find('x-errors')?.items() ?? []).map(readError),
      events: (source.find('x-events')?.items() ?? []).map(readEvent),
    },
  };
}

function readInput(
  source: JsonReader,
  schemas: ReadonlyMap<string, Schema>,
): { inputName?: string; fields: readonly Field[] } {
  const body = source.find('requestBody');
  if (body === undefined) return { fields: (source.find('parameters')?.items() ?? []).map(readParameter) };
  const inputName = readReference(body.at('content').at('application/json').at('schema').at('$ref'));
  return { inputName, fields: requireSchema({ schemas }, inputName).fields };
}

function readParameter(source: JsonReader): Field {
  const description = source.find('description')?.string() ?? '';
  return readField(source.at('name').string(), source.at('schema'), source.at('required').boolean(), description);
}

function readError(source: JsonReader): OperationError {
  const apiCode = source.find('apiCode')?.number();
  return {
    code: source.at('code').string(),
    statusCode: source.at('statusCode').number(),
    ...(apiCode === undefined ? {} : { apiCode }),
    message: { en: source.at('message').string(), zh: source.at('message-zh-CN').string() },
  };
}

function readEvent(source: JsonReader): OperationEvent {
  const webhook = source.find('webhook')?.string();
  const topic = source.find('topic')?.string();
  return {
    name: source.at('name').string(),
    ...(webhook === undefined ? {} : { webhook }),
    ...(topic === undefined ? {} : { topic }),
  };
}

/** A list is paged when its payload counts all items and its input takes a page and a limit, in either place V3 has them. */
function readPaging(
  fields: readonly Field[],
  payload: Type | undefined,
  schemas: ReadonlyMap<string, Schema>,
): Paging | undefined {
  const page = fieldsOf(payload, schemas);
  const list = page.find((field) => field.name === 'list')?.type;
  if (list?.kind !== 'array' || !page.some((field) => field.name === 'totalCount')) return undefined;
  for (const at of [[], ['options', 'pagination']]) {
    const place = at.reduce((inside, name) => fieldsOf(inside.find((one) => one.name === name)?.type, schemas), fields);
    const limit = place.find((field) => field.name === 'limit');
    if (limit === undefined || !place.some((field) => field.name === 'page')) continue;
    return { at, item: list.items, defaultLimit: typeof limit.default === 'number' ? limit.default : 10 };
  }
  return undefined;
}

function fieldsOf(type: Type | undefined, schemas: ReadonlyMap<string, Schema>): readonly Field[] {
  if (type?.kind === 'object') return type.fields;
  return type?.kind === 'ref' ? (schemas.get(type.name)?.fields ?? []) : [];
}

function toSections(operations: readonly Operation[]): Section[] {
  const byTag = Map.groupBy(operations, ({ tag }) => tag);
  return [...byTag].map(([tag, ofTag]) => ({ tag, operations: ofTag }));
}

function toCatalogue(operations: readonly Operation[]): OperationError[] {
  const byCode = new Map(operations.flatMap(({ errors }) => errors.map((error) => [error.code, error] as const)));
  return [...byCode.values()].sort((a, b) => (a.code < b.code ? -1 : 1));
}
