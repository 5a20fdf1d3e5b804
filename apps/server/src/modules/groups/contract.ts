import { type AnyErrorFactory, command, doc, dto, event, IsSuccessDto, paging, query, secret } from '@genauth/contract';
import * as z from 'zod';
import { customDataErrors } from '../custom-values/contract.ts';
import { departmentTreeErrors } from '../department-tree/contract.ts';
import {
  GroupDto,
  GroupEventData,
  GroupList,
  GroupPagingDto,
  groupCode,
  groupCustomData,
  groupDescription,
  groupErrors,
  groupName,
  groupType,
  newGroupCode,
} from '../group-directory/contract.ts';
import { groupRule, groupRuleErrors } from '../group-rules/contract.ts';
import { flatCustomData, optionalField, withCustomData } from '../user-directory/contract.ts';

const ruleErrors: readonly AnyErrorFactory[] = [
  groupErrors.ruleNotWanted,
  groupErrors.tooManyDynamic,
  ...Object.values(groupRuleErrors),
  departmentTreeErrors.organizationNotFound,
  departmentTreeErrors.departmentNotFound,
  departmentTreeErrors.customFieldNotDefined,
];

export const groupCreated = event('group.created', { webhook: 'group:created', data: GroupEventData });
export const groupUpdated = event('group.updated', {
  webhook: 'group:updated',
  data: GroupEventData.extend({
    updates: z.record(z.string(), z.unknown()).meta(doc('Changed fields with their new values', '变更的字段及新值')),
  }),
});
export const groupDeleted = event('group.deleted', { webhook: 'group:deleted', data: GroupEventData });

const tag = 'Groups';

export const getGroup = query({
  method: 'GET',
  path: '/api/v3/get-group',
  tag,
  title: { en: 'Get Group Details', zh: '获取分组详情' },
  summary: { en: 'Get a group', zh: '获取分组详情' },
  description: { en: 'Gets a group by its code.', zh: '通过分组 code，获取分组详情。' },
  permission: 'group:Get',
  input: dto('GetGroupDto', { code: groupCode, withCustomData }),
  output: GroupDto,
  answer: 'GroupSingleRespDto',
  errors: [groupErrors.notFound],
});

export const listGroups = query({
  method: 'GET',
  path: '/api/v3/list-groups',
  tag,
  title: { en: 'Get Group List', zh: '获取分组列表' },
  summary: { en: 'List groups', zh: '获取分组列表' },
  description: {
    en: 'Lists groups page by page, the newest first. `keywords` are looked for in code, name and description.',
    zh: '分页获取分组列表，按创建时间倒序。`keywords` 会匹配分组 code、名称和描述。',
  },
  permission: 'group:List',
  input: dto('ListGroupsDto', {
    keywords: z
      .string()
      .trim()
      .max(255)
      .optional()
      .meta(doc('Part of code, name or description', '分组 code、名称或描述中的关键词', '开发')),
    ...paging,
    withMetadata: z
      .boolean()
      .default(false)
      .meta({ ...doc('Formerly data of linked objects', '是否展示元数据内容（已废弃）', false), deprecated: true }),
    withCustomData,
    flatCustomData,
  }),
  output: GroupPagingDto,
  answer: 'GroupPaginatedRespDto',
  errors: [],
});

export const getAllGroups = query({
  method: 'GET',
  path: '/api/v3/get-all-groups',
  tag,
  title: { en: 'Get All Groups', zh: '获取所有分组' },
  summary: { en: 'Get all groups', zh: '获取所有分组' },
  description: {
    en: 'Gets all groups at once, the oldest first; with `fetchMembers` each with its members, as long as those are not more than 10,000 in all.',
    zh: '一次获取所有分组，按创建时间排序。传 `fetchMembers` 时包含成员，成员总数不能超过 10000。',
  },
  permission: 'group:List',
  input: dto('GetAllGroupsDto', {
    fetchMembers: z
      .boolean()
      .default(false)
      .meta(doc('Whether to return members', '是否拉取成员列表', false)),
    withCustomData,
  }),
  output: GroupList,
  answer: 'GroupListRespDto',
  errors: [groupErrors.tooManyMembers],
});

const CreateGroupReqDto = dto('CreateGroupReqDto', {
  type: optionalField(groupType),
  description: optionalField(groupDescription),
  name: optionalField(groupName),
  code: newGroupCode,
  customData: secret(optionalField(groupCustomData)),
  rule: optionalField(groupRule),
});

export const createGroup = command({
  method: 'POST',
  path: '/api/v3/create-group',
  tag,
  title: { en: 'Create Group', zh: '创建分组' },
  summary: { en: 'Create a group', zh: '创建分组' },
  description: {
    en: 'Creates a group. Its code names it everywhere and must be unique in the user pool. Members of a `dynamic` group follow from its `rule`: a job finds them, named in `evaluation`, and every later change of a user is followed at once.',
    zh: '创建分组，一个分组必须包含一个用户池内唯一的标识符（code）。`dynamic` 分组的成员由 `rule` 决定：首次由 `evaluation` 中的任务计算，之后用户变更时实时更新。',
  },
  permission: 'group:Create',
  input: CreateGroupReqDto,
  output: GroupDto,
  answer: 'GroupSingleRespDto',
  errors: [groupErrors.codeTaken, ...customDataErrors, ...ruleErrors],
  audit: { operationType: 'create', resourceType: 'userGroup' },
  target: 'code',
  emits: [groupCreated],
});

export const createOrUpdateGroup = command({
  method: 'POST',
  path: '/api/v3/create-or-update-group',
  tag,
  title: { en: 'Create or Update Group', zh: '创建或修改分组' },
  summary: { en: 'Create a group, or update the one with this code', zh: '创建或修改分组' },
  description: {
    en: 'Creates a group, or changes the one that has this code already. What is absent stays as it is. `created` tells which of the two happened.',
    zh: '不存在时则创建，存在时则进行更新，未传的字段保持不变。`created` 表示是否为新创建。',
  },
  permission: 'group:Create',
  input: dto('CreateOrUpdateGroupReqDto', CreateGroupReqDto.shape),
  output: dto('CreateOrUpdateGroupDataDto', {
    created: z.boolean().meta(doc('Whether the group was created by this call', '是否创建', true)),
    data: GroupDto,
  }),
  answer: 'CreateOrUpdateGroupRespDto',
  errors: [...customDataErrors, groupErrors.typeFixed, ...ruleErrors],
  audit: { operationType: 'create', resourceType: 'userGroup' },
  target: 'code',
  emits: [groupCreated, groupUpdated],
});

export const createGroupsBatch = command({
  method: 'POST',
  path: '/api/v3/create-groups-batch',
  tag,
  title: { en: 'Create Groups in Batch', zh: '批量创建分组' },
  summary: { en: 'Create up to 50 groups', zh: '批量创建分组，最多 50 个' },
  description: {
    en: 'Creates groups, all or none: one code that is taken, or occurs twice, and nothing is created.',
    zh: '批量创建分组，全部成功或全部失败：存在重复的 code 时不会创建任何分组。',
  },
  permission: 'group:Create',
  input: dto('CreateGroupBatchReqDto', {
    list: z.array(CreateGroupReqDto).min(1).max(50).meta(doc('Groups, 1 to 50', '批量分组，1 到 50 个')),
  }),
  output: GroupList,
  answer: 'GroupListRespDto',
  errors: [groupErrors.codeTaken, ...customDataErrors, ...ruleErrors],
  audit: { operationType: 'create', resourceType: 'userGroup' },
  emits: [groupCreated],
});

export const updateGroup = command({
  method: 'POST',
  path: '/api/v3/update-group',
  tag,
  title: { en: 'Update Group', zh: '修改分组' },
  summary: { en: 'Update a group', zh: '修改分组' },
  description: {
    en: 'Changes what is given of a group and leaves the rest. `newCode` replaces its code; members stay. A new `rule` of a dynamic group is evaluated by the job named in `evaluation`.',
    zh: '通过分组 code 修改分组，未传的字段保持不变。`newCode` 用于修改分组 code，成员不受影响。修改动态分组的 `rule` 后由 `evaluation` 中的任务重新计算成员。',
  },
  permission: 'group:Update',
  input: dto('UpdateGroupReqDto', {
    description: optionalField(groupDescription),
    code: groupCode,
    name: optionalField(groupName),
    newCode: optionalField(
      z
        .string()
        .max(64)
        .regex(/^[A-Za-z0-9_-]*$/)
        .meta(doc('New code; empty leaves it', '分组新的 code，为空时不变', 'developer')),
    ),
    customData: secret(optionalField(groupCustomData)),
    rule: optionalField(groupRule),
  }),
  output: GroupDto,
  answer: 'GroupSingleRespDto',
  errors: [groupErrors.notFound, groupErrors.codeTaken, ...customDataErrors, ...ruleErrors],
  audit: { operationType: 'update', resourceType: 'userGroup' },
  target: 'code',
  emits: [groupUpdated],
});

export const deleteGroupsBatch = command({
  method: 'POST',
  path: '/api/v3/delete-groups-batch',
  tag,
  title: { en: 'Delete Groups in Batch', zh: '批量删除分组' },
  summary: { en: 'Delete up to 50 groups', zh: '批量删除分组，最多 50 个' },
  description: {
    en: 'Deletes groups with their memberships; the users stay. Codes that name no group are ignored, so the call can be repeated safely.',
    zh: '通过分组 code，批量删除分组及其成员关系，用户不会被删除。不存在的分组会被忽略，可安全地重复调用。',
  },
  permission: 'group:Delete',
  input: dto('DeleteGroupsReqDto', {
    codeList: z
      .array(groupCode)
      .min(1)
      .max(50)
      .meta(doc('Codes of the groups, 1 to 50', '分组 code 列表，1 到 50 个', ['developer'])),
  }),
  output: IsSuccessDto,
  answer: 'IsSuccessRespDto',
  errors: [],
  audit: { operationType: 'delete', resourceType: 'userGroup' },
  emits: [groupDeleted],
});

const resourceTypes = ['DATA', 'API', 'MENU', 'BUTTON', 'UI'] as const;

const PolicyCondition = dto('PolicyCondition', {
  param: z.string().meta(doc('What is compared', '策略条件类型', 'AppId')),
  operator: z.string().meta(doc('How it is compared', '策略条件操作类型', 'StringEquals')),
  value: z.string().meta(doc('What it is compared with', '策略条件取值', '1')),
});

/** A resource that someone may use, with what he may do to it. */
export const AuthorizedResourceDto = dto('AuthorizedResourceDto', {
  resourceCode: z.string().meta(doc('Code of the resource', '资源描述符', 'ecs:1')),
  description: z
    .string()
    .optional()
    .meta(doc('Description', '资源描述信息', '服务器')),
  condition: z.array(PolicyCondition).optional().meta(doc('Under which conditions', '策略条件')),
  resourceType: z.enum(resourceTypes).meta(doc('Kind of the resource', '资源类型', 'API')),
  apiIdentifier: z
    .string()
    .optional()
    .meta(doc('URL of an API', 'API URL', '/api/v1/example')),
  actions: z.array(z.string()).meta(doc('Actions', '被授权的操作列表', ['ecs:Start', 'ecs:Stop'])),
  effect: z.enum(['ALLOW', 'DENY']).meta(doc('Whether they are allowed or denied', '允许还是拒绝', 'ALLOW')),
});

export const getGroupAuthorizedResources = query({
  method: 'GET',
  path: '/api/v3/get-group-authorized-resources',
  tag,
  title: { en: 'Get Group Authorized Resources', zh: '获取分组被授权的资源列表' },
  summary: { en: 'List the resources a group may use', zh: '获取分组被授权的资源列表' },
  description: {
    en: 'Lists the resources a group was authorized for, of one permission space and one kind where those are given.',
    zh: '通过分组 code，获取分组被授权的资源列表，可以通过资源类型、权限分组 code 筛选。',
  },
  permission: 'group:ListAuthorizedResources',
  input: dto('GetGroupAuthorizedResourcesDto', {
    code: groupCode,
    namespace: z
      .string()
      .max(64)
      .optional()
      .meta(doc('Code of the permission space', '所属权限分组（权限空间）的 code', 'default')),
    resourceType: z
      .enum(resourceTypes)
      .optional()
      .meta(doc('Kind of the resources', '资源类型', 'API')),
  }),
  output: z.array(AuthorizedResourceDto),
  answer: 'AuthorizedResourceListRespDto',
  errors: [groupErrors.notFound],
});
