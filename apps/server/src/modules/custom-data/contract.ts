import { command, doc, dto, IsSuccessDto, query, secret } from '@genauth/contract';
import * as z from 'zod';
import { customDataErrors, targetType } from '../custom-values/contract.ts';
import { departmentCustomDataChanged, departmentTreeErrors, tenantId } from '../department-tree/contract.ts';
import { departmentUpdated } from '../departments/contract.ts';
import { groupErrors } from '../group-directory/contract.ts';
import { groupUpdated } from '../groups/contract.ts';
import { roleCustomDataChanged, roleErrors, roleUpdated } from '../roles/contract.ts';
import { userCustomDataChanged, userErrors } from '../user-directory/contract.ts';
import { userUpdated } from '../users/contract.ts';

export { departmentCustomDataChanged } from '../department-tree/contract.ts';
export { departmentUpdated } from '../departments/contract.ts';
export { groupUpdated } from '../groups/contract.ts';
export { roleCustomDataChanged, roleUpdated } from '../roles/contract.ts';
export { userCustomDataChanged } from '../user-directory/contract.ts';
export { userUpdated } from '../users/contract.ts';

const reference = {
  targetType,
  targetIdentifier: z
    .string()
    .min(1)
    .max(256)
    .meta(
      doc(
        'User id, role code, group code or department id',
        '用户 ID、角色 Code、分组 Code 或部门 ID',
        '6229ffa0a1b2c3d4cade3e3d',
      ),
    ),
  namespace: z
    .string()
    .max(50)
    .default('default')
    .meta(doc('Permission namespace of a role', '角色所在的权限空间', 'default')),
  tenantId,
};

const tag = 'Custom Fields';
const targetErrors = [
  userErrors.notFound,
  roleErrors.notFound,
  roleErrors.codeInvalid,
  roleErrors.namespaceInvalid,
  groupErrors.notFound,
  departmentTreeErrors.departmentNotFound,
  departmentTreeErrors.tenantNotFound,
];

export const setCustomData = command({
  method: 'POST',
  path: '/api/v3/set-custom-data',
  tag,
  title: { en: 'Set Custom Data', zh: '设置自定义字段的值' },
  summary: { en: 'Set custom data', zh: '设置自定义字段的值' },
  description: {
    en: 'Sets values of custom fields of a user, role, group or department, all or none; null removes a value. A value must be of the type of its field; a NUMBER and a BOOLEAN may come as text.',
    zh: '设置用户、角色、分组或部门的自定义字段的值，全部成功或全部失败，传 null 清空。值必须与字段的数据类型匹配，NUMBER、BOOLEAN 类型也可以传字符串形式。',
  },
  permission: 'customData:Set',
  input: dto('SetCustomDataReqDto', {
    list: z
      .array(
        dto('SetCustomDataDto', {
          key: z
            .string()
            .min(1)
            .max(64)
            .meta(doc('Key of the field', '字段 key', 'school')),
          // Kept out of audit rows, where only what is not encrypted may be read: see before and after there.
          value: secret(
            z
              .union([z.string(), z.number(), z.boolean()])
              .nullable()
              .meta(doc('Value; null removes it', '自定义数据，类型须与字段匹配，传 null 清空', 'pku')),
          ),
          tenantId,
        }),
      )
      .min(1)
      .max(50)
      .meta(doc('Values, 1 to 50', '自定义数据列表，1 到 50 个')),
    ...reference,
  }),
  output: IsSuccessDto,
  answer: 'IsSuccessRespDto',
  errors: [...targetErrors, ...customDataErrors],
  audit: { operationType: 'set', resourceType: 'customData' },
  target: 'targetIdentifier',
  emits: [
    userUpdated,
    userCustomDataChanged,
    roleUpdated,
    roleCustomDataChanged,
    groupUpdated,
    departmentUpdated,
    departmentCustomDataChanged,
  ],
});

export const getCustomData = query({
  method: 'GET',
  path: '/api/v3/get-custom-data',
  tag,
  title: { en: 'Get Custom Data', zh: '获取自定义数据' },
  summary: { en: 'Get custom data', zh: '获取用户、分组、角色、部门的自定义数据' },
  description: {
    en: 'Gets all custom data of a user, role, group or department: fields that have a value, by key. Encrypted values come in clear.',
    zh: '获取用户、角色、分组或部门的全部自定义数据，仅返回有值的字段，加密字段返回明文。',
  },
  permission: 'customData:Get',
  input: dto('GetCustomDataDto', reference),
  output: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .meta(doc('Values by key', '自定义数据', { school: 'pku', age: 22 })),
  answer: 'GetCustomDataRespDto',
  errors: targetErrors,
});
