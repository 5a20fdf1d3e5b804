import { isDeepStrictEqual } from 'node:util';
import type { InputOf, OutputOf } from '@genauth/contract';
import type { Scope } from '../../platform/database/database.ts';
import type { CommandContext, Handlers } from '../../platform/module.ts';
import { patternMatching } from '../../platform/pattern-matching.ts';
import type { Seal } from '../../platform/seal.ts';
import {
  type CustomField,
  dropCustomData,
  findCustomFields,
  listCustomFields,
  lockCustomFields,
  makeValuesUnique,
  releaseUniqueValues,
  type TargetType,
  type ValidateRule,
} from '../custom-values/index.ts';
import { givenTranslations, requireNoTenant } from '../department-tree/index.ts';
import type * as contract from './contract.ts';
import {
  builtInKeys,
  customFieldAdded,
  customFieldDeleted,
  customFieldErrors,
  customFieldUpdated,
} from './contract.ts';
import { deleteFields, type NewCustomField, upsertCustomFields } from './store.ts';

/** For each of users, roles, groups and departments: every write of values reads some of them. */
const maxFields = 500;

type FieldInput = InputOf<typeof contract.setCustomFields>['list'][number];
type FieldDto = OutputOf<typeof contract.getCustomFields>[number];

export function createCustomFieldHandlers(seal: Seal): Handlers<typeof contract> {
  return {
    async getCustomFields({ targetType, tenantId }, { scope }) {
      requireNoTenant(tenantId);
      return (await listCustomFields(scope, targetType)).map(toCustomFieldDto);
    },

    async listCustFields({ tenantId, targetType, ...filters }, { scope }) {
      requireNoTenant(tenantId);
      return pageOfFields((await listCustomFields(scope, targetType)).map(toCustomFieldDto), filters);
    },

    async setCustomFields({ list, tenantId }, context) {
      requireNoTenant(tenantId);
      const fields: CustomField[] = [];
      const changes = { before: [] as FieldDto[], after: [] as FieldDto[] };
      // In one order whatever the call's, so that two calls never wait for each other in a circle.
      const inputs = Map.groupBy(list, ({ targetType }) => targetType);
      for (const targetType of [...inputs.keys()].sort()) {
        const { stored, before, after } = await setFields(seal, targetType, inputs.get(targetType) ?? [], context);
        fields.push(...stored);
        changes.before.push(...before);
        changes.after.push(...after);
      }
      context.audit(changes);
      const byName = new Map(fields.map((field) => [nameOf(field), field]));
      return [...new Set(list.map(nameOf))].flatMap((name) => byName.get(name) ?? []).map(toCustomFieldDto);
    },

    async deleteCustomFields({ list, tenantId }, { scope, emit, audit }) {
      requireNoTenant(tenantId);
      const deleted: CustomField[] = [];
      const keys = Map.groupBy(list, ({ targetType }) => targetType);
      for (const targetType of [...keys.keys()].sort()) {
        await lockCustomFields(scope, targetType, 'exclusive');
        const fields = await findCustomFields(scope, targetType, keys.get(targetType)?.map(({ key }) => key) ?? []);
        if (fields.length === 0) continue;
        const doomed = fields.map(({ key }) => key);
        await deleteFields(scope, targetType, doomed);
        await dropCustomData(scope, targetType, doomed);
        deleted.push(...fields);
      }
      const shown = deleted.map(toCustomFieldDto);
      emit(customFieldDeleted, ...shown.map((field) => ({ field })));
      audit({ before: shown });
      return { success: true };
    },
  };
}

function nameOf({ targetType, key }: { readonly targetType: string; readonly key: string }): string {
  return `${targetType} ${key}`;
}

/** Sets the fields of one kind of target, and answers them, with those that changed as they were and as they are. */
async function setFields(
  seal: Seal,
  targetType: TargetType,
  inputs: readonly FieldInput[],
  { scope, emit, now }: CommandContext,
) {
  await lockCustomFields(scope, targetType, 'exclusive');
  const before = new Map((await listCustomFields(scope, targetType)).map((field) => [field.key, field]));
  const after = new Map<string, NewCustomField>();
  const usable = await usableExpressions(scope, inputs);
  for (const input of inputs) {
    // What is called so may be older than the built-in field.
    const isNew = !before.has(input.key);
    if (isNew && builtInKeys[targetType].has(input.key)) throw customFieldErrors.keyBuiltIn({ key: input.key });
    after.set(input.key, applyInput(after.get(input.key) ?? before.get(input.key), input, usable));
  }
  const added = [...after.keys()].filter((key) => !before.has(key));
  if (before.size + added.length > maxFields) throw customFieldErrors.tooMany({ max: maxFields, targetType });
  const changed = [...after.values()].filter((field) => !isDeepStrictEqual(field, withoutTime(before.get(field.key))));
  await upsertCustomFields(scope, changed, new Date(now).toISOString());
  const stored = await findCustomFields(scope, targetType, [...after.keys()]);
  for (const field of stored) await keepUnique(seal, scope, before.get(field.key), field);

  const isAdded = ({ key }: { key: string }) => !before.has(key);
  const touched = stored.filter(({ key }) => changed.some((field) => field.key === key)).map(toCustomFieldDto);
  emit(customFieldAdded, ...touched.filter(isAdded).map((field) => ({ field })));
  emit(customFieldUpdated, ...touched.filter((field) => !isAdded(field)).map((field) => ({ field })));
  return { stored, before: touched.flatMap(({ key }) => before.get(key) ?? []).map(toCustomFieldDto), after: touched };
}

function withoutTime(field: CustomField | undefined): NewCustomField | undefined {
  if (field === undefined) return undefined;
  const { createdAt: _createdAt, ...rest } = field;
  return rest;
}

/** A field that became unique has its values taken now; of one that no longer is they are free. */
async function keepUnique(
  seal: Seal,
  scope: Scope,
  before: CustomField | undefined,
  field: CustomField,
): Promise<void> {
  if (before === undefined || before.isUnique === field.isUnique) return;
  if (!field.isUnique) await releaseUniqueValues(scope, field);
  else if (!(await makeValuesUnique(seal, scope, field))) throw customFieldErrors.valuesNotUnique({ key: field.key });
}

/** The field after what the caller says of it. What is absent or null stays; a new one starts as V3 documents. */
function applyInput(
  before: NewCustomField | undefined,
  input: FieldInput,
  usable: ReadonlySet<string>,
): NewCustomField {
  const { key, targetType } = input;
  const validateRules = input.validateRules ? toRules(key, input.validateRules, usable) : (before?.validateRules ?? []);
  const dataType = input.dataType ?? before?.dataType ?? 'STRING';
  const labelI18n = givenTranslations(input.i18n ?? undefined, input.i18n?.label);
  const field: NewCustomField = {
    targetType,
    key,
    dataType,
    label: input.label || before?.label || key,
    labelI18n: labelI18n === undefined ? (before?.labelI18n ?? null) : toStoredTranslations(labelI18n),
    description: input.description ?? before?.description ?? null,
    encrypted: input.encrypted ?? before?.encrypted ?? false,
    isUnique:
      input.isUnique ?? (input.validateRules ? hasUniqueRule(validateRules) : undefined) ?? before?.isUnique ?? false,
    userEditable: input.userEditable ?? before?.userEditable ?? false,
    visibleInAdminConsole: input.visibleInAdminConsole ?? before?.visibleInAdminConsole ?? true,
    visibleInUserCenter: input.visibleInUserCenter ?? before?.visibleInUserCenter ?? true,
    desensitization: input.desensitization ?? before?.desensitization ?? false,
    validateRules,
    // Clients send an empty list for what was not given. Only an ENUM has options.
    options: dataType !== 'ENUM' ? [] : input.options?.length ? input.options : (before?.options ?? []),
    appIds: input.appIds ?? before?.appIds ?? [],
  };
  if (before !== undefined) {
    for (const property of ['dataType', 'encrypted'] as const) {
      if (field[property] !== before[property]) throw customFieldErrors.immutable({ property, key });
    }
  }
  if (field.isUnique && dataType !== 'STRING' && dataType !== 'NUMBER') throw customFieldErrors.notUniqueable({ key });
  if (dataType === 'ENUM' && field.options.length === 0) throw customFieldErrors.optionsMissing({ key });
  const values = field.options.map(({ value }) => value);
  const twice = values.find((value, at) => values.indexOf(value) !== at);
  if (twice !== undefined) throw customFieldErrors.optionTwice({ key, value: twice });
  return field;
}

function toStoredTranslations(text: object | null): CustomField['labelI18n'] {
  return text === null ? null : (JSON.parse(JSON.stringify(text)) as CustomField['labelI18n']);
}

type GivenRules = FieldInput['validateRules'];

function rulesIn(given: GivenRules) {
  return Array.isArray(given) ? given : given && 'type' in given ? [given] : [];
}

/** What one command may spend on compiling expressions: hundreds take less. */
const maxCompilingMs = 5000;

/** Which of the expressions that are given can be used. One whose turn does not come in time cannot. */
async function usableExpressions({ userPoolId }: Scope, inputs: readonly FieldInput[]): Promise<ReadonlySet<string>> {
  const rules = inputs.flatMap(({ validateRules }) => rulesIn(validateRules));
  const expressions = [
    ...new Set(rules.flatMap(({ type, content }) => (type === 'regExp' && content ? [content] : []))),
  ];
  const questions = expressions.map((expression) => ({ expression }));
  const answers = await patternMatching.match(userPoolId, questions, maxCompilingMs);
  return new Set(expressions.filter((_, index) => answers[index]));
}

function toRules(key: string, given: GivenRules, usable: ReadonlySet<string>): ValidateRule[] {
  return rulesIn(given)
    .filter(({ type }) => type !== 'None')
    .map(({ type, content, error }) => {
      if (type === 'regExp' && !usable.has(content ?? '')) {
        throw customFieldErrors.expressionRefused({ key });
      }
      return { type, ...(content ? { content } : {}), ...(error ? { error } : {}) };
    });
}

/** A rule says that values are unique as well as the flag does; a list without it says nothing of it. */
function hasUniqueRule(rules: readonly ValidateRule[]): true | undefined {
  return rules.some(({ type }) => type === 'UNIQUE') || undefined;
}

function toCustomFieldDto(field: CustomField): FieldDto {
  return {
    targetType: field.targetType,
    createdAt: field.createdAt,
    dataType: field.dataType,
    key: field.key,
    label: field.label,
    description: field.description,
    encrypted: field.encrypted,
    isUnique: field.isUnique,
    userEditable: field.userEditable,
    visibleInAdminConsole: field.visibleInAdminConsole,
    visibleInUserCenter: field.visibleInUserCenter,
    i18n: field.labelI18n === null ? null : { label: field.labelI18n },
    options: field.options.map((option) => ({ ...option })),
    validateRules: field.validateRules.map((rule) => ({ ...rule })),
    appIds: [...field.appIds],
    desensitization: field.desensitization,
  };
}

type Filters = Omit<InputOf<typeof contract.listCustFields>, 'tenantId' | 'targetType'>;

/** A page of fields: there are few of them, so they are filtered here. */
export function pageOfFields(
  fields: readonly FieldDto[],
  { dataType, page, limit, userVisible, adminVisible, accessControl, keyword, lang }: Filters,
): OutputOf<typeof contract.listCustFields> {
  const wanted = keyword?.trim().toLowerCase();
  const type = dataType === 'SELECT' ? 'ENUM' : dataType;
  const all = fields
    .map((field) => ({ ...field, label: labelIn(field, lang) }))
    .filter((field) => type === undefined || field.dataType === type)
    .filter(({ key, label }) => !wanted || key.toLowerCase().includes(wanted) || label.toLowerCase().includes(wanted))
    .filter(({ appIds = [] }) => accessControl === undefined || appIds.length > 0 === accessControl);
  const list = all.filter(
    (field) =>
      (userVisible === undefined || field.visibleInUserCenter === userVisible) &&
      (adminVisible === undefined || field.visibleInAdminConsole === adminVisible),
  );
  return {
    count: {
      all: all.length,
      userVisible: all.filter(({ visibleInUserCenter }) => visibleInUserCenter).length,
      adminVisible: all.filter(({ visibleInAdminConsole }) => visibleInAdminConsole).length,
    },
    list: list.slice((page - 1) * limit, page * limit),
  };
}

/** The name in a language, where it is translated and the translation is switched on; else the plain one. */
function labelIn({ label, i18n }: FieldDto, language: string | undefined): string {
  const translated = Object.entries(i18n?.label ?? {}).find(([name]) => name === language)?.[1];
  return translated?.enabled && translated.value ? translated.value : label;
}
