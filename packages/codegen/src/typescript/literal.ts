import type { Json } from '../json.ts';

/** Widest line of an emitted file, as the formatter of this repository has it. */
export const lineWidth = 120;

const identifier = /^[A-Za-z_$][\w$]*$/;

/** A property name, in quotes where it needs them. */
export function propertyName(name: string): string {
  return identifier.test(name) ? name : textLiteral(name);
}

/** A string in single quotes, or in double ones where that saves escapes. */
export function textLiteral(text: string): string {
  const json = JSON.stringify(text);
  if (text.includes("'") && !text.includes('"')) return json;
  return `'${json.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

/** A value as an expression: on one line if `room` columns suffice, else one part a line, indented by two more than `indent`. */
export function valueLiteral(value: Json, room: number, indent = ''): string {
  const short = onOneLine(value);
  if (short.length <= room) return short;
  const parts = partsOf(value);
  if (parts.length === 0) return short;
  const deeper = `${indent}  `;
  const lines = parts.map(([name, part]) => {
    const prefix = name === undefined ? '' : `${propertyName(name)}: `;
    return `${deeper}${prefix}${valueLiteral(part, lineWidth - deeper.length - prefix.length - 1, deeper)},\n`;
  });
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  return `${open}\n${lines.join('')}${indent}${close}`;
}

function onOneLine(value: Json): string {
  if (typeof value === 'string') return textLiteral(value);
  if (typeof value !== 'object' || value === null) return String(value);
  const parts = partsOf(value).map(
    ([name, part]) => `${name === undefined ? '' : `${propertyName(name)}: `}${onOneLine(part)}`,
  );
  if (Array.isArray(value)) return `[${parts.join(', ')}]`;
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`;
}

function partsOf(value: Json): [name: string | undefined, part: Json][] {
  if (typeof value !== 'object' || value === null) return [];
  return Array.isArray(value) ? value.map((item: Json) => [undefined, item]) : Object.entries(value);
}
