/**
 * Users: creating and reading them one by one or in batches, their events, and how their rows are written. Changing and
 * deleting them belongs to `user-changes`, lists and searches to `user-search`, departments seen from the user to
 * `user-departments`, what all of these share to `user-directory`.
 */
import { type CommandContext, defineModule, type Module } from '../../platform/module.ts';
import type { StoredPassword } from '../passwords/index.ts';
import * as contract from './contract.ts';
import { createUserCreation, createUsersService, type NewUserInput } from './service.ts';

export {
  createUser,
  userArchived,
  userBecamePersonal,
  userBecamePublic,
  userCreated,
  userDeleted,
  userResigned,
  userUpdated,
  userWriteErrors,
} from './contract.ts';
export {
  type Accounts,
  applyInput,
  createUserCreation,
  createUsersService,
  type DepartmentJoin,
  type DepartmentMemberships,
  type NewUserInput,
  personalAccounts,
  refuseMessages,
  refuseUnavailable,
  requireIdentifier,
  sealOfUser,
  type UserInput,
} from './service.ts';
export {
  byImport,
  clearIdentifiers,
  deleteUsers,
  findTakenField,
  lockUsers,
  lockUsersToDelete,
  takenFieldOf,
  type UniqueField,
  type UserValues,
  updateUsers,
  type WrittenUser,
} from './store.ts';

export function users(dependencies: Parameters<typeof createUsersService>[0]): Module {
  return defineModule('users', contract, createUsersService(dependencies));
}

/**
 * Users made as part of another module's command: all or none, their ids in order. `prefixOf` names one in errors. What is
 * stored of their passwords comes from `Passwords.toStored`, called before the transaction.
 */
export function userCreation(dependencies: Parameters<typeof createUserCreation>[0]) {
  const createUsers = createUserCreation(dependencies);
  return async (
    context: CommandContext,
    people: readonly Omit<NewUserInput, 'password' | 'salt'>[],
    prefixOf: (index: number) => string,
    passwords: readonly (StoredPassword | undefined)[] = [],
  ): Promise<readonly string[]> => {
    if (people.length === 0) return [];
    const { rows } = await createUsers(people, passwords, undefined, context, prefixOf);
    return rows.map(({ id }) => id);
  };
}
