import { type Operation, unwrapField } from '@genauth/contract';
import * as z from 'zod';
import { requestErrors } from '../errors.ts';
import { type QueryParameters, type QueryValue, toBoolean, toNumber, toStringList } from './query-string.ts';

type Plain = Readonly<Record<string, unknown>>;

/** Reads the input of one operation. */
export interface InputReader {
  /** Query parameters by kind, for signatures: what was signed but not sent depends on it. */
  readonly declaredQuery: Readonly<Record<string, 'scalar' | 'array'>>;
  /** Parsed input, or a 400 that names the field. `isText`: from a query or a form, where every value is text. */
  read(sent: QueryParameters | Plain, isText: boolean): Plain;
  /** The same input without what may not be stored in clear: fields declared `writeOnly`. */
  redact(input: unknown): unknown;
}

/** Makes the reader of an operation. Compiles the schema, which takes milliseconds: done at the first request. */
export function createInputReader(operation: Operation): InputReader {
  const schema = z.compile(operation.input);
  const fromQuery = operation.method === 'GET';
  const fields = Object.entries(operation.input.shape).map(([name, field]) => ({
    name,
    base: unwrapField(field).base,
  }));
  const conversions = fields.flatMap(({ name, base }) => {
    const convert = conversionTo(base);
    return convert === undefined ? [] : [{ name, convert }];
  });
  const secrets = secretNames(operation.input);

  return {
    declaredQuery: fromQuery
      ? Object.fromEntries(fields.map(({ name, base }) => [name, base instanceof z.ZodArray ? 'array' : 'scalar']))
      : {},
    read(sent, isText) {
      let values: Plain = sent;
      if (isText) {
        const converted: Record<string, unknown> = { ...sent };
        for (const { name, convert } of conversions) {
          if (name in converted) converted[name] = convert((sent as QueryParameters)[name]);
        }
        values = converted;
      }
      values = withoutIdleNulls(values, operation.input);
      const hostile = findUnkept(values);
      if (hostile !== undefined) throw requestErrors.fieldMalformed({ field: hostile || 'body' });
      const parsed = schema.safeParse(values);
      if (!parsed.success) throw toFieldError(parsed.error, values);
      return parsed.data as Plain;
    },
    redact: (input) => (secrets.size === 0 ? input : withoutSecrets(input, secrets)),
  };
}

/**
 * The same values without the nulls that say no more than leaving the field out would. Clients in Go and Node send them for
 * what was not given; where null has a meaning of its own the field is declared nullable, and keeps it. For one of several
 * words typed clients send an empty text, in bodies as in queries.
 */
function withoutIdleNulls(values: Plain, schema: z.ZodObject): Plain {
  let cleaned: Record<string, unknown> | undefined;
  for (const [name, field] of Object.entries(schema.shape)) {
    const value = values[name];
    if (value === undefined) continue;
    const { base, required, nullable } = unwrapField(field);
    const isIdle = !required && (value === null ? !nullable : value === '' && base instanceof z.ZodEnum);
    const kept = isIdle ? undefined : withoutNullsInside(value, base);
    if (kept === value) continue;
    cleaned ??= { ...values };
    if (kept === undefined) delete cleaned[name];
    else cleaned[name] = kept;
  }
  return cleaned ?? values;
}

function withoutNullsInside(value: unknown, schema: z.core.$ZodType): unknown {
  if (schema instanceof z.ZodObject && typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return withoutIdleNulls(value as Plain, schema);
  }
  if (schema instanceof z.ZodArray && Array.isArray(value) && unwrapField(schema.element).base instanceof z.ZodObject) {
    return value.map((one) => withoutNullsInside(one, unwrapField(schema.element).base));
  }
  return value;
}

/** How a text becomes the declared type; what cannot stays text, for the schema to refuse. */
function conversionTo(base: z.core.$ZodType): ((value: QueryValue | undefined) => unknown) | undefined {
  if (base instanceof z.ZodBoolean) return toBoolean;
  if (base instanceof z.ZodNumber) return toNumber;
  if (base instanceof z.ZodArray) return toStringList;
  // Clients send `k=` for an option that was not chosen.
  if (base instanceof z.ZodEnum) return (value) => (value === '' ? undefined : value);
  return undefined;
}

/** The first problem, named by its field, as V3 does: `departments.0.departmentId`. */
function toFieldError(error: z.ZodError, values: Plain) {
  const issue = error.issues[0];
  const field = issue?.path.join('.') || 'body';
  const sent = issue?.path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    values,
  );
  const isMissing = sent === undefined || (Array.isArray(sent) && sent.length === 0);
  return isMissing ? requestErrors.fieldMissing({ field }) : requestErrors.fieldMalformed({ field });
}

/**
 * The path of what would not come back as it was sent: a text PostgreSQL cannot hold (NUL) or that is no Unicode text (a lone
 * surrogate, which would silently become U+FFFD), and a name `__proto__`, which the check of objects of any names leaves out
 * without a word. Refused here, once, so that whatever is stored is returned byte for byte. Beside the fields of the input
 * itself that name is one nobody knows, and passed over like all others.
 */
function findUnkept(value: unknown, path = '', depth = 0): string | undefined {
  if (typeof value === 'string') return value.includes('\0') || !value.isWellFormed() ? path : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > 160) return path;
  for (const [name, child] of Object.entries(value)) {
    const at = path === '' ? name : `${path}.${name}`;
    if (name.includes('\0') || !name.isWellFormed()) return path;
    if (name === '__proto__' && depth > 0) return at;
    const found = findUnkept(child, at, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function secretNames(schema: z.core.$ZodType, names = new Set<string>()): ReadonlySet<string> {
  const { base } = unwrapField(schema);
  if (base instanceof z.ZodArray) secretNames(base.element, names);
  if (base instanceof z.ZodObject) {
    for (const [name, field] of Object.entries<z.ZodType>(base.shape)) {
      if (field.meta()?.['writeOnly'] === true) names.add(name);
      secretNames(field, names);
    }
  }
  return names;
}

function withoutSecrets(value: unknown, secrets: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((one) => withoutSecrets(one, secrets));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, child]) => [
      name,
      secrets.has(name) ? '[redacted]' : withoutSecrets(child, secrets),
    ]),
  );
}
