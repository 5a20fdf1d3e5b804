import { isDeepStrictEqual } from 'node:util';
import type { InputOf, OutputOf } from '@genauth/contract';
import type { Scope } from '../../platform/database/database.ts';
import type { CommandContext, Handlers } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import { findTargetsByCustomField, listCustomData } from '../custom-values/index.ts';
import { type LockedUser, listOrganizationIds, lockUsers } from '../department-members/index.ts';
import {
  type DepartmentIdType,
  type DepartmentReference,
  departmentTreeErrors,
  lockTrees,
  requirePathRanges,
} from '../department-tree/index.ts';
import { type AccountKind, requireUserId, userErrors } from '../user-directory/index.ts';
import type * as contract from './contract.ts';
import {
  departmentMemberAdded,
  departmentMemberErrors,
  departmentMemberRemoved,
  departmentUpdated,
  userDepartmentErrors,
  userDepartmentsChanged,
} from './contract.ts';
import {
  changeLeaderships,
  deleteMembershipsOf,
  departmentIdsBy,
  insertMemberships,
  isMemberIn,
  type JoinableDepartment,
  listAndHoldDepartments,
  listDepartmentsOfUser,
  listMemberships,
  type MembershipRow,
  replaceMemberships,
  type UserDepartmentRow,
} from './store.ts';

export const createUserDepartmentHandlers = (seal: Seal): Handlers<typeof contract> => ({
  async getUserDepartments(input, { scope }) {
    return departmentsOfAccount('personal', input, scope, seal);
  },

  async setUserDepartments({ userId: named, departments, options }, context) {
    const { scope, emit, audit } = context;
    const wanted = mergeDuplicates(departments);
    const departmentIds = [...wanted.keys()];
    const userId = await requireUserId(scope, named, options?.userIdType ?? 'user_id');
    const [user] = await lockForMemberships(scope, [userId], departmentIds);
    if (user === undefined) throw userErrors.notFound();
    refuseWhoLeft([user]);
    const found = new Map((await listAndHoldDepartments(scope, departmentIds)).map((row) => [row.id, row]));
    const unknown = departmentIds.find((id) => !found.has(id));
    if (unknown !== undefined) throw userDepartmentErrors.departmentNotFound({ departmentId: unknown });

    const before = await listMemberships(scope, [userId]);
    const listed = departmentIds.flatMap((id) => found.get(id) ?? []);
    await replaceMemberships(scope, userId, departmentIds, chooseMainDepartment(wanted, listed, before));
    const ledWhere = (isLeader: boolean) => departmentIds.filter((id) => wanted.get(id)?.isLeader === isLeader);
    await changeLeaderships(scope, userId, ledWhere(true), ledWhere(false));
    const after = await listMemberships(scope, [userId]);

    const has = (memberships: readonly MembershipRow[]) => new Set(memberships.map(({ id }) => id));
    const [hadBefore, hasAfter] = [has(before), has(after)];
    emit(
      departmentMemberAdded,
      ...toEvents(
        user,
        listed.filter(({ id }) => !hadBefore.has(id)),
      ),
    );
    emit(
      departmentMemberRemoved,
      ...toEvents(
        user,
        before.filter(({ id }) => !hasAfter.has(id)),
      ),
    );
    const [notedBefore, notedAfter] = [before.map(toAuditNote), after.map(toAuditNote)];
    if (!isDeepStrictEqual(notedBefore, notedAfter)) {
      emit(userDepartmentsChanged, { user: toEventUser(user), departmentIds: [...hasAfter] });
    }
    audit({ target: userId, before: notedBefore, after: notedAfter });
    return { success: true };
  },
});

/** A page of the departments of a person, or of those a public account is linked to. */
export async function departmentsOfAccount(
  kind: AccountKind,
  { userId, userIdType, page, limit, sortBy, orderBy, ...flags }: InputOf<typeof contract.getUserDepartments>,
  scope: Scope,
  seal: Seal,
): Promise<OutputOf<typeof contract.getUserDepartments>> {
  const id = await requireUserId(scope, userId, userIdType, kind);
  const { totalCount, list } = await listDepartmentsOfUser(scope, kind, id, {
    sortBy: sortBy === 'DepartmemtCode' ? 'DepartmentCode' : sortBy,
    isDescending: orderBy === 'Desc',
    withPaths: flags.withDepartmentPaths,
    limit,
    offset: (page - 1) * limit,
  });
  const ids = list.map((row) => row.id);
  const customDataOf = flags.withCustomData ? await listCustomData(seal, scope, 'DEPARTMENT', ids) : undefined;
  return { totalCount, list: list.map((row) => toUserDepartment(row, customDataOf?.(row.id))) };
}

interface WantedDepartment {
  readonly departmentId: string;
  readonly isLeader?: boolean | null | undefined;
  readonly isMainDepartment?: boolean | null | undefined;
}

/** A department listed twice is meant once; what one of its entries says wins over what the other leaves open. */
export function mergeDuplicates(departments: readonly WantedDepartment[]): ReadonlyMap<string, WantedDepartment> {
  const merged = new Map<string, WantedDepartment>();
  for (const one of departments) {
    const earlier = merged.get(one.departmentId);
    merged.set(one.departmentId, {
      departmentId: one.departmentId,
      isLeader: earlier?.isLeader || (one.isLeader ?? earlier?.isLeader),
      isMainDepartment: earlier?.isMainDepartment || one.isMainDepartment,
    });
  }
  const mains = [...merged.values()].filter(({ isMainDepartment }) => isMainDepartment);
  if (mains.length > 1) throw userDepartmentErrors.severalMainDepartments();
  return merged;
}

/** The one named; else the previous one, if it stays; else the first listed. Virtual departments group, nobody is at home there. */
export function chooseMainDepartment(
  wanted: ReadonlyMap<string, WantedDepartment>,
  listed: readonly JoinableDepartment[],
  before: readonly Pick<MembershipRow, 'id' | 'isMain'>[],
): string | null {
  const named = listed.find(({ id }) => wanted.get(id)?.isMainDepartment);
  if (named?.isVirtualNode) throw userDepartmentErrors.mainDepartmentVirtual();
  const previous = before.find(({ id, isMain }) => isMain && wanted.has(id));
  return (named ?? previous ?? listed.find(({ isVirtualNode }) => !isVirtualNode))?.id ?? null;
}

/**
 * Trees first, of where the users are and where they go, then the users: every writer of memberships waits in this order.
 * Answers the users there are.
 */
async function lockForMemberships(
  scope: Scope,
  userIds: readonly string[],
  departmentIds: readonly string[],
): Promise<LockedUser[]> {
  await lockTrees(scope, await listOrganizationIds(scope, userIds, departmentIds));
  return lockUsers(scope, userIds);
}

function refuseWhoLeft(users: readonly LockedUser[]): void {
  if (users.some(({ status }) => status === 'Resigned' || status === 'Archived')) {
    throw departmentMemberErrors.userNotEmployed();
  }
}

/** One user in one department. */
export interface Membership {
  readonly userId: string;
  readonly departmentId: string;
}

/** Adds memberships of any users to any departments by system id, all or none. Memberships there are stay as they are. */
export async function addMemberships(context: CommandContext, memberships: readonly Membership[]): Promise<void> {
  const { scope, emit } = context;
  const userIds = [...new Set(memberships.map(({ userId }) => userId))];
  const departmentIds = [...new Set(memberships.map(({ departmentId }) => departmentId))];
  if (userIds.length === 0) return;
  const users = await lockForMemberships(scope, userIds, departmentIds);
  if (users.length < userIds.length) throw userErrors.notFound();
  refuseWhoLeft(users);
  const departments = new Map((await listAndHoldDepartments(scope, departmentIds)).map((row) => [row.id, row]));
  if (departments.size < departmentIds.length) throw departmentTreeErrors.departmentNotFound();
  const added = await insertMemberships(
    scope,
    memberships.map(({ userId }) => userId),
    memberships.map(({ departmentId }) => departmentId),
  );
  const addedOf = Map.groupBy(added, ({ userId }) => userId);
  for (const user of users) {
    const joined = (addedOf.get(user.id) ?? []).flatMap(({ departmentId }) => departments.get(departmentId) ?? []);
    if (joined.length === 0) continue;
    emit(departmentMemberAdded, ...toEvents(user, joined));
    const all = [...user.departmentIds, ...joined.map(({ id }) => id)];
    emit(userDepartmentsChanged, { user: toEventUser(user), departmentIds: all });
  }
}

/** What users and searches for users need of departments. */
export const departmentMemberships = {
  /** Joins users to departments, each to his. */
  async join(
    context: CommandContext,
    joins: readonly { readonly userId: string; readonly departmentIds: readonly string[] }[],
    departmentIdType: DepartmentIdType,
  ): Promise<void> {
    const given = [...new Set(joins.flatMap(({ departmentIds }) => departmentIds))];
    const ids = await resolveDepartments(context.scope, given, departmentIdType);
    await addMemberships(
      context,
      joins.flatMap(({ userId, departmentIds }) =>
        departmentIds.flatMap((named) => {
          const departmentId = ids.get(named);
          return departmentId === undefined ? [] : [{ userId, departmentId }];
        }),
      ),
    );
  },

  /** Ends every membership and leadership of these users. */
  async leaveAll({ scope, emit }: CommandContext, userIds: readonly string[]): Promise<void> {
    if (userIds.length === 0) return;
    const users = await lockForMemberships(scope, userIds, []);
    const left = Map.groupBy(await listMemberships(scope, userIds), ({ userId }) => userId);
    const led = await deleteMembershipsOf(scope, userIds);
    for (const user of users) {
      const departments = left.get(user.id);
      if (departments === undefined) continue;
      emit(departmentMemberRemoved, ...toEvents(user, departments));
      emit(userDepartmentsChanged, { user: toEventUser(user), departmentIds: [] });
    }
    emit(departmentUpdated, ...led.map((node) => ({ node })));
  },

  /** A condition on users: member of one of these departments. */
  async condition(
    scope: Scope,
    departments: readonly (DepartmentReference & { readonly includeChildrenDepartments: boolean })[],
  ) {
    return isMemberIn(await requirePathRanges(scope, departments));
  },
};

/** System ids of departments named without their organization, by these names. */
export async function resolveDepartments(
  scope: Scope,
  values: readonly string[],
  type: DepartmentIdType,
): Promise<ReadonlyMap<string, string>> {
  if (type === 'custom_field') {
    const found = await findTargetsByCustomField(scope, 'DEPARTMENT', values, 'departmentIds');
    if (values.some((value) => !found.has(value))) throw departmentTreeErrors.departmentNotFound();
    return found;
  }
  const found = Map.groupBy(await departmentIdsBy[type](scope, values), ({ given }) => given);
  return new Map(
    [...found].map(([departmentId, [first, ...others]]) => {
      if (first === undefined || first.id === null) throw departmentTreeErrors.departmentNotFound();
      if (others.length > 0) throw userDepartmentErrors.ambiguousDepartmentId({ departmentId });
      return [departmentId, first.id];
    }),
  );
}

function toEventUser({ id, username, email }: LockedUser) {
  return { id, username, email };
}

function toEvents(user: LockedUser, departments: readonly JoinableDepartment[]) {
  return departments.map(({ id, organizationId, name, code }) => ({
    node: { id, orgId: organizationId, name, code },
    user: toEventUser(user),
  }));
}

function toAuditNote({ id, isMain, isLeader }: MembershipRow) {
  return { departmentId: id, isMainDepartment: isMain, isLeader };
}

type UserDepartment = OutputOf<typeof contract.getUserDepartments>['list'][number];

function toUserDepartment(row: UserDepartmentRow, customData: Record<string, unknown> | undefined): UserDepartment {
  return {
    organizationCode: row.organizationCode,
    departmentId: row.id,
    isRoot: row.parentId === null,
    createdAt: row.createdAt,
    name: row.name,
    description: row.description ?? '',
    openDepartmentId: row.openDepartmentId,
    isLeader: row.isLeader,
    code: row.code ?? '',
    isMainDepartment: row.isMain,
    joinedAt: row.joinedAt,
    isVirtualNode: row.isVirtualNode,
    i18n: row.nameI18n === null ? null : { name: row.nameI18n },
    customData,
    departmentIdPath: row.idPath && [...row.idPath],
    departmentCodePath: row.codePath && [...row.codePath],
    departmentNamePath: row.namePath && [...row.namePath],
  };
}
