import { isDeepStrictEqual } from 'node:util';
import type { Emit } from '@genauth/contract';
import type { Scope } from '../../platform/database/database.ts';
import type { CommandContext, Handlers } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import {
  type DepartmentIdType,
  type DepartmentReference,
  departmentTreeErrors,
  findDepartmentById,
  requirePathRanges,
} from '../department-tree/index.ts';
import {
  publicAccountBound,
  publicAccountDepartmentsChanged,
  publicAccountErrors,
  publicAccountUnbound,
} from '../public-accounts/index.ts';
import {
  chooseMainDepartment,
  departmentsOfAccount,
  type JoinableDepartment,
  listAndHoldDepartments,
  mergeDuplicates,
  resolveDepartments,
  userDepartmentErrors,
} from '../user-departments/index.ts';
import { requireUserId, toUserDto, userErrors } from '../user-directory/index.ts';
import type { DepartmentJoin } from '../users/index.ts';
import type * as contract from './contract.ts';
import {
  addDepartmentLinks,
  deleteDepartmentLinksOf,
  isLinkedIn,
  type LockedAccount,
  listAccountsOfDepartment,
  listDepartmentLinks,
  lockAccounts,
  replaceDepartmentLinks,
} from './store.ts';

export function createPublicAccountDepartmentsService({ seal }: { readonly seal: Seal }): Handlers<typeof contract> {
  return {
    async getPublicAccountDepartments(input, { scope }) {
      return departmentsOfAccount('public', input, scope, seal);
    },

    async getPublicAccountsOfDepartment({ departmentId, page, limit = null }, { scope }) {
      if ((await findDepartmentById(scope, departmentId)) === undefined)
        throw departmentTreeErrors.departmentNotFound();
      const offset = limit === null ? 0 : (page - 1) * limit;
      const { totalCount, list } = await listAccountsOfDepartment(scope, departmentId, limit, offset);
      const reader = { seal, userPoolId: scope.userPoolId };
      return { totalCount, list: list.map((row) => toUserDto(row, {}, reader)) };
    },

    async setPublicAccountOfDepartments({ userId, departments, options }, { scope, emit, audit }) {
      const wanted = mergeDuplicates(departments);
      const ids = [...wanted.keys()];
      const id = await requireUserId(scope, userId, options?.userIdType ?? 'user_id', 'public');
      const account = await requireLockedAccount(scope, id);
      const listed = await requireDepartments(scope, ids);
      const before = await listDepartmentLinks(scope, id);
      const links = ids.map((one) => ({ id: one, isLeader: wanted.get(one)?.isLeader ?? null }));
      await replaceDepartmentLinks(scope, id, links, chooseMainDepartment(wanted, listed, before));
      const after = await listDepartmentLinks(scope, id);
      announce(emit, account, before, after);
      const [notedBefore, notedAfter] = [before.map(toAuditNote), after.map(toAuditNote)];
      if (!isDeepStrictEqual(notedBefore, notedAfter)) {
        const { username, email } = account;
        const departmentIds = after.map((one) => one.id);
        emit(publicAccountDepartmentsChanged, { publicAccount: { id, username, email }, departmentIds });
      }
      audit({ target: id, before: notedBefore, after: notedAfter });
      return { success: true };
    },
  };
}

/** The account, locked; one that is out of use cannot be linked to anything. */
async function requireLockedAccount(scope: Scope, id: string): Promise<LockedAccount> {
  const [account] = await lockAccounts(scope, [id]);
  if (account === undefined) throw userErrors.notFound();
  if (account.status === 'Resigned' || account.status === 'Archived') throw publicAccountErrors.notInUse();
  return account;
}

async function requireDepartments(scope: Scope, ids: readonly string[]): Promise<JoinableDepartment[]> {
  const found = new Map((await listAndHoldDepartments(scope, ids)).map((row) => [row.id, row]));
  return ids.map((departmentId) => {
    const department = found.get(departmentId);
    if (department === undefined) throw userDepartmentErrors.departmentNotFound({ departmentId });
    return department;
  });
}

interface Linked {
  readonly id: string;
}

function announce(emit: Emit, account: LockedAccount, before: readonly Linked[], after: readonly Linked[]): void {
  const not = (those: readonly Linked[]) => (one: Linked) => !those.some(({ id }) => id === one.id);
  emit(publicAccountUnbound, ...before.filter(not(after)).map(({ id }) => toEvent(account, id)));
  emit(publicAccountBound, ...after.filter(not(before)).map(({ id }) => toEvent(account, id)));
}

function toEvent({ id, username, email }: LockedAccount, departmentId: string) {
  return { publicAccount: { id, username, email }, subject: { type: 'DEPARTMENT' as const, id: departmentId } };
}

function toAuditNote({ id, isMain, isLeader }: { id: string; isMain: boolean; isLeader: boolean }) {
  return { departmentId: id, isMainDepartment: isMain, isLeader };
}

/** What `users` needs of departments, for accounts that are linked to them and not members. */
export const departmentLinks = {
  /** Links accounts to departments, each to its own. */
  async join(
    { scope, emit }: CommandContext,
    joins: readonly DepartmentJoin[],
    departmentIdType: DepartmentIdType,
  ): Promise<void> {
    const given = [...new Set(joins.flatMap(({ departmentIds }) => departmentIds))];
    const idOf = await resolveDepartments(scope, given, departmentIdType);
    const all = [...new Set(idOf.values())];
    const found = new Map((await listAndHoldDepartments(scope, all)).map((row) => [row.id, row]));
    if (found.size < all.length) throw departmentTreeErrors.departmentNotFound();
    const ofAccount = new Map(joins.map(({ userId, departmentIds }) => [userId, departmentIds]));
    for (const account of await lockAccounts(scope, [...ofAccount.keys()])) {
      if (account.status === 'Resigned' || account.status === 'Archived') throw publicAccountErrors.notInUse();
      const ids = [...new Set((ofAccount.get(account.id) ?? []).flatMap((one) => idOf.get(one) ?? []))];
      const listed = ids.flatMap((id) => found.get(id) ?? []);
      const wanted = new Map(ids.map((departmentId) => [departmentId, { departmentId }]));
      const before = await listDepartmentLinks(scope, account.id);
      const links = ids.map((id) => ({ id, isLeader: null }));
      await addDepartmentLinks(scope, account.id, links, chooseMainDepartment(wanted, listed, before));
      announce(emit, account, before, await listDepartmentLinks(scope, account.id));
    }
  },

  /** Ends every link of these accounts to departments. */
  async leaveAll({ scope, emit }: CommandContext, accountIds: readonly string[]): Promise<void> {
    if (accountIds.length === 0) return;
    const accounts = new Map((await lockAccounts(scope, accountIds)).map((account) => [account.id, account]));
    for (const { accountId, departmentId } of await deleteDepartmentLinksOf(scope, [...accounts.keys()])) {
      const account = accounts.get(accountId);
      if (account !== undefined) emit(publicAccountUnbound, toEvent(account, departmentId));
    }
  },

  /** A condition on users: public account linked to one of these departments. */
  async condition(
    scope: Scope,
    departments: readonly (DepartmentReference & { readonly includeChildrenDepartments: boolean })[],
  ) {
    return isLinkedIn(await requirePathRanges(scope, departments));
  },
};
