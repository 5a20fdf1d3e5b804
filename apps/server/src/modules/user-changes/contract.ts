import { command, doc, dto, IsSuccessDto, pageOf, paging, query } from '@genauth/contract';
import * as z from 'zod';
import { customDataErrors } from '../custom-values/contract.ts';
import { departmentMemberRemoved, userDepartmentsChanged } from '../department-members/contract.ts';
import { departmentUpdated } from '../departments/contract.ts';
import {
  optionalField,
  status,
  UserDto,
  userCustomDataChanged,
  userErrors,
  userId,
  userIds,
  userIdType,
} from '../user-directory/contract.ts';
import {
  appId,
  autoGeneratePassword,
  identityNumberField,
  linkedData,
  messageFlag,
  password,
  passwordEncryptType,
  resetPasswordOnFirstLogin,
  UserList,
  userArchived,
  userBlocked,
  userDeleted,
  userEmailVerified,
  userPasswordChanged,
  userResigned,
  userUnarchived,
  userUnblocked,
  userUpdated,
  userWriteErrors,
  writableFields,
} from '../users/contract.ts';

const tag = 'Users';

/** Milliseconds of the year 10000, the first that ISO 8601 writes differently. */
const maxTimestamp = 253_402_300_799_999;

const changedFields = {
  userId,
  status: optionalField(status),
  ...writableFields,
  password,
  identityNumber: identityNumberField,
  metadata: optionalField(linkedData),
};

const updateOptions = {
  resetPasswordOnFirstLogin,
  resetPasswordOnNextLogin: z
    .boolean()
    .default(false)
    .meta(doc('Whether the password must be changed at the next login', '下次登录要求重置密码', false)),
  passwordEncryptType,
  autoGeneratePassword,
  sendPasswordResetedNotification: dto('SendResetPasswordNotificationDto', {
    sendDefaultEmailNotification: messageFlag("Whether to mail to the user's address", '是否给用户邮箱发送通知'),
    sendDefaultPhoneNotification: messageFlag("Whether to text to the user's phone", '是否给用户手机发送通知'),
    inputSendEmailNotification: optionalField(
      z
        .string()
        .max(254)
        .meta(doc('Another address to mail to', '指定发送通知的邮箱', 'test@example.com')),
    ),
    inputSendPhoneNotification: optionalField(
      z
        .string()
        .max(32)
        .meta(doc('Another phone to text to', '指定发送通知的手机号', '18312345678')),
    ),
    appId,
  })
    .nullable()
    .optional(),
};

const changeErrors = [
  ...customDataErrors,
  userWriteErrors.alreadyExists,
  userWriteErrors.identifierMissing,
  userWriteErrors.metadataNotDefined,
  userWriteErrors.messageServiceNotConfigured,
];

/** What ends with a user's time in the company. */
const relationsEnd = [departmentMemberRemoved, userDepartmentsChanged, departmentUpdated];
const changeEvents = [
  userUpdated,
  userCustomDataChanged,
  userPasswordChanged,
  userEmailVerified,
  userBlocked,
  userUnblocked,
  userArchived,
  userUnarchived,
  userResigned,
  ...relationsEnd,
];

export const updateUser = command({
  method: 'POST',
  path: '/api/v3/update-user',
  tag,
  title: { en: 'Update User', zh: '修改用户资料' },
  summary: { en: 'Update a user', zh: '修改用户资料' },
  description: {
    en: 'Changes what is given and leaves the rest; null clears a field. A new email or phone counts as unverified unless the call says otherwise. A user who becomes Resigned or Archived loses his departments, groups, roles and posts; Activated again, he starts without any.',
    zh: '修改用户资料，未传的字段保持不变，传 null 清空字段。修改邮箱、手机号后默认为未验证。状态改为 Resigned 或 Archived 时，用户的部门、分组、角色、岗位关系会被清除；再次激活后不会恢复。',
  },
  permission: 'user:Update',
  input: dto('UpdateUserReqDto', {
    ...changedFields,
    options: dto('UpdateUserOptionsDto', { userIdType, ...updateOptions })
      .nullable()
      .optional(),
  }),
  output: UserDto,
  answer: 'UserSingleRespDto',
  errors: [userErrors.notFound, ...changeErrors],
  audit: { operationType: 'update', resourceType: 'user' },
  target: 'userId',
  emits: changeEvents,
});

export const updateUserBatch = command({
  method: 'POST',
  path: '/api/v3/update-user-batch',
  tag,
  title: { en: 'Update Users in Batch', zh: '批量修改用户资料' },
  summary: { en: 'Update up to 50 users', zh: '批量修改用户资料，最多 50 个' },
  description: {
    en: 'Changes users as `update-user` does, all or none, and returns them in the order of `list`. Identifiers may go from one of them to another. Users are named by their system ids.',
    zh: '批量修改用户资料，规则与 `update-user` 相同，全部成功或全部失败，按 `list` 的顺序返回。标识（如用户名、邮箱）可以在这些用户之间互换。`userId` 为系统 ID。',
  },
  permission: 'user:Update',
  input: dto('UpdateUserBatchReqDto', {
    list: z
      .array(dto('UpdateUserInfoDto', changedFields))
      .min(1)
      .max(50)
      .meta(doc('Changes, 1 to 50', '用户列表，1 到 50 个')),
    options: dto('UpdateUserBatchOptionsDto', updateOptions).nullable().optional(),
  }),
  output: UserList,
  answer: 'UserListRespDto',
  errors: [userWriteErrors.unknownUser, ...changeErrors],
  audit: { operationType: 'update', resourceType: 'user' },
  emits: changeEvents,
});

const resignation = {
  permission: 'user:Resign',
  output: dto('ResignUserDataDto', {
    success: z.boolean().meta(doc('Whether the operation succeeded', '操作是否成功', true)),
  }),
  answer: 'ResignUserRespDto',
  audit: { operationType: 'resign', resourceType: 'user' },
  emits: [userUpdated, userUnarchived, userResigned, ...relationsEnd],
} as const;

export const resignUser = command({
  ...resignation,
  method: 'POST',
  path: '/api/v3/resign-user',
  tag,
  title: { en: 'Resign User', zh: '用户离职' },
  summary: { en: 'Mark a user as resigned', zh: '用户离职' },
  description: {
    en: 'The user can no longer log in and loses his departments, groups, roles and posts; his profile stays. Nothing gives these back: setting his status to Activated hires him anew, without any. The same happens when `update-user` sets the status to Resigned.',
    zh: '用户离职后无法登录，其部门、分组、角色、岗位关系会被清除，基础资料保留，且不可恢复；将状态改回 Activated 相当于重新入职。与通过 `update-user` 将状态改为 Resigned 效果相同。',
  },
  input: dto('ResignUserReqDto', { userId, userIdType }),
  errors: [userErrors.notFound, userErrors.customFieldNotDefined],
  target: 'userId',
});

export const resignUserBatch = command({
  ...resignation,
  method: 'POST',
  path: '/api/v3/resign-user-batch',
  tag,
  title: { en: 'Resign Users in Batch', zh: '批量用户离职' },
  summary: { en: 'Mark up to 50 users as resigned', zh: '批量用户离职，最多 50 个' },
  description: {
    en: 'Does to each user what `resign-user` does. Ids that name nobody are ignored, so the call can be repeated safely.',
    zh: '批量执行用户离职，规则与 `resign-user` 相同。不存在的用户会被忽略，可安全地重复调用。',
  },
  input: dto('ResignUserBatchReqDto', { userIds, userIdType }),
  errors: [userErrors.customFieldNotDefined],
});

export const deleteUsersBatch = command({
  method: 'POST',
  path: '/api/v3/delete-users-batch',
  tag,
  title: { en: 'Delete Users in Batch', zh: '批量删除用户' },
  summary: { en: 'Delete up to 50 users', zh: '批量删除用户，最多 50 个' },
  description: {
    en: 'Deletes users with everything that belongs to them. Ids that name nobody are ignored, so the call can be repeated safely.',
    zh: '批量删除用户及其关联数据。不存在的用户会被忽略，可安全地重复调用。',
  },
  permission: 'user:Delete',
  input: dto('DeleteUsersBatchDto', {
    userIds,
    options: dto('DeleteUsersBatchOptionsDto', { userIdType }).nullable().optional(),
  }),
  output: IsSuccessDto,
  answer: 'IsSuccessRespDto',
  errors: [userErrors.customFieldNotDefined],
  audit: { operationType: 'delete', resourceType: 'user' },
  emits: [userDeleted, ...relationsEnd],
});

const ArchivedUser = dto('ListArchivedUsersRespDto', {
  userId: z.string().meta(doc('Id of the user', '用户 ID', '6229ffa0a1b2c3d4cade3e3d')),
  archivedAt: z.iso.datetime().meta(doc('Time the user was archived', '归档时间', '2022-07-03T02:20:30.000Z')),
});

export const listArchivedUsers = query({
  method: 'GET',
  path: '/api/v3/list-archived-users',
  tag,
  title: { en: 'List Archived Users', zh: '获取已归档用户列表' },
  summary: { en: 'List archived users', zh: '获取已归档的用户列表' },
  description: {
    en: 'Lists the users whose status is Archived, by the time they were archived, those of `startAt` and later when it is given.',
    zh: '获取已归档的用户列表，按归档时间升序排列，可通过 `startAt` 指定起始时间。',
  },
  permission: 'user:List',
  input: dto('ListArchivedUsersDto', {
    ...paging,
    startAt: z
      .number()
      .min(0)
      .max(maxTimestamp)
      .optional()
      .meta(
        doc(
          'Earliest time, in seconds since 1970; milliseconds are understood too',
          '开始时间戳（秒），亦可传毫秒',
          1655714763,
        ),
      ),
  }),
  output: pageOf('ArchivedUsersListPagingDto', ArchivedUser),
  answer: 'ListArchivedUsersSingleRespDto',
  errors: [],
});
