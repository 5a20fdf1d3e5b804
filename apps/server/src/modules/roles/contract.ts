import { command, doc, dto, errors, event, IsSuccessDto, pageOf, paging, query, secret } from '@genauth/contract';
import * as z from 'zod';
import { changedCustomData, customDataErrors } from '../custom-values/contract.ts';

export const roleErrors = errors('role', {
  notFound: { statusCode: 404, message: { en: 'Role not found', zh: '角色不存在' } },
  codeInvalid: { statusCode: 400, message: 'invalid role code: {code}' },
  codeMissing: { statusCode: 400, message: 'role code must not empty' },
  codeTaken: { statusCode: 409, message: { en: 'role code already exists: {code}', zh: '角色标识符已存在' } },
  namespaceInvalid: { statusCode: 400, message: 'invalid namespace code: {namespace}' },
  namespaceReserved: {
    statusCode: 403,
    message: {
      en: "can't use permission namespace code 'system': it is for the roles of administrators, see create-admin-role",
      zh: "不能使用权限空间 'system'：该空间仅用于管理员角色，请使用 create-admin-role",
    },
  },
});

/** Where roles live that name no namespace. */
export const defaultNamespace = 'default';

/** Where roles of administrators live, and nothing else. */
export const systemNamespace = 'system';

const maxCodeLength = 50;

export const roleCode = z
  .string()
  .max(maxCodeLength)
  .meta(
    doc(
      'Role code: letters, digits, `-` and `_`, unique in its namespace',
      '角色 Code，由字母、数字、`-`、`_` 组成，权限空间内唯一',
      'manager',
    ),
  );

export const namespace = z
  .string()
  .max(maxCodeLength)
  .default(defaultNamespace)
  .meta(doc('Code of the permission namespace', '所属权限空间的 Code', 'default'));

/** One role, as lists of roles name it. */
export const RoleCodeDto = dto('RoleCodeDto', { code: roleCode, namespace });

const name = z
  .string()
  .trim()
  .max(255)
  .meta(doc('Name; the code, where none is given', '角色名称，不传时与 Code 相同', '经理'));
const description = z
  .string()
  .max(200)
  .meta(doc('Description', '角色描述', '部门经理'));

/**
 * A point in time in Unix milliseconds; clients send numbers and texts, and typed ones an empty text for what was not given.
 * Later than year 9999 nobody means.
 */
export function unixMilliseconds(english: string, chinese: string, example: number) {
  return z
    .union([z.int().min(0).max(253_402_300_799_999), z.string().regex(/^\d{0,14}$/)])
    .nullable()
    .optional()
    .meta(doc(english, chinese, example));
}

const disableTime = unixMilliseconds(
  'When the role disables itself, in Unix milliseconds; null for never',
  '角色自动禁用时间，毫秒时间戳，null 表示永久有效',
  1885881887852,
);

const customData = z
  .record(z.string(), z.unknown())
  .meta(doc('Custom data; keys must be defined fields', '自定义数据，key 需先定义扩展字段', { icon: 'crown' }));

/** Kept out of audit rows, for what of it is encrypted. */
const customDataInput = secret(customData.nullable().optional());

export const RoleDto = dto('RoleDto', {
  id: z.string().meta(doc('Role id', '角色 ID', '60b49eb83fd80adb96f26e68')),
  code: roleCode,
  name,
  description,
  namespace: z.string().meta(doc('Code of the permission namespace', '所属权限空间的 Code', 'default')),
  namespaceName: z.string().meta(doc('Name of the permission namespace', '所属权限空间的名称', 'default')),
  status: z
    .enum(['ENABLE', 'DISABLE'])
    .meta(
      doc(
        'Whether the role takes effect; `DISABLE` too once its time has come',
        '角色状态，到达禁用时间后为 `DISABLE`',
        'ENABLE',
      ),
    ),
  disableTime: z
    .int()
    .nullable()
    .meta(doc('When the role disables itself, in Unix milliseconds', '角色自动禁用时间，毫秒时间戳', 1885881887852)),
  enablePermissionApply: z.boolean().meta(doc('Whether people may apply for the role', '是否允许申请该角色', false)),
  customData: customData.optional(),
});

export const RolePagingDto = pageOf('RolePagingDto', RoleDto);

const roleData = z.object({ role: RoleDto });

export const roleCreated = event('role.created', { webhook: 'role:created', data: roleData });
export const roleUpdated = event('role.updated', {
  webhook: 'role:updated',
  data: roleData.extend({
    updates: z.record(z.string(), z.unknown()).meta(doc('Changed fields with their new values', '变更的字段及新值')),
  }),
});
export const roleDisabled = event('role.disabled', { webhook: 'role:disable', data: roleData });
export const roleDeleted = event('role.deleted', { webhook: 'role:deleted', data: roleData });
export const roleCustomDataChanged = event('role.custom_data.changed', {
  webhook: 'role:udv-changed',
  data: roleData.extend({ updates: changedCustomData }),
});

/** A role as events name it. */
export const roleReference = z.object({ id: z.string(), code: z.string(), namespace: z.string() });

const assignmentData = z.object({
  role: roleReference,
  userIds: z.array(z.string()),
  groupIds: z.array(z.string()),
  nodeIds: z.array(z.string()).meta(doc('Departments', '部门')),
  roleIds: z.array(z.string()).meta(doc('Roles whose holders hold the role', '继承该角色的角色')),
});

/** Announced by `role-assignments`, and here so that whoever reacts to it need not know that module. */
export const roleAssigned = event('role.assigned', { webhook: 'role:assigned', data: assignmentData });
export const roleUnassigned = event('role.unassigned', { webhook: 'role:unassigned', data: assignmentData });

const tag = 'Roles';

const withCustomData = z
  .boolean()
  .default(false)
  .meta(doc('Whether to return custom data', '是否获取自定义数据', true));

export const getRole = query({
  method: 'GET',
  path: '/api/v3/get-role',
  tag,
  title: { en: 'Get Role Details', zh: '获取角色详情' },
  summary: { en: 'Get a role', zh: '获取角色详情' },
  description: {
    en: 'Gets a role by its code and namespace.',
    zh: '通过角色 Code 与权限空间 Code 获取角色详情。',
  },
  permission: 'role:Get',
  input: dto('GetRoleDto', { code: roleCode, namespace, withCustomData }),
  output: RoleDto,
  answer: 'RoleSingleRespDto',
  errors: [roleErrors.notFound, roleErrors.codeInvalid, roleErrors.namespaceInvalid],
});

export const listRoles = query({
  method: 'GET',
  path: '/api/v3/list-roles',
  tag,
  title: { en: 'Get Role List', zh: '获取角色列表' },
  summary: { en: 'List the roles of a namespace', zh: '获取角色列表' },
  description: {
    en: 'Lists the roles of a namespace, oldest first; with `keywords` those whose code or name contains them, whatever their case.',
    zh: '分页获取权限空间内的角色，按创建时间升序。传 `keywords` 时匹配角色 Code 或名称，不区分大小写。',
  },
  permission: 'role:List',
  input: dto('ListRolesDto', {
    ...paging,
    keywords: z
      .string()
      .trim()
      .max(255)
      .optional()
      .meta(doc('Part of a code or name', '搜索关键词，匹配角色 Code 或名称', 'manager')),
    namespace,
    withCustomData,
  }),
  output: RolePagingDto,
  answer: 'RolePaginatedRespDto',
  errors: [roleErrors.namespaceInvalid],
});

const newRoleErrors = [
  roleErrors.codeInvalid,
  roleErrors.codeTaken,
  roleErrors.namespaceInvalid,
  roleErrors.namespaceReserved,
  ...customDataErrors,
];

const newRoleFields = {
  code: roleCode,
  name: name.optional(),
  namespace,
  description: description.nullable().optional(),
  disableTime,
  enablePermissionApply: RoleDto.shape.enablePermissionApply.optional(),
  customData: customDataInput,
};

export const createRole = command({
  method: 'POST',
  path: '/api/v3/create-role',
  tag,
  title: { en: 'Create Role', zh: '创建角色' },
  summary: { en: 'Create a role', zh: '创建角色' },
  description: {
    en: 'Creates a role in a namespace, `default` where none is named. The same code may be used once in every namespace.',
    zh: '在权限空间内创建角色，未指定时为 `default`。同一权限空间内角色 Code 唯一。',
  },
  permission: 'role:Create',
  input: dto('CreateRoleDto', newRoleFields),
  output: RoleDto,
  answer: 'RoleSingleRespDto',
  errors: newRoleErrors,
  audit: { operationType: 'create', resourceType: 'role' },
  emits: [roleCreated],
});

export const createRolesBatch = command({
  method: 'POST',
  path: '/api/v3/create-roles-batch',
  tag,
  title: { en: 'Create Roles in Batch', zh: '批量创建角色' },
  summary: { en: 'Create up to 50 roles', zh: '批量创建角色，最多 50 个' },
  description: {
    en: 'Creates roles, of one namespace or several, all or none.',
    zh: '批量创建角色，可属于不同权限空间，全部成功或全部失败。',
  },
  permission: 'role:Create',
  input: dto('CreateRolesBatch', {
    // V3 calls an empty list malformed, not missing: the service refuses it in those words.
    list: z
      .array(dto('RoleListItem', newRoleFields))
      .max(50)
      .meta({
        ...doc('Roles, 1 to 50', '角色列表，1 到 50 个', [
          { code: 'my-role-code', namespace: 'default', description: 'this is description' },
        ]),
        minItems: 1,
      }),
  }),
  output: IsSuccessDto,
  answer: 'IsSuccessRespDto',
  errors: [roleErrors.codeMissing, ...newRoleErrors],
  audit: { operationType: 'create', resourceType: 'role' },
  emits: [roleCreated],
});

export const updateRole = command({
  method: 'POST',
  path: '/api/v3/update-role',
  tag,
  title: { en: 'Update Role', zh: '修改角色' },
  summary: { en: 'Update a role', zh: '修改角色' },
  description: {
    en: 'Changes what is given of a role and leaves the rest; an empty new code or name changes nothing, a null `disableTime` means never. Enabling a role that had disabled itself forgets the time it did. While a role is disabled nobody holds it; its assignments stay.',
    zh: '修改角色，未传的字段保持不变。新 Code、名称为空时不修改，`disableTime` 传 null 表示永久有效。重新启用已到期禁用的角色会清除其禁用时间。禁用期间角色不生效，其授权关系保留。',
  },
  permission: 'role:Update',
  input: dto('UpdateRoleDto', {
    name: name.optional(),
    newCode: roleCode.optional().meta(doc('New code', '新的角色 Code', 'director')),
    code: roleCode,
    namespace,
    description: description.nullable().optional(),
    status: z
      .enum(['ENABLE', 'DISABLE', 'enable', 'disable'])
      .optional()
      .meta(doc('Whether the role takes effect', '角色状态', 'ENABLE')),
    disableTime,
    enablePermissionApply: RoleDto.shape.enablePermissionApply.optional(),
    customData: customDataInput,
  }),
  output: IsSuccessDto,
  answer: 'IsSuccessRespDto',
  errors: [
    roleErrors.notFound,
    roleErrors.codeInvalid,
    roleErrors.codeTaken,
    roleErrors.namespaceInvalid,
    ...customDataErrors,
  ],
  audit: { operationType: 'update', resourceType: 'role' },
  target: 'code',
  emits: [roleUpdated, roleCustomDataChanged, roleDisabled],
});

const codeList = z
  .array(roleCode)
  .min(1)
  .max(50)
  .meta(doc('Role codes, 1 to 50', '角色 Code 列表，1 到 50 个', ['manager', 'auditor']));
const deletion = {
  output: IsSuccessDto,
  answer: 'IsSuccessRespDto',
  audit: { operationType: 'delete', resourceType: 'role' },
  emits: [roleDeleted],
} as const;
const deletionErrors = [roleErrors.codeInvalid, roleErrors.namespaceInvalid];

export const deleteRolesBatch = command({
  method: 'POST',
  path: '/api/v3/delete-roles-batch',
  tag,
  title: { en: 'Delete Roles', zh: '删除角色' },
  summary: { en: 'Delete up to 50 roles of a namespace', zh: '删除角色，最多 50 个' },
  description: {
    en: 'Deletes roles of one namespace with all their assignments. Unknown codes are ignored, so the call can be repeated safely.',
    zh: '删除同一权限空间内的角色及其全部授权关系。不存在的 Code 会被忽略，可安全地重复调用。',
  },
  permission: 'role:Delete',
  input: dto('DeleteRoleDto', { codeList, namespace }),
  errors: deletionErrors,
  ...deletion,
});

export const deleteRoles = command({
  method: 'POST',
  path: '/api/v3/multiple-namespace-delete-roles-batch',
  tag,
  title: { en: 'Delete Roles of Several Namespaces', zh: '跨权限空间删除角色' },
  summary: { en: 'Delete up to 50 roles of several namespaces', zh: '跨权限空间删除角色，最多 50 个' },
  description: {
    en: 'Deletes roles of several namespaces with all their assignments. Without a namespace a role of administrators (`system`) is meant. Unknown roles are ignored, so the call can be repeated safely.',
    zh: '跨权限空间删除角色及其全部授权关系。未指定权限空间时为 `system`（管理员角色）。不存在的角色会被忽略，可安全地重复调用。',
  },
  permission: 'role:Delete',
  input: dto('DeleteRoleBatchDto', {
    roleList: z
      .array(
        dto('RoleCodeAndNamespaceDto', {
          code: roleCode,
          namespace: z
            .string()
            .max(maxCodeLength)
            .default(systemNamespace)
            .meta(doc('Code of the permission namespace', '所属权限空间的 Code', 'system')),
        }),
      )
      .min(1)
      .max(50)
      .meta(doc('Roles, 1 to 50', '角色列表，1 到 50 个', [{ code: 'manager', namespace: 'default' }])),
  }),
  errors: deletionErrors,
  ...deletion,
});

/** V3 types the message as a boolean; what it describes is a text, and a text it is. */
const validity = {
  isValid: z.boolean().meta(doc('Whether the role can be made', '是否可用', true)),
  message: z
    .union([z.string(), z.boolean()])
    .meta(doc('Why it cannot; empty when it can', '不可用的原因，可用时为空', 'role code already exists: manager')),
};

export const checkParamsNamespace = query({
  method: 'POST',
  path: '/api/v3/check-role-params',
  tag,
  title: { en: 'Check Role Parameters', zh: '校验角色参数' },
  summary: { en: 'Tell whether a role could be created', zh: '校验角色 Code 或名称是否可用' },
  description: {
    en: 'Tells whether a role with this code could be created in this namespace, and if not, why.',
    zh: '校验能否在权限空间内创建该 Code 的角色，不能时返回原因。',
  },
  permission: 'role:Get',
  input: dto('CheckRoleParamsDto', {
    code: z
      .string()
      .max(1024)
      .meta(doc('Role code', '角色 Code', 'manager')),
    namespace: z
      .string()
      .max(1024)
      .default(defaultNamespace)
      .meta(doc('Code of the permission namespace', '所属权限空间的 Code', 'default')),
    name: z
      .string()
      .max(1024)
      .optional()
      .meta(doc('Name', '角色名称', '经理')),
  }),
  output: dto('CheckRoleParamsRespDto', validity),
  answer: 'RoleCheckParamsRespDto',
  errors: [],
});

export const createAdminRole = command({
  method: 'POST',
  path: '/api/v3/create-admin-role',
  tag,
  title: { en: 'Create Administrator Role', zh: '创建管理员角色' },
  summary: { en: 'Create a role of administrators', zh: '创建管理员角色' },
  description: {
    en: 'Creates a role of administrators, in the namespace `system`. The answer is the role; `isValid` and `message` are there for clients that read this call like check-role-params.',
    zh: '在 `system` 权限空间内创建管理员角色。返回角色信息，`isValid`、`message` 与 check-role-params 相同，供旧客户端读取。',
  },
  permission: 'role:CreateAdmin',
  input: dto('CreateAdminRoleDto', {
    name,
    code: roleCode,
    description: description.nullable().optional(),
  }),
  output: RoleDto.extend(validity).meta({ id: 'AdminRoleDto' }),
  answer: 'AdminRoleSingleRespDto',
  errors: [roleErrors.codeInvalid, roleErrors.codeTaken],
  audit: { operationType: 'create', resourceType: 'role' },
  emits: [roleCreated],
});

export const deleteAdminRolesBatch = command({
  method: 'POST',
  path: '/api/v3/delete-admin-roles',
  tag,
  title: { en: 'Delete Administrator Roles', zh: '删除管理员角色' },
  summary: { en: 'Delete up to 50 roles of administrators', zh: '删除管理员角色，最多 50 个' },
  description: {
    en: 'Deletes roles of administrators with all their assignments. Unknown codes are ignored, so the call can be repeated safely.',
    zh: '删除管理员角色及其全部授权关系。不存在的 Code 会被忽略，可安全地重复调用。',
  },
  permission: 'role:DeleteAdmin',
  input: dto('DeleteAdminRoleDto', { codeList }),
  errors: [roleErrors.codeInvalid],
  ...deletion,
});

export const getRoleAuthorizedResources = query({
  method: 'GET',
  path: '/api/v3/get-role-authorized-resources',
  tag,
  title: { en: 'Get Resources of a Role', zh: '获取角色被授权的资源列表' },
  summary: { en: 'List the resources a role is authorized for', zh: '获取角色被授权的资源列表' },
  description: {
    en: 'Lists the resources a role is authorized for, with the allowed actions.',
    zh: '获取角色被授权的资源列表及可执行的操作。',
  },
  permission: 'role:GetResources',
  input: dto('GetRoleAuthorizedResourcesDto', {
    code: roleCode,
    namespace,
    resourceType: z
      .enum(['DATA', 'API', 'MENU', 'BUTTON', 'UI'])
      .optional()
      .meta(doc('Only resources of this type', '资源类型', 'DATA')),
  }),
  output: pageOf(
    'RoleAuthorizedResourcePagingDto',
    dto('RoleAuthorizedResourcesRespDto', {
      resourceCode: z.string().meta(doc('Resource code', '资源 Code', 'ecs')),
      resourceType: z.enum(['DATA', 'API', 'MENU', 'BUTTON', 'UI']).meta(doc('Type', '资源类型', 'DATA')),
      actions: z.array(z.string()).meta(doc('Allowed actions', '被授权的操作列表', ['ecs:Start', 'ecs:Stop'])),
      apiIdentifier: z.string().meta(doc('URL of an API resource', 'API URL', 'https://example.com/api')),
    }),
  ),
  answer: 'RoleAuthorizedResourcePaginatedRespDto',
  errors: [roleErrors.notFound, roleErrors.codeInvalid, roleErrors.namespaceInvalid],
});
