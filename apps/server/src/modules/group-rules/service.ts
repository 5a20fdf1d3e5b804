import * as z from 'zod';
import type { Scope } from '../../platform/database/database.ts';
import { requestErrors } from '../../platform/errors.ts';
import type { CommandContext } from '../../platform/module.ts';
import { findDepartmentById, requireDepartment, rootAlias } from '../department-tree/index.ts';
import { startJob } from '../jobs/index.ts';
import { fieldConditionOf, findCustomKinds, isFilterOperator, withE164 } from '../user-filters/index.ts';
import { groupRuleErrors } from './contract.ts';
import {
  findRoleByCode,
  findRoleById,
  type GroupRule,
  lockEvaluations,
  noteJob,
  type RuleCondition,
  type RuleDepartment,
  type RuleRole,
} from './store.ts';

/** What keeps a rule cheap enough to be asked at every change of a user. */
const mostLevels = 8;
const mostConditions = 100;
const mostValues = 2_000;

/** The job that finds the members of dynamic groups. */
export const evaluationKind = 'evaluate-dynamic-groups';

/** Starts the job that evaluates these groups for all users, and notes it with each of them. Answers its id. */
export async function startEvaluation(context: CommandContext, groupIds: readonly string[]): Promise<string> {
  const jobId = await startJob(context, evaluationKind, { groupIds, askedAt: timeOf(context) });
  await noteJob(context.scope, groupIds, jobId, null);
  return jobId;
}

/** Past so many, everybody may as well be asked. */
const mostDepartments = 100;

/**
 * The same for the people of these departments and of all below them, because nobody else is concerned. That is enough where
 * everybody else has been evaluated; a group whose last evaluation is not through needs what that one was to do besides, and
 * one whose clock has struck, everybody.
 */
export async function startEvaluationWithin(
  context: CommandContext,
  groupIds: readonly string[],
  departmentIds: readonly string[],
): Promise<void> {
  const everywhere: string[] = [];
  const within = new Map<string, { readonly groupIds: string[]; readonly departmentIds: readonly string[] }>();
  for (const { id, isEvaluated, isDue, pending } of await lockEvaluations(context.scope, groupIds, timeOf(context))) {
    const before = isEvaluated ? [] : pending;
    const wanted = [...new Set([...(before ?? []), ...departmentIds])].sort();
    if (before === null || isDue || wanted.length > mostDepartments) everywhere.push(id);
    else {
      const key = wanted.join();
      const alike = within.get(key) ?? { groupIds: [], departmentIds: wanted };
      within.set(key, alike);
      alike.groupIds.push(id);
    }
  }
  if (everywhere.length > 0) await startEvaluation(context, everywhere);
  for (const wanted of within.values()) {
    const jobId = await startJob(context, evaluationKind, { ...wanted, askedAt: timeOf(context) });
    await noteJob(context.scope, wanted.groupIds, jobId, wanted.departmentIds);
  }
}

function timeOf({ now }: CommandContext): string {
  return new Date(now).toISOString();
}

interface Reading {
  readonly scope: Scope;
  conditions: number;
  values: number;
}

/**
 * Reads a rule: one that is malformed, too large, or names what is not there is refused, with the place that is wrong.
 * Answers it in the one form it is stored in, where departments go by their system ids.
 */
export function readGroupRule(scope: Scope, given: unknown): Promise<GroupRule> {
  return readRule(given, 'rule', 1, { scope, conditions: 0, values: 0 });
}

type Fields = ReadonlyMap<string, unknown>;

async function readRule(given: unknown, at: string, level: number, reading: Reading): Promise<GroupRule> {
  if (level > mostLevels) throw groupRuleErrors.tooDeep({ most: mostLevels });
  const fields = fieldsOf(given, at);
  const [name, ...others] = fields.keys();
  if (others.length === 0 && name === 'not')
    return { not: await readRule(fields.get('not'), `${at}.not`, level + 1, reading) };
  if (others.length === 0 && name === 'and')
    return { and: await readRules(fields.get('and'), `${at}.and`, level, reading) };
  if (others.length === 0 && name === 'or')
    return { or: await readRules(fields.get('or'), `${at}.or`, level, reading) };
  return readCondition(fields, at, reading);
}

async function readRules(given: unknown, at: string, level: number, reading: Reading): Promise<GroupRule[]> {
  if (!Array.isArray(given) || given.length === 0) throw groupRuleErrors.listMalformed({ at });
  if (given.length > mostConditions) throw groupRuleErrors.tooLarge({ most: mostConditions });
  const rules: GroupRule[] = [];
  for (const [index, one] of given.entries()) rules.push(await readRule(one, `${at}.${index}`, level + 1, reading));
  return rules;
}

/** The fields an object was sent with. A map, so that a field named like one of an object's own parts is only a name. */
function fieldsOf(given: unknown, at: string): Fields {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw groupRuleErrors.shapeMalformed({ at });
  // Clients in Go send null for what was not given.
  return new Map(Object.entries(given).filter(([, value]) => value !== null));
}

async function readCondition(fields: Fields, at: string, reading: Reading): Promise<RuleCondition> {
  const { field, operator, value, ...unknown } = Object.fromEntries(fields);
  if (typeof field !== 'string' || typeof operator !== 'string' || Object.keys(unknown).length > 0) {
    throw groupRuleErrors.shapeMalformed({ at });
  }
  reading.conditions += 1;
  if (reading.conditions > mostConditions) throw groupRuleErrors.tooLarge({ most: mostConditions });
  reading.values += Array.isArray(value) ? value.length : 1;
  if (reading.values > mostValues) throw groupRuleErrors.tooManyValues({ most: mostValues });
  if (!isFilterOperator(operator)) throw requestErrors.fieldMalformed({ field: `${at}.operator` });
  if (field === 'department') {
    if (operator !== 'IN') throw requestErrors.fieldMalformed({ field: `${at}.operator` });
    return { field, operator, value: await readDepartments(value, `${at}.value`, reading.scope) };
  }
  if (field === 'role') {
    if (operator !== 'IN') throw requestErrors.fieldMalformed({ field: `${at}.operator` });
    return { field, operator, value: await readRoles(value, `${at}.value`, reading.scope) };
  }
  const condition = value === undefined ? { field, operator } : await withE164({ field, operator, value });
  // Made here and thrown away: what cannot be compared is refused when the rule is set, not when somebody's change needs it.
  if (fieldConditionOf(condition, at, await findCustomKinds(reading.scope, [field])) === undefined)
    throw groupRuleErrors.fieldUnknown({ at, field });
  return condition;
}

const departmentReferences = z
  .array(
    z.object({
      organizationCode: z.string().max(64).nullish(),
      departmentId: z.string().min(1).max(256),
      departmentIdType: z
        .enum(['department_id', 'open_department_id', 'sync_relation', 'custom_field', 'code'])
        .nullish(),
      includeChildrenDepartments: z.boolean().nullish(),
    }),
  )
  .min(1)
  .max(50);

async function readDepartments(given: unknown, at: string, scope: Scope): Promise<RuleDepartment[]> {
  const read = departmentReferences.safeParse(given);
  if (!read.success) throw malformedAt(at, read.error);
  const departments: RuleDepartment[] = [];
  for (const [index, { includeChildrenDepartments, ...reference }] of read.data.entries()) {
    const departmentId = await findDepartment(reference, `${at}.${index}`, scope);
    departments.push({ departmentId, includeChildrenDepartments: includeChildrenDepartments ?? false });
  }
  return departments;
}

type DepartmentReference = Omit<z.output<typeof departmentReferences>[number], 'includeChildrenDepartments'>;

async function findDepartment(
  { organizationCode, departmentId, departmentIdType }: DepartmentReference,
  at: string,
  scope: Scope,
) {
  const type = departmentIdType ?? 'department_id';
  if (organizationCode) {
    return (
      await requireDepartment(scope, { organizationCode, departmentId, departmentIdType: type, tenantId: undefined })
    ).id;
  }
  // Every other kind of id is unique in its organization only.
  if (type !== 'department_id' || departmentId === rootAlias) {
    throw requestErrors.fieldMissing({ field: `${at}.organizationCode` });
  }
  const department = await findDepartmentById(scope, departmentId);
  if (department === undefined) throw groupRuleErrors.departmentNotFound({ at });
  return department.id;
}

const roleReferences = z
  .array(
    z.object({
      roleId: z.string().max(64).nullish(),
      code: z.string().max(50).nullish(),
      namespace: z.string().max(50).nullish(),
    }),
  )
  .min(1)
  .max(50);

async function readRoles(given: unknown, at: string, scope: Scope): Promise<RuleRole[]> {
  const read = roleReferences.safeParse(given);
  if (!read.success) throw malformedAt(at, read.error);
  const roles: RuleRole[] = [];
  for (const [index, { roleId, code, namespace }] of read.data.entries()) {
    if (!roleId && !code) throw requestErrors.fieldMissing({ field: `${at}.${index}.code` });
    const role = roleId
      ? await findRoleById(scope, roleId)
      : await findRoleByCode(scope, namespace || 'default', code ?? '');
    if (role === undefined) throw groupRuleErrors.roleNotFound({ at: `${at}.${index}` });
    roles.push(role);
  }
  return roles;
}

function malformedAt(at: string, { issues }: z.ZodError) {
  return requestErrors.fieldMalformed({ field: [at, ...(issues[0]?.path ?? [])].join('.') });
}
