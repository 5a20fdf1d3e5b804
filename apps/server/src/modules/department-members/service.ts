import type { Scope } from '../../platform/database/database.ts';
import type { CommandContext, Handlers } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import { foldText } from '../../platform/text-folding.ts';
import {
  type DepartmentReference,
  type DepartmentRow,
  lockTrees,
  requireDepartment,
  requireLockedDepartment,
  toEventNode,
} from '../department-tree/index.ts';
import { requireUserId, toUserDto, userErrors, withRequested } from '../user-directory/index.ts';
import type * as contract from './contract.ts';
import {
  departmentMemberAdded,
  departmentMemberErrors,
  departmentMemberRemoved,
  userDepartmentsChanged,
} from './contract.ts';
import {
  deleteMembers,
  giveMainDepartment,
  insertMembers,
  isMember,
  type LockedUser,
  listMemberIds,
  listMembers,
  listOrganizationIds,
  lockUsers,
  searchMembers,
  unlinkPublicAccounts,
} from './store.ts';

export const createDepartmentMemberHandlers = (seal: Seal): Handlers<typeof contract> => ({
  async listDepartmentMembers({ page, limit, ...input }, { scope }) {
    const department = await requireDepartment(scope, input);
    const { totalCount, list } = await listMembers(scope, department, {
      withDescendants: input.includeChildrenDepartments,
      sortBy: input.sortBy === 'Default' ? 'JoinDepartmentAt' : input.sortBy,
      isDescending: input.orderBy === 'Desc',
      withDepartmentIds: input.withDepartmentIds,
      limit,
      offset: (page - 1) * limit,
    });
    return { totalCount, list: (await withRequested(seal, scope, list, input)).map((row) => toUserDto(row, input)) };
  },

  async listDepartmentMemberIds(reference, { scope }) {
    const department = await requireDepartment(scope, reference);
    return listMemberIds(scope, department);
  },

  async searchDepartmentMembers({ page, limit, keywords, ...input }, { scope }) {
    const department = await requireDepartment(scope, input);
    const { totalCount, list } = await searchMembers(scope, department, {
      keywords: foldText(keywords).trim(),
      withDescendants: input.includeChildrenDepartments,
      withDepartmentIds: input.withDepartmentIds,
      limit,
      offset: (page - 1) * limit,
    });
    return { totalCount, list: (await withRequested(seal, scope, list, input)).map((row) => toUserDto(row, input)) };
  },

  async isUserInDepartment({ userId, includeChildrenDepartments, ...reference }, { scope }) {
    const department = await requireDepartment(scope, reference);
    await requireUserId(scope, userId, 'user_id');
    return { inDepartment: await isMember(scope, department, userId, includeChildrenDepartments) };
  },

  async addDepartmentMembers({ userIds, ...reference }, context) {
    const { scope } = context;
    const department = await requireLockedDepartment(scope, reference, 'shared');
    const users = await lockUsers(scope, userIds);
    if (users.length < new Set(userIds).size) throw userErrors.notFound();
    if (users.some(({ status }) => status === 'Resigned' || status === 'Archived')) {
      throw departmentMemberErrors.userNotEmployed();
    }
    const added = new Set(await insertMembers(scope, department, userIds));
    announce(context, {
      department,
      event: departmentMemberAdded,
      users: users.filter(({ id }) => added.has(id)),
      departmentIdsAfter: ({ departmentIds }) => [...departmentIds, department.id],
    });
    return { success: true };
  },

  async removeDepartmentMembers({ userIds, ...reference }, context) {
    const { scope } = context;
    if (userIds.length > 1) await lockTreesOf(scope, userIds, reference);
    const department = await requireLockedDepartment(scope, reference, 'shared');
    const users = await lockUsers(scope, userIds);
    const removed = new Map((await deleteMembers(scope, department, userIds)).map((row) => [row.userId, row]));
    const withoutMain = [...removed.values()].filter(({ isMain }) => isMain).map(({ userId }) => userId);
    if (withoutMain.length > 0) await giveMainDepartment(scope, withoutMain);
    // V3 has no operation of its own for the last department of a public account: it is removed like a user.
    const others = userIds.filter((id) => !users.some((user) => user.id === id));
    const unlinked = others.length === 0 ? [] : await unlinkPublicAccounts(scope, department, others);
    for (const { id, username, email } of unlinked) {
      context.emit(departmentMemberRemoved, { node: toEventNode(department), user: { id, username, email } });
    }
    announce(context, {
      department,
      event: departmentMemberRemoved,
      users: users.filter(({ id }) => removed.has(id)),
      departmentIdsAfter: ({ departmentIds }) => departmentIds.filter((id) => id !== department.id),
    });
    return { success: true };
  },
});

/**
 * Locks the trees these users are in, since some may get their main departments there. Of one user that is one membership, which waits
 * for whoever moves it; who writes several, while a move writes them in an order of its own, waits in a circle.
 */
async function lockTreesOf(scope: Scope, userIds: readonly string[], reference: DepartmentReference): Promise<void> {
  const { id } = await requireDepartment(scope, reference);
  await lockTrees(scope, await listOrganizationIds(scope, userIds, [id]));
}

/** One event a user for the department, one for the user, and both lists of departments for the audit log. */
function announce(
  { emit, audit }: CommandContext,
  change: {
    readonly department: DepartmentRow;
    readonly event: typeof departmentMemberAdded | typeof departmentMemberRemoved;
    readonly users: readonly LockedUser[];
    readonly departmentIdsAfter: (user: LockedUser) => string[];
  },
): void {
  const { department, event, users, departmentIdsAfter } = change;
  const node = toEventNode(department);
  for (const user of users) {
    const { id, username, email } = user;
    emit(event, { node, user: { id, username, email } });
    emit(userDepartmentsChanged, { user: { id, username, email }, departmentIds: departmentIdsAfter(user) });
  }
  audit({
    target: department.id,
    before: users.map(({ id, departmentIds }) => ({ userId: id, departmentIds })),
    after: users.map((user) => ({ userId: user.id, departmentIds: departmentIdsAfter(user) })),
  });
}
