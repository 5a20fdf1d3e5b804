import { type CommandContext, type Handlers, prepared } from '../../platform/module.ts';
import type { StoredPassword } from '../passwords/index.ts';
import { createUserChangesService } from '../user-changes/index.ts';
import { type AccountKind, listUsersByIds, toUserDto, type UserRow, userErrors } from '../user-directory/index.ts';
import { createUserSearchService } from '../user-search/index.ts';
import type { UserTotals } from '../user-totals/index.ts';
import {
  type Accounts,
  createUserCreation,
  createUsersService,
  type DepartmentMemberships,
  lockUsers,
  userBecamePersonal,
  userBecamePublic,
} from '../users/index.ts';
import type * as contract from './contract.ts';
import { publicAccountErrors, publicAccountEvents } from './contract.ts';
import { hasAccessKey, updateKind } from './store.ts';

type UsersDependencies = Parameters<typeof createUsersService>[0];

interface PublicAccountsDependencies extends Pick<UsersDependencies, 'seal' | 'passwords'> {
  /** Departments that public accounts are linked to. */
  readonly departments: DepartmentMemberships;
  /** Departments that people are members of. */
  readonly memberships: Pick<DepartmentMemberships, 'leaveAll'>;
  readonly totals: UserTotals;
}

/**
 * Public accounts are users of another kind: the services of users do the work, told to look at that kind, to announce its
 * own events and to link departments instead of joining them.
 */
export function createPublicAccountsService({
  seal,
  passwords,
  departments,
  memberships,
  totals,
}: PublicAccountsDependencies): Handlers<typeof contract> {
  const accounts: Accounts = { kind: 'public', events: publicAccountEvents };
  const one = createUsersService({ seal, passwords, departments, accounts });
  const create = createUserCreation({ seal, departments, accounts });
  const changes = createUserChangesService({ seal, passwords, departments, accounts });
  const search = createUserSearchService({ seal, departments, totals, kind: accounts.kind });

  return {
    listPublicAccounts: search.listUsers,
    getPublicAccount: one.getUser,
    getPublicAccountBatch: one.getUserBatch,
    createPublicAccount: one.createUser,
    createPublicAccountsBatch: prepared(
      async ({ list, options }, turn) => {
        const stored: (StoredPassword | undefined)[] = [];
        for (const [index, account] of list.entries()) {
          // One after the other: hashing is queued anyway.
          const chosen = account.options ?? options;
          stored.push(...(await passwords.toStored([account], chosen, () => prefixOfItem(index), turn)));
        }
        return stored;
      },
      async ({ list, options }, context, stored) => {
        const ids: string[] = [];
        for (const [index, { options: own, ...account }] of list.entries()) {
          const chosen = own ?? options;
          const made = await create([account], [stored[index]], chosen, context, () => prefixOfItem(index));
          ids.push(...made.rows.map(({ id }) => id));
        }
        context.audit({ after: ids.map((userId) => ({ userId })) });
        const reader = { seal, userPoolId: context.scope.userPoolId };
        return (await listUsersByIds(context.scope, ids, false, 'public')).map((row) => toUserDto(row, {}, reader));
      },
    ),
    updatePublicAccount: changes.updateUser,
    updatePublicAccountBatch: changes.updateUserBatch,
    deletePublicAccountsBatch: changes.deleteUsersBatch,
    resignPublicAccountBatch: changes.resignUserBatch,

    async changeIntoPublicAccount({ userId }, context) {
      // Before the account is locked: trees come first, for everybody who changes memberships.
      await memberships.leaveAll(context, [userId]);
      const user = await convert(context, userId, 'public');
      if (user === undefined) throw userErrors.notFound();
      // Whose key it is says who acted, which nobody could any more.
      if (await hasAccessKey(context.scope, userId)) throw publicAccountErrors.isAdministrator();
      context.emit(userBecamePublic, { user: toUserDto(user) });
      return { success: true };
    },

    async changeIntoPersonalAccount({ userId }, context) {
      const user = await convert(context, userId, 'personal');
      if (user === undefined) throw publicAccountErrors.notFound({ publicAccountId: userId });
      context.emit(userBecamePersonal, { user: toUserDto(user) });
      return { success: true };
    },
  };
}

function prefixOfItem(index: number): string {
  return `list.${index}.`;
}

/** Makes an account one of this kind; nothing comes of it when it is not one of the other. What hangs on it reacts. */
async function convert(
  { scope, now, audit }: CommandContext,
  id: string,
  kind: AccountKind,
): Promise<UserRow | undefined> {
  const former = kind === 'public' ? 'personal' : 'public';
  const [account] = await lockUsers(scope, [id], former);
  if (account === undefined) return undefined;
  if (account.status === 'Resigned' || account.status === 'Archived') throw publicAccountErrors.notInUse();
  audit({ before: { kind: former }, after: { kind } });
  return updateKind(scope, id, kind, new Date(now).toISOString());
}
