import { type ConsequenceDeclaration, command, doc, dto, event, IsSuccessDto, paging, query } from '@genauth/contract';
import * as z from 'zod';
import { GroupEventData, GroupPagingDto, groupCode, groupErrors } from '../group-directory/contract.ts';
import {
  flatCustomData,
  UserPagingDto,
  userErrors,
  userId,
  userIdType,
  withCustomData,
  withDepartmentIds,
  withIdentities,
} from '../user-directory/contract.ts';
import { userArchived, userBecamePublic, userDeleted, userResigned } from '../users/contract.ts';

/** V3's webhooks carry the group and the users; anything more of them is one call away. */
const membershipData = GroupEventData.extend({
  users: z
    .array(z.object({ id: z.string(), username: z.string().nullable(), email: z.string().nullable() }))
    .meta(doc('Users whose membership changed', '成员关系变更的用户')),
});

export const groupMemberAdded = event('group.member.added', { webhook: 'group:member-added', data: membershipData });
export const groupMemberRemoved = event('group.member.removed', {
  webhook: 'group:member-removed',
  data: membershipData,
});

const tag = 'Groups';

const memberIds = z
  .array(z.string().min(1).max(64))
  .min(1)
  .max(50)
  .meta(doc('User ids, 1 to 50', '用户 ID 数组，1 到 50 个', ['6229ffa0a1b2c3d4cade3e3d']));

export const addGroupMembers = command({
  method: 'POST',
  path: '/api/v3/add-group-members',
  tag,
  title: { en: 'Add Group Members', zh: '添加分组成员' },
  summary: { en: 'Add members to a group', zh: '添加分组成员' },
  description: {
    en: 'Adds users to a group, all or none. Who is a member already stays one, so the call can be repeated safely.',
    zh: '添加分组成员，全部成功或全部失败。已是成员的用户保持不变，可安全地重复调用。',
  },
  permission: 'group:AddMember',
  input: dto('AddGroupMembersReqDto', { userIds: memberIds, code: groupCode }),
  output: IsSuccessDto,
  answer: 'IsSuccessRespDto',
  errors: [groupErrors.notFound, userErrors.notFound, groupErrors.userLeft, groupErrors.membersFollowRule],
  audit: { operationType: 'add', resourceType: 'userGroup' },
  target: 'code',
  emits: [groupMemberAdded],
});

export const removeGroupMembers = command({
  method: 'POST',
  path: '/api/v3/remove-group-members',
  tag,
  title: { en: 'Remove Group Members', zh: '批量移除分组成员' },
  summary: { en: 'Remove members from a group', zh: '批量移除分组成员' },
  description: {
    en: 'Removes users from a group. Users who are not members are ignored, so the call can be repeated safely.',
    zh: '批量移除分组成员。不是成员的用户会被忽略，可安全地重复调用。',
  },
  permission: 'group:RemoveMember',
  input: dto('RemoveGroupMembersReqDto', { userIds: memberIds, code: groupCode }),
  output: IsSuccessDto,
  answer: 'IsSuccessRespDto',
  errors: [groupErrors.notFound, groupErrors.membersFollowRule],
  audit: { operationType: 'remove', resourceType: 'userGroup' },
  target: 'code',
  emits: [groupMemberRemoved],
});

export const listGroupMembers = query({
  method: 'GET',
  path: '/api/v3/list-group-members',
  tag,
  title: { en: 'Get Group Member List', zh: '获取分组成员列表' },
  summary: { en: 'List the members of a group', zh: '获取分组成员列表' },
  description: {
    en: 'Lists the members of a group page by page, who joined last first.',
    zh: '分页获取分组成员列表，按加入时间倒序。',
  },
  permission: 'group:ListMembers',
  input: dto('ListGroupMembersDto', {
    code: groupCode,
    ...paging,
    withCustomData,
    withIdentities,
    withDepartmentIds,
    flatCustomData,
  }),
  output: UserPagingDto,
  answer: 'UserPaginatedRespDto',
  errors: [groupErrors.notFound],
});

export const getUserGroups = query({
  method: 'GET',
  path: '/api/v3/get-user-groups',
  tag: 'Users',
  title: { en: 'Get User Group List', zh: '获取用户分组列表' },
  summary: { en: 'List the groups of a user', zh: '获取用户分组列表' },
  description: {
    en: 'Lists all groups a user is a member of, the one joined last first.',
    zh: '获取用户所在的全部分组，按加入时间倒序。',
  },
  permission: 'user:GetGroups',
  input: dto('GetUserGroupsDto', { userId, userIdType }),
  output: GroupPagingDto,
  answer: 'GroupPaginatedRespDto',
  errors: [userErrors.notFound, userErrors.customFieldNotDefined],
});

export const consequences: readonly ConsequenceDeclaration[] = [
  { of: [userResigned, userArchived, userBecamePublic, userDeleted], emits: [groupMemberRemoved] },
];
