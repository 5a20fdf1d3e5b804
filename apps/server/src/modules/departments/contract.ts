import { command, doc, dto, errors, event, IsSuccessDto, query, secret } from '@genauth/contract';
import * as z from 'zod';
import { customDataErrors } from '../custom-values/contract.ts';
import {
  customData,
  DepartmentDto,
  DepartmentEventNode,
  DepartmentI18nDto,
  departmentCustomDataChanged,
  departmentId,
  departmentIdType,
  departmentReference,
  departmentTreeErrors,
  descriptionText,
  isVirtualNode,
  leaderUserIds,
  metadata,
  nameText,
  openDepartmentId,
  organizationCode,
  postIdList,
  rootAlias,
  tenantId,
  withCustomData,
  withPost,
} from '../department-tree/contract.ts';
import { postErrors } from '../posts/contract.ts';

export const departmentErrors = errors('department', {
  // The text of the live service for an illegal department code: it says "organization".
  codeInvalid: { statusCode: 400, message: 'invalid organization code: {code}' },
  organizationCodeInvalid: { statusCode: 400, message: 'invalid organization code {code}' },
  codeTaken: {
    statusCode: 409,
    message: { en: 'department code already exists: {code}', zh: '部门 Code 已存在：{code}' },
  },
  openDepartmentIdTaken: {
    statusCode: 409,
    message: {
      en: 'openDepartmentId already exists: {openDepartmentId}',
      zh: '自定义部门 ID 已存在：{openDepartmentId}',
    },
  },
  notEmpty: { statusCode: 422, message: { en: 'department is not empty', zh: '部门下存在子部门或成员，无法删除' } },
  isRoot: {
    statusCode: 422,
    message: { en: 'the root department cannot be moved or deleted', zh: '根部门不能移动或删除' },
  },
  movedBelowItself: {
    statusCode: 422,
    message: { en: 'a department cannot be moved below itself', zh: '不能将部门移动到自身或其子部门下' },
  },
  tooDeep: {
    statusCode: 422,
    message: { en: 'departments can be at most 64 levels deep', zh: '部门层级不能超过 64 级' },
  },
  idMissing: {
    statusCode: 400,
    message: {
      en: 'departmentId or departmentCode should not be empty',
      zh: '参数 departmentId、departmentCode 不能同时为空',
    },
  },
});

const { organizationNotFound, departmentNotFound, tenantNotFound, customFieldNotDefined, leaderNotFound } =
  departmentTreeErrors;

const departmentData = z.object({ node: DepartmentEventNode });

export const departmentCreated = event('department.created', {
  webhook: 'organization:node-added',
  data: z.object({ node: DepartmentEventNode, parentNode: DepartmentEventNode }),
});
export const departmentUpdated = event('department.updated', {
  webhook: 'organization:node-updated',
  data: departmentData,
});
export const departmentMoved = event('department.moved', {
  webhook: 'organization:node-moved',
  data: z.object({ node: DepartmentEventNode, parentNode: DepartmentEventNode, previousParentId: z.string() }),
});
export const departmentTreeChanged = event('department.tree.changed', {
  webhook: 'organization:tree-updated',
  data: z.object({ modifyNodes: z.array(DepartmentEventNode) }),
});
export const departmentDeleted = event('department.deleted', {
  webhook: 'organization:node-deleted',
  data: z.object({ nodes: z.array(DepartmentEventNode) }),
});

const tag = 'Departments';
const findErrors = [organizationNotFound, departmentNotFound, tenantNotFound, customFieldNotDefined];
const code = z
  .string()
  .max(64)
  .meta(doc('Code', '部门识别码', 'rd'));
const name = nameText.meta(doc('Name', '部门名称', '开发部'));
const description = descriptionText.meta(doc('Description', '部门描述', '技术研发部门'));
const status = z.boolean().meta(doc('Whether the department is enabled', '部门状态', true));
const answer = 'DepartmentSingleRespDto';

export const DepartmentPagingDto = dto('DepartmentPagingDto', {
  // The published contract types it boolean, its examples are numbers, and so are the answers.
  totalCount: z.union([z.int(), z.boolean()]).meta(doc('Number of departments', '记录总数', 10)),
  list: z.array(DepartmentDto).meta(doc('Departments', '响应数据')),
});

export const getDepartment = query({
  method: 'GET',
  path: '/api/v3/get-department',
  tag,
  title: { en: 'Get Department Info', zh: '获取部门信息' },
  summary: { en: 'Get a department', zh: '获取部门信息' },
  description: {
    en: 'Gets a department by its id or its code. When both are given the id decides. Only a system id may come without its organization.',
    zh: '通过组织 Code 以及部门 ID 或部门 Code 获取部门信息，两者都传时以部门 ID 为准。仅使用系统部门 ID 时可不传组织 Code。',
  },
  permission: 'department:Get',
  input: dto('GetDepartmentDto', {
    organizationCode: organizationCode.optional(),
    // Empty counts as not given: clients send `departmentId=` beside a code.
    departmentId: z
      .string()
      .max(256)
      .meta(departmentId.meta() ?? {})
      .optional(),
    departmentCode: z
      .string()
      .max(64)
      .optional()
      .meta(doc('Department code', '部门 code', 'example')),
    departmentIdType,
    withCustomData,
    withPost,
    flatCustomData: z
      .boolean()
      .default(false)
      .meta(doc('Whether to return custom data at the top level', '是否拍平扩展字段', false)),
    tenantId,
  }),
  output: DepartmentDto,
  answer,
  errors: [...findErrors, departmentErrors.idMissing],
});

export const getDepartmentById = query({
  method: 'GET',
  path: '/api/v3/get-department-by-id',
  tag,
  title: { en: 'Get Department By Id', zh: '通过 ID 获取部门信息' },
  summary: { en: 'Get a department by its id alone', zh: '获取部门信息' },
  description: {
    en: 'Gets a department by its system id, without naming its organization.',
    zh: '通过部门系统 ID 获取部门信息，无需组织 Code。',
  },
  permission: 'department:Get',
  input: dto('GetDepartmentByIdDto', {
    departmentId,
    tenantId,
    appTypeList: z
      .array(z.string().max(64))
      .max(50)
      .optional()
      .meta(doc('Types of applications to return; none exist yet', '应用类型列表', [])),
    withCustomData,
    withPost,
  }),
  output: DepartmentDto,
  answer,
  errors: [departmentNotFound, tenantNotFound],
});

export const createDepartment = command({
  method: 'POST',
  path: '/api/v3/create-department',
  tag,
  title: { en: 'Create Department', zh: '创建部门' },
  summary: { en: 'Create a department', zh: '创建部门' },
  description: {
    en: 'Creates a department below another. `departmentIdType` says what kind of id `parentDepartmentId` is; `root` is the root department.',
    zh: '通过组织 Code、部门名称、父部门 ID 创建部门，`departmentIdType` 为父部门 ID 的类型，父部门为根部门时传 `root`。',
  },
  permission: 'department:Create',
  input: dto('CreateDepartmentReqDto', {
    organizationCode,
    name,
    parentDepartmentId: departmentId.meta(
      doc('Id of the parent; `root` is the root department', '父部门 id', '6229c4deb3e4d8a20b6021ff'),
    ),
    metadata,
    openDepartmentId: openDepartmentId.nullable().optional(),
    description: description.nullable().optional(),
    code: code.nullable().optional(),
    isVirtualNode: isVirtualNode.nullable().optional(),
    i18n: DepartmentI18nDto.nullable().optional(),
    customData: secret(customData.nullable().optional()),
    departmentIdType,
    postIdList: postIdList.nullable().optional(),
    tenantId,
  }),
  output: DepartmentDto,
  answer,
  errors: [
    ...findErrors,
    ...customDataErrors,
    postErrors.idNotFound,
    departmentErrors.organizationCodeInvalid,
    departmentErrors.codeInvalid,
    departmentErrors.codeTaken,
    departmentErrors.openDepartmentIdTaken,
    departmentErrors.tooDeep,
  ],
  audit: { operationType: 'create', resourceType: 'org' },
  emits: [departmentCreated],
});

export const updateDepartment = command({
  method: 'POST',
  path: '/api/v3/update-department',
  tag,
  title: { en: 'Update Department', zh: '修改部门' },
  summary: { en: 'Update or move a department', zh: '修改部门' },
  description: {
    en: 'Changes what is given. `parentDepartmentId` moves the department with everything below it; its kind of id is `departmentIdType` as well. `leaderUserIds` replaces the list.',
    zh: '修改部门，仅修改传入的字段。传 `parentDepartmentId` 时连同所有子部门一起移动，其类型同 `departmentIdType`；`leaderUserIds` 会整体替换。',
  },
  permission: 'department:Update',
  input: dto('UpdateDepartmentReqDto', {
    organizationCode,
    departmentId,
    metadata,
    leaderUserIds: leaderUserIds.nullable().optional(),
    description: description.nullable().optional(),
    code: code.nullable().optional(),
    i18n: DepartmentI18nDto.nullable().optional(),
    status: status.nullable().optional(),
    name: name.nullable().optional(),
    departmentIdType,
    parentDepartmentId: z
      .string()
      .max(256)
      .nullable()
      .optional()
      .meta(doc('Id of the new parent', '父部门 ID', '6229c4deb3e4d8a20b6021ff')),
    customData: secret(customData.nullable().optional()),
    postIdList: postIdList.nullable().optional(),
    tenantId,
  }),
  output: DepartmentDto,
  answer,
  errors: [
    ...findErrors,
    ...customDataErrors,
    postErrors.idNotFound,
    leaderNotFound,
    departmentErrors.codeInvalid,
    departmentErrors.codeTaken,
    departmentErrors.isRoot,
    departmentErrors.movedBelowItself,
    departmentErrors.tooDeep,
  ],
  audit: { operationType: 'update', resourceType: 'org' },
  target: 'departmentId',
  emits: [departmentUpdated, departmentMoved, departmentTreeChanged, departmentCustomDataChanged],
});

export const updateNodeStatus = command({
  method: 'POST',
  path: '/api/v3/update-department-status',
  tag,
  title: { en: 'Update Department Status', zh: '更新部门状态' },
  summary: { en: 'Enable or disable a department', zh: '更新部门状态' },
  description: {
    en: 'Enables or disables one department, by its system id. Departments below it and memberships are kept as they are.',
    zh: '通过部门系统 ID 启用或禁用单个部门，不影响子部门与成员关系。',
  },
  permission: 'department:Update',
  input: dto('UpdateDepartmentStatusReqDto', {
    status,
    departmentId,
  }),
  output: DepartmentDto,
  answer: 'Node',
  errors: [departmentNotFound],
  audit: { operationType: 'update', resourceType: 'org' },
  target: 'departmentId',
  emits: [departmentUpdated],
});

export const deleteDepartment = command({
  method: 'POST',
  path: '/api/v3/delete-department',
  tag,
  title: { en: 'Delete Department', zh: '删除部门' },
  summary: { en: 'Delete a department', zh: '删除部门' },
  description: {
    en: 'Deletes an empty department. Refused while it has departments below it or members; the root department is deleted with its organization only.',
    zh: '删除部门。存在子部门或成员时拒绝删除；根部门只能随组织机构一起删除。',
  },
  permission: 'department:Delete',
  input: dto('DeleteDepartmentReqDto', departmentReference),
  output: IsSuccessDto,
  answer: 'IsSuccessRespDto',
  errors: [...findErrors, departmentErrors.notEmpty, departmentErrors.isRoot],
  audit: { operationType: 'delete', resourceType: 'org' },
  target: 'departmentId',
  emits: [departmentDeleted],
});

export const listChildrenDepartments = query({
  method: 'GET',
  path: '/api/v3/list-children-departments',
  tag,
  title: { en: 'Get Child Department List', zh: '获取子部门列表' },
  summary: { en: 'List the departments directly below a department', zh: '获取子部门列表' },
  description: {
    en: 'Lists the direct children of a department, by name. The list is not paged.',
    zh: '获取某个部门的直属子部门列表，按名称排序，不分页。',
  },
  permission: 'department:List',
  input: dto('ListChildrenDepartmentsDto', {
    organizationCode,
    departmentId,
    status: status.optional(),
    departmentIdType,
    excludeVirtualNode: z
      .boolean()
      .default(false)
      .meta(doc('Leave virtual departments out', '是否要排除虚拟组织', false)),
    onlyVirtualNode: z
      .boolean()
      .default(false)
      .meta(doc('Only virtual departments', '是否只包含虚拟组织', false)),
    withCustomData,
    tenantId,
  }),
  output: DepartmentPagingDto,
  answer: 'DepartmentPaginatedRespDto',
  errors: findErrors,
});

export const getAllDepartments = query({
  method: 'GET',
  path: '/api/v3/get-all-departments',
  tag,
  title: { en: 'Get All Departments', zh: '获取所有部门列表' },
  summary: { en: 'Get a department and everything below it', zh: '获取所有部门列表' },
  description: {
    en: 'Gets a department and all departments below it as a flat list, every parent before its children, siblings by name. Not paged: of a very large organization, read level by level instead.',
    zh: '获取某个部门及其所有下级部门的扁平列表，父部门在前，同级按名称排序，不分页。',
  },
  permission: 'department:List',
  input: dto('GetAllDepartmentsDto', {
    organizationCode,
    departmentId: departmentId.default(rootAlias),
    departmentIdType: z
      .enum(['department_id', 'open_department_id'])
      .default('department_id')
      .meta(doc('What kind of id `departmentId` is', '此次调用中使用的部门 ID 的类型', 'department_id')),
    withCustomData,
  }),
  output: DepartmentPagingDto,
  answer: 'DepartmentPaginatedRespDto',
  errors: findErrors,
});

export const getParentDepartment = query({
  method: 'GET',
  path: '/api/v3/get-parent-department',
  tag,
  title: { en: 'Get Parent Department Info', zh: '获取父部门信息' },
  summary: { en: 'Get the parent of a department', zh: '获取父部门信息' },
  description: {
    en: 'Gets the department above a department. The root department has none: `data` is null.',
    zh: '获取某个部门的父部门信息，根部门返回 `data: null`。',
  },
  permission: 'department:Get',
  input: dto('GetParentDepartmentDto', {
    organizationCode,
    departmentId,
    departmentIdType,
    withCustomData,
    tenantId,
  }),
  output: DepartmentDto.nullable(),
  answer,
  errors: findErrors,
});
