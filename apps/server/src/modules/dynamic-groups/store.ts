import { sql } from 'kysely';
import { type AcrossUserPools, heldStatement, type Scope, statement } from '../../platform/database/database.ts';
import { type GroupRow, ruleColumns } from '../group-directory/index.ts';
import { type GroupRule, queryOfRules, type RuleSurroundings } from '../group-rules/index.ts';

/** A group whose members follow from a rule. */
export interface DynamicGroup extends GroupRow {
  readonly rule: GroupRule;
}

/** Through the index of dynamic groups alone: a user pool without any pays next to nothing. */
export const listDynamicGroups = statement<DynamicGroup, []>(`
  select ${ruleColumns} from groups
  where groups.user_pool_id = current_setting('genauth.user_pool_id') and groups.type = 'dynamic'
  order by groups.id
`);

const takeIdAhead = heldStatement<[]>('select pg_current_xact_id()');

/**
 * The same, asked before the transaction changes anything. It takes its id first: the job of a rule that it does not see yet
 * waits for all that had one before the job did.
 */
export function listDynamicGroupsAhead(scope: Scope): () => Promise<DynamicGroup[]> {
  takeIdAhead(scope);
  return listDynamicGroups.ahead(scope);
}

const pool = sql.raw(`current_setting('genauth.user_pool_id')`);

/** Locked in the order of ids. Whatever their rules look at, nobody else decides about these users until the transaction ends. */
const lock = statement<{ id: string }, [ids: readonly string[]]>(`
  select id from users where user_pool_id = current_setting('genauth.user_pool_id') and id = any($1)
  order by id for no key update
`);

export async function lockUsers(scope: Scope, ids: readonly string[]): Promise<void> {
  await lock(scope, ids);
}

/** Rules with what they need to be asked. */
export interface Rules extends RuleSurroundings {
  readonly groups: readonly DynamicGroup[];
}

/** What asks them: `verdict` says of each group whether its rule holds for the alias `users`. */
function asking({ groups, ...surroundings }: Rules) {
  const { shared, facts, conditions } = queryOfRules(
    groups.map(({ rule }) => rule),
    surroundings,
  );
  const rows = groups.map(({ id }, at) => sql`(${id}::text, ${conditions[at]})`);
  return { shared, facts, verdicts: sql`(values ${sql.join(rows)}) as verdict (group_id, holds)` };
}

/** Who has left belongs nowhere, whatever a rule says. */
const canBelong = sql`users.kind = 'personal' and users.status <> 'Resigned' and users.status <> 'Archived'`;

/** A membership that began or ended. */
export interface MembershipChange {
  readonly isNew: boolean;
  readonly groupId: string;
  readonly id: string;
  readonly username: string | null;
  readonly email: string | null;
}

/** Puts right who of these users, who are locked, belongs to these groups; one statement, whose snapshot is younger than the locks. */
export async function settleMemberships(
  scope: Scope,
  rules: Rules,
  userIds: readonly string[],
): Promise<MembershipChange[]> {
  const { groups, now } = rules;
  const { shared, facts, verdicts } = asking(rules);
  const ids = sql`${sql.val(userIds)}::text[]`;
  const { rows } = await sql<MembershipChange>`
    with recursive ${shared} wanted as materialized (
      select verdict.group_id, users.id as user_id
      from users ${facts} cross join lateral ${verdicts}
      where users.user_pool_id = ${pool} and users.id = any(${ids}) and ${canBelong} and verdict.holds
    ), present as materialized (
      select group_id, user_id from group_members
      where user_pool_id = ${pool} and user_id = any(${ids})
        and group_id = any(${sql.val(groups.map(({ id }) => id))}::text[])
    ), removed as (
      delete from group_members using (select * from present except select * from wanted) as gone
      where group_members.user_pool_id = ${pool} and group_members.group_id = gone.group_id
        and group_members.user_id = gone.user_id
      returning group_members.group_id, group_members.user_id
    ), added as (
      insert into group_members (user_pool_id, group_id, user_id, joined_at)
      select ${pool}, held.id, missing.user_id, ${now}
      from (select * from wanted except select * from present) as missing
      -- Not there any more when somebody has deleted it meanwhile.
      cross join lateral (
        select id from groups where user_pool_id = ${pool} and id = missing.group_id for key share
      ) as held
      order by held.id, missing.user_id
      on conflict (user_pool_id, group_id, user_id) do nothing
      returning group_id, user_id
    )
    select change.is_new as "isNew", change.group_id as "groupId", users.id, users.username, users.email
    from (select true as is_new, * from added union all select false, * from removed) as change
    join users on users.user_pool_id = ${pool} and users.id = change.user_id
    order by change.group_id, change.is_new, users.id
  `.execute(scope.db);
  return rows;
}

/** The departments whose people are looked at; undefined: everybody. */
export type Within = readonly string[] | undefined;

/** A stretch of users, in the order of ids. */
export interface Stretch {
  readonly seen: number;
  /** The last of them; null when there is nobody left. */
  readonly last: string | null;
  /** Those of whom some membership is not what the rules say. */
  readonly differing: readonly string[];
}

/** Of departments the paths that they and all below them lie between. */
const ranges = statement<{ from: string; to: string }, [departmentIds: readonly string[]]>(`
  select path as "from", left(path, -1) || '0' as "to" from departments
  where user_pool_id = current_setting('genauth.user_pool_id') and id = any($1)
`);

/**
 * The people of departments and of all below them. The paths go into the statement as they are: the planner sees whether
 * these are few, to be found by their paths, or most, to be met on the way through everybody.
 */
async function peopleOf(scope: Scope, departmentIds: readonly string[]) {
  const paths = await ranges(scope, departmentIds);
  const isWithin = paths.map(({ from, to }) => sql`member.path >= ${from} and member.path < ${to}`);
  return sql`
    select distinct member.user_id from department_members member
    where member.user_pool_id = ${pool} and (${isWithin.length === 0 ? sql`false` : sql.join(isWithin, sql` or `)})
  `;
}

/** Looks at the next users without locking anybody: most of them are as they should be. */
export async function compareStretch(
  scope: Scope,
  rules: Rules,
  { after, size, within }: { readonly after: string; readonly size: number; readonly within: Within },
): Promise<Stretch> {
  const { shared, facts, verdicts } = asking(rules);
  const isNext = sql`user_pool_id = ${pool} and id > ${after}::text collate "C" order by id limit ${size}`;
  const users =
    within === undefined
      ? sql`select * from users where ${isNext}`
      : sql`select users.* from (
          ${await peopleOf(scope, within)} and member.user_id > ${after}::text collate "C" order by member.user_id limit ${size}
        ) as next join users on users.user_pool_id = ${pool} and users.id = next.user_id`;
  const { rows } = await sql<Stretch>`
    with recursive ${shared} stretch as materialized (${users})
    select (select count(*)::integer from stretch) as seen, (select max(id) from stretch) as last,
      array(
        select users.id from stretch users ${facts}
        cross join lateral (
          select array(
            select member.group_id from group_members member
            where member.user_pool_id = ${pool} and member.user_id = users.id
          ) as group_ids offset 0
        ) as present
        where exists (
          select from ${verdicts} where (verdict.holds and ${canBelong}) <> (verdict.group_id = any(present.group_ids))
        )
        order by users.id
      ) as differing
  `.execute(scope.db);
  return rows[0] ?? { seen: 0, last: null, differing: [] };
}

const countAll = statement<{ total: number }, []>(
  `select count(*) as total from users where user_pool_id = current_setting('genauth.user_pool_id')`,
);

export async function countUsers(scope: Scope, within: Within): Promise<number> {
  if (within === undefined) return (await countAll(scope))[0]?.total ?? 0;
  const { rows } = await sql<{ total: number }>`
    select count(*) as total from (${await peopleOf(scope, within)}) as people
  `.execute(scope.db);
  return rows[0]?.total ?? 0;
}

const takeId = statement<{ transactionId: string }, []>(`select pg_current_xact_id()::text as "transactionId"`);

/**
 * Gives the transaction its id before it has written anything, and answers it: all that have one already are older, and who
 * waits for older ones waits for this one, too. What a snapshot calls its upper bound would not do: it is next to the latest
 * that has ended, and those that have not may lie above it.
 */
export async function takeTransactionId(scope: Scope): Promise<string> {
  const [row] = await takeId(scope);
  return row?.transactionId ?? '0';
}

const allOver = statement<{ isOver: boolean }, [transactionId: string]>(
  `select pg_snapshot_xmin(pg_current_snapshot()) >= $1::xid8 as "isOver"`,
);

/** Whether every transaction older than this one has ended. */
export async function areOlderTransactionsOver(scope: Scope, transactionId: string): Promise<boolean> {
  const [row] = await allOver(scope, transactionId);
  return row?.isOver ?? true;
}

const lockOfJob = statement<{ id: string }, [groupIds: readonly string[], jobId: string]>(`
  select id from groups
  where user_pool_id = current_setting('genauth.user_pool_id') and id = any($1) and rule_job_id = $2
  order by id for no key update
`);

/** Locks those of these groups that a job still evaluates. */
export async function lockGroupsOfJob(scope: Scope, groupIds: readonly string[], jobId: string): Promise<void> {
  await lockOfJob(scope, groupIds, jobId);
}

/** When one of these roles, or one that brings it, begins or ends next; for somebody, or altogether. */
const next = statement<{ dueAt: string | null }, [roleIds: readonly string[], now: string]>(`
  with recursive holding (role_id) as (
    select unnest($1::text[]) collate "C"
    union
    select assignment.holder_role_id from holding
    join role_assignments assignment on assignment.user_pool_id = current_setting('genauth.user_pool_id')
      and assignment.role_id = holding.role_id and assignment.user_id is null and assignment.holder_role_id is not null
  )
  select min(moment.due_at) as "dueAt" from (
    select role.disable_time as due_at from holding
    join roles role on role.user_pool_id = current_setting('genauth.user_pool_id') and role.id = holding.role_id
    union all
    select bound.due_at from holding
    join role_assignments assignment on assignment.user_pool_id = current_setting('genauth.user_pool_id')
      and assignment.role_id = holding.role_id
    cross join lateral (values (assignment.enable_time), (assignment.end_time)) as bound (due_at)
  ) as moment
  where moment.due_at > $2::timestamptz
`);

const finish = statement<Record<never, never>, [groupId: string, now: string, dueAt: string | null]>(`
  update groups set rule_evaluated_at = $2, rule_due_at = $3
  where user_pool_id = current_setting('genauth.user_pool_id') and id = $1
`);

/**
 * Notes that a job is through with these groups, where it is still the one that evaluates them. A role that
 * began or ended since it was asked for, somebody may have been looked at before: then the group is due at once.
 */
export async function noteEvaluated(
  scope: Scope,
  groups: readonly { readonly id: string; readonly roleIds: readonly string[] }[],
  { jobId, askedAt, now }: { readonly jobId: string; readonly askedAt: string; readonly now: string },
): Promise<void> {
  const ids = groups.map(({ id }) => id);
  // Locked first: who assigns a role meanwhile notes its end after this, or is seen here.
  const locked = new Set((await lockOfJob(scope, ids, jobId)).map(({ id }) => id));
  for (const { id, roleIds } of groups.filter((group) => locked.has(group.id))) {
    const [due] = roleIds.length === 0 ? [] : await next(scope, roleIds, askedAt);
    await finish(scope, id, now, due?.dueAt ?? null);
  }
}

const cancel = statement<Record<never, never>, [jobIds: readonly string[], now: string]>(`
  update groups set rule_canceled_at = $2, rule_due_at = null
  from (
    select id from groups where user_pool_id = current_setting('genauth.user_pool_id') and type = 'dynamic'
      and rule_job_id = any($1) and rule_evaluated_at is null
    order by id for no key update
  ) as locked
  where groups.user_pool_id = current_setting('genauth.user_pool_id') and groups.id = locked.id
`);

/** Notes that these jobs will not come to their end, with the groups that they had not got through with. */
export async function noteCanceled(scope: Scope, jobIds: readonly string[], now: string): Promise<void> {
  await cancel(scope, jobIds, now);
}

const noteDue = statement<
  Record<never, never>,
  [groupIds: readonly string[], userIds: readonly string[], now: string]
>(`
  update groups set rule_due_at = earliest.due_at
  from (
    select min(bound.due_at) as due_at from role_assignments assignment
    cross join lateral (values (assignment.enable_time), (assignment.end_time)) as bound (due_at)
    where assignment.user_pool_id = current_setting('genauth.user_pool_id') and assignment.user_id = any($2)
      and bound.due_at > $3::timestamptz
  ) as earliest
  where groups.user_pool_id = current_setting('genauth.user_pool_id') and groups.id = any($1)
    and (groups.rule_due_at is null or groups.rule_due_at > earliest.due_at) and earliest.due_at is not null
`);

/** Notes when something that was assigned to these users begins or ends, if that is before anything noted yet. */
export async function noteBounds(
  scope: Scope,
  groups: readonly DynamicGroup[],
  userIds: readonly string[],
  now: string,
): Promise<void> {
  await noteDue(
    scope,
    groups.map(({ id }) => id),
    userIds,
    now,
  );
}

/** Not while a job is at work, however long it takes; its end says when the next one is due. */
const isDue = `groups.rule_due_at <= $1::timestamptz and not exists (
  select from jobs
  where jobs.user_pool_id = groups.user_pool_id and jobs.id = groups.rule_job_id and jobs.state in ('waiting', 'running')
)`;

const due = statement<{ userPoolId: string }, [now: string]>(
  `select distinct groups.user_pool_id as "userPoolId" from groups where ${isDue}`,
);

/** The user pools with groups that are to be evaluated by the clock. */
export async function listUserPoolsDue(across: AcrossUserPools, now: string): Promise<string[]> {
  return (await due(across, now)).map(({ userPoolId }) => userPoolId);
}

const lockDue = statement<{ id: string }, [now: string]>(`
  select groups.id from groups
  where groups.user_pool_id = current_setting('genauth.user_pool_id') and ${isDue}
  order by groups.id for no key update of groups skip locked
`);

/** The groups to be evaluated by the clock, which no other server takes. */
export async function lockGroupsDue(scope: Scope, now: string): Promise<string[]> {
  return (await lockDue(scope, now)).map(({ id }) => id);
}
