import { command, doc, dto, errors, event, pageOf, query } from '@genauth/contract';
import * as z from 'zod';
import { departmentMemberRemoved, userDepartmentsChanged } from '../department-members/contract.ts';
import { departmentUpdated } from '../departments/contract.ts';
import { deleteUsersBatch, resignUserBatch, updateUser, updateUserBatch } from '../user-changes/contract.ts';
import { UserDto, userCustomDataChanged, userErrors } from '../user-directory/contract.ts';
import { listUsers } from '../user-search/contract.ts';
import {
  createUser,
  createUsersBatch,
  getUser,
  getUserBatch,
  userBecamePersonal,
  userBecamePublic,
  userCreated,
  userDeleted,
  userUpdated,
} from '../users/contract.ts';

export const publicAccountErrors = errors('public_account', {
  notFound: {
    statusCode: 404,
    message: { en: 'Public account not found: {publicAccountId}', zh: '公共账号不存在：{publicAccountId}' },
  },
  isAdministrator: {
    statusCode: 422,
    message: {
      en: 'An administrator with access keys cannot become a public account; delete the keys first',
      zh: '拥有 AK/SK 的管理员不能转换为公共账号，请先删除其 AK/SK',
    },
  },
  notInUse: {
    statusCode: 422,
    message: {
      en: 'Resigned and archived accounts can neither be converted nor linked',
      zh: '已离职或已归档的账号不能转换或关联',
    },
  },
});

const accountData = userCreated.data;
export const publicAccountCreated = event('public_account.created', {
  webhook: 'public-account:created',
  topic: 'authing.public-account.created',
  data: accountData,
});
export const publicAccountUpdated = event('public_account.updated', {
  webhook: 'public-account:updated',
  topic: 'authing.public-account.updated',
  data: userUpdated.data,
});
export const publicAccountDeleted = event('public_account.deleted', {
  webhook: 'public-account:deleted',
  topic: 'authing.public-account.deleted',
  data: userDeleted.data,
});
const publicAccountPasswordChanged = event('public_account.password.changed', {
  webhook: 'public-account:password-changed',
  data: accountData,
});
const publicAccountEmailVerified = event('public_account.email.verified', {
  webhook: 'public-account:email-verified',
  data: accountData,
});
const publicAccountBlocked = event('public_account.blocked', { webhook: 'public-account:blocked', data: accountData });
const publicAccountUnblocked = event('public_account.unblocked', {
  webhook: 'public-account:unblocked',
  data: accountData,
});
export const publicAccountArchived = event('public_account.archived', {
  webhook: 'public-account:archived',
  data: accountData,
});
const publicAccountUnarchived = event('public_account.unarchived', {
  webhook: 'public-account:unarchived',
  data: accountData,
});
export const publicAccountResigned = event('public_account.resigned', {
  topic: 'authing.public-account.resigned',
  data: accountData,
});

const publicAccountCustomDataChanged = event('public_account.custom_data.changed', {
  webhook: 'public-account:udv-changed',
  data: userCustomDataChanged.data,
});

/** What is announced of public accounts instead of the events of users: whoever counts people hears nothing of them. */
export const publicAccountEvents = {
  created: publicAccountCreated,
  updated: publicAccountUpdated,
  deleted: publicAccountDeleted,
  passwordChanged: publicAccountPasswordChanged,
  emailVerified: publicAccountEmailVerified,
  blocked: publicAccountBlocked,
  unblocked: publicAccountUnblocked,
  archived: publicAccountArchived,
  unarchived: publicAccountUnarchived,
  resigned: publicAccountResigned,
  customDataChanged: publicAccountCustomDataChanged,
} as const;

const linkedAccount = z.object({ id: z.string(), username: z.string().nullable(), email: z.string().nullable() });
const linkData = z.object({
  publicAccount: linkedAccount,
  subject: z.object({ type: z.enum(['USER', 'DEPARTMENT', 'GROUP', 'ROLE', 'POST']), id: z.string() }),
});
/** From now on the subject, or its members, may use the account. */
export const publicAccountBound = event('public_account.bound', { webhook: 'public-account:bound', data: linkData });
export const publicAccountUnbound = event('public_account.unbound', {
  webhook: 'public-account:unbound',
  data: linkData,
});

/** The departments an account is linked to were set: others, another main one, or it leads elsewhere. As `user.departments.changed` of people. */
export const publicAccountDepartmentsChanged = event('public_account.departments.changed', {
  webhook: 'public-account:organization-node-update',
  data: z.object({ publicAccount: linkedAccount, departmentIds: z.array(z.string()) }),
});

/** A public account as V3 shows it: like a user, for it is one. */
export const PublicAccountDto = dto('PublicAccountDto', UserDto.shape);
export const PublicAccountPagingDto = pageOf('PublicAccountPagingDto', PublicAccountDto);
const PublicAccountList = z.array(PublicAccountDto);

const tag = 'Public Accounts';
const { options: createOptions, otp, ...newAccountFields } = createUser.input.shape;
const CreatePublicAccountOptionsDto = dto('CreatePublicAccountOptionsDto', createOptions.unwrap().unwrap().shape);
const CreatePublicAccountReqDto = dto('CreatePublicAccountReqDto', {
  ...newAccountFields,
  otp: dto('CreatePublicAccountOtpDto', otp.unwrap().unwrap().shape).nullable().optional(),
  options: CreatePublicAccountOptionsDto.nullable().optional(),
});

export const listPublicAccounts = query({
  method: 'POST',
  path: '/api/v3/list-public-accounts',
  tag,
  title: { en: 'Search Public Accounts', zh: '获取/搜索公共账号列表' },
  summary: { en: 'List and search public accounts', zh: '获取/搜索公共账号列表' },
  description: {
    en: 'Lists the public accounts that match the keywords and every filter, as `list-users` lists people. A filter on `department` finds those linked to it.',
    zh: '获取或搜索公共账号列表，规则与 `list-users` 相同。按 `department` 筛选时返回关联了该部门的公共账号。',
  },
  permission: 'publicAccount:List',
  input: dto('ListPublicAccountsRequestDto', {
    ...listUsers.input.shape,
    options: dto('ListPublicAccountsOptionsDto', listUsers.input.shape.options.unwrap().unwrap().shape)
      .nullable()
      .optional(),
  }),
  output: PublicAccountPagingDto,
  answer: 'PublicAccountPaginatedRespDto',
  errors: listUsers.errors,
});

export const getPublicAccount = query({
  method: 'GET',
  path: '/api/v3/get-public-account',
  tag,
  title: { en: 'Get Public Account', zh: '获取公共账号信息' },
  summary: { en: 'Get a public account', zh: '获取公共账号信息' },
  description: {
    en: 'Gets a public account by any of its ids, whatever its state. Personal accounts are not found.',
    zh: '通过任意一种用户 ID 获取公共账号详情，不论账号状态。个人账号不会被返回。',
  },
  permission: 'publicAccount:Get',
  input: dto('GetPublicAccountDto', getUser.input.shape),
  output: PublicAccountDto,
  answer: 'PublicAccountSingleRespDto',
  errors: getUser.errors,
});

export const getPublicAccountBatch = query({
  method: 'GET',
  path: '/api/v3/get-public-account-batch',
  tag,
  title: { en: 'Get Public Accounts in Batch', zh: '批量获取公共账号信息' },
  summary: { en: 'Get up to 50 public accounts', zh: '批量获取公共账号信息，最多 50 个' },
  description: {
    en: 'Gets public accounts in the order of the ids given, each once. Ids that name none are left out.',
    zh: '按传入 ID 的顺序批量获取公共账号信息，不存在的账号会被忽略。',
  },
  permission: 'publicAccount:Get',
  input: dto('GetPublicAccountBatchDto', getUserBatch.input.shape),
  output: PublicAccountList,
  answer: 'PublicAccountListRespDto',
  errors: getUserBatch.errors,
});

export const createPublicAccount = command({
  method: 'POST',
  path: '/api/v3/create-public-account',
  tag,
  title: { en: 'Create Public Account', zh: '创建公共账号' },
  summary: { en: 'Create a public account', zh: '创建公共账号' },
  description: {
    en: 'Creates an account that several people share, with at least one of `username`, `email` and `phone`; these are unique over personal and public accounts. `departmentIds` links it to departments, whose members may use it.',
    zh: '创建由多人共用的公共账号，`username`、`email`、`phone` 至少传一个，且在个人账号与公共账号之间唯一。`departmentIds` 指定关联的部门，部门成员可使用该账号。',
  },
  permission: 'publicAccount:Create',
  input: CreatePublicAccountReqDto,
  output: PublicAccountDto,
  answer: 'PublicAccountSingleRespDto',
  errors: [...createUser.errors, publicAccountErrors.notInUse],
  audit: { operationType: 'create', resourceType: 'public_account' },
  emits: [publicAccountCreated, publicAccountBound],
});

export const createPublicAccountsBatch = command({
  method: 'POST',
  path: '/api/v3/create-public-accounts-batch',
  tag,
  title: { en: 'Create Public Accounts in Batch', zh: '批量创建公共账号' },
  summary: { en: 'Create up to 50 public accounts', zh: '批量创建公共账号，最多 50 个' },
  description: {
    en: 'Creates public accounts, all or none. An error names the item it is about, as in `list.3.email`.',
    zh: '批量创建公共账号，全部成功或全部失败。错误信息会指明出错的条目，如 `list.3.email`。',
  },
  permission: 'publicAccount:Create',
  input: dto('CreatePublicAccountBatchReqDto', {
    list: z
      .array(CreatePublicAccountReqDto)
      .min(1)
      .max(50)
      .meta(
        doc(
          'Public accounts, 1 to 50; options of an item go before those of the call',
          '公共账号列表，1 到 50 个，条目内的选项优先',
        ),
      ),
    options: CreatePublicAccountOptionsDto.nullable().optional(),
  }),
  output: PublicAccountList,
  answer: 'PublicAccountListRespDto',
  errors: [...createUsersBatch.errors, publicAccountErrors.notInUse],
  audit: { operationType: 'create', resourceType: 'public_account' },
  emits: [publicAccountCreated, publicAccountBound],
});

const changeEvents = [
  publicAccountUpdated,
  publicAccountCustomDataChanged,
  publicAccountPasswordChanged,
  publicAccountEmailVerified,
  publicAccountBlocked,
  publicAccountUnblocked,
  publicAccountArchived,
  publicAccountUnarchived,
  publicAccountResigned,
  publicAccountUnbound,
];

export const updatePublicAccount = command({
  method: 'POST',
  path: '/api/v3/update-public-account',
  tag,
  title: { en: 'Update Public Account', zh: '修改公共账号资料' },
  summary: { en: 'Update a public account', zh: '修改公共账号资料' },
  description: {
    en: 'Changes what is given and leaves the rest; null clears a field. An account that becomes Resigned or Archived loses its links to users, departments, groups, roles and posts.',
    zh: '修改公共账号资料，未传的字段保持不变，传 null 清空字段。状态改为 Resigned 或 Archived 时，账号与用户、部门、分组、角色、岗位的关联会被清除。',
  },
  permission: 'publicAccount:Update',
  input: dto('UpdatePublicAccountReqDto', {
    ...updateUser.input.shape,
    options: dto('UpdatePublicAccountOptionsDto', updateUser.input.shape.options.unwrap().unwrap().shape)
      .nullable()
      .optional(),
  }),
  output: PublicAccountDto,
  answer: 'PublicAccountSingleRespDto',
  errors: updateUser.errors,
  audit: { operationType: 'update', resourceType: 'public_account' },
  target: 'userId',
  emits: changeEvents,
});

export const updatePublicAccountBatch = command({
  method: 'POST',
  path: '/api/v3/update-public-account-batch',
  tag,
  title: { en: 'Update Public Accounts in Batch', zh: '批量修改公共账号资料' },
  summary: { en: 'Update up to 50 public accounts', zh: '批量修改公共账号资料，最多 50 个' },
  description: {
    en: 'Changes public accounts, named by their system ids, all or none.',
    zh: '批量修改公共账号资料，通过系统用户 ID 指定，全部成功或全部失败。',
  },
  permission: 'publicAccount:Update',
  input: dto('UpdatePublicAccountBatchReqDto', {
    list: updateUserBatch.input.shape.list,
    options: dto('UpdatePublicAccountBatchOptionsDto', updateUserBatch.input.shape.options.unwrap().unwrap().shape)
      .nullable()
      .optional(),
  }),
  output: PublicAccountList,
  answer: 'PublicAccountListRespDto',
  errors: updateUserBatch.errors,
  audit: { operationType: 'update', resourceType: 'public_account' },
  emits: changeEvents,
});

export const deletePublicAccountsBatch = command({
  method: 'POST',
  path: '/api/v3/delete-public-accounts-batch',
  tag,
  title: { en: 'Delete Public Accounts in Batch', zh: '批量删除公共账号' },
  summary: { en: 'Delete up to 50 public accounts', zh: '批量删除公共账号，最多 50 个' },
  description: {
    en: 'Deletes public accounts with all their links. Ids that name none, or a person, are ignored, so the call can be repeated safely.',
    zh: '批量删除公共账号及其全部关联。不存在的账号与个人账号会被忽略，可安全地重复调用。',
  },
  permission: 'publicAccount:Delete',
  input: dto('DeletePublicAccountsBatchDto', {
    ...deleteUsersBatch.input.shape,
    options: dto('DeletePublicAccountsBatchOptionsDto', deleteUsersBatch.input.shape.options.unwrap().unwrap().shape)
      .nullable()
      .optional(),
  }),
  output: deleteUsersBatch.output,
  answer: 'IsSuccessRespDto',
  errors: deleteUsersBatch.errors,
  audit: { operationType: 'delete', resourceType: 'public_account' },
  emits: [publicAccountDeleted, publicAccountUnbound],
});

export const resignPublicAccountBatch = command({
  method: 'POST',
  path: '/api/v3/resign-public-account-batch',
  tag,
  title: { en: 'Resign Public Accounts in Batch', zh: '批量离职公共账号' },
  summary: { en: 'Mark up to 50 public accounts as resigned', zh: '批量离职公共账号，最多 50 个' },
  description: {
    en: 'Takes public accounts out of use: nobody can log in with them, and their links to users, departments, groups, roles and posts end. Ids that name none are ignored.',
    zh: '批量停用公共账号：账号无法登录，与用户、部门、分组、角色、岗位的关联被清除。不存在的账号会被忽略。',
  },
  permission: 'publicAccount:Resign',
  input: dto('ResignPublicAccountBatchReqDto', resignUserBatch.input.shape),
  output: resignUserBatch.output,
  answer: 'ResignUserRespDto',
  errors: resignUserBatch.errors,
  audit: { operationType: 'resign', resourceType: 'public_account' },
  emits: [publicAccountUpdated, publicAccountUnarchived, publicAccountResigned, publicAccountUnbound],
});

const convertedId = z
  .string()
  .min(1)
  .max(64)
  .meta(doc('System id of the account', '账号的系统用户 ID', '6229ffa0a1b2c3d4cade3e3d'));

export const changeIntoPublicAccount = command({
  method: 'POST',
  path: '/api/v3/transfer-into-public-account',
  tag,
  title: { en: 'Convert into Public Account', zh: '个人账号转换为公共账号' },
  summary: { en: 'Make a personal account a public one', zh: '个人账号转换为公共账号' },
  description: {
    en: 'Makes a personal account a public one. Its id, identifiers, profile, password and state stay. Its departments, groups, roles, posts and the public accounts it could use end: a public account belongs to nothing, and nobody may use it before it is linked to them.',
    zh: '将个人账号转换为公共账号，保留用户 ID、登录标识、资料、密码与状态。其部门、分组、角色、岗位及可使用的公共账号全部解除；在重新关联之前任何人都不能使用该公共账号。',
  },
  permission: 'publicAccount:Convert',
  input: dto('CreatePublicAccountFromUserDto', { userId: convertedId }),
  output: deleteUsersBatch.output,
  answer: 'IsSuccessRespDto',
  errors: [userErrors.notFound, publicAccountErrors.notInUse, publicAccountErrors.isAdministrator],
  audit: { operationType: 'update', resourceType: 'public_account' },
  target: 'userId',
  emits: [userBecamePublic, departmentMemberRemoved, userDepartmentsChanged, departmentUpdated],
});

export const changeIntoPersonalAccount = command({
  method: 'POST',
  path: '/api/v3/transfer-into-personal-account',
  tag,
  title: { en: 'Convert into Personal Account', zh: '公共账号转换为个人账号' },
  summary: { en: 'Make a public account a personal one', zh: '公共账号转换为个人账号' },
  description: {
    en: 'Makes a public account a personal one. Its id, identifiers, profile, password and state stay. Its links end: whoever could use it no longer can, and the person belongs to no department, group, role or post yet. An extension of the V3 API.',
    zh: '将公共账号转换为个人账号，保留用户 ID、登录标识、资料、密码与状态。其全部关联解除，转换后不属于任何部门、分组、角色、岗位。此接口为 V3 API 的扩展。',
  },
  permission: 'publicAccount:Convert',
  input: dto('CreateUserFromPublicAccountDto', { userId: convertedId }),
  output: deleteUsersBatch.output,
  answer: 'IsSuccessRespDto',
  errors: [publicAccountErrors.notFound, publicAccountErrors.notInUse],
  audit: { operationType: 'update', resourceType: 'public_account' },
  target: 'userId',
  emits: [userBecamePersonal, publicAccountUnbound],
});
