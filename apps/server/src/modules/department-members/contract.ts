import { command, doc, dto, errors, event, IsSuccessDto, paging, query } from '@genauth/contract';
import * as z from 'zod';
import {
  DepartmentEventNode,
  departmentReference,
  departmentTreeErrors,
  withCustomData,
} from '../department-tree/contract.ts';
import { UserPagingDto, userErrors } from '../user-directory/contract.ts';

export const departmentMemberErrors = errors('department_member', {
  userNotEmployed: {
    statusCode: 422,
    message: { en: 'Resigned and archived users cannot join departments', zh: '已离职或已归档的用户不能加入部门' },
  },
});

const { organizationCode, departmentId, departmentIdType, tenantId } = departmentReference;
const { organizationNotFound, departmentNotFound, tenantNotFound, customFieldNotDefined } = departmentTreeErrors;
const findErrors = [organizationNotFound, departmentNotFound, tenantNotFound, customFieldNotDefined];

/** V3's webhooks carry the department and the user; anything more of the user is one call away. */
const membershipData = z.object({
  node: DepartmentEventNode,
  user: z.object({ id: z.string(), username: z.string().nullable(), email: z.string().nullable() }),
});

export const departmentMemberAdded = event('department.member.added', {
  webhook: 'organization:member-added',
  data: membershipData,
});
export const departmentMemberRemoved = event('department.member.removed', {
  webhook: 'organization:member-removed',
  data: membershipData,
});
export const userDepartmentsChanged = event('user.departments.changed', {
  webhook: 'user:organization-node-update',
  topic: 'authing.user.updated',
  data: z.object({
    user: membershipData.shape.user,
    departmentIds: z.array(z.string()).meta(doc('Departments of the user afterwards', '变更后的部门')),
  }),
});

const tag = 'Departments';

/** V3 states no limit; siblings of this call take 50. Twice that is accepted. */
const userIds = z
  .array(z.string().min(1).max(64))
  .min(1)
  .max(100)
  .meta(doc('User ids, at most 100', '用户 ID 列表，最多 100 个', ['623c20b2a062aaaaf41b17da']));

const includeChildrenDepartments = z
  .boolean()
  .default(false)
  .meta(doc('Whether departments below count too', '是否包含子部门的成员', false));

const userFlags = {
  withCustomData,
  withIdentities: z
    .boolean()
    .default(false)
    .meta(doc('Whether to return identities', '是否获取 identities', true)),
  withDepartmentIds: z
    .boolean()
    .default(false)
    .meta(doc("Whether to return the ids of the user's departments", '是否获取部门 ID 列表', true)),
};

export const listDepartmentMembers = query({
  method: 'GET',
  path: '/api/v3/list-department-members',
  tag,
  title: { en: 'Get Department Member List', zh: '获取部门成员列表' },
  summary: { en: 'List the members of a department', zh: '获取部门成员列表' },
  description: {
    en: 'Lists the users of a department, by the time they joined it unless another order is asked for. With `includeChildrenDepartments` also those of all departments below; a user in several of them is listed once and counted once.',
    zh: '获取部门成员列表，默认按加入时间排序。传 `includeChildrenDepartments` 时包含所有下级部门的成员，同一用户只出现一次。',
  },
  permission: 'department:ListMembers',
  input: dto('ListDepartmentMembersDto', {
    organizationCode,
    departmentId,
    sortBy: z
      .enum(['Default', 'JoinDepartmentAt', 'userId', 'createAt', 'updatedAt'])
      .default('JoinDepartmentAt')
      .meta(doc('What to order by', '排序依据', 'JoinDepartmentAt')),
    orderBy: z
      .enum(['Asc', 'Desc'])
      .default('Desc')
      .meta(doc('Direction', '增序还是倒序', 'Desc')),
    departmentIdType,
    includeChildrenDepartments,
    ...paging,
    ...userFlags,
    tenantId,
  }),
  output: UserPagingDto,
  answer: 'UserPaginatedRespDto',
  errors: findErrors,
});

export const listDepartmentMemberIds = query({
  method: 'GET',
  path: '/api/v3/list-department-member-ids',
  tag,
  title: { en: 'Get Department Direct Member ID List', zh: '获取部门直属成员 ID 列表' },
  summary: { en: 'List the ids of the direct members of a department', zh: '获取部门直属成员 ID 列表' },
  description: {
    en: 'Lists the ids of the users who are direct members, in the order they joined. Not paged.',
    zh: '获取部门直属成员 ID 列表，按加入时间排序，不分页。',
  },
  permission: 'department:ListMembers',
  input: dto('ListDepartmentMemberIdsDto', departmentReference),
  output: z.array(z.string()),
  answer: 'UserIdListRespDto',
  errors: findErrors,
});

export const searchDepartmentMembers = query({
  method: 'GET',
  path: '/api/v3/search-department-members',
  tag,
  title: { en: 'Search Department Members', zh: '搜索部门下的成员' },
  summary: { en: 'Search the members of a department', zh: '搜索部门下的成员' },
  description: {
    en: 'Lists the members whose name, username, nickname, email or phone contains the keywords, whatever their case.',
    zh: '通过关键词搜索部门成员，匹配姓名、用户名、昵称、邮箱、手机号，不区分大小写。',
  },
  permission: 'department:ListMembers',
  input: dto('SearchDepartmentMembersDto', {
    organizationCode,
    departmentId,
    keywords: z
      .string()
      .trim()
      .min(1)
      .max(255)
      .meta(doc('Keywords', '搜索关键词，如成员名称', '张三')),
    ...paging,
    departmentIdType,
    includeChildrenDepartments,
    ...userFlags,
    tenantId,
  }),
  output: UserPagingDto,
  answer: 'UserPaginatedRespDto',
  errors: findErrors,
});

export const isUserInDepartment = query({
  method: 'GET',
  path: '/api/v3/is-user-in-department',
  tag,
  title: { en: 'Check if User is in Department', zh: '判断用户是否在某个部门下' },
  summary: { en: 'Tell whether a user is in a department', zh: '判断用户是否在某个部门下' },
  description: {
    en: 'Tells whether a user is a member of a department or, with `includeChildrenDepartments`, of any below it.',
    zh: '判断用户是否在某个部门下，传 `includeChildrenDepartments` 时包含所有下级部门。',
  },
  permission: 'department:ListMembers',
  input: dto('IsUserInDepartmentDto', {
    userId: z
      .string()
      .min(1)
      .max(64)
      .meta(doc('User id', '用户唯一标志', '6229ffaxxxxxxxxcade3e3d9')),
    organizationCode,
    departmentId,
    departmentIdType,
    includeChildrenDepartments,
    tenantId,
  }),
  output: dto('IsUserInDepartmentDataDto', {
    inDepartment: z.boolean().meta(doc('Whether the user is in the department', '是否在此部门内', true)),
  }),
  answer: 'IsUserInDepartmentRespDto',
  errors: [...findErrors, userErrors.notFound],
});

export const addDepartmentMembers = command({
  method: 'POST',
  path: '/api/v3/add-department-members',
  tag,
  title: { en: 'Add Department Members', zh: '部门下添加成员' },
  summary: { en: 'Add members to a department', zh: '部门下添加成员' },
  description: {
    en: 'Adds users to a department, all or none. Who is a member already stays one, with the time he joined. A first department becomes the main department, unless it is virtual.',
    zh: '部门下添加成员，全部成功或全部失败。已是成员的用户保持不变。用户加入的第一个非虚拟部门会成为其主部门。',
  },
  permission: 'department:AddMember',
  input: dto('AddDepartmentMembersReqDto', { userIds, ...departmentReference }),
  output: IsSuccessDto,
  answer: 'IsSuccessRespDto',
  errors: [...findErrors, userErrors.notFound, departmentMemberErrors.userNotEmployed],
  audit: { operationType: 'add', resourceType: 'org' },
  target: 'departmentId',
  emits: [departmentMemberAdded, userDepartmentsChanged],
});

export const removeDepartmentMembers = command({
  method: 'POST',
  path: '/api/v3/remove-department-members',
  tag,
  title: { en: 'Remove Department Members', zh: '部门下删除成员' },
  summary: { en: 'Delete members under a department', zh: '部门下删除成员' },
  description: {
    en: 'Removes users from one department, by department id and organization code. Users who are not direct members of it are ignored, so the call can be repeated safely. Public accounts are unlinked from it.',
    zh: '通过部门 ID、组织 Code 删除部门下成员。不是该部门直属成员的用户会被忽略，可安全地重复调用。传入公共账号时解除其与该部门的关联。',
  },
  permission: 'department:RemoveMember',
  input: dto('RemoveDepartmentMembersReqDto', { userIds, ...departmentReference }),
  output: IsSuccessDto,
  answer: 'IsSuccessRespDto',
  errors: findErrors,
  audit: { operationType: 'remove', resourceType: 'org' },
  target: 'departmentId',
  emits: [departmentMemberRemoved, userDepartmentsChanged],
});
