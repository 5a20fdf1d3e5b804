import type { Area, Field, Json, Model, Type } from '@genauth/codegen';
import { areasOf, operationSlug, sampleInput } from '@genauth/codegen';
import { addressOf, type Base } from './addresses.ts';
import { escapeHtml } from './markdown.ts';
import type { Locale } from './words.ts';

/** An operation as the explorer needs it; loaded when it is chosen. */
export interface ExplorerOperation {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly public: boolean;
  readonly summary: Readonly<Record<Locale, string>>;
  readonly description: Readonly<Record<Locale, string>>;
  /** Address of its page of the reference: area and page. */
  readonly page: string;
  readonly fields: readonly ExplorerField[];
}

/** One input of an operation. */
export interface ExplorerField {
  readonly name: string;
  readonly kind: 'text' | 'number' | 'boolean' | 'choice' | 'json';
  readonly secret: boolean;
  readonly required: boolean;
  readonly choices: readonly string[];
  readonly description: Readonly<Record<Locale, string>>;
  /** What the sample call sends; absent when it leaves the field out. */
  readonly sample?: Json;
  readonly default?: Json;
}

/** File below `explorer/` -> what it says about the operation of that name. */
export function explorerOperations(model: Model): Map<string, ExplorerOperation> {
  return new Map(
    areasOf(model).flatMap((area) =>
      area.operations.map((operation) => {
        const samples = sampleInput(model, operation);
        const { name, method, path, summary, description, permission } = operation;
        const page = `${area.slug}/${operationSlug(operation)}`;
        const fields = operation.fields.map((field) => toField(field, samples.get(field.name)));
        return [
          name,
          { name, method, path, public: permission === 'public', summary, description, page, fields },
        ] as const;
      }),
    ),
  );
}

/** The choice of operations, area by area. Links, so that each can be pointed at: `/api/#removeDepartmentMembers`. */
export function explorerMenu(areas: readonly Area[], base: Base, locale: Locale): string {
  const address = addressOf(base, locale, 'api');
  return areas
    .map(({ title, operations }) => {
      const items = operations.map(
        (operation) =>
          `<li><a href="${address}#${operation.name}" data-operation="${operation.name}">${escapeHtml(operation.title[locale])}</a></li>`,
      );
      return `<li><span>${escapeHtml(title[locale])}</span><ul>${items.join('')}</ul></li>`;
    })
    .join('');
}

function toField(field: Field, sample: Json | undefined): ExplorerField {
  const { name, type, required, secret, description } = field;
  return {
    name,
    kind: kindOf(type),
    secret,
    required,
    choices: type.kind === 'enum' ? type.values.map(String) : [],
    description,
    ...(sample === undefined ? {} : { sample }),
    ...(field.default === undefined ? {} : { default: field.default }),
  };
}

function kindOf(type: Type): ExplorerField['kind'] {
  switch (type.kind) {
    case 'string':
      return 'text';
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'enum':
      return 'choice';
    default:
      return 'json';
  }
}
