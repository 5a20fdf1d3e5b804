import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '@genauth/contract';
import type { Scope } from '../../platform/database/database.ts';
import { type Clockwork, doDueWork } from '../../platform/due-work.ts';
import { type CommandContext, type Handlers, undone } from '../../platform/module.ts';
import { groupErrors, requireLockedGroup, toEventGroup } from '../group-directory/index.ts';
import { groupMemberAdded, groupMemberRemoved } from '../group-members/index.ts';
import {
  evaluationKind,
  fieldsOfRule,
  type RuleSurroundings,
  rolesOfRule,
  startEvaluation,
  startEvaluationWithin,
} from '../group-rules/index.ts';
import { defineJob, type JobContext } from '../jobs/index.ts';
import { listGroupsAtRisk } from '../separation-of-duty/index.ts';
import { findCustomKinds } from '../user-filters/index.ts';
import type * as contract from './contract.ts';
import {
  areOlderTransactionsOver,
  compareStretch,
  countUsers,
  type DynamicGroup,
  listDynamicGroups,
  listDynamicGroupsAhead,
  listUserPoolsDue,
  lockGroupsDue,
  lockGroupsOfJob,
  lockUsers,
  type MembershipChange,
  noteBounds,
  noteCanceled,
  noteEvaluated,
  type Stretch,
  settleMemberships,
  takeTransactionId,
  type Within,
} from './store.ts';

export const dynamicGroupHandlers: Handlers<typeof contract> = {
  async evaluateDynamicGroup({ code }, context) {
    const group = await requireLockedGroup(context.scope, code);
    if (group.type !== 'dynamic') throw groupErrors.ruleNotWanted();
    const jobId = await startEvaluation(context, [group.id]);
    context.audit({ target: group.id, after: { jobId } });
    return { jobId };
  },
};

/** Asked in one statement: PostgreSQL plans each for itself, and takes a limited number of parameters. */
const groupsAtOnce = 50;

const asked = new WeakMap<Scope, () => Promise<readonly DynamicGroup[]>>();

/** Asks for the rules with the first statement of a transaction that is going to make users. */
export function askForGroups(scope: Scope): void {
  asked.set(scope, listDynamicGroupsAhead(scope));
}

/** The rules as this transaction has seen them once it had an id: they are read once, for all reactions. */
function dynamicGroupsOf(scope: Scope): Promise<readonly DynamicGroup[]> {
  const known = asked.get(scope);
  if (known !== undefined) return known();
  const groups = listDynamicGroups(scope);
  asked.set(scope, () => groups);
  return groups;
}

/**
 * Evaluates rules for users whom this transaction has changed. They are locked before they are evaluated, so of two
 * transactions that change what a rule looks at, the second sees what the first has done.
 */
export async function evaluateUsers(
  context: CommandContext,
  userIds: readonly string[],
  isConcerned: (group: DynamicGroup) => boolean = () => true,
): Promise<void> {
  if (userIds.length === 0) return;
  const groups = (await dynamicGroupsOf(context.scope)).filter(isConcerned);
  if (groups.length === 0) return;
  await lockUsers(context.scope, userIds);
  await settle(context, groups, userIds);
}

/** The same for users who were assigned roles, or lost some: roles begin and end by the clock, too. */
export async function evaluateHolders(context: CommandContext, userIds: readonly string[]): Promise<void> {
  await evaluateUsers(context, userIds, looksAtRoles);
  const groups = (await dynamicGroupsOf(context.scope)).filter(looksAtRoles);
  if (groups.length > 0) await noteBounds(context.scope, groups, userIds, new Date(context.now).toISOString());
}

/** Starts the job for groups whose time has come: a role they look at began or ended, or the last job did not come to its end. */
export function startDueEvaluations(clockwork: Clockwork): Promise<void> {
  return doDueWork(clockwork, {
    name: evaluationKind,
    command: { audit: { operationType: 'update', resourceType: 'userGroup' }, emits: [] },
    listUserPools: listUserPoolsDue,
    take: lockGroupsDue,
    async carryOut(groupIds, context) {
      context.audit({ after: { groupIds, jobId: await startEvaluation(context, groupIds) } });
    },
  });
}

/** Groups whose evaluation a command has started: what it does later, the job sees as well. */
const started = new WeakMap<CommandContext, Set<string>>();

/** Starts the job for all groups that are concerned by something that happened to more users than can be named. */
export async function evaluateEverybody(
  context: CommandContext,
  isConcerned: (group: DynamicGroup) => boolean,
): Promise<void> {
  const known = started.get(context) ?? new Set();
  started.set(context, known);
  const groups = (await dynamicGroupsOf(context.scope)).filter((group) => !known.has(group.id) && isConcerned(group));
  if (groups.length === 0) return;
  const ids = groups.map(({ id }) => id);
  await startEvaluation(context, ids);
  for (const id of ids) known.add(id);
}

/** The same for what happened to departments, and so to nobody but their people and those of departments below them. */
export async function evaluateWithin(
  context: CommandContext,
  departmentIds: readonly string[],
  isConcerned: (group: DynamicGroup) => boolean,
): Promise<void> {
  const groups = (await dynamicGroupsOf(context.scope)).filter(isConcerned);
  if (groups.length === 0) return;
  await startEvaluationWithin(
    context,
    groups.map(({ id }) => id),
    departmentIds,
  );
}

/** Has groups say that their members are not those of the rule, where a job that was to find them was canceled. */
export async function giveUpEvaluations({ scope, now }: CommandContext, jobIds: readonly string[]): Promise<void> {
  await noteCanceled(scope, jobIds, new Date(now).toISOString());
}

async function settle(
  context: CommandContext,
  groups: readonly DynamicGroup[],
  userIds: readonly string[],
): Promise<void> {
  const surroundings = await surroundingsOf(context, groups);
  for (let start = 0; start < groups.length; start += groupsAtOnce) {
    const rules = { ...surroundings, groups: groups.slice(start, start + groupsAtOnce) };
    announce(context, rules.groups, await settleMemberships(context.scope, rules, userIds));
  }
}

async function surroundingsOf(
  { scope, now }: CommandContext,
  groups: readonly DynamicGroup[],
): Promise<RuleSurroundings> {
  const fields = new Set(groups.flatMap(({ rule }) => fieldsOfRule(rule)));
  return { customKinds: await findCustomKinds(scope, [...fields]), now: new Date(now).toISOString() };
}

/** One event a group for those who joined, one for those who left. */
function announce(
  { emit }: CommandContext,
  groups: readonly DynamicGroup[],
  changes: readonly MembershipChange[],
): void {
  if (changes.length === 0) return;
  const byGroup = Map.groupBy(changes, ({ groupId }) => groupId);
  for (const group of groups) {
    const ofGroup = byGroup.get(group.id) ?? [];
    for (const [isNew, event] of [
      [false, groupMemberRemoved],
      [true, groupMemberAdded],
    ] as const) {
      const users = ofGroup
        .filter((change) => change.isNew === isNew)
        .map(({ id, username, email }) => ({ id, username, email }));
      for (let start = 0; start < users.length; start += mostNamed) {
        emit(event, { group: toEventGroup(group), users: users.slice(start, start + mostNamed) });
      }
    }
  }
}

/** Users looked at in one step. When a group is new most of them may differ, and are locked for as long as the step takes. */
const stretchSize = 2_000;

/** Of users one event names. */
const mostNamed = 500;

interface Checkpoint {
  /** All users up to this id are settled. */
  readonly after: string;
  readonly done: number;
  /** Of how many some membership began or ended. */
  readonly changed: number;
  /** Whether the walk only tries so far, and leaves nothing. */
  readonly isTrial?: boolean;
  readonly refused?: readonly Refusal[];
}

/** A group that cannot have the members its rule says, and the error that said so, as a checkpoint keeps it. */
interface Refusal extends Pick<ApiError, 'code' | 'declaration' | 'parameters'> {
  readonly groupId: string;
}

interface Evaluation {
  readonly groupIds: readonly string[];
  /** Whose people alone are concerned. */
  readonly departmentIds?: Within;
  readonly askedAt?: string;
}

/**
 * Walks all users, or those of some departments, in the order of ids. Whoever changes a user meanwhile evaluates him himself, by the rules of then:
 *
 * - who began to write before the job began may have read the rules, or the tree, as they were before. The job waits until
 *   all of those have ended, and then sees what they did;
 * - who began later sees what the job was started for. What he does is not visible to the job until he commits, by when he
 *   has evaluated the user he changed, whom he locked before.
 *
 * A group whose members may be refused is tried first, with everybody: it takes all its members or stays as it was. The job
 * fails then, when it is through with the others.
 */
export const evaluationJob = defineJob({
  kind: evaluationKind,
  emits: [groupMemberAdded, groupMemberRemoved],
  async run({ groupIds, departmentIds: within, askedAt }: Evaluation, job: JobContext<Checkpoint>) {
    if (job.checkpoint === undefined) await waitForOlderTransactions(job);
    const total = await job.read((scope) => countUsers(scope, within));
    let reached: Checkpoint = job.checkpoint ?? { after: '', done: 0, changed: 0, isTrial: true };
    for (let isOver = false; !isOver; ) {
      let next = reached;
      await job.step(async (context) => {
        const { refused = [] } = reached;
        const now = new Date(context.now).toISOString();
        // Before the rules are read: a job that is started for a new one waits for this step, or this step sees the new one.
        await takeTransactionId(context.scope);
        const atRisk = reached.isTrial ? await listGroupsAtRisk(context.scope, groupIds, now) : [];
        const isTrial = atRisk.length > 0;
        // Asked anew in every step: a group that is gone, or that a later job evaluates from the start, is left alone.
        const groups = (await listDynamicGroups(context.scope)).filter(
          ({ id, ruleJobId }) =>
            (isTrial ? atRisk : groupIds).includes(id) &&
            ruleJobId === job.jobId &&
            !refused.some(({ groupId }) => groupId === id),
        );
        const after = reached.isTrial && !isTrial ? '' : reached.after;
        const { seen, last, differing } = await compareNext(context, groups, after, within);
        const isThrough = seen < stretchSize;
        isOver = isThrough && !isTrial;
        if (isOver && differing.length > 0) {
          // What is noted at the end is locked now, after the users: whoever joins a group makes sure of separation of duty, and
          // who waits for that alone may hold the group, of which he has started an evaluation himself.
          await lockUsers(context.scope, differing);
          await lockGroupsOfJob(
            context.scope,
            groups.map(({ id }) => id),
            job.jobId,
          );
        }
        const found = differing.length === 0 ? [] : await settleEach(context, groups, differing, isTrial);
        next = {
          after: (isTrial && isThrough ? '' : last) ?? after,
          done: reached.done + (isTrial ? 0 : seen),
          changed: reached.changed + (isTrial ? 0 : differing.length),
          isTrial: isTrial && !isThrough,
          refused: [...refused, ...found],
        };
        if (isOver) {
          const ended = groups
            .filter(({ id }) => !found.some(({ groupId }) => groupId === id))
            .map(({ id, rule }) => ({ id, roleIds: rolesOfRule(rule) }));
          await noteEvaluated(context.scope, ended, { jobId: job.jobId, askedAt: askedAt ?? now, now });
        }
        return { done: next.done, total: Math.max(total, next.done), checkpoint: next };
      });
      reached = next;
    }
    const [first] = reached.refused ?? [];
    if (first !== undefined) throw new ApiError(first.code, first.declaration, first.parameters);
    return { users: reached.done, changed: reached.changed };
  },
});

/**
 * Settles these groups together, or, when that is refused, each by itself: one that cannot have its members leaves the others
 * alone. Answers those that cannot. A trial leaves nothing.
 */
async function settleEach(
  context: CommandContext,
  groups: readonly DynamicGroup[],
  userIds: readonly string[],
  isTrial: boolean,
): Promise<Refusal[]> {
  const [first, ...others] = groups;
  if (first === undefined) return [];
  if (isTrial) {
    let refused: Refusal[] = [];
    await undone(context, async (inner) => {
      refused = await settleEach(inner, groups, userIds, false);
    });
    return refused;
  }
  try {
    await context.attempt(async (inner) => {
      await lockUsers(inner.scope, userIds);
      await settle(inner, groups, userIds);
    });
    return [];
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { code, declaration, parameters } = error;
    if (others.length === 0) return [{ groupId: first.id, code, declaration, parameters }];
  }
  const refused: Refusal[] = [];
  for (const group of groups) refused.push(...(await settleEach(context, [group], userIds, false)));
  return refused;
}

async function waitForOlderTransactions(job: JobContext<Checkpoint>): Promise<void> {
  const transactionId = await job.read(takeTransactionId);
  for (let waitMs = 5; !(await job.read((scope) => areOlderTransactionsOver(scope, transactionId))); ) {
    await sleep(waitMs, undefined, { signal: job.signal });
    waitMs = Math.min(waitMs * 2, 100);
  }
}

/** Nothing to compare with is the end. */
async function compareNext(
  context: CommandContext,
  groups: readonly DynamicGroup[],
  after: string,
  within: Within,
): Promise<Stretch> {
  if (groups.length === 0) return { seen: 0, last: null, differing: [] };
  const rules = { ...(await surroundingsOf(context, groups)), groups };
  return compareStretch(context.scope, rules, { after, size: stretchSize, within });
}

/** Whether a rule looks at where users are in the tree; roles come from there, too. */
export function looksAtDepartments({ rule }: DynamicGroup): boolean {
  return fieldsOfRule(rule).some((field) => ['department', 'mainDepartmentId', 'role'].includes(field));
}

/** Whether a rule looks at the roles users hold. */
export function looksAtRoles({ rule }: DynamicGroup): boolean {
  return fieldsOfRule(rule).includes('role');
}

/** Whether a rule looks at one of these fields. */
export function looksAtFields({ rule }: DynamicGroup, fields: readonly string[]): boolean {
  return fieldsOfRule(rule).some((field) => fields.includes(field));
}

/** What changes without being named among the changes of a user. */
const unnamed: readonly string[] = ['updatedAt'];

/** Whether a rule may hold or not for a user because of these changes of his own fields. */
export function looksAtChanges(
  { rule }: DynamicGroup,
  { user, updates }: { readonly user: object; readonly updates: Readonly<Record<string, unknown>> },
): boolean {
  // Who leaves, leaves every group, and who comes back may belong to any.
  if ('status' in updates) return true;
  return fieldsOfRule(rule).some((field) => {
    if (field === 'department' || field === 'role') return false;
    // A field the event does not know may have changed.
    return field in updates || !(field in user) || unnamed.includes(field);
  });
}
