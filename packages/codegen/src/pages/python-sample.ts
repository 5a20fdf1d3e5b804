import type { Json } from '../json.ts';
import type { Model, Operation } from '../model.ts';
import { parametersOf } from '../python/parameters.ts';
import { literal } from '../python/text.ts';
import { placeholders } from './placeholders.ts';

/** The call as a Python program. */
export function pythonSample(_model: Model, operation: Operation, input: ReadonlyMap<string, Json>): string {
  const names = pythonParameterNames(operation);
  const given = [...input].map(([field, value]) => `    ${names.get(field) ?? field}=${opened(value, '    ')},`);
  const { pythonName } = operation;
  const call = given.length === 0 ? [`client.${pythonName}()`] : [`client.${pythonName}(`, ...given, ')'];
  return [
    'from genauth import ManagementClient',
    '',
    'client = ManagementClient(',
    `    access_key_id="${placeholders.accessKeyId}",`,
    `    access_key_secret="${placeholders.accessKeySecret}",`,
    `    host="${placeholders.host}",`,
    ')',
    '',
    `answer = ${call.join('\n')}`,
    'print(answer)',
  ].join('\n');
}

/** Name on the wire -> name of the keyword argument. */
export function pythonParameterNames(operation: Operation): Map<string, string> {
  return new Map(parametersOf(operation).map(({ name, field }) => [field.name, name]));
}

/** A literal, opened up when it does not fit on a line. */
function opened(value: Json, indent: string): string {
  const flat = literal(value);
  if (flat.length <= 70 || typeof value !== 'object' || value === null) return flat;
  const inner = `${indent}    `;
  const parts = Array.isArray(value)
    ? value.map((item: Json) => opened(item, inner))
    : Object.entries(value).map(([name, item]) => `${literal(name)}: ${opened(item, inner)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return [open, ...parts.map((part) => `${inner}${part},`), indent + close].join('\n');
}
