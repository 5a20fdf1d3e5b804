import { type GeneratedFile, notice } from '../files.ts';
import { type Field, type Model, type Operation, requireSchema, schemasWithin, type Type } from '../model.ts';
import { toKebabCase, toPascalCase } from '../names.ts';
import { docComment } from './doc-comment.ts';
import { lineWidth, propertyName, valueLiteral } from './literal.ts';
import { typeText } from './types.ts';

/** One interface to be written. */
interface Declaration {
  readonly name: string;
  readonly description: string;
  readonly type: Type;
}

/**
 * The types of all inputs and answers, a file a section. A type that several sections use stands in the first of them, so
 * files import only from files before them.
 */
export function modelFiles(model: Model, folder: string): GeneratedFile[] {
  const homes = new Map<string, string>();
  const files: GeneratedFile[] = [];
  const exported: string[] = [];
  for (const { tag, operations } of model.sections) {
    const file = toKebabCase(tag);
    const declarations: Declaration[] = [];
    for (const declaration of operations.flatMap((operation) => declarationsOf(model, operation))) {
      if (homes.has(declaration.name)) continue;
      homes.set(declaration.name, file);
      declarations.push(declaration);
    }
    // A section may have no type of its own.
    if (declarations.length === 0) continue;
    files.push({ path: `${folder}/${file}.ts`, text: modelFile(file, declarations, homes) });
    exported.push(`export * from './${file}.ts';\n`);
  }
  return [...files, { path: `${folder}/index.ts`, text: `// ${notice}\n${exported.sort().join('')}` }];
}

/** How the type of an operation's input is called; `undefined` when it has no fields. */
export function inputTypeName({ name, inputName, fields }: Operation): string | undefined {
  if (inputName !== undefined) return inputName;
  return fields.length === 0 ? undefined : `${toPascalCase(name)}Params`;
}

function declarationsOf(model: Model, operation: Operation): Declaration[] {
  const { name, inputName, fields, answerName } = operation;
  const names = new Set<string>();
  const declarations: Declaration[] = [];
  const parameters = inputTypeName(operation);
  if (inputName === undefined && parameters !== undefined) {
    if (model.schemas.has(parameters)) throw new Error(`${parameters} is the name of a schema and of a query`);
    const type: Type = { kind: 'object', fields, nullable: false };
    declarations.push({ name: parameters, description: `Input of \`${name}\`.`, type });
    schemasWithin(model, type, names);
  }
  if (inputName !== undefined) schemasWithin(model, { kind: 'ref', name: inputName, nullable: false }, names);
  schemasWithin(model, { kind: 'ref', name: answerName, nullable: false }, names);
  for (const schemaName of names) {
    const { type, description } = requireSchema(model, schemaName);
    const fallback = schemaName === inputName ? `Input of \`${name}\`.` : '';
    declarations.push({ name: schemaName, description: description.en || fallback, type });
  }
  return declarations;
}

function modelFile(file: string, declarations: readonly Declaration[], homes: ReadonlyMap<string, string>): string {
  const imported = new Map<string, Set<string>>();
  for (const { type } of declarations) {
    for (const name of directReferences(type)) {
      const home = homes.get(name);
      if (home === undefined) throw new Error(`${name} has no file`);
      if (home === file) continue;
      imported.set(home, (imported.get(home) ?? new Set()).add(name));
    }
  }
  const imports = [...imported].sort(([a], [b]) => (a < b ? -1 : 1)).map(([home, names]) => importText(home, names));
  const opening = `// ${notice}\n${imports.join('')}`;
  return [opening, ...declarations.map(declarationText)].join('\n');
}

function importText(home: string, names: ReadonlySet<string>): string {
  const sorted = [...names].sort((a, b) => (a < b ? -1 : 1));
  const line = `import type { ${sorted.join(', ')} } from './${home}.ts';\n`;
  if (line.length <= lineWidth + 1) return line;
  return `import type {\n${sorted.map((name) => `  ${name},\n`).join('')}} from './${home}.ts';\n`;
}

function directReferences(type: Type): string[] {
  switch (type.kind) {
    case 'ref':
      return [type.name];
    case 'array':
      return directReferences(type.items);
    case 'map':
      return directReferences(type.values);
    case 'union':
      return type.members.flatMap(directReferences);
    case 'object':
      return type.fields.flatMap((field) => directReferences(field.type));
    default:
      return [];
  }
}

function declarationText({ name, description, type }: Declaration): string {
  const comment = docComment([description], '');
  if (type.kind !== 'object') return `${description === '' ? '' : comment}export type ${name} = ${typeText(type)};\n`;
  const fields = type.fields.map((field) => fieldText(field, '  ')).join('');
  const body = fields === '' ? '{}' : `{\n${fields}}`;
  return `${description === '' ? '' : comment}export interface ${name} ${body}\n`;
}

/** A field with its comment; an object without a name of its own is written out below it. */
function fieldText(field: Field, indent: string): string {
  const start = `${indent}${propertyName(field.name)}${field.required ? '' : '?'}:`;
  return `${fieldComment(field, indent)}${start}${fieldType(field, start, indent)};\n`;
}

function fieldType({ type }: Field, start: string, indent: string): string {
  if (type.kind === 'object' && type.fields.length > 0) {
    const inner = type.fields.map((field) => fieldText(field, `${indent}  `)).join('');
    return ` {\n${inner}${indent}}${type.nullable ? ' | null' : ''}`;
  }
  const text = typeText(type);
  const alternatives = type.kind === 'enum' || type.kind === 'union' ? text.split(' | ') : [];
  if (start.length + text.length + 2 <= lineWidth || alternatives.length === 0) return ` ${text}`;
  return `\n${alternatives.map((alternative) => `${indent}  | ${alternative}`).join('\n')}`;
}

function fieldComment(field: Field, indent: string): string {
  const tags: string[] = [];
  if (field.default !== undefined) tags.push(`@default ${valueLiteral(field.default, Number.POSITIVE_INFINITY)}`);
  if (field.example !== undefined) tags.push(`@example ${valueLiteral(field.example, Number.POSITIVE_INFINITY)}`);
  if (field.deprecated) tags.push('@deprecated');
  const words = [field.description.en, limits(field)].filter((text) => text !== '').join('. ');
  if (words === '' && tags.length === 0) return '';
  return docComment([words, tags], indent);
}

/** The limits of a value in words, where the contract sets any that a caller may run into. */
function limits({ bounds, type }: Field): string {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems } = bounds;
  if (type.kind === 'array') return range(minItems, maxItems, 'items');
  if (type.kind === 'string') return range(minLength, maxLength, 'characters');
  return range(minimum, maximum, '');
}

function range(least: number | undefined, most: number | undefined, unit: string): string {
  const of = unit === '' ? '' : ` ${unit}`;
  if (most === undefined)
    return least === undefined || (least <= 1 && unit === 'characters') ? '' : `At least ${least}${of}`;
  return least === undefined ? `At most ${most}${of}` : `${least} to ${most}${of}`;
}
