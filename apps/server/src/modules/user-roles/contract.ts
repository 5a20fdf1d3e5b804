import { doc, dto, query } from '@genauth/contract';
import * as z from 'zod';
import { namespace, RoleCodeDto, RolePagingDto, roleErrors } from '../roles/contract.ts';
import { userErrors, userId, userIdType } from '../user-directory/contract.ts';

const tag = 'Users';

export const getUserRoles = query({
  method: 'GET',
  path: '/api/v3/get-user-roles',
  tag,
  title: { en: 'Get User Roles', zh: '获取用户角色列表' },
  summary: { en: 'List the roles a user holds', zh: '获取用户角色列表' },
  description: {
    en: 'Lists the roles a user holds in one namespace, `default` where none is named: assigned to him, to a department he belongs to or one above it, to a group of his, or to another role he holds. Disabled roles and assignments out of their time give nothing. The state of the account makes no difference here: what a suspended user would have is shown.',
    zh: '获取用户在权限空间（默认为 `default`）内拥有的角色，包括直接授权、通过所在部门及其上级部门、分组、以及其他角色继承的角色。已禁用的角色和不在有效期内的授权不生效。结果与账号状态无关，可用于查看被停用用户的角色。',
  },
  permission: 'user:GetRoles',
  input: dto('GetUserRolesDto', { userId, userIdType, namespace }),
  output: RolePagingDto,
  answer: 'RolePaginatedRespDto',
  errors: [userErrors.notFound, userErrors.customFieldNotDefined, roleErrors.namespaceInvalid],
});

export const hasAnyRole = query({
  method: 'POST',
  path: '/api/v3/has-any-role',
  tag,
  title: { en: 'Check if User Has Any Role', zh: '判断用户是否有某个角色' },
  summary: { en: 'Tell whether a user holds one of some roles', zh: '判断用户是否有某个角色' },
  description: {
    en: 'Tells whether a user holds at least one of these roles, by whatever way get-user-roles knows. A user whose account is not activated holds none, and nobody holds a role that does not exist.',
    zh: '判断用户是否拥有所列角色中的任意一个，继承规则与 get-user-roles 相同。账号未激活的用户不拥有任何角色，不存在的角色视为未拥有。',
  },
  permission: 'user:GetRoles',
  input: dto('HasAnyRoleReqDto', {
    roles: z
      .array(RoleCodeDto)
      .min(1)
      .max(50)
      .meta(doc('Roles, 1 to 50', '角色列表，1 到 50 个', [{ code: 'manager', namespace: 'default' }])),
    userId,
    options: dto('HasAnyRoleOptionsDto', { userIdType }).nullable().optional(),
  }),
  output: dto('HasAnyRoleDto', {
    hasAnyRole: z.boolean().meta(doc('Whether the user holds one of the roles', '是否拥有其中某一个角色', true)),
  }),
  answer: 'HasAnyRoleRespDto',
  errors: [userErrors.notFound, userErrors.customFieldNotDefined],
});
