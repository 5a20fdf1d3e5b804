import * as z from 'zod';
import type { Scope } from '../../platform/database/database.ts';
import { patternMatching } from '../../platform/pattern-matching.ts';
import { parsePhoneQuery } from '../../platform/phone-numbers.ts';
import { customValueErrors } from './contract.ts';
import { type CustomField, findCustomFields, lockCustomFields, type TargetType, type ValidateRule } from './store.ts';

/** Custom data as callers give it: what is absent stays, null and empty remove. */
export type GivenCustomData = Readonly<Record<string, unknown>> | null | undefined;

export type Value = string | number | boolean;

/** Custom data that satisfies the definitions of its fields. */
export type PreparedCustomData = readonly {
  readonly field: CustomField;
  readonly value: Value | null;
  /** The field as errors name it: `list.3.customData.school`. */
  readonly name: string;
}[];

/** How the values of a command are read. */
interface Reading {
  /** Names an item of a batch in errors: `list.3.`. */
  readonly prefixOf?: (index: number) => string;
  /** Whether numbers and truth values may come as text, from clients that know text alone. */
  readonly isText?: boolean;
}

/** Of one value. The live service says 1024 and means it of each. */
const maxValueCharacters = 1024;

/**
 * Checks custom data against the definitions of its fields, which stay as they are until the transaction ends. To be called
 * before the command locks or writes anything. Costs nothing where no custom data is given.
 */
export async function prepareCustomData(
  scope: Scope,
  targetType: TargetType,
  given: readonly GivenCustomData[],
  { prefixOf = () => '', isText = false }: Reading = {},
): Promise<PreparedCustomData[]> {
  const keys = new Set(given.flatMap((one) => Object.keys(one ?? {})));
  if (keys.size === 0) return given.map(() => []);
  for (const value of given.flatMap((one) => Object.values(one ?? {}))) refuseLong(value);
  await lockCustomFields(scope, targetType, 'shared');
  const fields = new Map((await findCustomFields(scope, targetType, [...keys])).map((field) => [field.key, field]));
  const prepared: PreparedCustomData[] = [];
  const matches: Match[] = [];
  try {
    for (const [index, one] of given.entries()) {
      const values: PreparedCustomData[number][] = [];
      for (const [key, value] of Object.entries(one ?? {})) {
        const field = fields.get(key);
        if (field === undefined) throw customValueErrors.fieldNotDefined({ key });
        const name = `${prefixOf(index)}customData.${key}`;
        values.push({ field, name, value: await toValue(value, field, name, isText, matches) });
      }
      prepared.push(values);
    }
  } catch (error) {
    // Of several values that are wrong the first is told of.
    await requireMatches(scope, matches);
    throw error;
  }
  await requireMatches(scope, matches);
  return prepared;
}

/** Code points: 1024 characters of any script are 1024. */
function refuseLong(value: unknown): void {
  const text = typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
  if (text.length <= maxValueCharacters) return;
  if (text.length > 2 * maxValueCharacters || [...text].length > maxValueCharacters) throw customValueErrors.tooLong();
}

/** A text that has to match the expression of a rule; all of a command's are matched at once, when everything else is right. */
interface Match {
  readonly text: string;
  readonly rule: ValidateRule;
  readonly name: string;
}

/** What one command may spend on regular expressions, which customers write. Ten thousand values of ordinary ones take less. */
const maxMatchingMs = 500;

async function requireMatches({ userPoolId }: Scope, matches: readonly Match[]): Promise<void> {
  const questions = matches.map(({ text, rule }) => ({ text, expression: rule.content ?? '' }));
  const answers = await patternMatching.match(userPoolId, questions, maxMatchingMs);
  for (const [index, { name, rule }] of matches.entries()) {
    if (answers[index] === undefined) throw customValueErrors.tooCostly({ field: name });
    if (!answers[index]) throw refusedBy(rule, name);
  }
}

function refusedBy({ error, type }: ValidateRule, name: string) {
  return error ? customValueErrors.refused({ error }) : customValueErrors.invalid({ field: name, rule: type });
}

async function toValue(
  given: unknown,
  field: CustomField,
  name: string,
  isText: boolean,
  matches: Match[],
): Promise<Value | null> {
  if (given === null || given === '') return null;
  const value = toTyped(given, field, isText);
  if (value === undefined) throw customValueErrors.wrongType({ field: name, dataType: field.dataType });
  if (field.dataType === 'ENUM' && !field.options.some((option) => option.value === value)) {
    throw customValueErrors.notAnOption({ field: name });
  }
  for (const rule of field.validateRules) {
    if (rule.type === 'regExp') matches.push({ text: String(value), rule, name });
    else if (!(await satisfies(String(value), rule.type))) throw refusedBy(rule, name);
  }
  return value;
}

const timestamp = z.iso.datetime({ offset: true, local: true });
const day = z.iso.date();

/** The value as it is stored, or nothing when it is of another type. */
export function toTyped(given: unknown, { dataType }: CustomField, isText: boolean): Value | undefined {
  switch (dataType) {
    case 'STRING':
    case 'ENUM':
      return typeof given === 'string' ? given : undefined;
    case 'NUMBER': {
      const isNumeral = isText && typeof given === 'string' && /^-?\d+(\.\d+)?$/.test(given);
      const number = isNumeral ? Number(given) : given;
      // Beyond, a number has lost digits on its way here.
      if (typeof number !== 'number' || Math.abs(number) > Number.MAX_SAFE_INTEGER) return undefined;
      return number === 0 ? 0 : number;
    }
    case 'BOOLEAN':
      if (isText && (given === 'true' || given === 'false')) return given === 'true';
      return typeof given === 'boolean' ? given : undefined;
    case 'DATETIME': {
      // Stored in UTC, all of one form, so that their order as texts is their order in time.
      if (typeof given === 'number') return Number.isInteger(given) ? toIso(given) : undefined;
      if (typeof given !== 'string') return undefined;
      const text = given.replace(' ', 'T');
      if (day.safeParse(text).success) return toIso(`${text}T00:00:00Z`);
      if (!timestamp.safeParse(text).success) return undefined;
      return toIso(/(Z|[+-]\d{2}:?\d{2})$/.test(text) ? text : `${text}Z`);
    }
  }
}

// Other years are written in more than four digits, and PostgreSQL knows no year 0.
const earliest = Date.parse('0001-01-01T00:00:00.000Z');
const latest = Date.parse('9999-12-31T23:59:59.999Z');

function toIso(time: string | number): string | undefined {
  const date = new Date(time);
  return date.getTime() >= earliest && date.getTime() <= latest ? date.toISOString() : undefined;
}

const email = z.email();

async function satisfies(text: string, type: Exclude<ValidateRule['type'], 'regExp'>): Promise<boolean> {
  switch (type) {
    case 'phone':
      return (
        /^\+?[\d\s().-]{5,32}$/.test(text) &&
        (await parsePhoneQuery(text)).some(({ phone }) => /^\d{4,15}$/.test(phone))
      );
    case 'email':
      return email.safeParse(text).success;
    case 'isNumber':
      return /^-?\d+(\.\d+)?$/.test(text);
    // Kept by the table of taken values.
    case 'UNIQUE':
    case 'None':
      return true;
  }
}
