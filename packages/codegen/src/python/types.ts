import { notice } from '../files.ts';
import type { Field, Model, Schema, Type } from '../model.ts';
import { broken, docstring, literal, wrap } from './text.ts';

const keywords = new Set(
  'False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield'.split(
    ' ',
  ),
);

/** Whether a name can be written where Python wants one. */
export function isIdentifier(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name) && !keywords.has(name);
}

/** Names that an annotation mentions: what the module has to import. */
export class Mentions {
  readonly typing = new Set<string>();
  readonly schemas = new Set<string>();
}

/**
 * A type as an annotation. Given values may be any sequence or mapping; what comes in an answer is a list or a dictionary.
 */
export function annotation(type: Type, mentions: Mentions, isGiven: boolean): string {
  const plain = plainAnnotation(type, mentions, isGiven);
  return type.nullable && plain !== 'Any' ? optional(plain, mentions) : plain;
}

/** A type, or nothing. */
export function optional(plain: string, mentions: Mentions): string {
  if (plain === 'Any' || plain.startsWith('Optional[')) return plain;
  mentions.typing.add('Optional');
  return `Optional[${plain}]`;
}

function plainAnnotation(type: Type, mentions: Mentions, isGiven: boolean): string {
  const generic = (name: string, ...parameters: string[]): string => {
    mentions.typing.add(name);
    return `${name}[${parameters.join(', ')}]`;
  };
  switch (type.kind) {
    case 'string':
      return 'str';
    case 'integer':
      return 'int';
    case 'number':
      return 'float';
    case 'boolean':
      return 'bool';
    case 'enum':
      return generic('Literal', ...type.values.map(literal));
    case 'array':
      return generic(isGiven ? 'Sequence' : 'List', annotation(type.items, mentions, isGiven));
    case 'map':
      return generic(isGiven ? 'Mapping' : 'Dict', 'str', annotation(type.values, mentions, isGiven));
    case 'union':
      return generic('Union', ...new Set(type.members.map((member) => annotation(member, mentions, isGiven))));
    case 'ref':
      mentions.schemas.add(type.name);
      return type.name;
    case 'object':
      // Only named objects are worth a class.
      mentions.typing.add('Any');
      return generic(isGiven ? 'Mapping' : 'Dict', 'str', 'Any');
    case 'any':
      mentions.typing.add('Any');
      return 'Any';
  }
}

/** The module of every named schema. */
export function typesModule({ schemas }: Model): string {
  const mentions = new Mentions();
  const definitions = [...schemas.values()].map((schema) => definition(schema, mentions));
  return `${[
    `# ${notice}`,
    '"""The objects that operations take and answer, each a dictionary with the keys of the wire."""',
    '',
    'from __future__ import annotations',
    '',
    'import sys',
    `from typing import ${[...mentions.typing, 'TYPE_CHECKING', 'TypedDict'].sort(byCaseBlindName).join(', ')}`,
    '',
    'if sys.version_info >= (3, 11):',
    '    from typing import NotRequired',
    'elif TYPE_CHECKING:',
    '    from typing_extensions import NotRequired',
    '',
    '',
    definitions.map((lines) => lines.join('\n')).join('\n\n\n'),
  ].join('\n')}\n`;
}

/** How imports are sorted: `Any` before `TYPE_CHECKING` before `TypedDict`, as isort does with its defaults. */
export function byCaseBlindName(a: string, b: string): number {
  const rank = (name: string): string => `${/^[A-Z_]+$/.test(name) ? 0 : 1}${name}`;
  return rank(a) < rank(b) ? -1 : 1;
}

function definition({ name, description, fields, type }: Schema, mentions: Mentions): string[] {
  if (type.kind !== 'object') return [`${name} = ${annotation(type, mentions, false)}`];
  if (!fields.every((field) => isIdentifier(field.name))) return functionalDefinition(name, fields, mentions);
  const words = description.en === '' ? [] : [...docstring(wrap(description.en, ''), '    '), ''];
  const body = fields.flatMap((field) => [
    ...broken(`    ${field.name}: `, fieldAnnotation(field, mentions), ''),
    ...(field.description.en === '' ? [] : docstring(wrap(field.description.en, ''), '    ')),
  ]);
  return [`class ${name}(TypedDict):`, ...words, ...(body.length === 0 ? ['    pass'] : body)];
}

/** For keys that are no identifiers, such as `zh-CN`. Annotations are evaluated here, so names are quoted. */
function functionalDefinition(name: string, fields: readonly Field[], mentions: Mentions): string[] {
  return [
    `${name} = TypedDict(`,
    `    ${literal(name)},`,
    '    {',
    ...fields.map((field) => `        ${literal(field.name)}: ${literal(fieldAnnotation(field, mentions))},`),
    '    },',
    ')',
  ];
}

function fieldAnnotation({ type, required }: Field, mentions: Mentions): string {
  const plain = annotation(type, mentions, false);
  return required ? plain : `NotRequired[${plain}]`;
}
