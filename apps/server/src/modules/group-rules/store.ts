import { ApiError } from '@genauth/contract';
import { type RawBuilder, sql } from 'kysely';
import { type Scope, statement } from '../../platform/database/database.ts';
import type { UserCondition } from '../user-directory/index.ts';
import { type CustomKinds, type FilterItem, fieldConditionOf } from '../user-filters/index.ts';

/** A department whose members are meant, by its system id; it stays the same one when it is moved or renamed. */
export interface RuleDepartment {
  readonly departmentId: string;
  readonly includeChildrenDepartments: boolean;
}

/** A role whose holders are meant, by its id; the code and the namespace say what it was called when the rule was set. */
export interface RuleRole {
  readonly roleId: string;
  readonly code: string;
  readonly namespace: string;
}

/** One comparison. */
export type RuleCondition =
  | { readonly field: 'department'; readonly operator: 'IN'; readonly value: readonly RuleDepartment[] }
  | { readonly field: 'role'; readonly operator: 'IN'; readonly value: readonly RuleRole[] }
  | FilterItem;

/** A rule that was checked: what it names is there, and every value is one its field can be compared with. */
export type GroupRule =
  | { readonly and: readonly GroupRule[] }
  | { readonly or: readonly GroupRule[] }
  | { readonly not: GroupRule }
  | RuleCondition;

/** What a rule needs besides itself to be asked. */
export interface RuleSurroundings {
  /** What the custom fields it names hold now. */
  readonly customKinds: CustomKinds;
  /** ISO 8601: roles are held from a time on, and up to another. */
  readonly now: string;
}

/** SQL that asks several rules at once: what they share is found once, and what they look at of a user once a user. */
export interface RulesQuery {
  /** Common table expressions for `with recursive`, each with a comma behind it. */
  readonly shared: RawBuilder<unknown>;
  /** To be joined to the alias `users`: where a user is, and what he holds. */
  readonly facts: RawBuilder<unknown>;
  /** One for each rule, on `users` and his facts. True or false and never null: what is unknown of somebody is not so. */
  readonly conditions: readonly UserCondition[];
}

export function queryOfRules(rules: readonly GroupRule[], surroundings: RuleSurroundings): RulesQuery {
  const named = rules.flatMap(conditionsOf);
  const departments = named.filter(isOnDepartments).flatMap(({ value }) => value);
  const roles = named.filter(isOnRoles).flatMap(({ value }) => value);
  const parts = [
    ...(departments.length === 0 ? [] : [placeOf(departments)]),
    ...(roles.length === 0 ? [] : [holdingsOf(roles, surroundings.now)]),
  ];
  const columns = parts.flatMap(({ facts }) => facts);
  return {
    shared: sql.join(
      parts.map(({ shared }) => sql`${shared},`),
      sql` `,
    ),
    // `offset 0` keeps the planner from copying a fact to every place that asks for it.
    facts: columns.length === 0 ? sql`` : sql`cross join lateral (select ${sql.join(columns)} offset 0) as facts`,
    conditions: rules.map((rule) => conditionOfRule(rule, surroundings)),
  };
}

function conditionsOf(rule: GroupRule): readonly RuleCondition[] {
  if ('and' in rule) return rule.and.flatMap(conditionsOf);
  if ('or' in rule) return rule.or.flatMap(conditionsOf);
  return 'not' in rule ? conditionsOf(rule.not) : [rule];
}

/** The fields a rule looks at. */
export function fieldsOfRule(rule: GroupRule): readonly string[] {
  return conditionsOf(rule).map(({ field }) => field);
}

/** The roles a rule looks at. */
export function rolesOfRule(rule: GroupRule): readonly string[] {
  return conditionsOf(rule)
    .filter(isOnRoles)
    .flatMap(({ value }) => value.map(({ roleId }) => roleId));
}

function conditionOfRule(rule: GroupRule, surroundings: RuleSurroundings): UserCondition {
  const all = (rules: readonly GroupRule[]) => rules.map((one) => conditionOfRule(one, surroundings));
  if ('and' in rule) return sql<boolean>`(${sql.join(all(rule.and), sql` and `)})`;
  if ('or' in rule) return sql<boolean>`(${sql.join(all(rule.or), sql` or `)})`;
  if ('not' in rule) return sql<boolean>`(not ${conditionOfRule(rule.not, surroundings)})`;
  return sql<boolean>`((${conditionOf(rule, surroundings)}) is true)`;
}

function conditionOf(condition: RuleCondition, { customKinds }: RuleSurroundings): UserCondition {
  if (isOnDepartments(condition)) {
    const direct = idsOf(condition.value, ({ includeChildrenDepartments }) => !includeChildrenDepartments);
    const below = idsOf(condition.value, ({ includeChildrenDepartments }) => includeChildrenDepartments);
    return sql<boolean>`(facts.department_ids && ${direct} or facts.above_ids && ${below})`;
  }
  if (isOnRoles(condition)) {
    return sql<boolean>`(facts.role_ids && ${sql.val(condition.value.map(({ roleId }) => roleId))}::text[])`;
  }
  try {
    return fieldConditionOf(condition, 'rule', customKinds) ?? ofNoValue(condition);
  } catch (error) {
    // The field was made anew, and now holds what cannot be compared with what the rule says.
    if (error instanceof ApiError) return ofNoValue(condition);
    throw error;
  }
}

/** A field that is gone is one nobody has a value of. */
function ofNoValue({ operator }: FilterItem): UserCondition {
  return sql.lit(['IS_NULL', 'NOT_EQUAL', 'NOT_CONTAINS'].includes(operator));
}

function isOnDepartments(condition: RuleCondition): condition is Extract<RuleCondition, { field: 'department' }> {
  return condition.field === 'department';
}

function isOnRoles(condition: RuleCondition): condition is Extract<RuleCondition, { field: 'role' }> {
  return condition.field === 'role';
}

function idsOf(departments: readonly RuleDepartment[], isMeant: (department: RuleDepartment) => boolean) {
  return sql`${sql.val(departments.filter(isMeant).map(({ departmentId }) => departmentId))}::text[]`;
}

/** Something rules look at beyond the user's own row. */
interface Fact {
  readonly shared: RawBuilder<unknown>;
  readonly facts: readonly RawBuilder<unknown>[];
}

function inPool(alias: string): RawBuilder<unknown> {
  return sql.raw(`${alias}.user_pool_id = current_setting('genauth.user_pool_id')`);
}

/** The departments a user is in, and of those that are named with all below them, which are on his way from a root. */
function placeOf(departments: readonly RuleDepartment[]): Fact {
  const below = idsOf(departments, ({ includeChildrenDepartments }) => includeChildrenDepartments);
  return {
    shared: sql`named_departments as materialized (
      select department.id, department.number from departments department
      where ${inPool('department')} and department.id = any(${below})
    )`,
    facts: [
      sql`array(
        select member.department_id from department_members member
        where ${inPool('member')} and member.user_id = users.id
      ) as department_ids`,
      sql`array(
        select named.id from named_departments named where named.number in (
          select unnest(genauth.path_numbers(member.path)) from department_members member
          where ${inPool('member')} and member.user_id = users.id
        )
      ) as above_ids`,
    ],
  };
}

/**
 * Which of these roles a user holds: assigned to himself, to his departments or above them, to his static groups, or to a role
 * he holds in one of these ways. What dynamic groups are assigned does not count: who belongs to them is what is being asked.
 */
function holdingsOf(roles: readonly RuleRole[], now: string): Fact {
  const at = sql`${now}::timestamptz`;
  const isInForce = sql`(assignment.enable_time is null or assignment.enable_time <= ${at})
    and (assignment.end_time is null or assignment.end_time > ${at})`;
  const isEnabled = sql`role.status = 'ENABLE' and (role.disable_time is null or role.disable_time > ${at})`;
  const ids = sql`${sql.val([...new Set(roles.map(({ roleId }) => roleId))])}::text[]`;
  return {
    // Each role with itself and with all that bring it.
    shared: sql`bringing (wanted, role_id) as (
      select role.id, role.id from roles role where ${inPool('role')} and role.id = any(${ids}) and ${isEnabled}
      union
      select bringing.wanted, role.id from bringing
      join role_assignments assignment on ${inPool('assignment')} and assignment.role_id = bringing.role_id
        and assignment.user_id is null and assignment.holder_role_id is not null and ${isInForce}
      join roles role on ${inPool('role')} and role.id = assignment.holder_role_id and ${isEnabled}
    )`,
    facts: [
      sql`array(
        select bringing.wanted from bringing where bringing.role_id in (
          select assignment.role_id from role_assignments assignment
          where ${inPool('assignment')} and assignment.user_id = users.id and ${isInForce}
          union all
          select assignment.role_id from department_members member
          cross join lateral unnest(genauth.path_numbers(member.path)) as above (number)
          join role_assignments assignment on ${inPool('assignment')} and assignment.department_number = above.number
            and ${isInForce}
          where ${inPool('member')} and member.user_id = users.id
            and (assignment.include_descendants or above.number = split_part(member.path, '/', -2)::bigint)
          union all
          select assignment.role_id from group_members member
          join groups on ${inPool('groups')} and groups.id = member.group_id and groups.type = 'static'
          join role_assignments assignment on ${inPool('assignment')} and assignment.group_id = member.group_id
            and ${isInForce}
          where ${inPool('member')} and member.user_id = users.id
        )
      ) as role_ids`,
    ],
  };
}

const roleColumns = `role.id as "roleId", role.code, role.namespace`;
const roleById = statement<RuleRole, [id: string]>(`
  select ${roleColumns} from roles role
  where role.user_pool_id = current_setting('genauth.user_pool_id') and role.id = $1
`);
const roleByCode = statement<RuleRole, [namespace: string, code: string]>(`
  select ${roleColumns} from roles role
  where role.user_pool_id = current_setting('genauth.user_pool_id') and role.namespace = $1 and role.code = $2
`);

export async function findRoleById(scope: Scope, id: string): Promise<RuleRole | undefined> {
  const [role] = await roleById(scope, id);
  return role;
}

export async function findRoleByCode(scope: Scope, namespace: string, code: string): Promise<RuleRole | undefined> {
  const [role] = await roleByCode(scope, namespace, code);
  return role;
}

/** Where the evaluation of a group stands. */
export interface EvaluationState {
  readonly id: string;
  /** Whether the members are those of the rule. */
  readonly isEvaluated: boolean;
  /** Whether it is to be evaluated for everybody by the clock now. */
  readonly isDue: boolean;
  /** The departments whose people are being evaluated; null: everybody, or nobody any more though they should. */
  readonly pending: readonly string[] | null;
}

const lockStates = statement<EvaluationState, [groupIds: readonly string[], now: string]>(`
  select id, rule_evaluated_at is not null as "isEvaluated", coalesce(rule_due_at <= $2::timestamptz, false) as "isDue",
    case when rule_canceled_at is null then rule_within end as pending
  from groups where user_pool_id = current_setting('genauth.user_pool_id') and id = any($1)
  order by id for no key update
`);

export function lockEvaluations(scope: Scope, groupIds: readonly string[], now: string): Promise<EvaluationState[]> {
  return lockStates(scope, groupIds, now);
}

/** The end of a role that is sooner than that stays noted: the job may have looked at people before. */
const note = statement<
  Record<never, never>,
  [groupIds: readonly string[], jobId: string, departmentIds: readonly string[] | null]
>(`
  update groups set rule_job_id = $2, rule_evaluated_at = null, rule_canceled_at = null, rule_within = $3,
    rule_due_at = least(case when $3::text[] is not null then rule_due_at end, now() + interval '10 minutes')
  from (
    select id from groups where user_pool_id = current_setting('genauth.user_pool_id') and id = any($1)
    order by id for no key update
  ) as locked
  where groups.user_pool_id = current_setting('genauth.user_pool_id') and groups.id = locked.id
`);

/** From now on this job is the one that evaluates these groups. Should it fail, the clock finds them. */
export async function noteJob(
  scope: Scope,
  groupIds: readonly string[],
  jobId: string,
  departmentIds: readonly string[] | null,
): Promise<void> {
  await note(scope, groupIds, jobId, departmentIds);
}
