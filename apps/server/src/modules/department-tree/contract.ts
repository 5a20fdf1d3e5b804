import { codePattern, doc, dto, errors, event, multiLanguage } from '@genauth/contract';
import * as z from 'zod';
import { changedCustomData, customValueErrors } from '../custom-values/contract.ts';

const ownErrors = errors('department_tree', {
  organizationNotFound: { statusCode: 404, message: 'organization not found for code: {code}' },
  departmentNotFound: { statusCode: 404, message: { en: 'department not found', zh: '部门不存在' } },
  tenantNotFound: { statusCode: 404, message: { en: 'Tenant not found', zh: '租户不存在' } },
  leaderNotFound: { statusCode: 404, message: { en: 'User not found: {userId}', zh: '用户不存在：{userId}' } },
});
export const departmentTreeErrors = { ...ownErrors, customFieldNotDefined: customValueErrors.fieldNotDefined };

/** The alias of an organization's root department in every operation. */
export const rootAlias = 'root';

export const organizationCode = z
  .string()
  .max(64)
  .meta(doc('Organization code', '组织 Code（organizationCode）', 'steamory'));

export const departmentIdTypes = [
  'department_id',
  'open_department_id',
  'sync_relation',
  'custom_field',
  'code',
] as const;

export type DepartmentIdType = (typeof departmentIdTypes)[number];

export const departmentIdType = z
  .enum(departmentIdTypes)
  .default('department_id')
  .meta(doc('What kind of id `departmentId` is', '此次调用中使用的部门 ID 的类型', 'department_id'));

export const departmentId = z
  .string()
  .min(1)
  .max(256)
  .meta(doc('Department id; `root` is the root department', '部门 ID，根部门传 `root`', '60b49eb83fd80adb96f26e68'));

export const tenantId = z
  .string()
  .max(64)
  .optional()
  .meta(doc('Tenant id', '租户 ID', '623c20b2a062aaaaf41b17da'));

/** How operations name one department: organization, id, kind of id, tenant. */
export const departmentReference = { organizationCode, departmentId, departmentIdType, tenantId };

export const withCustomData = z
  .boolean()
  .default(false)
  .meta(doc('Whether to return custom data', '是否获取自定义数据', true));

export const withPost = z
  .boolean()
  .default(false)
  .meta(doc('Whether to return the posts of the department', '是否获取部门关联的岗位', true));

/** Whether a code has nothing but letters, digits, `-` and `_`. */
export function isCode(text: string): boolean {
  return codePattern.test(text);
}

export const nameText = z.string().trim().min(1).max(255);
export const descriptionText = z.string().max(1024);
export const openDepartmentId = z
  .string()
  .max(128)
  .meta(
    doc(
      'Id of the department in your own system',
      '自定义部门 ID，用于存储自定义的 ID',
      'ou_7dab8a3d3cdcc9da365777c7ad535d62',
    ),
  );

export const isVirtualNode = z
  .boolean()
  .meta(doc('Whether the department only groups others', '是否是虚拟部门', false));

export const leaderUserIds = z
  .array(z.string().min(1).max(64))
  .max(100)
  .meta(doc('User ids of the leaders', '部门负责人 ID', ['60b49eb83fd80adb96f26e68']));

export const customData = z
  .record(z.string(), z.unknown())
  .meta(doc('Custom data; keys must be defined fields', '部门的扩展字段数据', { icon: 'https://example.com/logo' }));

export const postIdList = z
  .array(z.string().max(64))
  .max(100)
  .meta(doc('Ids of the posts linked to the department', '部门关联的岗位 ID 列表', ['64f0c2a1b3d4e5f607182940']));

/** The same, as it is read. */
export const linkedPostIds = z.array(z.string()).meta(postIdList.meta() ?? {});

/** Marked required by the published contract, sent by nobody: accepted and ignored. */
export const metadata = z
  .record(z.string(), z.unknown())
  .optional()
  .meta(doc('Not used', '未使用', {}));

export const DepartmentI18nDto = dto('DepartmentI18nDto', {
  name: multiLanguage.optional().meta(doc('Name in other languages', '部门名称的多语言内容')),
});

export const timestamp = z.iso.datetime();

/** A department as every operation returns it. */
export const DepartmentDto = dto('DepartmentDto', {
  organizationCode,
  departmentId,
  createdAt: timestamp.meta(doc('Time of creation', '部门创建时间', '2022-07-03T02:20:30.000Z')),
  updatedAt: timestamp.optional().meta(doc('Time of the last change', '修改时间', '2022-07-03T02:20:30.000Z')),
  openDepartmentId: openDepartmentId.nullable().optional(),
  name: z.string().meta(doc('Name', '部门名称', '开发部')),
  leaderUserIds: leaderUserIds.optional(),
  description: z
    .string()
    .nullable()
    .optional()
    .meta(doc('Description', '部门描述', '技术研发部门')),
  parentDepartmentId: z
    .string()
    .meta(doc('Id of the parent; empty for the root department', '父部门 ID，根部门为空', '6229c4deb3e4d8a20b6021ff')),
  code: z
    .string()
    .nullable()
    .optional()
    .meta(doc('Code', '部门识别码', 'rd')),
  parentDepartmentCode: z
    .string()
    .nullable()
    .meta(doc('Code of the parent; empty for the root department', '父部门 Code', 'test')),
  membersCount: z.int().meta(doc('Number of direct members', '部门包含的用户数量', 11)),
  hasChildren: z.boolean().meta(doc('Whether there are departments below', '是否包含子部门', true)),
  isVirtualNode: isVirtualNode.optional(),
  i18n: DepartmentI18nDto.nullable().optional(),
  customData: customData.optional(),
  posts: z
    .array(z.string())
    .optional()
    .meta(doc('Names of the linked posts', '部门关联的岗位', [])),
  postIdList: linkedPostIds.optional(),
  status: z
    .boolean()
    .optional()
    .meta(doc('Whether the department is enabled', '部门状态', true)),
  allow: z.string().nullable().optional().meta(doc('Access restriction', '访问限制')),
});

/** What events say of a department: V3's webhook names its organization `orgId`. */
export const DepartmentEventNode = z.object({
  id: z.string(),
  orgId: z.string(),
  name: z.string(),
  code: z.string().nullable(),
});

export const departmentCustomDataChanged = event('department.custom_data.changed', {
  webhook: 'organization:udv-changed',
  data: z.object({ node: DepartmentEventNode, updates: changedCustomData }),
});
