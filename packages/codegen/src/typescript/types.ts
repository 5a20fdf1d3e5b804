import type { Type } from '../model.ts';
import { propertyName, textLiteral } from './literal.ts';

/** A type as TypeScript writes it; `reference` says how a named schema is called here. */
export function typeText(type: Type, reference: (name: string) => string = (name) => name): string {
  const text = plainText(type, reference);
  // Nothing can be added to `unknown`.
  return type.nullable && text !== 'unknown' ? `${text} | null` : text;
}

function plainText(type: Type, reference: (name: string) => string): string {
  switch (type.kind) {
    case 'string':
    case 'boolean':
    case 'number':
      return type.kind;
    case 'integer':
      return 'number';
    case 'any':
      return 'unknown';
    case 'enum':
      return type.values.map((value) => (typeof value === 'string' ? textLiteral(value) : String(value))).join(' | ');
    case 'array':
      return `${grouped(type.items, reference)}[]`;
    case 'map':
      return `Record<string, ${typeText(type.values, reference)}>`;
    case 'object':
      if (type.fields.length === 0) return 'Record<string, never>';
      return `{ ${type.fields
        .map((field) => `${propertyName(field.name)}${field.required ? '' : '?'}: ${typeText(field.type, reference)}`)
        .join('; ')} }`;
    case 'union':
      return type.members.map((member) => typeText(member, reference)).join(' | ');
    case 'ref':
      return reference(type.name);
  }
}

/** In parentheses where `[]` would bind to the last alternative only. */
function grouped(type: Type, reference: (name: string) => string): string {
  const text = typeText(type, reference);
  const hasAlternatives = type.kind !== 'object' && type.kind !== 'map' && text.includes(' | ');
  return hasAlternatives || (type.nullable && text.endsWith(' | null')) ? `(${text})` : text;
}
