import { isDeepStrictEqual } from 'node:util';
import type { InputOf } from '@genauth/contract';
import { newId } from '../../platform/ids.ts';
import type { CommandContext, Handlers } from '../../platform/module.ts';
import { isViolationOf } from '../../platform/violations.ts';
import {
  type GroupRow,
  groupErrors,
  requireGroup,
  requireLockedGroup,
  toEventGroup,
  toGroupDto,
} from '../group-directory/index.ts';
import { listMembersOfGroups } from '../group-members/index.ts';
import { toUserDto } from '../user-directory/index.ts';
import type * as contract from './contract.ts';
import { groupCreated, groupDeleted, groupUpdated } from './contract.ts';
import { codeIndex, deleteGroups, insertGroups, listAllGroups, listGroupRows, updateGroupRow } from './store.ts';

/** What one answer can hold. */
const mostMembersAtOnce = 10_000;

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
    const [created] = await insertGroups(context.scope, [toNewGroup(input, context)], timeOf(context));
    if (created !== undefined) {
      context.emit(groupCreated, { group: toEventGroup(created) });
      context.audit({ target: created.id, after: toEventGroup(created) });
      return { created: true, data: toGroupDto(created) };
    }
    const { code, type, ...changes } = input;
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
  const made = await insertGroups(
    context.scope,
    inputs.map((input) => toNewGroup(input, context)),
    timeOf(context),
  );
  const byCode = new Map(made.map((row) => [row.code, row]));
  // Each code is taken from the map once, so that one that was given twice is found as well.
  const groups = inputs.map(({ code }) => {
    const group = byCode.get(code);
    if (group === undefined || !byCode.delete(code)) throw groupErrors.codeTaken({ code });
    return group;
  });
  context.emit(groupCreated, ...groups.map((row) => ({ group: toEventGroup(row) })));
  return groups;
}

function toNewGroup({ code, name, description, type }: GroupInput, { now }: CommandContext): GroupRow {
  return { id: newId(now), code, name: name || code, description: description ?? '', type: type ?? 'static' };
}

/** Changes a locked group. What is absent or null stays, an empty description clears; nothing changed, nothing announced. */
async function changeGroup(
  before: GroupRow,
  { newCode, name, description }: GroupChanges,
  context: CommandContext,
): Promise<GroupRow> {
  const { scope, emit, audit } = context;
  const wanted: GroupRow = {
    ...before,
    code: newCode || before.code,
    name: name || before.name,
    description: description ?? before.description,
  };
  audit({ target: before.id });
  if (isDeepStrictEqual(wanted, before)) return before;
  const after = await namingTaken(wanted.code, () => updateGroupRow(scope, wanted, timeOf(context)));
  if (after === undefined) throw groupErrors.notFound({ code: before.code });
  const changed = (['code', 'name', 'description'] as const).filter((field) => after[field] !== before[field]);
  const valuesOf = (row: GroupRow) => Object.fromEntries(changed.map((field) => [field, row[field]]));
  emit(groupUpdated, { group: toEventGroup(after), updates: valuesOf(after) });
  audit({ before: valuesOf(before), after: valuesOf(after) });
  return after;
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
