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
import {
  namespace,
  RoleCodeDto,
  RoleDto,
  roleCode,
  roleDeleted,
  roleErrors,
  roleReference,
} from '../roles/contract.ts';

export const roleExclusionErrors = errors('role_exclusion', {
  exclusive: {
    statusCode: 422,
    message: {
      en: 'Roles {role} and {otherRole} exclude each other and cannot be held together: {targetType} {targetIdentifier} (users in all: {users})',
      zh: '角色 {role} 与 {otherRole} 互斥，不能同时授予同一主体：{targetType} {targetIdentifier}（涉及用户数：{users}）',
    },
  },
  heldTogether: {
    statusCode: 422,
    message: {
      en: 'Roles {role} and {otherRole} cannot exclude each other, because they are held together already: {targetType} {targetIdentifier} (users in all: {users})',
      zh: '角色 {role} 与 {otherRole} 已同时授予同一主体，不能设为互斥：{targetType} {targetIdentifier}（涉及用户数：{users}）',
    },
  },
  tooFew: { statusCode: 400, message: { en: 'At least two different roles are needed', zh: '至少需要两个不同的角色' } },
});

const pairData = z.object({ roles: z.array(roleReference) });
export const roleExclusionAdded = event('role.exclusion.added', { data: pairData });
export const roleExclusionRemoved = event('role.exclusion.removed', { data: pairData });

const tag = 'Roles';
const severalRoles = z
  .array(RoleCodeDto)
  .min(2)
  .max(10)
  .meta(
    doc('Roles, 2 to 10', '角色列表，2 到 10 个', [
      { code: 'cashier', namespace: 'default' },
      { code: 'auditor', namespace: 'default' },
    ]),
  );
const roleReferenceErrors = [roleErrors.notFound, roleErrors.codeInvalid, roleErrors.namespaceInvalid];

export const checkMutualExclusion = query({
  method: 'POST',
  path: '/api/v3/check-role-mutual-exclusion',
  tag,
  title: { en: 'Check Mutual Exclusion of Roles', zh: '校验角色是否互斥' },
  summary: { en: 'Tell whether roles exclude each other', zh: '校验角色是否互斥' },
  description: {
    en: 'Tells whether one subject may not hold all of these roles, because two of them, or of the roles that come with them, exclude each other.',
    zh: '判断同一主体能否同时拥有所列角色：其中任意两个角色（含其继承的角色）互斥时返回 true。',
  },
  permission: 'role:Get',
  input: dto('CheckRoleMutualExclusionReqDto', {
    roles: z
      .array(RoleCodeDto)
      .min(1)
      .max(50)
      .meta(doc('Roles, 1 to 50', '角色列表，1 到 50 个', [{ code: 'manager', namespace: 'default' }])),
  }),
  output: dto('CheckRoleMutualExclusionResultDto', {
    existMutuallyExclusive: z.boolean().meta(doc('Whether some exclude each other', '是否存在互斥角色', false)),
  }),
  answer: 'CheckRoleMutualExclusionRespDto',
  errors: roleReferenceErrors,
});

export const setRoleMutualExclusion = command({
  method: 'POST',
  path: '/api/v3/set-role-mutual-exclusion',
  tag,
  title: { en: 'Set Mutual Exclusion of Roles', zh: '设置角色互斥' },
  summary: { en: 'Make roles exclude each other', zh: '设置角色互斥' },
  description: {
    en: 'From now on nobody may hold any two of these roles together, by whatever way. Refused while a user, group, department or role has two of them already.',
    zh: '设置后，任何用户都不能以任何方式同时拥有任意两个所列角色。已有用户、分组、部门或角色同时拥有时拒绝设置。',
  },
  permission: 'role:SetMutualExclusion',
  input: dto('SetRoleMutualExclusionReqDto', { roles: severalRoles }),
  output: IsSuccessDto,
  answer: 'IsSuccessRespDto',
  errors: [...roleReferenceErrors, roleExclusionErrors.tooFew],
  audit: { operationType: 'set', resourceType: 'role' },
  emits: [roleExclusionAdded],
});

export const removeRoleMutualExclusion = command({
  method: 'POST',
  path: '/api/v3/remove-role-mutual-exclusion',
  tag,
  title: { en: 'Remove Mutual Exclusion of Roles', zh: '取消角色互斥' },
  summary: { en: 'Let roles be held together again', zh: '取消角色互斥' },
  description: {
    en: 'From now on these roles may be held together. Roles that do not exclude each other are ignored, so the call can be repeated safely.',
    zh: '取消所列角色之间的互斥关系。本不互斥的角色会被忽略，可安全地重复调用。',
  },
  permission: 'role:SetMutualExclusion',
  input: dto('RemoveRoleMutualExclusionReqDto', { roles: severalRoles }),
  output: IsSuccessDto,
  answer: 'IsSuccessRespDto',
  errors: [...roleReferenceErrors, roleExclusionErrors.tooFew],
  audit: { operationType: 'remove', resourceType: 'role' },
  emits: [roleExclusionRemoved],
});

export const listRoleMutualExclusions = query({
  method: 'GET',
  path: '/api/v3/list-role-mutual-exclusions',
  tag,
  title: { en: 'Get Mutual Exclusions of Roles', zh: '获取角色互斥列表' },
  summary: { en: 'List the roles that exclude each other', zh: '获取角色互斥列表' },
  description: {
    en: 'Lists pairs of roles that exclude each other, oldest first; with `code` those of one role.',
    zh: '分页获取互斥的角色对，按设置时间升序。传 `code` 时仅返回该角色的互斥关系。',
  },
  permission: 'role:List',
  input: dto('ListRoleMutualExclusionsDto', { ...paging, code: roleCode.optional(), namespace }),
  output: pageOf(
    'RoleMutualExclusionPagingDto',
    dto('RoleMutualExclusionDto', {
      roles: z.array(RoleDto).meta(doc('The two roles', '互斥的两个角色')),
      createdAt: z.iso.datetime().meta(doc('Since when', '设置时间', '2022-07-03T02:20:30.000Z')),
    }),
  ),
  answer: 'RoleMutualExclusionPaginatedRespDto',
  errors: roleReferenceErrors,
});

export const consequences: readonly ConsequenceDeclaration[] = [{ of: [roleDeleted], emits: [roleExclusionRemoved] }];
