/**
 * What all user modules stand on: how an operation names a user, his row, and how V3 shows him. It has no operations; those
 * belong to `users`, `user-search` and their neighbours.
 */
export { type identityFields, profileFields, type UserIdType, userCustomDataChanged, userErrors } from './contract.ts';
export {
  findUserIds,
  identityNumberContext,
  requireUserId,
  toIdentityDto,
  toIdentityNumberDigest,
  toStoredEmail,
  toUserDto,
  type UserFlags,
  withRequested,
} from './service.ts';
export {
  type AccountKind,
  departmentIdsColumn,
  identityCondition,
  listIdentities,
  listUsersByIds,
  mainDepartmentId,
  newUserColumns,
  relationConditions,
  sampleOf,
  type UserCondition,
  type UserRow,
  userColumns,
} from './store.ts';
