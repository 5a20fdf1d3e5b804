import type { Handlers } from '../../platform/module.ts';
import { requireNamespace, toRoleDto, toTimestamp } from '../roles/index.ts';
import { requireUserId } from '../user-directory/index.ts';
import type * as contract from './contract.ts';
import { holdsAny, listRolesOfUser } from './store.ts';

export const userRoleHandlers: Handlers<typeof contract> = {
  async getUserRoles({ userId, userIdType, namespace }, { scope, now }) {
    const space = requireNamespace(namespace);
    const id = await requireUserId(scope, userId, userIdType);
    const roles = await listRolesOfUser(scope, id, space, toTimestamp(now));
    return { totalCount: roles.length, list: roles.map((role) => toRoleDto(role)) };
  },

  async hasAnyRole({ userId, roles, options }, { scope, now }) {
    const id = await requireUserId(scope, userId, options?.userIdType ?? 'user_id');
    // No namespace could be named '' either: it says nothing, and means the default.
    const wanted = roles.map(({ code, namespace }) => ({ code, namespace: namespace || 'default' }));
    return { hasAnyRole: await holdsAny(scope, id, wanted, toTimestamp(now)) };
  },
};
