/**
 * What all user modules stand on: how an operation names a user, his row, and how V3 shows him. It has no operations; those
 * belong to `users`, `user-search` and their neighbours.
 */
export { profileFields, type UserIdType, userErrors } from './contract.ts';
export {
  findUserIds,
  identityNumberContext,
  requireUserId,
  toStoredEmail,
  toUserDto,
  type UserFlags,
} from './service.ts';
export {
  type AccountKind,
  departmentIdsColumn,
  listUsersByIds,
  type UserCondition,
  type UserRow,
  userColumns,
  withPostIds,
} from './store.ts';
