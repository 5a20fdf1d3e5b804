import { isDeepStrictEqual } from 'node:util';
import type { InputOf } from '@genauth/contract';
import type { Scope } from '../../platform/database/database.ts';
import { requestErrors } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { CommandContext, Handlers } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import { isViolationOf } from '../../platform/violations.ts';
import {
  type CustomDataChange,
  changeCustomData,
  listCustomData,
  type PreparedCustomData,
  prepareCustomData,
} from '../custom-values/index.ts';
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
  lockGroupsToDelete,
  type NewGroup,
  updateGroupRow,
} from './store.ts';

/** What one answer can hold. */
const mostMembersAtOnce = 10_000;

/** Each of them may be asked at every change of a user. */
const mostDynamicGroups = 500;

type GroupInput = InputOf<typeof contract.createGroup>;
type GroupChanges = Omit<InputOf<typeof contract.updateGroup>, 'code'>;

export const createGroupHandlers = (seal: Seal): Handlers<typeof contract> => ({
  async getGroup({ code, ...flags }, { scope }) {
    return show(seal, scope, await requireGroup(scope, code), flags);
  },

  async listGroups({ keywords, page, limit, ...flags }, { scope }) {
    const { totalCount, list } = await listGroupRows(scope, keywords || null, limit, (page - 1) * limit);
    return { totalCount, list: await showGroups(seal, scope, list, flags) };
  },

  async getAllGroups({ fetchMembers, ...flags }, { scope }) {
    const groups = await listAllGroups(scope);
    const shown = await showGroups(seal, scope, groups, flags);
    if (!fetchMembers) return shown;
    const members = await listMembersOfGroups(scope, mostMembersAtOnce + 1);
    if (members.length > mostMembersAtOnce) throw groupErrors.tooManyMembers({ most: mostMembersAtOnce });
    const membersOf = Map.groupBy(members, ({ groupId }) => groupId);
    return shown.map((group) => ({
      ...group,
      members: (membersOf.get(group.id) ?? []).map((user) => toUserDto(user)),
    }));
  },

  async createGroup(input, context) {
    const [group] = await createGroups(seal, [input], context);
    if (group === undefined) throw groupErrors.codeTaken({ code: input.code });
    context.audit({ target: group.id });
    return toGroupDto(group);
  },

  async createOrUpdateGroup(input, context) {
    const { code, type, ...changes } = input;
    const [customData = []] = await prepareCustomData(context.scope, 'GROUP', [input.customData]);
    for (;;) {
      const existing = await findLockedGroup(context.scope, code);
      if (existing !== undefined) {
        if (type && type !== existing.type) throw groupErrors.typeFixed();
        return { created: false, data: toGroupDto(await changeGroup(seal, existing, changes, customData, context)) };
      }
      const [created] = await insertGroups(context.scope, [await toNewGroup(input, '', context)], timeOf(context));
      // Somebody else was faster, and may have deleted it again by the time this looks.
      if (created === undefined) continue;
      const change = await changeCustomData(seal, context.scope, 'GROUP', created.id, customData, context.now);
      const [group = created] = await announceCreated([created], context);
      context.audit({ target: group.id, after: toAuditNote(group, change) });
      return { created: true, data: toGroupDto(group) };
    }
  },

  async createGroupsBatch({ list }, context) {
    const groups = await createGroups(seal, list, context);
    return groups.map((row) => toGroupDto(row));
  },

  async updateGroup({ code, ...changes }, context) {
    const [customData = []] = await prepareCustomData(context.scope, 'GROUP', [changes.customData]);
    const group = await requireLockedGroup(context.scope, code);
    return toGroupDto(await changeGroup(seal, group, changes, customData, context));
  },

  async deleteGroupsBatch({ codeList }, { scope, emit, before, audit }) {
    const deleted = await lockGroupsToDelete(scope, codeList);
    const announced = deleted.map((row) => ({ group: toEventGroup(row) }));
    await before(groupDeleted, ...announced);
    await deleteGroups(
      scope,
      deleted.map(({ id }) => id),
    );
    emit(groupDeleted, ...announced);
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
});

/** Makes groups, all or none, in the order given. */
async function createGroups(seal: Seal, inputs: readonly GroupInput[], context: CommandContext): Promise<GroupRow[]> {
  const prefixOf = (index: number) => (inputs.length > 1 ? `list.${index}.` : '');
  const given = inputs.map(({ customData }) => customData);
  const customData = await prepareCustomData(context.scope, 'GROUP', given, { prefixOf });
  const wanted: NewGroup[] = [];
  for (const [index, input] of inputs.entries()) {
    wanted.push(await toNewGroup(input, prefixOf(index), context));
  }
  const made = await insertGroups(context.scope, wanted, timeOf(context));
  const byCode = new Map(made.map((row) => [row.code, row]));
  // Each code is taken from the map once, so that one that was given twice is found as well.
  const groups = inputs.map(({ code }) => {
    const group = byCode.get(code);
    if (group === undefined || !byCode.delete(code)) throw groupErrors.codeTaken({ code });
    return group;
  });
  const notes: object[] = [];
  for (const [index, group] of groups.entries()) {
    const change = await changeCustomData(seal, context.scope, 'GROUP', group.id, customData[index] ?? [], context.now);
    notes.push(toAuditNote(group, change));
  }
  context.audit({ after: notes.length === 1 ? notes[0] : notes });
  return announceCreated(groups, context);
}

/** The input keeps custom data to itself, for what of it is encrypted. */
function toAuditNote(group: GroupRow, change: CustomDataChange | undefined) {
  return { ...toEventGroup(group), ...(change && { customData: change.updates }) };
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
  seal: Seal,
  before: GroupRow,
  { newCode, name, description, rule }: GroupChanges,
  customData: PreparedCustomData,
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
  const custom = await changeCustomData(seal, scope, 'GROUP', before.id, customData, context.now);
  const isSame = isDeepStrictEqual(wanted, before);
  if (isSame && custom === undefined) return before;
  const after = isSame ? before : await namingTaken(wanted.code, () => updateGroupRow(scope, wanted, timeOf(context)));
  if (after === undefined) throw groupErrors.notFound({ code: before.code });
  const changed = (['code', 'name', 'description', 'rule'] as const).filter(
    (field) => !isDeepStrictEqual(after[field], before[field]),
  );
  const valuesOf = (row: GroupRow) => Object.fromEntries(changed.map((field) => [field, row[field]]));
  const updates = { ...valuesOf(after), ...(custom && { customData: custom.updates }) };
  emit(groupUpdated, { group: toEventGroup(after), updates });
  audit({ before: { ...valuesOf(before), ...(custom && { customData: custom.origin }) }, after: updates });
  if (!changed.includes('rule')) return after;
  return {
    ...after,
    ruleJobId: await startEvaluation(context, [after.id]),
    ruleEvaluatedAt: null,
    ruleCanceledAt: null,
  };
}

async function namingTaken<Result>(code: string, write: () => Promise<Result>): Promise<Result> {
  try {
    return await write();
  } catch (error) {
    if (isViolationOf(error, codeIndex)) throw groupErrors.codeTaken({ code });
    throw error;
  }
}

/** What the flags of a read add to a group. */
interface GroupFlags {
  readonly withCustomData?: boolean;
  readonly flatCustomData?: boolean;
}

/** Groups with what these flags ask for: one statement for all. */
async function showGroups(
  seal: Seal,
  scope: Scope,
  groups: readonly GroupRow[],
  { withCustomData, flatCustomData }: GroupFlags,
) {
  if (!withCustomData && !flatCustomData) return groups.map((row) => toGroupDto(row));
  const ids = groups.map(({ id }) => id);
  const customDataOf = await listCustomData(seal, scope, 'GROUP', ids);
  return groups.map((row) =>
    flatCustomData ? { ...customDataOf(row.id), ...toGroupDto(row) } : toGroupDto(row, customDataOf(row.id)),
  );
}

async function show(seal: Seal, scope: Scope, group: GroupRow, flags: GroupFlags) {
  const [shown = toGroupDto(group)] = await showGroups(seal, scope, [group], flags);
  return shown;
}

function timeOf({ now }: CommandContext): string {
  return new Date(now).toISOString();
}
