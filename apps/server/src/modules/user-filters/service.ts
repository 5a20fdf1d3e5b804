import type { Scope } from '../../platform/database/database.ts';
import { requestErrors } from '../../platform/errors.ts';
import type { Seal } from '../../platform/seal.ts';
import { type CustomField, type DataType, findCustomFields, findTargetsByCustomField } from '../custom-values/index.ts';
import { identityCondition, toStoredEmail, type UserCondition, userErrors } from '../user-directory/index.ts';
import { isTextOfKeywords, type KeywordReader, keywordCondition } from '../user-texts/index.ts';
import type { DepartmentMemberships } from '../users/index.ts';
import {
  ApplicationFilters,
  DepartmentFilters,
  type FilterItem,
  type fuzzyFields,
  IdentityFilters,
  operators,
  SourceFilters,
} from './contract.ts';
import {
  type FieldFilter,
  type FieldKind,
  type FilterValue,
  fieldCondition,
  idCondition,
  kindOfField,
  nobodyCondition,
  sourceCondition,
} from './store.ts';

interface ConditionDependencies {
  readonly seal: Seal;
  readonly departments: Pick<DepartmentMemberships, 'condition'>;
}

/** Users that meet all conditions. */
export interface SelectedUsers {
  readonly conditions: readonly UserCondition[];
  /** How to know their number. `counted`: all conditions are on columns of `user_counts`; `gathered`: they are rather few. */
  readonly total: 'counted' | 'gathered' | 'scanned';
}

/** Which users are asked for. */
export interface WantedUsers {
  readonly keywords?: string | null | undefined;
  readonly advancedFilter?: readonly FilterItem[] | null | undefined;
  readonly fuzzySearchOn?: readonly (typeof fuzzyFields)[number][] | null | undefined;
}

/** The conditions on users that all must hold, the one for keywords among them. */
export async function conditionsOf(
  { keywords, advancedFilter, fuzzySearchOn }: WantedUsers,
  scope: Scope,
  dependencies: ConditionDependencies,
): Promise<SelectedUsers> {
  const items = advancedFilter ?? [];
  const conditions = items.some(({ field }) => field === 'status') ? [] : [present];
  const fields = fuzzySearchOn?.length ? fuzzySearchOn : undefined;
  const found = keywords
    ? keywordCondition(keywords, fields, { seal: dependencies.seal, userPoolId: scope.userPoolId })
    : undefined;
  if (found !== undefined) conditions.push(found);
  for (const [index, item] of items.entries()) {
    conditions.push(await toCondition(item, `advancedFilter.${index}`, scope, dependencies));
  }
  const isGathered = found !== undefined || items.some(isGatheredBy);
  return { conditions, total: isGathered ? 'gathered' : items.every(isCounted) ? 'counted' : 'scanned' };
}

function equal(field: string, values: readonly FilterValue[]): UserCondition {
  return fieldCondition({ field, isNegated: false, test: 'in', values });
}

/** Whether a filter is answered from other tables, which is done once rather than for the total and for the page. */
function isGatheredBy({ field, operator }: FilterItem): boolean {
  return field === 'department' || field === 'identity' || (operator === 'CONTAINS' && isTextOfKeywords(field));
}

/** Whether a filter is on something users are counted by. */
function isCounted({ field, value }: FilterItem): boolean {
  switch (field) {
    case 'status':
    case 'gender':
    case 'userSourceType':
      return true;
    case 'userSource':
      return SourceFilters.safeParse(value).data?.every(({ id }) => !id) ?? false;
    default:
      return false;
  }
}

/** Who has left the company or was put away is not listed unless somebody asks for a status. */
const present = equal('status', ['Activated', 'Suspended', 'Deactivated']);

/** Users of this state, or of those that are usually listed, changed within these bounds. */
export function conditionsOfStatus(
  status: string | undefined,
  changed: { readonly from: number | undefined; readonly to: number | undefined },
): SelectedUsers {
  const ofStatus = status === undefined ? present : equal('status', [status]);
  const [from, to] = [toTime(changed.from) ?? null, toTime(changed.to) ?? null];
  if (from === null && to === null) return { conditions: [ofStatus], total: 'counted' };
  const inTime = fieldCondition({ field: 'updatedAt', isNegated: false, test: 'range', from, to });
  return { conditions: [ofStatus, inTime], total: 'scanned' };
}

/** The condition of one filter; `at` names the item in errors. */
async function toCondition(
  item: FilterItem,
  at: string,
  scope: Scope,
  { seal, departments }: ConditionDependencies,
): Promise<UserCondition> {
  switch (item.field) {
    case 'department': {
      const filters = DepartmentFilters.safeParse(item.value);
      if (item.operator !== 'IN') throw requestErrors.fieldMalformed({ field: `${at}.operator` });
      if (!filters.success) throw requestErrors.fieldMalformed({ field: `${at}.value` });
      return filters.data.length === 0 ? nobodyCondition : departments.condition(scope, filters.data);
    }
    case 'userSource': {
      const sources = SourceFilters.safeParse(item.value);
      if (item.operator !== 'IN') throw requestErrors.fieldMalformed({ field: `${at}.operator` });
      if (!sources.success) throw requestErrors.fieldMalformed({ field: `${at}.value` });
      return sourceCondition(sources.data.map(({ type, id }) => ({ type, id: id || null })));
    }
    case 'identity': {
      const accounts = IdentityFilters.safeParse(item.value);
      if (item.operator !== 'IN') throw requestErrors.fieldMalformed({ field: `${at}.operator` });
      if (!accounts.success) throw requestErrors.fieldMalformed({ field: `${at}.value` });
      return identityCondition(accounts.data);
    }
    case 'loggedInApps':
      if (item.operator !== 'IN') throw requestErrors.fieldMalformed({ field: `${at}.operator` });
      if (!ApplicationFilters.safeParse(item.value).success) {
        throw requestErrors.fieldMalformed({ field: `${at}.value` });
      }
      // Nobody has logged in to an application yet.
      return nobodyCondition;
    default: {
      const part = partCondition(item, { seal, userPoolId: scope.userPoolId });
      if (part !== undefined) return part;
      const custom = await findCustom(scope, [item.field]);
      const condition = (await holderCondition(item, at, scope, custom)) ?? fieldConditionOf(item, at, kindsOf(custom));
      if (condition === undefined) throw userErrors.customFieldNotDefined({ key: item.field });
      return condition;
    }
  }
}

/**
 * Where keywords are looked for, parts of a text are: by index, and whatever the spelling. What CONTAINS finds is all that
 * NOT_CONTAINS does not.
 */
function partCondition({ field, operator, value }: FilterItem, reader: KeywordReader): UserCondition | undefined {
  if (operator !== 'CONTAINS' && operator !== 'NOT_CONTAINS') return undefined;
  const text = toText(value);
  if (!isTextOfKeywords(field) || text === undefined) return undefined;
  return keywordCondition(text, [field], reader, operator === 'NOT_CONTAINS');
}

/** The condition of one comparison of a user's own field, or nothing when there is no such field. */
export function fieldConditionOf(item: FilterItem, at: string, customKinds: CustomKinds): UserCondition | undefined {
  const customKind = customKinds.get(item.field);
  const kind = kindOfField(item.field) ?? customKind;
  return kind === undefined ? undefined : fieldCondition(toFieldFilter(item, kind, at), customKind);
}

/** What custom fields of users hold, by key. */
export type CustomKinds = ReadonlyMap<string, FieldKind>;

/** What those of these fields hold that are custom fields; nothing is asked when none of them can be. */
export async function findCustomKinds(scope: Scope, fields: readonly string[]): Promise<CustomKinds> {
  return kindsOf(await findCustom(scope, fields));
}

async function findCustom(scope: Scope, fields: readonly string[]): Promise<CustomField[]> {
  const keys = fields.filter((field) => kindOfField(field) === undefined);
  return keys.length === 0 ? [] : findCustomFields(scope, 'USER', keys);
}

function kindsOf(fields: readonly CustomField[]): CustomKinds {
  return new Map(fields.map(({ key, dataType, encrypted }) => [key, encrypted ? 'sealed' : kindOfData[dataType]]));
}

/** Whoever has this value of a unique field is known without reading everybody's custom data. */
async function holderCondition(
  { operator, value }: FilterItem,
  at: string,
  scope: Scope,
  [field]: readonly CustomField[],
): Promise<UserCondition | undefined> {
  if (operator !== 'EQUAL' || !field?.isUnique || field.encrypted || value === '') return undefined;
  if (typeof value !== (field.dataType === 'NUMBER' ? 'number' : 'string')) return undefined;
  const holders = await findTargetsByCustomField(scope, 'USER', [`${field.key}:${value}`], `${at}.value`);
  return idCondition([...holders.values()]);
}

const kindOfData = {
  STRING: 'text',
  ENUM: 'text',
  NUMBER: 'number',
  DATETIME: 'time',
  BOOLEAN: 'boolean',
} as const satisfies Record<DataType, FieldKind>;

/** Whether this is a way to compare. */
export function isFilterOperator(text: string): text is FilterItem['operator'] {
  return operators.some((operator) => operator === text);
}

function toFieldFilter({ field, operator, value }: FilterItem, kind: FieldKind, at: string): FieldFilter {
  const refuse = (what: 'operator' | 'value') => requestErrors.fieldMalformed({ field: `${at}.${what}` });
  const one = (given: unknown) => {
    const read = toFilterValue(given, kind);
    if (read === undefined) throw refuse('value');
    return read;
  };
  const many = (read: typeof one) => {
    if (!Array.isArray(value) || value.length > 1000) throw refuse('value');
    return value.map(read);
  };
  const isText = kind === 'text' || kind === 'email' || kind === 'list';
  const bound = (given: unknown) => {
    // Among texts, numbers have another order.
    if (isText && typeof given === 'number') throw refuse('value');
    return one(given);
  };
  const hasOrder = isText || kind === 'number' || kind === 'integer' || kind === 'time';
  if (kind === 'sealed' && operator !== 'IS_NULL' && operator !== 'NOT_NULL') throw refuse('operator');

  switch (operator) {
    case 'IS_NULL':
      return { field, isNegated: false, test: 'null' };
    case 'NOT_NULL':
      return { field, isNegated: true, test: 'null' };
    case 'EQUAL':
      return { field, isNegated: false, test: 'in', values: [one(value)] };
    case 'NOT_EQUAL':
      return { field, isNegated: true, test: 'in', values: [one(value)] };
    case 'IN':
      return { field, isNegated: false, test: 'in', values: many(one) };
    case 'CONTAINS':
    case 'NOT_CONTAINS': {
      if (!isText) throw refuse('operator');
      const isNegated = operator === 'NOT_CONTAINS';
      if (kind === 'list') return { field, isNegated, test: 'in', values: [one(value)] };
      const text = toText(value);
      if (text === undefined) throw refuse('value');
      return { field, isNegated, test: 'contains', text };
    }
    case 'GREATER':
      if (!hasOrder || kind === 'list') throw refuse('operator');
      return { field, isNegated: false, test: 'range', from: bound(value), to: null };
    case 'LESSER':
      if (!hasOrder || kind === 'list') throw refuse('operator');
      return { field, isNegated: false, test: 'range', from: null, to: bound(value) };
    case 'BETWEEN': {
      if (!hasOrder || kind === 'list') throw refuse('operator');
      const [from, to, ...rest] = many(bound);
      if (from === undefined || to === undefined || rest.length > 0) throw refuse('value');
      return { field, isNegated: false, test: 'range', from, to };
    }
  }
}

const maxTextLength = 2048;

/** Texts of digits, such as phones and ids of elsewhere, are sent as numbers too. */
function toText(given: unknown): string | undefined {
  const text = Number.isSafeInteger(given) ? String(given) : given;
  return typeof text === 'string' && text.length <= maxTextLength ? text : undefined;
}

/** A value of the kind the field holds, or nothing. */
function toFilterValue(given: unknown, kind: FieldKind): FilterValue | undefined {
  switch (kind) {
    case 'text':
    case 'list':
      return toText(given);
    case 'email': {
      const text = toText(given);
      return text === undefined ? undefined : toStoredEmail(text);
    }
    case 'number':
    case 'integer': {
      const number = typeof given === 'string' && given.trim() !== '' ? Number(given) : given;
      return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
    }
    case 'time':
      return toTime(given);
    case 'boolean':
      return given === true || given === 'true' ? true : given === false || given === 'false' ? false : undefined;
    case 'sealed':
      return undefined;
    default:
      return typeof given === 'string' && kind.includes(given) ? given : undefined;
  }
}

/** Numbers below this are seconds: as milliseconds they would lie before March 1973. */
const firstMilliseconds = 1e11;
const yearTenThousand = 253_402_300_800_000;

/** A point in time as ISO 8601, from seconds, milliseconds or ISO 8601 itself. */
function toTime(given: unknown): string | undefined {
  const number = typeof given === 'string' && /^\d+$/.test(given) ? Number(given) : given;
  const milliseconds =
    typeof number === 'number'
      ? number * (number < firstMilliseconds ? 1000 : 1)
      : typeof number === 'string' && /^\d{4}-\d{2}-\d{2}/.test(number)
        ? Date.parse(number)
        : Number.NaN;
  return milliseconds >= 0 && milliseconds < yearTenThousand ? new Date(milliseconds).toISOString() : undefined;
}
