import type { Json } from '../json.ts';
import { type Field, type Model, type Operation, requireSchema, type Type } from '../model.ts';
import { constantName, javaType, propertyName, requestClass } from './names.ts';
import { stringLiteral } from './text.ts';

/** The statements that build the input of a call, inner objects first; it ends up in a variable `request`. */
export class RequestStatements {
  readonly lines: string[] = [];
  /** Classes that the statements mention, the DTOs by their plain names. */
  readonly dtos = new Set<string>();
  readonly classes = new Set<string>();
  readonly #model: Model;
  readonly #variables = new Set(['request', 'answer', 'client', 'options', 'arguments']);

  constructor(model: Model, operation: Operation, input: ReadonlyMap<string, Json>) {
    this.#model = model;
    const className = requestClass(model, operation);
    if (className === undefined) return;
    const isQuery = operation.inputName === undefined;
    this.#build('request', className, Object.fromEntries(input), operation.fields, isQuery);
  }

  #build(
    variable: string,
    className: string,
    values: { readonly [field: string]: Json },
    fields: readonly Field[],
    isQuery: boolean,
  ): void {
    this.dtos.add(className);
    const setters = fields.flatMap((field) => {
      const value = values[field.name];
      if (value === undefined || value === null) return [];
      return [`${variable}.set${propertyName(field.name)}(${this.#valueOf(field, value, className, isQuery)});`];
    });
    this.lines.push(`${className} ${variable} = new ${className}();`, ...setters);
  }

  #valueOf(field: Field, value: Json, className: string, isQuery: boolean): string {
    const { text, enumeration } = javaType(field, isQuery);
    if (enumeration !== undefined) {
      const constant = (one: Json): string => `${className}.${enumeration.name}.${constantName(String(one))}`;
      return isList(value) ? this.#list(value.map(constant)) : constant(value);
    }
    return text === 'Long' && typeof value === 'number' ? `${value}L` : this.#expression(value, field.type, field.name);
  }

  #expression(value: Json, type: Type, hint: string): string {
    if (type.kind === 'ref') {
      const schema = requireSchema(this.#model, type.name);
      if (schema.type.kind !== 'object') return this.#expression(value, schema.type, hint);
      if (isObject(value)) {
        const variable = this.#variableFor(hint);
        this.#build(variable, type.name, value, schema.fields, false);
        return variable;
      }
    }
    if (isList(value)) {
      const items = type.kind === 'array' ? type.items : anything;
      return this.#list(value.map((item) => this.#expression(item, items, hint.replace(/(List|s)$/, ''))));
    }
    if (isObject(value)) return this.#map(value);
    if (typeof value === 'string') return stringLiteral(value);
    if (typeof value === 'number' && (type.kind === 'number' || !Number.isInteger(value))) return `${value}d`;
    return typeof value === 'number' && Math.abs(value) >= 2 ** 31 ? `${value}L` : String(value);
  }

  #list(items: readonly string[]): string {
    this.classes.add('java.util.Arrays');
    return `Arrays.asList(${items.join(', ')})`;
  }

  /** Java 8 has no literal for maps. */
  #map(value: { readonly [field: string]: Json }): string {
    const variable = this.#variableFor('values');
    this.classes.add('java.util.HashMap').add('java.util.Map');
    const entries = Object.entries(value).map(
      ([key, item]) => `${variable}.put(${stringLiteral(key)}, ${this.#expression(item, anything, key)});`,
    );
    this.lines.push(`Map<String, Object> ${variable} = new HashMap<>();`, ...entries);
    return variable;
  }

  #variableFor(hint: string): string {
    const plain = /^[a-z]\w*$/i.test(hint) ? hint : 'value';
    let name = plain;
    for (let count = 2; this.#variables.has(name); count++) name = `${plain}${count}`;
    this.#variables.add(name);
    return name;
  }
}

const anything = { kind: 'any', nullable: true } as const;

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function isObject(value: Json): value is { readonly [field: string]: Json } {
  return typeof value === 'object' && value !== null && !isList(value);
}
