/**
 * What all user modules stand on: how an operation names a user, his row, and how V3 shows him. It has no operations; those
 * belong to `users`, `user-search` and their neighbours.
 */
export { type identityFields, profileFields, type UserIdType, userErrors } from './contract.ts';
export {
  findUserIds,
  identityNumberContext,
  requireUserId,
  toIdentityDto,
  toStoredEmail,
  toUserDto,
  type UserFlags,
} from './service.ts';
export {
  type AccountKind,
  addRelations,
  departmentIdsColumn,
  identityCondition,
  listIdentities,
  listUsersByIds,
  type UserCondition,
  type UserRow,
  userColumns,
} from './store.ts';
