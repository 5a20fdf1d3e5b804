import { type ConsequenceDeclaration, command, doc, dto, IsSuccessDto, query } from '@genauth/contract';
import * as z from 'zod';
import { departmentDeleted } from '../departments/contract.ts';
import { GroupPagingDto, groupErrors } from '../group-directory/contract.ts';
import { groupDeleted } from '../groups/contract.ts';
import { organizationDeleted } from '../organizations/contract.ts';
import { PostInfoDto, postDeleted, postErrors, postId } from '../posts/contract.ts';
import { optionalPaging } from '../public-account-departments/contract.ts';
import {
  PublicAccountPagingDto,
  publicAccountArchived,
  publicAccountBound,
  publicAccountDeleted,
  publicAccountErrors,
  publicAccountResigned,
  publicAccountUnbound,
} from '../public-accounts/contract.ts';
import { namespace, RolePagingDto, roleDeleted, roleErrors } from '../roles/contract.ts';
import { userId as anyUserId, userErrors, userIdType } from '../user-directory/contract.ts';
import { userArchived, userBecamePersonal, userBecamePublic, userDeleted, userResigned } from '../users/contract.ts';

const tag = 'Public Accounts';
const accountsOf = { permission: 'publicAccount:List', output: PublicAccountPagingDto } as const;
const accountsAnswer = 'PublicAccountPaginatedRespDto';
const linking = {
  permission: 'publicAccount:Link',
  output: IsSuccessDto,
  answer: 'IsSuccessRespDto',
  audit: { operationType: 'set', resourceType: 'public_account' },
  emits: [publicAccountBound, publicAccountUnbound],
} as const;
const unlinking = {
  ...linking,
  audit: { operationType: 'remove', resourceType: 'public_account' },
  emits: [publicAccountUnbound],
} as const;

function id(english: string, chinese: string) {
  return z
    .string()
    .min(1)
    .max(64)
    .meta(doc(english, chinese, '6229ffa0a1b2c3d4cade3e3d'));
}

const userId = id('System id of the user', '用户 ID');
const accountId = id('System id of the public account', '公共账号的用户 ID');
const publicAccountId = id('System id of the public account', '公共账号 ID');
const userIds = z
  .array(userId)
  .min(1)
  .max(50)
  .meta(doc('System ids of users, 1 to 50', '用户 ID 数组，1 到 50 个', ['6229ffa0a1b2c3d4cade3e3d']));

/** V3 says ids, and callers know groups and roles by their codes: either will do. */
function idsOrCodes(english: string, chinese: string) {
  return z
    .array(z.string().min(1).max(64))
    .min(1)
    .max(10)
    .meta(
      doc(`Ids or codes of ${english}, 1 to 10`, `${chinese} ID 或 Code 列表，1 到 10 个`, [
        '60b49eb83fd80adb96f26e68',
      ]),
    );
}

const groupIds = idsOrCodes('groups', '分组');
const roleIds = idsOrCodes('roles; a code is one of the default namespace', '角色（Code 属于默认权限空间）');

export const getPublicAccountsOfUser = query({
  ...accountsOf,
  method: 'GET',
  path: '/api/v3/get-public-accounts-of-user',
  tag,
  title: { en: 'Get Public Accounts of User', zh: '获取用户的公共账号列表' },
  summary: { en: 'List the public accounts of a user', zh: '获取用户的公共账号列表' },
  description: {
    en: 'Lists the public accounts that are linked to this very user, the one linked last first. With `includeInherited`, all accounts he may use are listed, the newest first: that extends the V3 API.',
    zh: '获取直接关联该用户的公共账号列表，按关联时间倒序。传 `includeInherited` 时返回用户可使用的全部公共账号，按创建时间倒序（V3 API 的扩展）。',
  },
  input: dto('GetPublicAccountsOfUserDto', {
    userId,
    includeInherited: z
      .boolean()
      .default(false)
      .meta(
        doc(
          'Whether to list every account the user may use: also those linked to his departments and the ones above them, to his groups, his roles and his posts',
          '是否返回用户可使用的全部公共账号，包括关联其部门及上级部门、分组、角色、岗位的公共账号',
          false,
        ),
      ),
    ...optionalPaging,
  }),
  answer: accountsAnswer,
  errors: [userErrors.notFound],
});

export const getUsersOfPublicAccount = query({
  ...accountsOf,
  method: 'GET',
  path: '/api/v3/get-users-of-public-account',
  tag,
  title: { en: 'Get Users of Public Account', zh: '获取公共账号的用户列表' },
  summary: { en: 'List the users of a public account', zh: '获取公共账号的用户列表' },
  description: {
    en: 'Lists the users a public account is linked to, who may use it, the one linked last first.',
    zh: '获取公共账号直接关联的用户列表，按关联时间倒序，这些用户可使用该公共账号。',
  },
  input: dto('GetUsersOfPublicAccountDto', { publicAccountId, ...optionalPaging }),
  answer: accountsAnswer,
  errors: [publicAccountErrors.notFound],
});

export const bindUsersPublicAccount = command({
  ...linking,
  method: 'POST',
  path: '/api/v3/set-public-account-of-users',
  tag,
  title: { en: 'Bind Users to Public Account', zh: '公共账号绑定批量用户' },
  summary: { en: 'Let users use a public account', zh: '公共账号绑定批量用户' },
  description: {
    en: 'Links a public account to users, beside those it is linked to. Links that are there stay, so the call can be repeated safely.',
    zh: '为公共账号新增关联用户，已有关联保持不变，可安全地重复调用。',
  },
  input: dto('SetPublicAccountBatchReqDto', { publicAccountId, userIds }),
  errors: [publicAccountErrors.notFound, publicAccountErrors.notInUse, userErrors.notFound],
  target: 'publicAccountId',
});

export const setuserOfPublicAccount = command({
  ...linking,
  method: 'POST',
  path: '/api/v3/set-user-of-public-accounts',
  tag,
  title: { en: 'Bind Public Accounts to User', zh: '用户绑定批量公共账号' },
  summary: { en: 'Let a user use public accounts', zh: '用户绑定批量公共账号' },
  description: {
    en: 'Links a user to public accounts, beside those he is linked to.',
    zh: '为用户新增关联的公共账号，已有关联保持不变。',
  },
  input: dto('SetUserOfPublicAccountBatchReqDto', {
    userId,
    publicAccountIds: z
      .array(publicAccountId)
      .min(1)
      .max(50)
      .meta(doc('Ids of public accounts, 1 to 50', '公共账号 ID 数组，1 到 50 个', ['6229ffa0a1b2c3d4cade3e3d'])),
  }),
  errors: [publicAccountErrors.notFound, publicAccountErrors.notInUse, userErrors.notFound],
  target: 'userId',
});

export const unbindUsersPublicAccount = command({
  ...unlinking,
  method: 'POST',
  path: '/api/v3/unbind-public-account-of-user',
  tag,
  title: { en: 'Unbind User from Public Account', zh: '公共账号解绑用户' },
  summary: { en: 'End the link between a public account and a user', zh: '公共账号解绑用户' },
  description: {
    en: 'Ends the link between a public account and a user. One that is not there is no error, so the call can be repeated safely.',
    zh: '解除公共账号与用户的关联，不存在关联时不报错，可安全地重复调用。',
  },
  input: dto('UnbindPublicAccountBatchReqDto', { userId, publicAccountId }),
  errors: [publicAccountErrors.notFound, userErrors.notFound],
  target: 'publicAccountId',
});

export const getPublicAccountRoles = query({
  method: 'GET',
  path: '/api/v3/get-roles-of-public-account',
  tag,
  title: { en: 'Get Roles of Public Account', zh: '获取公共账号的角色列表' },
  summary: { en: 'List the roles a public account is linked to', zh: '获取公共账号的角色列表' },
  description: {
    en: 'Lists the roles of one namespace whose members may use a public account, the one linked last first.',
    zh: '获取公共账号在某个权限空间内关联的角色列表，按关联时间倒序。拥有角色的用户可使用该公共账号。',
  },
  permission: 'publicAccount:Get',
  input: dto('GetPublicAccountRolesDto', { userId: anyUserId, userIdType, namespace }),
  output: RolePagingDto,
  answer: 'RolePaginatedRespDto',
  errors: [userErrors.notFound, userErrors.customFieldNotDefined, roleErrors.namespaceInvalid],
});

export const getPublicAccountsOfRole = query({
  ...accountsOf,
  method: 'GET',
  path: '/api/v3/get-public-accounts-of-role',
  tag,
  title: { en: 'Get Public Accounts of Role', zh: '获取角色的公共账号列表' },
  summary: { en: 'List the public accounts linked to a role', zh: '获取角色的公共账号列表' },
  description: {
    en: 'Lists the public accounts that are linked to a role, the one linked last first.',
    zh: '获取关联该角色的公共账号列表，按关联时间倒序。',
  },
  input: dto('GetPublicAccountsOfRoleDto', {
    roleId: id('Id of the role, or its code in the default namespace', '角色 ID，或默认权限空间内的角色 Code'),
    ...optionalPaging,
  }),
  answer: accountsAnswer,
  errors: [roleErrors.notFound],
});

export const bindPublicAccountOfRoles = command({
  ...linking,
  method: 'POST',
  path: '/api/v3/set-public-account-of-roles',
  tag,
  title: { en: 'Bind Roles to Public Account', zh: '公共账号绑定批量角色' },
  summary: { en: 'Let the members of roles use a public account', zh: '公共账号绑定批量角色' },
  description: {
    en: 'Links a public account to roles, beside those it is linked to. The account does not get the roles: those who have them may use it.',
    zh: '为公共账号新增关联角色，已有关联保持不变。公共账号本身不会获得角色，拥有角色的用户可使用该公共账号。',
  },
  input: dto('SetUserRolesDto', { roleIds, userId: accountId }),
  errors: [userErrors.notFound, publicAccountErrors.notInUse, roleErrors.notFound],
  target: 'userId',
});

export const unbindPublicAccountOfRoles = command({
  ...unlinking,
  method: 'POST',
  path: '/api/v3/unbind-public-account-of-roles',
  tag,
  title: { en: 'Unbind Roles from Public Account', zh: '公共账号解绑批量角色' },
  summary: { en: 'End the links between a public account and roles', zh: '公共账号解绑批量角色' },
  description: {
    en: 'Ends links between a public account and roles; those that are not there are no error. An extension of the V3 API.',
    zh: '解除公共账号与角色的关联，不存在关联时不报错。此接口为 V3 API 的扩展。',
  },
  input: dto('UnbindPublicAccountOfRolesDto', { roleIds, userId: accountId }),
  errors: [userErrors.notFound, roleErrors.notFound],
  target: 'userId',
});

export const getPublicAccountsOfGroup = query({
  ...accountsOf,
  method: 'GET',
  path: '/api/v3/get-public-accounts-of-group',
  tag,
  title: { en: 'Get Public Accounts of Group', zh: '获取分组的公共账号列表' },
  summary: { en: 'List the public accounts linked to a group', zh: '获取分组的公共账号列表' },
  description: {
    en: 'Lists the public accounts that are linked to a group, the one linked last first.',
    zh: '获取关联该分组的公共账号列表，按关联时间倒序。',
  },
  input: dto('GetPublicAccountsOfGroupDto', {
    groupId: id('Id or code of the group', '分组 ID 或 Code'),
    ...optionalPaging,
  }),
  answer: accountsAnswer,
  errors: [groupErrors.notFound],
});

export const getGroupsOfPublicAccount = query({
  method: 'GET',
  path: '/api/v3/get-groups-of-public-account',
  tag,
  title: { en: 'Get Groups of Public Account', zh: '获取公共账号的分组列表' },
  summary: { en: 'List the groups a public account is linked to', zh: '获取公共账号的分组列表' },
  description: {
    en: 'Lists the groups whose members may use a public account, the one linked last first.',
    zh: '获取公共账号关联的分组列表，按关联时间倒序，分组成员可使用该公共账号。',
  },
  permission: 'publicAccount:Get',
  input: dto('GetGroupsOfPublicAccountDto', { userId: anyUserId, userIdType }),
  output: GroupPagingDto,
  answer: 'GroupPaginatedRespDto',
  errors: [userErrors.notFound, userErrors.customFieldNotDefined],
});

export const getPublicAccountOfGroups = command({
  ...linking,
  method: 'POST',
  path: '/api/v3/set-public-account-of-groups',
  tag,
  title: { en: 'Bind Groups to Public Account', zh: '公共账号添加批量分组' },
  summary: { en: 'Let the members of groups use a public account', zh: '公共账号添加批量分组' },
  description: {
    en: 'Links a public account to groups, beside those it is linked to. The account does not become a member: the members may use it.',
    zh: '为公共账号新增关联分组，已有关联保持不变。公共账号不会成为分组成员，分组成员可使用该公共账号。',
  },
  input: dto('SetUserGroupsDto', { groupIds, userId: accountId }),
  errors: [userErrors.notFound, publicAccountErrors.notInUse, groupErrors.notFound],
  target: 'userId',
});

export const unbindPublicAccountOfGroups = command({
  ...unlinking,
  method: 'POST',
  path: '/api/v3/unbind-public-account-of-groups',
  tag,
  title: { en: 'Unbind Groups from Public Account', zh: '公共账号解绑批量分组' },
  summary: { en: 'End the links between a public account and groups', zh: '公共账号解绑批量分组' },
  description: {
    en: 'Ends links between a public account and groups; those that are not there are no error. An extension of the V3 API.',
    zh: '解除公共账号与分组的关联，不存在关联时不报错。此接口为 V3 API 的扩展。',
  },
  input: dto('UnbindPublicAccountOfGroupsDto', { groupIds, userId: accountId }),
  errors: [userErrors.notFound, groupErrors.notFound],
  target: 'userId',
});

export const getPostOfPublicUser = query({
  method: 'GET',
  path: '/api/v3/get-post-of-public-account',
  tag,
  title: { en: 'Get Post of Public Account', zh: '获取公共账号的岗位' },
  summary: { en: 'Get the post a public account is linked to', zh: '获取公共账号的岗位' },
  description: {
    en: 'Gets the post whose holders may use a public account, or null. Its fields stand at the top of the answer as well as below `data`.',
    zh: '获取公共账号关联的岗位，没有时为 null。岗位字段同时出现在响应顶层与 `data` 中。担任该岗位的用户可使用该公共账号。',
  },
  permission: 'publicAccount:Get',
  input: dto('GetPostOfPublicUserDto', { userId: accountId }),
  output: PostInfoDto.nullable(),
  answer: 'PostSingleRespDto',
  hasPayloadAtTop: true,
  errors: [userErrors.notFound],
});

export const getPublicAccountsOfPost = query({
  ...accountsOf,
  method: 'GET',
  path: '/api/v3/get-public-accounts-of-post',
  tag,
  title: { en: 'Get Public Accounts of Post', zh: '获取岗位的公共账号列表' },
  summary: { en: 'List the public accounts linked to a post', zh: '获取岗位的公共账号列表' },
  description: {
    en: 'Lists the public accounts that are linked to a post, the one linked last first.',
    zh: '获取关联该岗位的公共账号列表，按关联时间倒序。',
  },
  input: dto('GetPublicAccountsOfPostDto', { postId, ...optionalPaging }),
  answer: accountsAnswer,
  errors: [postErrors.idNotFound],
});

export const setPublicAccountOfnPost = command({
  ...linking,
  method: 'POST',
  path: '/api/v3/set-public-account-of-post',
  tag,
  title: { en: 'Set Post of Public Account', zh: '设置公共账号的岗位' },
  summary: { en: 'Let the holders of a post use a public account', zh: '设置公共账号的岗位' },
  description: {
    en: 'Links a public account to a post. It has one post at most: the former one is replaced.',
    zh: '设置公共账号关联的岗位。公共账号最多关联一个岗位，原岗位会被替换。',
  },
  input: dto('SetPublicAccountPostDto', { userId: accountId, postId }),
  errors: [userErrors.notFound, publicAccountErrors.notInUse, postErrors.idNotFound],
  target: 'userId',
});

export const unbindPublicAccountOfPost = command({
  ...unlinking,
  method: 'POST',
  path: '/api/v3/unbind-public-account-of-post',
  tag,
  title: { en: 'Unbind Post from Public Account', zh: '解绑公共账号关联的岗位' },
  summary: { en: 'End the link between a public account and a post', zh: '解绑公共账号关联的岗位' },
  description: {
    en: 'Ends the link between a public account and a post. Another post stays, and a link that is not there is no error.',
    zh: '解除公共账号与该岗位的关联，不存在关联时不报错，关联的若是其他岗位则保持不变。',
  },
  input: dto('UnbindPublicAccountPostDto', { userId: accountId, postId }),
  errors: [userErrors.notFound, postErrors.idNotFound],
  target: 'userId',
});

export const consequences: readonly ConsequenceDeclaration[] = [
  {
    of: [userResigned, userArchived, userBecamePublic, userBecamePersonal, userDeleted],
    emits: [publicAccountUnbound],
  },
  { of: [publicAccountResigned, publicAccountArchived, publicAccountDeleted], emits: [publicAccountUnbound] },
  {
    of: [groupDeleted, roleDeleted, postDeleted, departmentDeleted, organizationDeleted],
    emits: [publicAccountUnbound],
  },
];
