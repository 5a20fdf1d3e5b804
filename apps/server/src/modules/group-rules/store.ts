import { ApiError } from '@genauth/contract';
import { sql } from 'kysely';
import { type Scope, statement } from '../../platform/database/database.ts';
import type { UserCondition } from '../user-directory/index.ts';
import { type CustomKinds, type FilterItem, fieldConditionOf } from '../user-search/index.ts';

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

/** The condition of a rule on the alias `users`. It is true or false and never null: what is unknown of somebody is not so. */
export function conditionOfRule(rule: GroupRule, surroundings: RuleSurroundings): UserCondition {
  const all = (rules: readonly GroupRule[]) => rules.map((one) => conditionOfRule(one, surroundings));
  if ('and' in rule) return sql<boolean>`(${sql.join(all(rule.and), sql` and `)})`;
  if ('or' in rule) return sql<boolean>`(${sql.join(all(rule.or), sql` or `)})`;
  if ('not' in rule) return sql<boolean>`(not ${conditionOfRule(rule.not, surroundings)})`;
  return sql<boolean>`((${conditionOf(rule, surroundings)}) is true)`;
}

function conditionOf(condition: RuleCondition, { customKinds, now }: RuleSurroundings): UserCondition {
  if (isOnDepartments(condition)) return isMemberOf(condition.value);
  if (isOnRoles(condition)) return isHolderOf(condition.value, now);
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

export function isOnRoles(condition: RuleCondition): condition is Extract<RuleCondition, { field: 'role' }> {
  return condition.field === 'role';
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

/**
 * Holds one of these roles: assigned to himself, to his departments or above them, to his static groups, or to a role he holds
 * in one of these ways. What dynamic groups are assigned does not count: who belongs to them is what is being asked. Looked
 * up from the user, because most often there is one; which roles bring the wanted ones is found once for all users.
 */
function isHolderOf(roles: readonly RuleRole[], now: string): UserCondition {
  const at = sql`${now}::timestamptz`;
  const inPool = (alias: string) => sql.raw(`${alias}.user_pool_id = current_setting('genauth.user_pool_id')`);
  const isInForce = sql`((assignment.enable_time is null or assignment.enable_time <= ${at})
    and (assignment.end_time is null or assignment.end_time > ${at}))`;
  const isEnabled = sql`(role.status = 'ENABLE' and (role.disable_time is null or role.disable_time > ${at}))`;
  const isWanted = sql`(assignment.role_id = any(bringing.role_ids) and ${isInForce})`;
  const ids = sql`${sql.val(roles.map(({ roleId }) => roleId))}::text[]`;
  return sql<boolean>`(
    select exists (
      select from role_assignments assignment
      where ${inPool('assignment')} and assignment.user_id = users.id and ${isWanted}
    ) or exists (
      select from department_members member
      cross join lateral unnest(genauth.path_numbers(member.path)) as above (number)
      join role_assignments assignment on ${inPool('assignment')} and assignment.department_number = above.number
      where ${inPool('member')} and member.user_id = users.id and ${isWanted}
        and (assignment.include_descendants or above.number = split_part(member.path, '/', -2)::bigint)
    ) or exists (
      select from group_members member
      join groups on ${inPool('groups')} and groups.id = member.group_id and groups.type = 'static'
      join role_assignments assignment on ${inPool('assignment')} and assignment.group_id = member.group_id
      where ${inPool('member')} and member.user_id = users.id and ${isWanted}
    )
    from (
      select array(
        with recursive holding (role_id) as (
          select role.id from roles role where ${inPool('role')} and role.id = any(${ids}) and ${isEnabled}
          union
          select role.id from holding
          join role_assignments assignment on ${inPool('assignment')} and assignment.role_id = holding.role_id
            and assignment.user_id is null and assignment.holder_role_id is not null and ${isInForce}
          join roles role on ${inPool('role')} and role.id = assignment.holder_role_id and ${isEnabled}
        )
        select role_id from holding
      ) as role_ids offset 0
    ) as bringing
  )`;
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

const note = statement<Record<never, never>, [groupIds: readonly string[], jobId: string]>(`
  update groups set rule_job_id = $2, rule_evaluated_at = null, rule_due_at = null
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
