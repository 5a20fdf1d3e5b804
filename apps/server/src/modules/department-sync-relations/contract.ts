import { command, doc, dto, IsSuccessDto, query } from '@genauth/contract';
import * as z from 'zod';
import {
  departmentReference,
  departmentTreeErrors,
  rootAlias,
  tenantId,
  withCustomData,
} from '../department-tree/contract.ts';

const tag = 'Departments';
const { organizationCode, departmentId, departmentIdType } = departmentReference;
const { organizationNotFound, departmentNotFound, tenantNotFound, customFieldNotDefined } = departmentTreeErrors;

/** V3 has one shape for users and departments, and it says "user". */
const UserSyncRelationDto = dto('UserSyncRelationDto', {
  provider: z.string().meta(doc('Kind of the source', '外部身份源类型', 'wechatwork')),
  userIdInIdp: z
    .string()
    .meta(doc('Id of the department at the source', '部门在外部身份源中的 ID', 'oj7Nq05R-RRaqak0_YlMLnnIwsvg')),
  userInfoInIdp: z
    .record(z.string(), z.unknown())
    .meta(doc('What the source says of the department', '部门在外部身份源中的信息', { name: '开发部' })),
});

export const getDepartmentSyncRelations = query({
  method: 'GET',
  path: '/api/v3/get-department-sync-relations',
  tag,
  title: { en: 'Get Department Sync Relations', zh: '获取部门绑定的第三方同步关系' },
  summary: { en: 'Get where a department is synchronized with', zh: '获取部门绑定的第三方同步关系' },
  description: {
    en: 'Lists the sources a department is linked with. The names say "user", the values are those of the department. Without a department the root is meant.',
    zh: '获取部门绑定的第三方同步关系。字段名虽为 user，内容是部门在第三方中的 ID 与信息。未传部门 ID 时为根部门。',
  },
  permission: 'department:GetSyncRelations',
  input: dto('GetDepartmentSyncRelationsDto', {
    organizationCode,
    departmentId: departmentId.default(rootAlias),
    departmentIdType,
    withCustomData,
    tenantId,
  }),
  output: z.array(UserSyncRelationDto),
  answer: 'SyncRelationListRespDto',
  errors: [organizationNotFound, departmentNotFound, tenantNotFound, customFieldNotDefined],
});

export const deleteDepartmentSyncRelations = command({
  method: 'POST',
  path: '/api/v3/delete-department-sync-relations',
  tag,
  title: { en: 'Delete Department Sync Relations', zh: '删除部门同步关联关系' },
  summary: { en: 'Unlink a department from a source', zh: '删除部门同步关联关系' },
  description: {
    en: 'Removes the link between a department and a source; the department stays. A source it is not linked with is ignored, so the call can be repeated safely.',
    zh: '删除部门与第三方之间的关联关系，不影响部门本身。不存在的关联会被忽略，可安全地重复调用。',
  },
  permission: 'department:DeleteSyncRelations',
  input: dto('DeleteDepartmentSyncRelationReqDto', {
    provider: z
      .string()
      .min(1)
      .max(128)
      .meta(doc('Kind of the source', '外部身份源类型，如 wechatwork', 'wechatwork')),
    departmentId,
    organizationCode,
    departmentIdType,
  }),
  output: IsSuccessDto,
  answer: 'IsSuccessRespDto',
  errors: [organizationNotFound, departmentNotFound, customFieldNotDefined],
  audit: { operationType: 'delete', resourceType: 'org' },
  target: 'departmentId',
  emits: [],
});
