import { sql } from 'kysely';
import { type Scope, statement } from '../../platform/database/database.ts';
import type { UserCondition } from '../user-directory/index.ts';
import { type FilterItem, fieldConditionOf } from '../user-search/index.ts';

/** A department whose members are meant, by its system id; it stays the same one when it is moved or renamed. */
export interface RuleDepartment {
  readonly departmentId: string;
  readonly includeChildrenDepartments: boolean;
}

/** One comparison. */
export type RuleCondition =
  | { readonly field: 'department'; readonly operator: 'IN'; readonly value: readonly RuleDepartment[] }
  | FilterItem;

/** A rule that was checked: what it names is there, and every value is one its field can be compared with. */
export type GroupRule =
  | { readonly and: readonly GroupRule[] }
  | { readonly or: readonly GroupRule[] }
  | { readonly not: GroupRule }
  | RuleCondition;

/** The condition of a rule on the alias `users`. It is true or false and never null: what is unknown of somebody is not so. */
export function conditionOfRule(rule: GroupRule): UserCondition {
  if ('and' in rule) return sql<boolean>`(${sql.join(rule.and.map(conditionOfRule), sql` and `)})`;
  if ('or' in rule) return sql<boolean>`(${sql.join(rule.or.map(conditionOfRule), sql` or `)})`;
  if ('not' in rule) return sql<boolean>`(not ${conditionOfRule(rule.not)})`;
  return sql<boolean>`((${conditionOf(rule)}) is true)`;
}

function conditionOf(condition: RuleCondition): UserCondition {
  if (isOnDepartments(condition)) return isMemberOf(condition.value);
  // A field there is no longer is a field nobody has a value of.
  return fieldConditionOf(condition, 'rule') ?? sql<boolean>`false`;
}

function isOnDepartments(condition: RuleCondition): condition is Extract<RuleCondition, { field: 'department' }> {
  return condition.field === 'department';
}

/** Paths are looked up when the rule is asked: departments move. */
function isMemberOf(departments: readonly RuleDepartment[]): UserCondition {
  const idsOf = (withDescendants: boolean) =>
    departments
      .filter(({ includeChildrenDepartments }) => includeChildrenDepartments === withDescendants)
      .map(({ departmentId }) => departmentId);
  return sql<boolean>`(exists (
    select from department_members member
    where member.user_pool_id = users.user_pool_id and member.user_id = users.id
      and member.department_id = any(${sql.val(idsOf(false))}::text[])
  ) or exists (
    select from departments department
    join department_members member on member.user_pool_id = department.user_pool_id
      and member.path >= department.path and member.path < left(department.path, -1) || '0'
    where department.user_pool_id = users.user_pool_id and department.id = any(${sql.val(idsOf(true))}::text[])
      and member.user_id = users.id
  ))`;
}

const note = statement<Record<never, never>, [groupIds: readonly string[], jobId: string]>(`
  update groups set rule_job_id = $2, rule_evaluated_at = null
  from (
    select id from groups where user_pool_id = current_setting('genauth.user_pool_id') and id = any($1)
    order by id for no key update
  ) as locked
  where groups.user_pool_id = current_setting('genauth.user_pool_id') and groups.id = locked.id
`);

/** From now on this job is the one that evaluates these groups. */
export async function noteJob(scope: Scope, groupIds: readonly string[], jobId: string): Promise<void> {
  await note(scope, groupIds, jobId);
}
