import {
  type ConsequenceDeclaration,
  command,
  doc,
  dto,
  errors,
  event,
  IsSuccessDto,
  pageOf,
  paging,
  query,
} from '@genauth/contract';
import * as z from 'zod';
import { departmentTreeErrors } from '../department-tree/contract.ts';
import { departmentDeleted } from '../departments/contract.ts';
import { groupErrors } from '../group-directory/contract.ts';
import { groupDeleted } from '../groups/contract.ts';
import { organizationDeleted } from '../organizations/contract.ts';
import {
  namespace,
  RoleCodeDto,
  roleAssigned,
  roleCode,
  roleDeleted,
  roleErrors,
  roleReference,
  roleUnassigned,
  unixMilliseconds,
} from '../roles/contract.ts';
import {
  UserPagingDto,
  userErrors,
  withCustomData,
  withDepartmentIds,
  withIdentities,
} from '../user-directory/contract.ts';
import { userArchived, userBecamePublic, userDeleted, userResigned } from '../users/contract.ts';

export { roleAssigned, roleUnassigned } from '../roles/contract.ts';

/** A subject that was assigned roles is no more; `role.unassigned` of each of the roles goes before. */
export const roleSubjectRemoved = event('role.subject.removed', {
  webhook: 'subject:remove',
  data: z.object({
    subject: z.object({ type: z.enum(['USER', 'DEPARTMENT', 'GROUP', 'ROLE']), id: z.string() }),
    roles: z.array(roleReference).meta(doc('Roles it was assigned', '被移除前拥有的角色')),
  }),
});

export const roleAssignmentErrors = errors('role_assignment', {
  userNotEmployed: {
    statusCode: 422,
    message: { en: 'Resigned and archived users cannot be assigned roles', zh: '已离职或已归档的用户不能被授予角色' },
  },
  periodEmpty: {
    statusCode: 400,
    message: { en: 'endTime must be later than enableTime', zh: 'endTime 必须晚于 enableTime' },
  },
  circular: {
    statusCode: 422,
    message: {
      en: 'A role cannot be assigned to itself, directly or through others',
      zh: '角色不能直接或间接授予自身',
    },
  },
});

const tag = 'Roles';

const TargetDto = dto('TargetDto', {
  targetType: z
    .enum(['USER', 'ROLE', 'GROUP', 'DEPARTMENT', 'ORG'])
    .meta(doc('Kind of target; `ORG` means `DEPARTMENT`', '主体类型，`ORG` 等同于 `DEPARTMENT`', 'DEPARTMENT')),
  targetIdentifier: z
    .string()
    .min(1)
    .max(256)
    .meta(
      doc(
        'User id, department id, group code or role code',
        '主体标识：用户 ID、部门 ID、分组 Code 或角色 Code',
        '60b49eb83fd80adb96f26e68',
      ),
    ),
  namespace: z
    .string()
    .max(50)
    .optional()
    .meta(
      doc(
        'Namespace of a target role; that of the assigned role, where none is given',
        '主体为角色时其所属权限空间的 Code，不传时与被授予的角色相同',
        'default',
      ),
    ),
  includeChildrenDepartments: z
    .boolean()
    .default(true)
    .meta(
      doc(
        'Whether members of the departments below a target department get the role, too',
        '主体为部门时，其所有下级部门的成员是否也拥有该角色',
        true,
      ),
    ),
});

function targets(most: number) {
  return z
    .array(TargetDto)
    .min(1)
    .max(most)
    .meta(
      doc(`Targets, 1 to ${most}`, `目标对象，1 到 ${most} 个`, [
        { targetType: 'USER', targetIdentifier: '60b49eb83fd80adb96f26e68' },
      ]),
    );
}

const roles = z
  .array(RoleCodeDto)
  .min(1)
  .max(10)
  .meta(doc('Roles, 1 to 10', '角色列表，1 到 10 个', [{ code: 'manager', namespace: 'default' }]));

const enableTime = unixMilliseconds(
  'When the assignment begins, in Unix milliseconds; null or absent for now',
  '授权生效时间，毫秒时间戳，null 或不传表示立即生效',
  1669114748050,
);
const endTime = unixMilliseconds(
  'When the assignment ends, in Unix milliseconds; null or absent for never',
  '授权失效时间，毫秒时间戳，null 或不传表示永久有效',
  1885881887852,
);

const roleReferenceErrors = [roleErrors.notFound, roleErrors.codeInvalid, roleErrors.namespaceInvalid];
const assignment = {
  permission: 'role:Assign',
  output: IsSuccessDto,
  answer: 'IsSuccessRespDto',
  errors: [
    ...roleReferenceErrors,
    userErrors.notFound,
    departmentTreeErrors.departmentNotFound,
    groupErrors.notFound,
    roleAssignmentErrors.userNotEmployed,
    roleAssignmentErrors.circular,
  ],
  audit: { operationType: 'add', resourceType: 'roleAssign' },
  emits: [roleAssigned],
} as const;
const revocation = {
  permission: 'role:Revoke',
  output: IsSuccessDto,
  answer: 'IsSuccessRespDto',
  errors: roleReferenceErrors,
  audit: { operationType: 'remove', resourceType: 'roleAssign' },
  emits: [roleUnassigned],
} as const;

export const assignRole = command({
  method: 'POST',
  path: '/api/v3/assign-role',
  tag,
  title: { en: 'Assign Role', zh: '分配角色' },
  summary: {
    en: 'Assign a role to users, departments, groups or roles',
    zh: '分配角色，目标可以是用户、部门、分组或角色',
  },
  description: {
    en: 'Assigns a role to up to 50 targets, all or none. Assigned to a department, the members of it and of the departments below hold the role; to a group, its members; to another role, whoever holds that one. Who is assigned it already gets the time of this call. Refused when it would bring together roles that exclude each other, or lead a role back to itself.',
    zh: '将角色分配给最多 50 个目标，全部成功或全部失败。分配给部门时，该部门及其下级部门的成员拥有该角色；分配给分组时，分组成员拥有该角色；分配给角色时，拥有目标角色的用户同时拥有该角色。重复分配会更新有效期。若会导致互斥角色同时授予同一主体，或角色循环继承，则拒绝。',
  },
  input: dto('AssignRoleDto', { targets: targets(50), code: roleCode, endTime, enableTime, namespace }),
  target: 'code',
  ...assignment,
  errors: [...assignment.errors, roleAssignmentErrors.periodEmpty],
});

export const assignRoleBatch = command({
  method: 'POST',
  path: '/api/v3/assign-role-batch',
  tag,
  title: { en: 'Assign Roles in Batch', zh: '批量分配角色' },
  summary: { en: 'Assign up to 10 roles to up to 10 targets', zh: '批量分配角色，最多 10 个角色与 10 个目标' },
  description: {
    en: 'Assigns every one of the roles to every one of the targets, from now on and without end, all or none.',
    zh: '将每个角色分配给每个目标，立即生效且永久有效，全部成功或全部失败。',
  },
  input: dto('AssignRoleBatchDto', { targets: targets(10), roles }),
  ...assignment,
});

export const revokeRole = command({
  method: 'POST',
  path: '/api/v3/revoke-role',
  tag,
  title: { en: 'Revoke Role', zh: '移除分配的角色' },
  summary: { en: 'Revoke a role from users, departments, groups or roles', zh: '移除分配给主体的角色' },
  description: {
    en: 'Ends assignments of a role. Targets that are not assigned it are ignored, so the call can be repeated safely. What a user inherits otherwise he keeps.',
    zh: '移除分配给主体的角色。未被分配该角色的主体会被忽略，可安全地重复调用。用户通过其他途径继承的角色不受影响。',
  },
  input: dto('RevokeRoleDto', { targets: targets(50), code: roleCode, namespace }),
  target: 'code',
  ...revocation,
});

export const revokeRoleBatch = command({
  method: 'POST',
  path: '/api/v3/revoke-role-batch',
  tag,
  title: { en: 'Revoke Roles in Batch', zh: '批量移除分配的角色' },
  summary: { en: 'Revoke up to 10 roles from up to 50 targets', zh: '批量移除分配的角色，最多 10 个角色与 50 个目标' },
  description: {
    en: 'Ends the assignments of every one of the roles to every one of the targets.',
    zh: '移除每个主体被分配的每个所列角色。',
  },
  input: dto('RevokeRoleBatchDto', { targets: targets(50), roles }),
  ...revocation,
});

export const listRoleMembers = query({
  method: 'GET',
  path: '/api/v3/list-role-members',
  tag,
  title: { en: 'Get Role Member List', zh: '获取角色成员列表' },
  summary: { en: 'List the users a role is assigned to', zh: '获取角色成员列表' },
  description: {
    en: 'Lists the users the role is assigned to itself, and within the time of the assignment, the one assigned first first. With `includeInherited` also those who hold it through departments, groups and other roles.',
    zh: '分页获取被直接分配该角色且在有效期内的用户，按分配时间升序。传 `includeInherited` 时包含通过部门、分组、其他角色继承该角色的用户。',
  },
  permission: 'role:ListMembers',
  input: dto('ListRoleMembersDto', {
    ...paging,
    withCustomData,
    withIdentities,
    withDepartmentIds,
    code: roleCode,
    namespace,
    includeInherited: z
      .boolean()
      .default(false)
      .meta(
        doc(
          'Whether to list everybody who holds the role, by user id',
          '是否包含通过继承拥有该角色的用户，按用户 ID 排序',
          false,
        ),
      ),
  }),
  output: UserPagingDto,
  answer: 'UserPaginatedRespDto',
  errors: roleReferenceErrors,
});

export const listRoleDepartments = query({
  method: 'GET',
  path: '/api/v3/list-role-departments',
  tag,
  title: { en: 'Get Role Department List', zh: '获取角色的部门列表' },
  summary: { en: 'List the departments a role is assigned to', zh: '获取角色的部门列表' },
  description: {
    en: 'Lists the departments the role is assigned to, within the time of the assignment, the one assigned first first.',
    zh: '分页获取被分配该角色且在有效期内的部门，按分配时间升序。',
  },
  permission: 'role:ListDepartments',
  input: dto('ListRoleDepartmentsDto', { code: roleCode, namespace, ...paging }),
  output: pageOf(
    'RoleDepartmentListPagingDto',
    dto('RoleDepartmentRespDto', {
      id: z.string().meta(doc('Department id', '部门 ID', '60b49eb83fd80adb96f26e68')),
      code: z.string().meta(doc('Code, empty for none', '部门识别码，没有时为空', 'rd')),
      name: z.string().meta(doc('Name', '部门名称', '开发部')),
      description: z.string().meta(doc('Description, empty for none', '部门描述，没有时为空', '技术研发部门')),
      includeChildrenDepartments: z
        .boolean()
        .meta(
          doc('Whether the members of departments below hold the role, too', '下级部门的成员是否也拥有该角色', true),
        ),
    }),
  ),
  answer: 'RoleDepartmentListPaginatedRespDto',
  errors: roleReferenceErrors,
});

const time = z.int().nullable();

export const listRoleAssignments = query({
  method: 'GET',
  path: '/api/v3/list-role-assignments',
  tag,
  title: { en: 'Get Role Assignment List', zh: '获取角色被授权的主体列表' },
  summary: { en: 'List the assignments of a role', zh: '获取角色被授权的主体列表' },
  description: {
    en: 'Lists what a role is assigned to, whether or not the assignment takes effect now, the oldest first. With `query` only targets whose name or code contains it.',
    zh: '分页获取角色的全部授权关系（包括未生效与已失效的），按授权时间升序。传 `query` 时匹配主体的名称或 Code。',
  },
  permission: 'role:ListAssignments',
  input: dto('ListRoleAssignmentsDto', {
    ...paging,
    query: z
      .string()
      .trim()
      .max(255)
      .optional()
      .meta(doc('Part of the name or code of a target', '搜索关键词，匹配主体名称或 Code', '张三')),
    roleCode,
    namespaceCode: namespace,
    targetType: z
      .array(TargetDto.shape.targetType)
      .max(10)
      .optional()
      .meta(doc('Only targets of these kinds', '主体类型', ['USER', 'ORG'])),
  }),
  output: dto('RoleListPageDto', {
    totalCount: z.int().meta(doc('Number of all items', '记录总数', 20)),
    data: z
      .array(
        dto('RolePermissionListDto', {
          roleId: z.string().meta(doc('Role id', '角色 ID', '60b49eb83fd80adb96f26e68')),
          status: z
            .enum(['ENABLE', 'DISABLE'])
            .meta(doc('Whether the assignment takes effect now', '授权当前是否生效', 'ENABLE')),
          enableTime: time.meta(doc('When it begins, in Unix milliseconds', '生效时间，毫秒时间戳', 1670915666812)),
          endTime: time.meta(doc('When it ends, in Unix milliseconds', '失效时间，毫秒时间戳', 1885881887852)),
          userPoolId: z.string().meta(doc('User pool id', '用户池 ID', '6076bac0a1b2c3d4e5f6d8a0')),
          roleName: z.string().meta(doc('Name of the role', '角色名称', '经理')),
          roleCode,
          description: z.string().meta(doc('Description of the role', '角色描述', '部门经理')),
          createdAt: z.iso.datetime().meta(doc('When the role was assigned', '授权时间', '2022-03-17T05:23:01.567Z')),
          updatedAt: z.iso.datetime().meta(doc('Time of the last change', '修改时间', '2022-03-17T05:23:01.567Z')),
          targetType: z.enum(['USER', 'DEPARTMENT', 'GROUP', 'ROLE']).meta(doc('Kind of target', '主体类型', 'USER')),
          targetIdentifier: z
            .string()
            .meta(doc('User id, department id, group code or role code', '主体标识', '60b49eb83fd80adb96f26e68')),
          targetName: z.string().meta(doc('Name of the target', '主体名称', '张三')),
          targetNamespace: z
            .string()
            .nullable()
            .meta(doc('Namespace of a target role', '主体为角色时其所属权限空间的 Code', 'default')),
          includeChildrenDepartments: z
            .boolean()
            .meta(doc('Whether departments below a target department count', '主体为部门时是否包含下级部门', true)),
        }),
      )
      .meta(doc('Items of this page', '响应数据')),
  }),
  answer: 'RoleListPageRespDto',
  errors: roleReferenceErrors,
});

export const consequences: readonly ConsequenceDeclaration[] = [
  { of: [userResigned, userArchived, userBecamePublic], emits: [roleUnassigned] },
  {
    of: [userDeleted, groupDeleted, roleDeleted, departmentDeleted, organizationDeleted],
    emits: [roleUnassigned, roleSubjectRemoved],
  },
];
