import { isDeepStrictEqual } from 'node:util';
import type { InputOf } from '@genauth/contract';
import { requestErrors } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { CommandContext, Handlers } from '../../platform/module.ts';
import { isViolationOf } from '../../platform/violations.ts';
import {
  findLockedGroup,
  type GroupRow,
  groupErrors,
  requireGroup,
  requireLockedGroup,
  toEventGroup,
  toGroupDto,
} from '../group-directory/index.ts';
import { listMembersOfGroups } from '../group-members/index.ts';
import { readGroupRule, startEvaluation } from '../group-rules/index.ts';
import { toUserDto } from '../user-directory/index.ts';
import type * as contract from './contract.ts';
import { groupCreated, groupDeleted, groupUpdated } from './contract.ts';
import {
  codeIndex,
  countDynamicGroups,
  deleteGroups,
  insertGroups,
  listAllGroups,
  listGroupRows,
  type NewGroup,
  updateGroupRow,
} from './store.ts';

/** What one answer can hold. */
const mostMembersAtOnce = 10_000;

/** Each of them may be asked at every change of a user. */
const mostDynamicGroups = 500;

type GroupInput = InputOf<typeof contract.createGroup>;
type GroupChanges = Omit<InputOf<typeof contract.updateGroup>, 'code'>;

export const groupHandlers: Handlers<typeof contract> = {
  async getGroup({ code, ...flags }, { scope }) {
    return toGroupDto(await requireGroup(scope, code), flags);
  },

  async listGroups({ keywords, page, limit, ...flags }, { scope }) {
    const { totalCount, list } = await listGroupRows(scope, keywords || null, limit, (page - 1) * limit);
    return { totalCount, list: list.map((row) => toGroupDto(row, flags)) };
  },

  async getAllGroups({ fetchMembers, ...flags }, { scope }) {
    const groups = await listAllGroups(scope);
    if (!fetchMembers) return groups.map((row) => toGroupDto(row, flags));
    const members = await listMembersOfGroups(scope, mostMembersAtOnce + 1);
    if (members.length > mostMembersAtOnce) throw groupErrors.tooManyMembers({ most: mostMembersAtOnce });
    const membersOf = Map.groupBy(members, ({ groupId }) => groupId);
    return groups.map((row) => ({
      ...toGroupDto(row, flags),
      members: (membersOf.get(row.id) ?? []).map((user) => toUserDto(user)),
    }));
  },

  async createGroup(input, context) {
    const [group] = await createGroups([input], context);
    if (group === undefined) throw groupErrors.codeTaken({ code: input.code });
    context.audit({ target: group.id, after: toEventGroup(group) });
    return toGroupDto(group);
  },

  async createOrUpdateGroup(input, context) {
    refuseCustomData(input);
    const { code, type, ...changes } = input;
    const existing = await findLockedGroup(context.scope, code);
    if (existing !== undefined) {
      if (type && type !== existing.type) throw groupErrors.typeFixed();
      return { created: false, data: toGroupDto(await changeGroup(existing, changes, context)) };
    }
    const [created] = await insertGroups(context.scope, [await toNewGroup(input, '', context)], timeOf(context));
    if (created !== undefined) {
      const [group = created] = await announceCreated([created], context);
      context.audit({ target: group.id, after: toEventGroup(group) });
      return { created: true, data: toGroupDto(group) };
    }
    // Somebody else was faster.
    const before = await requireLockedGroup(context.scope, code);
    if (type && type !== before.type) throw groupErrors.typeFixed();
    return { created: false, data: toGroupDto(await changeGroup(before, changes, context)) };
  },

  async createGroupsBatch({ list }, context) {
    const groups = await createGroups(list, context);
    context.audit({ after: groups.map(toEventGroup) });
    return groups.map((row) => toGroupDto(row));
  },

  async updateGroup({ code, ...changes }, context) {
    refuseCustomData(changes);
    return toGroupDto(await changeGroup(await requireLockedGroup(context.scope, code), changes, context));
  },

  async deleteGroupsBatch({ codeList }, { scope, emit, audit }) {
    const deleted = await deleteGroups(scope, codeList);
    emit(groupDeleted, ...deleted.map((row) => ({ group: toEventGroup(row) })));
    const [only, ...others] = deleted;
    audit({
      ...(only !== undefined && others.length === 0 ? { target: only.id } : {}),
      before: deleted.map(toEventGroup),
    });
    return { success: true };
  },

  async getGroupAuthorizedResources({ code }, { scope }) {
    await requireGroup(scope, code);
    // Resources cannot be made yet, so a group is authorized for none.
    return [];
  },
};

/** Makes groups, all or none, in the order given. */
async function createGroups(inputs: readonly GroupInput[], context: CommandContext): Promise<GroupRow[]> {
  for (const input of inputs) refuseCustomData(input);
  const wanted: NewGroup[] = [];
  for (const [index, input] of inputs.entries()) {
    wanted.push(await toNewGroup(input, inputs.length > 1 ? `list.${index}.` : '', context));
  }
  const made = await insertGroups(context.scope, wanted, timeOf(context));
  const byCode = new Map(made.map((row) => [row.code, row]));
  // Each code is taken from the map once, so that one that was given twice is found as well.
  const groups = inputs.map(({ code }) => {
    const group = byCode.get(code);
    if (group === undefined || !byCode.delete(code)) throw groupErrors.codeTaken({ code });
    return group;
  });
  return announceCreated(groups, context);
}

/** Announces new groups, and has the members found of those that are dynamic. */
async function announceCreated(groups: readonly GroupRow[], context: CommandContext): Promise<GroupRow[]> {
  context.emit(groupCreated, ...groups.map((row) => ({ group: toEventGroup(row) })));
  const dynamic = groups.filter(({ type }) => type === 'dynamic').map(({ id }) => id);
  if (dynamic.length === 0) return [...groups];
  if ((await countDynamicGroups(context.scope)) > mostDynamicGroups) {
    throw groupErrors.tooManyDynamic({ most: mostDynamicGroups });
  }
  const ruleJobId = await startEvaluation(context, dynamic);
  return groups.map((row) => (row.type === 'dynamic' ? { ...row, ruleJobId } : row));
}

async function toNewGroup(
  { code, name, description, type, rule }: GroupInput,
  at: string,
  { scope, now }: CommandContext,
): Promise<NewGroup> {
  if (type !== 'dynamic' && rule) throw groupErrors.ruleNotWanted();
  if (type === 'dynamic' && !rule) throw requestErrors.fieldMissing({ field: `${at}rule` });
  return {
    id: newId(now),
    code,
    name: name || code,
    description: description ?? '',
    type: type ?? 'static',
    rule: rule ? await readGroupRule(scope, rule) : null,
  };
}

/** Changes a locked group. What is absent or null stays, an empty description clears; nothing changed, nothing announced. */
async function changeGroup(
  before: GroupRow,
  { newCode, name, description, rule }: GroupChanges,
  context: CommandContext,
): Promise<GroupRow> {
  const { scope, emit, audit } = context;
  if (rule && before.type !== 'dynamic') throw groupErrors.ruleNotWanted();
  const wanted: GroupRow = {
    ...before,
    code: newCode || before.code,
    name: name || before.name,
    description: description ?? before.description,
    // The rule as it is may name what is there no longer; to send it back changes nothing.
    rule: rule && !isDeepStrictEqual(rule, before.rule) ? await readGroupRule(scope, rule) : before.rule,
  };
  audit({ target: before.id });
  if (isDeepStrictEqual(wanted, before)) return before;
  const after = await namingTaken(wanted.code, () => updateGroupRow(scope, wanted, timeOf(context)));
  if (after === undefined) throw groupErrors.notFound({ code: before.code });
  const changed = (['code', 'name', 'description', 'rule'] as const).filter(
    (field) => !isDeepStrictEqual(after[field], before[field]),
  );
  const valuesOf = (row: GroupRow) => Object.fromEntries(changed.map((field) => [field, row[field]]));
  emit(groupUpdated, { group: toEventGroup(after), updates: valuesOf(after) });
  audit({ before: valuesOf(before), after: valuesOf(after) });
  if (!changed.includes('rule')) return after;
  return { ...after, ruleJobId: await startEvaluation(context, [after.id]), ruleEvaluatedAt: null };
}

async function namingTaken<Result>(code: string, write: () => Promise<Result>): Promise<Result> {
  try {
    return await write();
  } catch (error) {
    if (isViolationOf(error, codeIndex)) throw groupErrors.codeTaken({ code });
    throw error;
  }
}

/** Fields of groups cannot be defined yet: refused in the words it will have when a key is unknown. */
function refuseCustomData({
  customData,
}: {
  readonly customData?: Readonly<Record<string, unknown>> | null | undefined;
}): void {
  const [key] = Object.keys(customData ?? {});
  if (key !== undefined) throw groupErrors.customFieldNotDefined({ key });
}

function timeOf({ now }: CommandContext): string {
  return new Date(now).toISOString();
}
