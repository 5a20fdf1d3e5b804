import * as z from 'zod';
import type { Scope } from '../../platform/database/database.ts';
import { requestErrors } from '../../platform/errors.ts';
import { isInternational, nationalSpellings, parsePhoneQuery } from '../../platform/phone-numbers.ts';
import type { Seal } from '../../platform/seal.ts';
import { type CustomField, type DataType, findCustomFields, findTargetsByCustomField } from '../custom-values/index.ts';
import {
  identityCondition,
  relationConditions,
  toStoredEmail,
  type UserCondition,
  userErrors,
} from '../user-directory/index.ts';
import { isTextOfKeywords, type KeywordReader, keywordCondition, type NeedleConditions } from '../user-texts/index.ts';
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
  indexedFilter,
  isOnRows,
  kindOfField,
  nobodyCondition,
  notCondition,
  sourceCondition,
} from './store.ts';

interface ConditionDependencies {
  readonly seal: Seal;
  readonly departments: Pick<DepartmentMemberships, 'condition'>;
}

/** A condition on users, in the forms there are of it. */
export interface Criterion {
  /** Fit for any use, and for those who meet it being few. */
  readonly condition: UserCondition;
  /**
   * Of a user's rows in `users` and `user_search`, whether they meet it: they alone, so that it can be asked of what he was. Not
   * there where other tables matter.
   */
  readonly onRows?: UserCondition;
  /** Tested on a user at hand, for orders in which somebody who meets it comes soon. Always there beside the next two. */
  readonly onUser?: UserCondition;
  /** Finds those who meet it, in less time the fewer they are. */
  readonly found?: UserCondition;
  /** Finds everybody else, in less time the fewer they are. */
  readonly lacking?: UserCondition;
  /** About how large a part of all users meets it, where that is known in less time than by testing some. */
  readonly estimate?: (scope: Scope) => Promise<number>;
  /** `columns`: those of `user_counts`. `users`: the user's row. `elsewhere`: other tables, which is done rather once. */
  readonly on: 'columns' | 'users' | 'elsewhere';
}

/** Users that meet all criteria. */
export interface SelectedUsers {
  readonly criteria: readonly Criterion[];
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
  const criteria = items.some(({ field }) => field === 'status') ? [] : [present];
  const fields = fuzzySearchOn?.length ? fuzzySearchOn : undefined;
  const found = keywords
    ? keywordCondition(keywords, fields, { seal: dependencies.seal, userPoolId: scope.userPoolId })
    : undefined;
  if (found !== undefined) criteria.push(keywordCriterion(found));
  for (const [index, item] of items.entries()) {
    criteria.push(await toCriterion(await withE164(item), `advancedFilter.${index}`, scope, dependencies));
  }
  return { criteria };
}

function equal(field: string, values: readonly FilterValue[]): UserCondition {
  return fieldCondition({ field, isNegated: false, test: 'in', values });
}

/** On something users are counted by. */
function onColumns(condition: UserCondition): Criterion {
  return { condition, onRows: condition, on: 'columns' };
}

/** On a user's row. Where an index helps, PostgreSQL knows. */
function onRow(condition: UserCondition): Criterion {
  return { condition, onRows: condition, on: 'users' };
}

function elsewhere(condition: UserCondition): Criterion {
  return { condition, on: 'elsewhere' };
}

function keywordCriterion({ found, onUser, lacking, estimate }: NeedleConditions): Criterion {
  return { condition: found, onRows: onUser, found, onUser, lacking, estimate, on: 'elsewhere' };
}

/** Who has left the company or was put away is not listed unless somebody asks for a status. */
const present = onColumns(equal('status', ['Activated', 'Suspended', 'Deactivated']));

/** Users of this state, or of those that are usually listed, changed within these bounds. */
export function conditionsOfStatus(
  status: string | undefined,
  changed: { readonly from: number | undefined; readonly to: number | undefined },
): SelectedUsers {
  const ofStatus = status === undefined ? present : onColumns(equal('status', [status]));
  const [from, to] = [toTime(changed.from) ?? null, toTime(changed.to) ?? null];
  if (from === null && to === null) return { criteria: [ofStatus] };
  const inTime = fieldCondition({ field: 'updatedAt', isNegated: false, test: 'range', from, to });
  return { criteria: [ofStatus, onRow(inTime)] };
}

/** The condition of one filter; `at` names the item in errors. */
async function toCriterion(
  item: FilterItem,
  at: string,
  scope: Scope,
  { seal, departments }: ConditionDependencies,
): Promise<Criterion> {
  switch (item.field) {
    case 'status':
    case 'gender':
    case 'userSourceType':
      return onColumns(requireField(fieldConditionOf(item, at, new Map()), item));
    case 'department': {
      const filters = DepartmentFilters.safeParse(item.value);
      if (item.operator !== 'IN') throw requestErrors.fieldMalformed({ field: `${at}.operator` });
      if (!filters.success) throw requestErrors.fieldMalformed({ field: `${at}.value` });
      return elsewhere(filters.data.length === 0 ? nobodyCondition : await departments.condition(scope, filters.data));
    }
    case 'userSource': {
      const sources = SourceFilters.safeParse(item.value);
      if (item.operator !== 'IN') throw requestErrors.fieldMalformed({ field: `${at}.operator` });
      if (!sources.success) throw requestErrors.fieldMalformed({ field: `${at}.value` });
      const condition = sourceCondition(sources.data.map(({ type, id }) => ({ type, id: id || null })));
      return sources.data.every(({ id }) => !id) ? onColumns(condition) : onRow(condition);
    }
    case 'identity': {
      const accounts = IdentityFilters.safeParse(item.value);
      if (item.operator !== 'IN') throw requestErrors.fieldMalformed({ field: `${at}.operator` });
      if (!accounts.success) throw requestErrors.fieldMalformed({ field: `${at}.value` });
      return elsewhere(identityCondition(accounts.data));
    }
    case 'departmentIds':
    case 'postIdList': {
      const filter = toFieldFilter(item, 'list', at);
      const { has, lacks } = relationConditions(
        item.field,
        filter.test === 'in' ? filter.values.map(String) : undefined,
      );
      // Of a comparison to nothing, it is the negated one that somebody has to have something for.
      return elsewhere(filter.isNegated === (filter.test === 'null') ? has : lacks);
    }
    case 'loggedInApps':
      if (item.operator !== 'IN') throw requestErrors.fieldMalformed({ field: `${at}.operator` });
      if (!ApplicationFilters.safeParse(item.value).success) {
        throw requestErrors.fieldMalformed({ field: `${at}.value` });
      }
      // Nobody has logged in to an application yet.
      return onRow(nobodyCondition);
    default: {
      const part = partCriterion(item, { seal, userPoolId: scope.userPoolId });
      if (part !== undefined) return part;
      const custom = await findCustom(scope, [item.field]);
      const holder = await holderCondition(item, at, scope, custom);
      return holder === undefined ? fieldCriterion(item, at, kindsOf(custom)) : onRow(holder);
    }
  }
}

function fieldCriterion(item: FilterItem, at: string, customKinds: CustomKinds): Criterion {
  const { filter, customKind } = requireField(readField(item, at, customKinds), item);
  const onUser = fieldCondition(filter, customKind);
  const indexed = indexedFilter(filter, customKind);
  if (indexed === undefined) return isOnRows(item.field) ? onRow(onUser) : { condition: onUser, on: 'users' };
  return indexed.isNegated
    ? { condition: onUser, onRows: onUser, onUser, lacking: indexed.found, on: 'users' }
    : { condition: indexed.found, onRows: onUser, onUser, found: indexed.found, on: 'users' };
}

/**
 * The same comparison, of phones that name their country with their numbers in E.164, which conditions know: to read what people
 * write takes the numbering plans. What can be no number stays, and is nobody's.
 */
export async function withE164<Item extends FilterItem>(item: Item): Promise<Item> {
  if (item.field !== 'phone' || !['EQUAL', 'NOT_EQUAL', 'IN'].includes(item.operator)) return item;
  const read = async (given: unknown) => {
    if (typeof given !== 'string' || !isInternational(given.trim())) return given;
    const [number] = await parsePhoneQuery(given);
    return number === undefined ? given : `${number.countryCode}${number.phone}`;
  };
  const { value } = item;
  return {
    ...item,
    value: Array.isArray(value) ? await Promise.all(value.slice(0, maxValues + 1).map(read)) : await read(value),
  };
}

function requireField<Result>(found: Result | undefined, { field }: FilterItem): Result {
  if (found === undefined) throw userErrors.customFieldNotDefined({ key: field });
  return found;
}

/**
 * Where keywords are looked for, parts of a text are: by index, and whatever the spelling. What CONTAINS finds is all that
 * NOT_CONTAINS does not.
 */
function partCriterion({ field, operator, value }: FilterItem, reader: KeywordReader): Criterion | undefined {
  if (operator !== 'CONTAINS' && operator !== 'NOT_CONTAINS') return undefined;
  const text = toText(value);
  if (!isTextOfKeywords(field) || text === undefined) return undefined;
  const contained = keywordCondition(text, [field], reader);
  if (contained === undefined) return undefined;
  if (operator === 'CONTAINS') return keywordCriterion(contained);
  const { found, onUser, lacking } = contained;
  const others = notCondition(onUser);
  const estimate = async (scope: Scope) => 1 - (await contained.estimate(scope));
  return {
    condition: others,
    onRows: others,
    onUser: others,
    found: lacking,
    lacking: found,
    estimate,
    on: 'elsewhere',
  };
}

/** The condition of one comparison of a user's own field, or nothing when there is no such field. */
export function fieldConditionOf(item: FilterItem, at: string, customKinds: CustomKinds): UserCondition | undefined {
  const read = readField(item, at, customKinds);
  return read && fieldCondition(read.filter, read.customKind);
}

function readField(
  item: FilterItem,
  at: string,
  customKinds: CustomKinds,
): { readonly filter: FieldFilter; readonly customKind: FieldKind | undefined } | undefined {
  const customKind = customKinds.get(item.field);
  const kind = kindOfField(item.field) ?? customKind;
  return kind === undefined ? undefined : { filter: toFieldFilter(item, kind, at), customKind };
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

/** Of a list to compare with. */
const maxValues = 1000;

function toFieldFilter({ field, operator, value }: FilterItem, kind: FieldKind, at: string): FieldFilter {
  const refuse = (what: 'operator' | 'value') => requestErrors.fieldMalformed({ field: `${at}.${what}` });
  const one = (given: unknown) => {
    const read = toFilterValue(given, kind);
    if (read === undefined) throw refuse('value');
    return read;
  };
  const many = (read: typeof one) => {
    if (!Array.isArray(value) || value.length > maxValues) throw refuse('value');
    return value.map(read);
  };
  const isText = kind === 'text' || kind === 'email' || kind === 'phone' || kind === 'list';
  const same = (values: readonly FilterValue[]) =>
    kind === 'phone'
      ? values.flatMap((text) => (isInternational(String(text)) ? [text] : nationalSpellings(String(text))))
      : values;
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
      return { field, isNegated: false, test: 'in', values: same([one(value)]) };
    case 'NOT_EQUAL':
      return { field, isNegated: true, test: 'in', values: same([one(value)]) };
    case 'IN':
      return { field, isNegated: false, test: 'in', values: same(many(one)) };
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
    case 'phone':
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

/** A point in time as ISO 8601, from seconds, milliseconds or ISO 8601 itself. `Date` takes February 31 for March 3. */
function toTime(given: unknown): string | undefined {
  const number = typeof given === 'string' && /^\d+$/.test(given) ? Number(given) : given;
  const milliseconds =
    typeof number === 'number'
      ? number * (number < firstMilliseconds ? 1000 : 1)
      : typeof number === 'string' && z.regexes.date.test(number.slice(0, 10))
        ? Date.parse(number)
        : Number.NaN;
  return milliseconds >= 0 && milliseconds < yearTenThousand ? new Date(milliseconds).toISOString() : undefined;
}
