import type { Field, Operation } from '../model.ts';
import { toSnakeCase } from '../names.ts';
import { publishedParameters } from './published.ts';
import { isIdentifier } from './types.ts';

/** A parameter of a method. */
export interface Parameter {
  readonly name: string;
  readonly field: Field;
  /**
   * How it may be left out. `unless-required`: the published order puts it behind one that may be left out, so Python
   * wants a default of it although there is none; the client then complains in Python's stead.
   */
  readonly default: 'none' | 'absent' | 'unless-required';
}

/** The parameters of an operation: the published ones in the published order, then what was never published. */
export function parametersOf({ pythonName, fields }: Operation): Parameter[] {
  const published = publishedParameters(pythonName);
  const named = fields.map((field) => ({ name: parameterName(field.name), field }));
  const place = ({ name, field }: { name: string; field: Field }): number => {
    const index = published.indexOf(name);
    if (index !== -1) return index;
    return published.length + (field.required ? 0 : 1);
  };
  const ordered = named.toSorted((a, b) => place(a) - place(b));
  const firstOptional = ordered.findIndex(({ field }) => !field.required);
  return ordered.map(({ name, field }, index) => ({
    name,
    field,
    default: !field.required ? 'absent' : firstOptional === -1 || index < firstOptional ? 'none' : 'unless-required',
  }));
}

function parameterName(wireName: string): string {
  const name = toSnakeCase(wireName);
  return isIdentifier(name) && name !== 'self' ? name : `${name}_`;
}
