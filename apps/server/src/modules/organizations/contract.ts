import {
  command,
  doc,
  dto,
  errors,
  event,
  IsSuccessDto,
  multiLanguage,
  pageOf,
  paging,
  query,
  secret,
} from '@genauth/contract';
import * as z from 'zod';
import { customDataErrors } from '../custom-values/contract.ts';
import {
  customData,
  DepartmentEventNode,
  departmentCustomDataChanged,
  departmentTreeErrors,
  descriptionText,
  isVirtualNode,
  leaderUserIds,
  linkedPostIds,
  metadata,
  nameText,
  openDepartmentId,
  organizationCode,
  postIdList,
  tenantId,
  timestamp,
  withCustomData,
  withPost,
} from '../department-tree/contract.ts';
import { postErrors } from '../posts/contract.ts';

export const organizationErrors = errors('organization', {
  codeInvalid: { statusCode: 400, message: 'invalid organization code: {code}' },
  codeTaken: {
    statusCode: 409,
    message: { en: 'organization code already exists: {code}', zh: '组织 Code 已存在：{code}' },
  },
  openDepartmentIdTaken: {
    statusCode: 409,
    message: {
      en: 'openDepartmentId already exists: {openDepartmentId}',
      zh: '自定义部门 ID 已存在：{openDepartmentId}',
    },
  },
});

const { organizationNotFound, tenantNotFound, leaderNotFound } = departmentTreeErrors;

const OrganizationNameI18nDto = dto('OrganizationNameI18nDto', {
  organizationName: multiLanguage.optional().meta(doc('Name in other languages', '组织名称的多语言内容')),
});

const organizationName = nameText.meta(doc('Organization name', '组织名称', '蒸汽记忆'));
const description = descriptionText.meta(doc('Description', '组织描述信息', '组织描述信息'));

/** An organization is its root department; this is how V3 shows the two as one. */
export const OrganizationDto = dto('OrganizationDto', {
  organizationCode,
  organizationName: z.string().meta(doc('Organization name', '组织名称', '蒸汽记忆')),
  description: z
    .string()
    .nullable()
    .optional()
    .meta(doc('Description', '组织描述信息', '组织描述信息')),
  createdAt: timestamp.optional().meta(doc('Time of creation', '创建时间', '2022-07-03T02:20:30.000Z')),
  updatedAt: timestamp.optional().meta(doc('Time of the last change', '修改时间', '2022-07-03T02:20:30.000Z')),
  departmentId: z.string().meta(doc('Id of the root department', '根节点 ID', '60b49eb83fd80adb96f26e68')),
  openDepartmentId: openDepartmentId.nullable().optional(),
  hasChildren: z.boolean().meta(doc('Whether there are departments below the root', '是否包含子节点', true)),
  leaderUserIds: leaderUserIds.optional(),
  membersCount: z.int().meta(doc('Number of direct members of the root department', '根部门的直属成员数', 150)),
  isVirtualNode,
  i18n: OrganizationNameI18nDto.nullable().optional(),
  customData: customData.optional(),
  tenantId: z
    .string()
    .nullable()
    .optional()
    .meta(doc('Tenant id', '租户 ID', '623c20b2a062aaaaf41b17da')),
  postIdList: linkedPostIds.optional(),
  status: z
    .string()
    .optional()
    .meta(doc('`true` or `false`: whether the organization is enabled', '状态', 'true')),
  allow: z.string().nullable().optional().meta(doc('Access restriction', '访问限制')),
});

const OrganizationPagingDto = pageOf('OrganizationPagingDto', OrganizationDto);

const OrganizationEventData = z.object({
  organization: z.object({ id: z.string(), code: z.string(), name: z.string() }),
  rootNode: DepartmentEventNode,
});

export const organizationCreated = event('organization.created', {
  webhook: 'organization:created',
  data: OrganizationEventData,
});
export const organizationUpdated = event('organization.updated', {
  webhook: 'organization:node-updated',
  data: OrganizationEventData,
});
export const organizationTreeChanged = event('organization.tree.changed', {
  webhook: 'organization:tree-updated',
  data: OrganizationEventData,
});
export const organizationDeleted = event('organization.deleted', {
  webhook: 'organization:deleted',
  data: OrganizationEventData,
});

const tag = 'Organizations';

export const getOrganization = query({
  method: 'GET',
  path: '/api/v3/get-organization',
  tag,
  title: { en: 'Get Organization Details', zh: '获取组织机构详情' },
  summary: { en: 'Get an organization', zh: '获取组织机构详情' },
  description: { en: 'Gets an organization by its code.', zh: '通过组织 Code 获取组织机构详情。' },
  permission: 'organization:Get',
  input: dto('GetOrganizationDto', { organizationCode, withCustomData, withPost, tenantId }),
  output: OrganizationDto,
  answer: 'OrganizationSingleRespDto',
  errors: [organizationNotFound, tenantNotFound],
});

export const getOrganizationsBatch = query({
  method: 'GET',
  path: '/api/v3/get-organization-batch',
  tag,
  title: { en: 'Batch Get Organization Details', zh: '批量获取组织机构详情' },
  summary: { en: 'Get several organizations', zh: '批量获取组织机构详情' },
  description: {
    en: 'Gets organizations by their codes, in the order asked for. Unknown codes are missing from the answer.',
    zh: '通过组织 Code 列表批量获取组织机构详情，不存在的 Code 不会出现在结果中。',
  },
  permission: 'organization:Get',
  input: dto('GetOrganizationBatchDto', {
    organizationCodeList: z
      .array(organizationCode)
      .min(1)
      .max(50)
      .meta(doc('Organization codes, at most 50', '组织 Code 列表，最多 50 个', ['code1', 'code2'])),
    withCustomData,
    withPost,
    tenantId,
  }),
  output: z.array(OrganizationDto),
  answer: 'OrganizationListRespDto',
  errors: [tenantNotFound],
});

export const listOrganizations = query({
  method: 'GET',
  path: '/api/v3/list-organizations',
  tag,
  title: { en: 'Get Organization List', zh: '获取组织机构列表' },
  summary: { en: 'List organizations', zh: '获取组织机构列表' },
  description: {
    en: 'Lists the organizations of the user pool, oldest first.',
    zh: '分页获取用户池的组织机构列表，按创建时间升序。',
  },
  permission: 'organization:List',
  input: dto('ListOrganizationsDto', {
    ...paging,
    fetchAll: z
      .boolean()
      .default(false)
      .meta(doc('All organizations on one page', '拉取所有', false)),
    withCustomData,
    withPost,
    tenantId,
    status: z
      .boolean()
      .optional()
      .meta(doc('Only enabled or only disabled ones', '组织的状态', true)),
  }),
  output: OrganizationPagingDto,
  answer: 'OrganizationPaginatedRespDto',
  errors: [tenantNotFound],
});

export const searchOrganizations = query({
  method: 'GET',
  path: '/api/v3/search-organizations',
  tag,
  title: { en: 'Search Organization List', zh: '搜索组织机构列表' },
  summary: { en: 'Search organizations', zh: '搜索组织机构列表' },
  description: {
    en: 'Lists the organizations whose name or code contains the keywords, whatever their case.',
    zh: '通过关键词搜索组织机构，匹配名称或 Code，不区分大小写。',
  },
  permission: 'organization:List',
  input: dto('SearchOrganizationsDto', {
    keywords: z
      .string()
      .trim()
      .min(1)
      .max(255)
      .meta(doc('Keywords', '搜索关键词，如组织机构名称', 'Authing')),
    ...paging,
    withCustomData,
    tenantId,
  }),
  output: OrganizationPagingDto,
  answer: 'OrganizationPaginatedRespDto',
  errors: [tenantNotFound],
});

export const createOrganization = command({
  method: 'POST',
  path: '/api/v3/create-organization',
  tag,
  title: { en: 'Create Organization', zh: '创建组织机构' },
  summary: { en: 'Create an organization', zh: '创建组织机构' },
  description: {
    en: 'Creates an organization, which has one department at first: the root, of the same name. An empty code lets the server make one.',
    zh: '创建组织机构，会创建一个只有一个节点的组织机构。组织 Code 为空时由系统生成。',
  },
  permission: 'organization:Create',
  input: dto('CreateOrganizationReqDto', {
    metadata,
    organizationName,
    organizationCode: organizationCode.default(''),
    description: description.nullable().optional(),
    openDepartmentId: openDepartmentId.nullable().optional(),
    i18n: OrganizationNameI18nDto.nullable().optional(),
    tenantId,
    // Ours: in V3 only the root department takes it.
    customData: secret(customData.nullable().optional()),
    postIdList: postIdList.nullable().optional(),
  }),
  output: OrganizationDto,
  answer: 'OrganizationSingleRespDto',
  errors: [
    organizationErrors.codeInvalid,
    organizationErrors.codeTaken,
    organizationErrors.openDepartmentIdTaken,
    postErrors.idNotFound,
    ...customDataErrors,
    tenantNotFound,
  ],
  audit: { operationType: 'create', resourceType: 'org' },
  emits: [organizationCreated],
});

export const updateOrganization = command({
  method: 'POST',
  path: '/api/v3/update-organization',
  tag,
  title: { en: 'Update Organization', zh: '修改组织机构' },
  summary: { en: 'Update an organization', zh: '修改组织机构' },
  description: {
    en: 'Changes what is given of an organization and its root department. An empty new code changes nothing.',
    zh: '通过组织 Code 修改组织机构，仅修改传入的字段。新 Code 为空时不修改。',
  },
  permission: 'organization:Update',
  input: dto('UpdateOrganizationReqDto', {
    organizationCode,
    description: description.nullable().optional(),
    openDepartmentId: openDepartmentId.nullable().optional(),
    leaderUserIds: leaderUserIds.nullable().optional(),
    i18n: OrganizationNameI18nDto.nullable().optional(),
    tenantId,
    organizationNewCode: z
      .string()
      .max(64)
      .nullable()
      .optional()
      .meta(doc('New organization code', '新组织 Code', 'steamory2')),
    organizationName: organizationName.nullable().optional(),
    // Ours: in V3 only the root department takes it.
    customData: secret(customData.nullable().optional()),
    postIdList: postIdList.nullable().optional(),
  }),
  output: OrganizationDto,
  answer: 'OrganizationSingleRespDto',
  errors: [
    organizationNotFound,
    tenantNotFound,
    organizationErrors.codeInvalid,
    organizationErrors.codeTaken,
    organizationErrors.openDepartmentIdTaken,
    postErrors.idNotFound,
    ...customDataErrors,
    leaderNotFound,
  ],
  audit: { operationType: 'update', resourceType: 'org' },
  target: 'organizationCode',
  emits: [organizationUpdated, organizationTreeChanged, departmentCustomDataChanged],
});

export const deleteOrganization = command({
  method: 'POST',
  path: '/api/v3/delete-organization',
  tag,
  title: { en: 'Delete Organization', zh: '删除组织机构' },
  summary: { en: 'Delete an organization', zh: '删除组织机构' },
  description: {
    en: 'Deletes an organization with all its departments and memberships. The users stay.',
    zh: '通过组织 Code 删除组织机构及其所有部门与成员关系，用户本身不会被删除。',
  },
  permission: 'organization:Delete',
  input: dto('DeleteOrganizationReqDto', { organizationCode: organizationCode.min(1), tenantId }),
  output: IsSuccessDto,
  answer: 'IsSuccessRespDto',
  errors: [organizationNotFound, tenantNotFound],
  audit: { operationType: 'delete', resourceType: 'org' },
  target: 'organizationCode',
  emits: [organizationDeleted],
});

export const updateOrganizationStatus = command({
  method: 'POST',
  path: '/api/v3/update-organization-status',
  tag,
  title: { en: 'Update Organization Status', zh: '更新组织机构状态' },
  summary: { en: 'Enable or disable an organization', zh: '更新组织机构状态' },
  description: {
    en: 'Enables or disables an organization by the id of its root department. Without `status` it is enabled.',
    zh: '通过根节点 ID 启用或禁用组织机构，未传 `status` 时为启用。',
  },
  permission: 'organization:Update',
  input: dto('UpdateOrganizationStatusReqDto', {
    rootNodeId: z
      .string()
      .min(1)
      .max(64)
      .meta(doc('Id of the root department', '根节点 ID', '623c20b2a062aaaaf41b17da')),
    status: z
      .union([z.enum(['true', 'false']), z.boolean()])
      .optional()
      .meta(doc('`true` enables, `false` disables', '状态', 'false')),
  }),
  output: IsSuccessDto,
  answer: 'IsSuccessRespDto',
  errors: [departmentTreeErrors.departmentNotFound],
  audit: { operationType: 'update', resourceType: 'org' },
  target: 'rootNodeId',
  emits: [organizationUpdated],
});
