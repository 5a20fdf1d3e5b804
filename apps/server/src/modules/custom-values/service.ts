import { createHash } from 'node:crypto';
import type { ApiError } from '@genauth/contract';
import type { Scope } from '../../platform/database/database.ts';
import { requestErrors } from '../../platform/errors.ts';
import type { Seal } from '../../platform/seal.ts';
import { customValueErrors } from './contract.ts';
import { type PreparedCustomData, toTyped, type Value } from './given.ts';
import {
  type CustomField,
  deleteUniqueValues,
  deleteUniqueValuesOfFields,
  dropValues,
  findCustomFields,
  findHolders,
  findStored,
  insertUniqueValues,
  listStored,
  listValuesOf,
  lockStored,
  type TargetType,
  writeStored,
} from './store.ts';

/** Custom data as the column `custom_data` holds it. */
export type StoredCustomData = Readonly<Record<string, unknown>>;

/** Of everything one user, role, group or department has, as it is stored. */
const maxCharacters = 64 * 1024;

/** What the column holds once these values are set. Encrypted ones are bound to user pool, target and key. */
export function encodeCustomData(
  seal: Seal,
  { userPoolId }: Scope,
  targetId: string,
  prepared: PreparedCustomData,
  before: StoredCustomData = {},
): StoredCustomData {
  const stored = new Map(Object.entries(before));
  for (const { field, value } of prepared) {
    if (value === null) stored.delete(field.key);
    else if (field.encrypted) {
      const context = contextOf(userPoolId, targetId, field.key);
      stored.set(field.key, { sealed: seal.seal(JSON.stringify(value), context).toString('base64') });
    } else stored.set(field.key, value);
  }
  const data = Object.fromEntries(stored);
  const [first] = prepared;
  if (first !== undefined && JSON.stringify(data).length > maxCharacters) {
    const field = first.name.slice(0, -first.field.key.length - 1);
    throw customValueErrors.tooLarge({ field, maxCharacters });
  }
  return data;
}

function contextOf(userPoolId: string, targetId: string, key: string): string {
  return `custom_data/${userPoolId}/${targetId}/${key}`;
}

/** Custom data as administrators read it: encrypted values opened. */
function openCustomData(
  seal: Seal,
  userPoolId: string,
  targetId: string,
  stored: StoredCustomData,
): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(stored).map(([key, value]) => [
      key,
      isSealed(value)
        ? (JSON.parse(seal.open(Buffer.from(value.sealed, 'base64'), contextOf(userPoolId, targetId, key))) as Value)
        : (value as Value),
    ]),
  );
}

interface Sealed {
  readonly sealed: string;
}

/** Nothing else is stored as an object, so that a read needs no definitions. */
function isSealed(value: unknown): value is Sealed {
  return typeof value === 'object' && value !== null;
}

/** Custom data as audit rows and events tell of it: of encrypted values no more than that there is one. */
export function showCustomData(stored: StoredCustomData): Record<string, unknown> {
  return Object.fromEntries(Object.entries(stored).map(([key, value]) => [key, isSealed(value) ? redacted : value]));
}

const redacted = '[redacted]';

/**
 * What stands for a value where uniqueness is kept. Texts are compared as they are, in Unicode's composed form and with
 * regard to case; numbers by what they are worth. The digest of an encrypted value is keyed: who reads the table can try
 * values on it no better than on the sealed ones.
 */
function toUniqueDigest(seal: Seal, { userPoolId }: Scope, field: CustomField, value: Value): string {
  if (!field.encrypted) return plainDigest(value);
  return seal
    .digest(canonical(value), `custom_data/${userPoolId}/${field.targetType}/${field.key}`)
    .toString('base64url');
}

function plainDigest(value: Value): string {
  return createHash('sha256').update(canonical(value)).digest('base64url');
}

function canonical(value: Value): string {
  return String(value).normalize('NFC');
}

/** Takes the values of unique fields for their targets, which are there by now. Whoever comes second is refused. */
export async function claimUniqueValues(
  seal: Seal,
  scope: Scope,
  targetType: TargetType,
  claims: readonly { readonly targetId: string; readonly prepared: PreparedCustomData }[],
): Promise<void> {
  const wanted = claims.flatMap(({ targetId, prepared }) =>
    uniqueValuesOf(seal, scope, prepared).map((unique) => ({ targetId, ...unique })),
  );
  if (wanted.length === 0) return;
  const taken = await insertUniqueValues(scope, targetType, wanted);
  if (taken.length === wanted.length) return;
  const got = new Set(taken.map(({ targetId, key }) => `${targetId}/${key}`));
  const refused = wanted.find(({ targetId, key }) => !got.has(`${targetId}/${key}`));
  if (refused !== undefined) throw refused.taken();
}

/** A value of a unique field: what stands for it where uniqueness is kept, and what is said when somebody else has it. */
export interface UniqueValue {
  readonly key: string;
  readonly digest: string;
  readonly taken: () => ApiError;
}

export function uniqueValuesOf(seal: Seal, scope: Scope, prepared: PreparedCustomData): UniqueValue[] {
  return prepared.flatMap(({ field, value, name }) => {
    if (!field.isUnique || value === null) return [];
    const taken = () => {
      const error = field.validateRules.find(({ type }) => type === 'UNIQUE')?.error;
      return error ? customValueErrors.refusedAsTaken({ error }) : customValueErrors.taken({ field: name });
    };
    return [{ key: field.key, digest: toUniqueDigest(seal, scope, field, value), taken }];
  });
}

/** The custom data of several targets, as administrators read it: one statement for all. */
export async function listCustomData(
  seal: Seal,
  scope: Scope,
  targetType: TargetType,
  targetIds: readonly string[],
): Promise<(targetId: string) => Record<string, Value>> {
  const rows = await listStored(scope, targetType, targetIds);
  const opened = new Map(
    rows.map(({ id, customData }) => [id, openCustomData(seal, scope.userPoolId, id, customData)]),
  );
  return (targetId) => opened.get(targetId) ?? {};
}

/** The custom data of a target, as administrators read it. */
export async function readCustomData(
  seal: Seal,
  scope: Scope,
  targetType: TargetType,
  targetId: string,
): Promise<Record<string, Value>> {
  return openCustomData(seal, scope.userPoolId, targetId, (await findStored(scope, targetType, targetId)) ?? {});
}

/** What a change did, by key, fit for audit rows and events. Null where there was or is no value. */
export interface CustomDataChange {
  readonly origin: Readonly<Record<string, unknown>>;
  readonly updates: Readonly<Record<string, unknown>>;
}

/** Sets values of a target, which gets locked, and answers what changed; nothing when all is as it was. */
export async function changeCustomData(
  seal: Seal,
  scope: Scope,
  targetType: TargetType,
  targetId: string,
  prepared: PreparedCustomData,
  now: number,
): Promise<CustomDataChange | undefined> {
  if (prepared.length === 0) return undefined;
  const before = (await lockStored(scope, targetType, targetId)) ?? {};
  const opened = new Map(Object.entries(openCustomData(seal, scope.userPoolId, targetId, before)));
  // Of a field given twice the last value counts.
  const wanted = [...new Map(prepared.map((one) => [one.field.key, one])).values()];
  const changed = wanted.filter(({ field, value }) => value !== (opened.get(field.key) ?? null));
  if (changed.length === 0) return undefined;
  const after = encodeCustomData(seal, scope, targetId, changed, before);
  const unique = changed.flatMap(({ field }) => (field.isUnique && opened.has(field.key) ? [field.key] : []));
  if (unique.length > 0) await deleteUniqueValues(scope, targetType, targetId, unique);
  await claimUniqueValues(seal, scope, targetType, [{ targetId, prepared: changed }]);
  await writeStored(scope, targetType, targetId, after, new Date(now).toISOString());
  const keys = changed.map(({ field }) => field.key);
  return { origin: shownOf(before, keys), updates: shownOf(after, keys) };
}

function shownOf(stored: StoredCustomData, keys: readonly string[]): Record<string, unknown> {
  const shown = new Map(Object.entries(showCustomData(stored)));
  return Object.fromEntries(keys.map((key) => [key, shown.get(key) ?? null]));
}

/** The ids of what `<key>:<value>` pairs of unique fields name, by pair. `parameter` names them in errors. */
export async function findTargetsByCustomField(
  scope: Scope,
  targetType: TargetType,
  pairs: readonly string[],
  parameter: string,
): Promise<ReadonlyMap<string, string>> {
  const split = pairs.map((pair) => {
    const at = pair.indexOf(':');
    if (at <= 0 || at === pair.length - 1) throw requestErrors.fieldMalformed({ field: parameter });
    return { key: pair.slice(0, at), value: pair.slice(at + 1) };
  });
  const keys = [...new Set(split.map(({ key }) => key))];
  const fields = new Map((await findCustomFields(scope, targetType, keys)).map((field) => [field.key, field]));
  const digests = split.map(({ key, value }) => {
    const field = fields.get(key);
    if (field === undefined) throw customValueErrors.fieldNotDefined({ key });
    // What is not unique names nobody, and what is encrypted is not asked for in the open.
    const typed = field.isUnique && !field.encrypted ? toTyped(value, field, true) : undefined;
    if (typed === undefined) throw requestErrors.fieldMalformed({ field: parameter });
    return plainDigest(typed);
  });
  const holders = await findHolders(
    scope,
    targetType,
    split.map(({ key }) => key),
    digests,
  );
  return new Map(holders.map(({ position, id }) => [pairs[position] ?? '', id]));
}

/** How many values are worked on at a time where a field concerns all of them. */
const valuesPerPage = 5000;

/** Takes the values of a field that becomes unique; answers false when two targets have the same. Definitions are locked. */
export async function makeValuesUnique(seal: Seal, scope: Scope, field: CustomField): Promise<boolean> {
  const { key, targetType } = field;
  for (let after = ''; ; ) {
    const page = await listValuesOf(scope, targetType, key, after, valuesPerPage);
    const values = page.map(({ id, value }) => {
      const opened = openCustomData(seal, scope.userPoolId, id, { [key]: value })[key] ?? '';
      return { targetId: id, key, digest: toUniqueDigest(seal, scope, field, opened) };
    });
    if (values.length > 0 && (await insertUniqueValues(scope, targetType, values)).length < values.length) return false;
    const last = page.at(-1);
    if (last === undefined) return true;
    after = last.id;
  }
}

/** Frees the values of a field that is unique no longer. */
export async function releaseUniqueValues(scope: Scope, { targetType, key }: CustomField): Promise<void> {
  await deleteUniqueValuesOfFields(scope, targetType, [key]);
}

/** Drops the values of fields that are gone. Definitions are locked. */
export async function dropCustomData(scope: Scope, targetType: TargetType, keys: readonly string[]): Promise<void> {
  await deleteUniqueValuesOfFields(scope, targetType, keys);
  for (let after = ''; ; ) {
    const { last, dropped } = await dropValues(scope, targetType, keys, after, valuesPerPage);
    if (dropped < valuesPerPage) return;
    after = last;
  }
}
