import type { InputOf } from '@genauth/contract';
import type { Scope } from '../../platform/database/database.ts';
import type { Handlers } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import { type AccountKind, toUserDto, type UserFlags, withRequested } from '../user-directory/index.ts';
import { conditionsOf, conditionsOfStatus, type SelectedUsers } from '../user-filters/index.ts';
import type { UserTotals } from '../user-totals/index.ts';
import type { DepartmentMemberships } from '../users/index.ts';
import type * as contract from './contract.ts';
import { userSearchErrors } from './contract.ts';
import { searchUsers, type UserSearch } from './store.ts';

interface UserSearchDependencies {
  readonly seal: Seal;
  readonly departments: Pick<DepartmentMemberships, 'condition'>;
  readonly totals: UserTotals;
  readonly kind?: AccountKind;
}

type Options = NonNullable<InputOf<typeof contract.listUsers>['options']>;

const newestFirst = [{ field: 'createdAt', isDescending: true }];

export function createUserSearchService({
  seal,
  departments,
  totals,
  kind = 'personal',
}: UserSearchDependencies): Handlers<typeof contract> {
  const list = async (
    scope: Scope,
    users: SelectedUsers,
    { page, limit }: { readonly page: number; readonly limit: number },
    sort: UserSearch['sort'],
    flags: UserFlags,
  ) => {
    const search = {
      kind,
      ...users,
      sort,
      withDepartmentIds: flags.withDepartmentIds ?? false,
      limit,
      offset: (page - 1) * limit,
    };
    const { totalCount, list: rows } = await searchUsers(scope, search, totals);
    const shown = await withRequested(seal, scope, rows, flags);
    return { totalCount, list: shown.map((row) => toUserDto(row, flags, { seal, userPoolId: scope.userPoolId })) };
  };

  const listUsers: Handlers<typeof contract>['listUsers'] = async (
    { keywords, advancedFilter, searchQuery, options },
    { scope },
  ) => {
    if (Object.keys(searchQuery ?? {}).length > 0) throw userSearchErrors.searchQueryNotSupported();
    const wanted = { keywords, advancedFilter, fuzzySearchOn: options?.fuzzySearchOn };
    const search = await conditionsOf(wanted, scope, { seal, departments });
    const pagination = options?.pagination ?? { page: 1, limit: 10 };
    return list(scope, search, pagination, toSort(options?.sort), options ?? {});
  };

  return {
    listUsers,
    listUsersByKeywords: listUsers,

    async listUsersLegacy({ page, limit, status, updatedAtStart, updatedAtEnd, ...flags }, { scope }) {
      const search = conditionsOfStatus(status, { from: updatedAtStart, to: updatedAtEnd });
      return list(scope, search, { page, limit }, newestFirst, flags);
    },
  };
}

function toSort(sort: Options['sort']): UserSearch['sort'] {
  if (!sort?.length) return newestFirst;
  return sort.map(({ field, order, direction }) => ({
    field,
    isDescending: (order ?? direction ?? 'desc') === 'desc',
  }));
}
