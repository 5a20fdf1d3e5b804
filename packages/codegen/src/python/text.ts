import type { Json } from '../json.ts';

/** Column where lines end, as in the files written by hand. */
const lineWidth = 120;

/** The same for text in a docstring, which stands in the body of a method. */
const width = lineWidth - 8;

/** Words wrapped to the width, every line indented, those after the first by `hanging` more. */
export function wrap(text: string, indent: string, hanging = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    const prefix = indent + (lines.length === 0 ? '' : hanging);
    if (line !== '' && prefix.length + line.length + 1 + word.length > width) {
      lines.push(prefix + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(indent + (lines.length === 0 ? '' : hanging) + line);
  return lines;
}

/** A docstring from its lines, which carry no indent of their own. */
export function docstring(lines: readonly string[], indent: string): string[] {
  // A backslash would start an escape, and three quotes would end the text.
  const escaped = lines.map((line) => line.replaceAll('\\', '\\\\').replaceAll('"""', "'''"));
  const [only = ''] = escaped;
  if (escaped.length === 1 && !only.endsWith('"')) return [`${indent}"""${only}"""`];
  const [first = '', ...rest] = escaped;
  return [`${indent}"""${first}`, ...rest.map((line) => (line === '' ? '' : indent + line)), `${indent}"""`];
}

/** A JSON value as Python writes it. */
export function literal(value: Json): string {
  if (value === null) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  return `{${Object.entries(value)
    .map(([key, one]) => `${JSON.stringify(key)}: ${literal(one)}`)
    .join(', ')}}`;
}

/** A type on one line if it fits, else opened at its brackets. */
export function broken(before: string, type: string, ending: string): string[] {
  const bracket = type.indexOf('[');
  if (before.length + type.length + ending.length <= lineWidth || bracket === -1) return [before + type + ending];
  const margin = before.slice(0, before.search(/\S|$/));
  const inside = type.slice(bracket + 1, -1);
  const parts = type.startsWith('Literal[') ? inside.split(/, (?=")/) : [inside];
  const lines = parts.flatMap((part) => broken(`${margin}    `, part, parts.length > 1 ? ',' : ''));
  return [`${before}${type.slice(0, bracket + 1)}`, ...lines, `${margin}]${ending}`];
}
