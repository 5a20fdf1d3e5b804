import type { Scope } from '../../platform/database/database.ts';
import type { CommandContext, Handlers } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import { groupErrors, toGroupDto } from '../group-directory/index.ts';
import { listPostsByIds, postErrors, requirePosts, toPostInfo } from '../posts/index.ts';
import { type LockedAccount, lockAccounts } from '../public-account-departments/index.ts';
import { publicAccountBound, publicAccountErrors, publicAccountUnbound } from '../public-accounts/index.ts';
import { findRoles, requireNamespace, roleErrors, toRoleDto } from '../roles/index.ts';
import { findUserIds, requireUserId, toUserDto, type UserRow, userErrors } from '../user-directory/index.ts';
import type * as contract from './contract.ts';
import {
  addLinks,
  type EndedLink,
  endLinksOfAccounts,
  endLinksOfSubjects,
  findPostIdOf,
  groupIdsByIdOrCode,
  holdPeople,
  type Link,
  listAccountsOf,
  listGroupsOf,
  listRoleCodesOf,
  listUsableAccounts,
  listUsersOf,
  lockAllInOrder,
  type Page,
  removeLinks,
  roleIdsByIdOrCode,
  type SubjectType,
} from './store.ts';

export function createPublicAccountMembersService({ seal }: { readonly seal: Seal }): Handlers<typeof contract> {
  const show = (scope: Scope, { totalCount, list }: Page<UserRow>) => ({
    totalCount,
    list: list.map((row) => toUserDto(row, {}, { seal, userPoolId: scope.userPoolId })),
  });
  const accountsOf = async (scope: Scope, type: SubjectType, subjectId: string, { page, limit }: OptionalPage) =>
    show(scope, await listAccountsOf(scope, type, subjectId, ...toRange({ page, limit })));

  return {
    async getPublicAccountsOfUser({ userId, includeInherited, ...page }, { scope, now }) {
      const id = await requireUserId(scope, userId, 'user_id');
      if (!includeInherited) return accountsOf(scope, 'USER', id, page);
      return show(scope, await listUsableAccounts(scope, id, new Date(now).toISOString(), ...toRange(page)));
    },

    async getUsersOfPublicAccount({ publicAccountId, ...page }, { scope }) {
      await requireAccount(scope, publicAccountId);
      return show(scope, await listUsersOf(scope, publicAccountId, ...toRange(page)));
    },

    async bindUsersPublicAccount({ publicAccountId, userIds }, context) {
      await lockAllInOrder(context.scope, [publicAccountId, ...userIds]);
      const accounts = await requireLockedAccounts(context.scope, [publicAccountId]);
      await link(context, accounts, 'USER', await requirePeople(context.scope, userIds));
      return { success: true };
    },

    async setuserOfPublicAccount({ userId, publicAccountIds }, context) {
      await lockAllInOrder(context.scope, [userId, ...publicAccountIds]);
      const accounts = await requireLockedAccounts(context.scope, publicAccountIds);
      await link(context, accounts, 'USER', await requirePeople(context.scope, [userId]));
      return { success: true };
    },

    async unbindUsersPublicAccount({ userId, publicAccountId }, context) {
      await requireUserId(context.scope, userId, 'user_id');
      const accounts = await lockAccounts(context.scope, [publicAccountId]);
      if (accounts.length === 0) throw publicAccountErrors.notFound({ publicAccountId });
      await unlink(context, accounts, 'USER', [userId]);
      return { success: true };
    },

    async getPublicAccountRoles({ userId, userIdType, namespace: given }, { scope, now }) {
      const namespace = requireNamespace(given);
      const id = await requireUserId(scope, userId, userIdType, 'public');
      const references = (await listRoleCodesOf(scope, id, namespace)).map(({ code }) => ({ code, namespace }));
      const list = (await findRoles(scope, references, new Date(now).toISOString())).map((role) => toRoleDto(role));
      return { totalCount: list.length, list };
    },

    async getPublicAccountsOfRole({ roleId, ...page }, { scope }) {
      const [id = ''] = await requireRoleIds(scope, [roleId], 'find');
      return accountsOf(scope, 'ROLE', id, page);
    },

    async bindPublicAccountOfRoles({ userId, roleIds }, context) {
      const accounts = await requireLinkable(context.scope, userId);
      await link(context, accounts, 'ROLE', await requireRoleIds(context.scope, roleIds));
      return { success: true };
    },

    async unbindPublicAccountOfRoles({ userId, roleIds }, context) {
      const accounts = await requireUnlinkable(context.scope, userId);
      await unlink(context, accounts, 'ROLE', await requireRoleIds(context.scope, roleIds));
      return { success: true };
    },

    async getPublicAccountsOfGroup({ groupId, ...page }, { scope }) {
      const [id = ''] = await requireGroupIds(scope, [groupId], 'find');
      return accountsOf(scope, 'GROUP', id, page);
    },

    async getGroupsOfPublicAccount({ userId, userIdType }, { scope }) {
      const id = await requireUserId(scope, userId, userIdType, 'public');
      const list = (await listGroupsOf(scope, id)).map((group) => toGroupDto(group));
      return { totalCount: list.length, list };
    },

    async getPublicAccountOfGroups({ userId, groupIds }, context) {
      const accounts = await requireLinkable(context.scope, userId);
      await link(context, accounts, 'GROUP', await requireGroupIds(context.scope, groupIds));
      return { success: true };
    },

    async unbindPublicAccountOfGroups({ userId, groupIds }, context) {
      const accounts = await requireUnlinkable(context.scope, userId);
      await unlink(context, accounts, 'GROUP', await requireGroupIds(context.scope, groupIds));
      return { success: true };
    },

    async getPostOfPublicUser({ userId }, { scope }) {
      const postId = await findPostIdOf(scope, await requireUserId(scope, userId, 'user_id', 'public'));
      const [post] = postId === undefined ? [] : await listPostsByIds(scope, [postId]);
      return post === undefined ? null : toPostInfo(post);
    },

    async getPublicAccountsOfPost({ postId, ...page }, { scope }) {
      await requirePost(scope, postId);
      return accountsOf(scope, 'POST', postId, page);
    },

    async setPublicAccountOfnPost({ userId, postId }, context) {
      const { scope } = context;
      const accounts = await requireLinkable(scope, userId);
      await requirePosts(scope, [postId]);
      const former = await findPostIdOf(scope, userId);
      if (former === postId) return { success: true };
      if (former !== undefined) await unlink(context, accounts, 'POST', [former]);
      await link(context, accounts, 'POST', [postId]);
      return { success: true };
    },

    async unbindPublicAccountOfPost({ userId, postId }, context) {
      const accounts = await requireUnlinkable(context.scope, userId);
      await requirePost(context.scope, postId);
      await unlink(context, accounts, 'POST', [postId]);
      return { success: true };
    },
  };
}

interface OptionalPage {
  readonly page: number;
  readonly limit?: number | undefined;
}

function toRange({ page, limit }: OptionalPage): [limit: number | null, offset: number] {
  return limit === undefined ? [null, 0] : [limit, (page - 1) * limit];
}

async function link(
  { scope, emit, audit }: CommandContext,
  accounts: readonly LockedAccount[],
  type: SubjectType,
  subjectIds: readonly string[],
): Promise<void> {
  const ids = accounts.map(({ id }) => id);
  const added = await addLinks(scope, type, ids, [...new Set(subjectIds)]);
  emit(publicAccountBound, ...toEvents(accounts, type, added));
  audit({ after: added.map(({ accountId, subjectId }) => ({ publicAccountId: accountId, type, id: subjectId })) });
}

async function unlink(
  { scope, emit, audit }: CommandContext,
  accounts: readonly LockedAccount[],
  type: SubjectType,
  subjectIds: readonly string[],
): Promise<void> {
  const ids = accounts.map(({ id }) => id);
  const removed = await removeLinks(scope, type, ids, [...new Set(subjectIds)]);
  emit(publicAccountUnbound, ...toEvents(accounts, type, removed));
  audit({ before: removed.map(({ accountId, subjectId }) => ({ publicAccountId: accountId, type, id: subjectId })) });
}

function toEvents(accounts: readonly LockedAccount[], type: SubjectType, links: readonly Link[]) {
  return links.flatMap(({ accountId, subjectId }) =>
    accounts
      .filter(({ id }) => id === accountId)
      .map(({ id, username, email }) => ({ publicAccount: { id, username, email }, subject: { type, id: subjectId } })),
  );
}

async function requireAccount(scope: Scope, publicAccountId: string): Promise<void> {
  const [found] = await findUserIds(scope, [publicAccountId], 'user_id', 'public');
  if (found === undefined) throw publicAccountErrors.notFound({ publicAccountId });
}

/** The accounts, locked; one that is out of use cannot be linked to anything. */
async function requireLockedAccounts(scope: Scope, ids: readonly string[]): Promise<LockedAccount[]> {
  const accounts = await lockAccounts(scope, ids);
  const publicAccountId = ids.find((one) => !accounts.some(({ id }) => id === one));
  if (publicAccountId !== undefined) throw publicAccountErrors.notFound({ publicAccountId });
  refuseOutOfUse(accounts);
  return accounts;
}

/** The same of one account that V3 calls a user. */
async function requireLinkable(scope: Scope, userId: string): Promise<LockedAccount[]> {
  const accounts = await requireUnlinkable(scope, userId);
  refuseOutOfUse(accounts);
  return accounts;
}

async function requireUnlinkable(scope: Scope, userId: string): Promise<LockedAccount[]> {
  const accounts = await lockAccounts(scope, [userId]);
  if (accounts.length === 0) throw userErrors.notFound();
  return accounts;
}

function refuseOutOfUse(accounts: readonly { readonly status: string }[]): void {
  if (accounts.some(({ status }) => status === 'Resigned' || status === 'Archived')) {
    throw publicAccountErrors.notInUse();
  }
}

async function requirePeople(scope: Scope, userIds: readonly string[]): Promise<readonly string[]> {
  const wanted = [...new Set(userIds)];
  const people = await holdPeople(scope, wanted);
  if (people.length < wanted.length) throw userErrors.notFound();
  refuseOutOfUse(people);
  return wanted;
}

/** A query cannot hold what it finds, and need not. */
async function requireRoleIds(
  scope: Scope,
  values: readonly string[],
  mode: 'find' | 'hold' = 'hold',
): Promise<string[]> {
  return (await roleIdsByIdOrCode[mode](scope, values)).map(({ id }) => {
    if (id === null) throw roleErrors.notFound();
    return id;
  });
}

async function requireGroupIds(
  scope: Scope,
  values: readonly string[],
  mode: 'find' | 'hold' = 'hold',
): Promise<string[]> {
  return (await groupIdsByIdOrCode[mode](scope, values)).map(({ given, id }) => {
    if (id === null) throw groupErrors.notFound({ code: given });
    return id;
  });
}

async function requirePost(scope: Scope, postId: string): Promise<void> {
  const [post] = await listPostsByIds(scope, [postId]);
  if (post === undefined) throw postErrors.idNotFound({ postId });
}

type Announced = readonly { readonly user: { readonly userId: string } }[];

/** People who left, or became public accounts, use none any more. */
export function endLinksOfWhoLeft(data: Announced, context: CommandContext): Promise<void> {
  return endLinksOf(
    context,
    'USER',
    data.map(({ user }) => user.userId),
  );
}

/** Whatever a public account is linked to has left, or is about to be deleted. */
export async function endLinksOf(
  { scope, emit }: CommandContext,
  type: keyof typeof endLinksOfSubjects,
  ids: readonly string[],
): Promise<void> {
  emit(publicAccountUnbound, ...(await endLinksOfSubjects[type](scope, ids)).map(toEndedEvent));
}

/** Accounts out of use, or personal from now on, are used by nobody through a link. */
export async function endLinksOfAccountsGone(data: Announced, { scope, emit }: CommandContext): Promise<void> {
  const ended = await endLinksOfAccounts(
    scope,
    data.map(({ user }) => user.userId),
  );
  emit(publicAccountUnbound, ...ended.map(toEndedEvent));
}

function toEndedEvent({ type, subjectId, id, username, email }: EndedLink) {
  return { publicAccount: { id, username, email }, subject: { type, id: subjectId } };
}
