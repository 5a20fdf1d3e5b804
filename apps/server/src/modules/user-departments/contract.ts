import { command, doc, dto, errors, IsSuccessDto, pageOf, paging, query } from '@genauth/contract';
import * as z from 'zod';
import {
  departmentMemberAdded,
  departmentMemberErrors,
  departmentMemberRemoved,
  userDepartmentsChanged,
} from '../department-members/contract.ts';
import {
  customData,
  DepartmentI18nDto,
  isVirtualNode,
  openDepartmentId,
  organizationCode,
  timestamp,
  withCustomData,
} from '../department-tree/contract.ts';
import { userErrors, userId, userIdType } from '../user-directory/contract.ts';

export {
  departmentMemberAdded,
  departmentMemberErrors,
  departmentMemberRemoved,
  userDepartmentsChanged,
} from '../department-members/contract.ts';
export { departmentUpdated } from '../departments/contract.ts';

export const userDepartmentErrors = errors('user_department', {
  departmentNotFound: {
    statusCode: 404,
    message: {
      en: 'There is an invalid departmentId: {departmentId}',
      zh: '存在不合法的 departmentId: {departmentId}',
    },
  },
  severalMainDepartments: {
    statusCode: 400,
    message: { en: 'A user can have one main department only', zh: '一个用户只能有一个主部门' },
  },
  mainDepartmentVirtual: {
    statusCode: 422,
    message: { en: 'A virtual department cannot be a main department', zh: '虚拟部门不能作为主部门' },
  },
  ambiguousDepartmentId: {
    statusCode: 422,
    message: {
      en: 'Several organizations have a department {departmentId}; use its system id',
      zh: '多个组织机构中存在部门 {departmentId}，请使用部门系统 ID',
    },
  },
});

const tag = 'Users';
const departmentId = z
  .string()
  .min(1)
  .max(64)
  .meta(doc('System id of the department', '部门 ID', '60b49eb83fd80adb96f26e68'));
const isLeader = z.boolean().meta(doc('Whether the user leads the department', '是否是部门 leader', true));
const isMainDepartment = z.boolean().meta(doc("Whether it is the user's main department", '是否是主部门', true));

function path(english: string, chinese: string, example: string) {
  return z
    .array(z.string())
    .optional()
    .meta(doc(`${english} from the root to the department, on request`, chinese, [example]));
}

/** A department as seen from one of its members. V3 promises texts for description and code, so none is empty. */
const UserDepartmentRespDto = dto('UserDepartmentRespDto', {
  organizationCode,
  departmentId,
  isRoot: z.boolean().meta(doc('Whether it is the root department', '是否是根部门', false)),
  createdAt: timestamp.meta(doc('Time of creation', '部门创建时间', '2022-07-03T02:20:30.000Z')),
  name: z.string().meta(doc('Name', '部门名称', '开发部')),
  description: z.string().meta(doc('Description, empty for none', '部门描述，没有时为空', '技术研发部门')),
  openDepartmentId: openDepartmentId.nullable().optional(),
  isLeader,
  code: z.string().meta(doc('Code, empty for none', '部门识别码，没有时为空', 'rd')),
  isMainDepartment,
  joinedAt: timestamp.meta(doc('Time the user joined', '加入部门的时间', '2022-07-03T02:20:30.000Z')),
  isVirtualNode,
  i18n: DepartmentI18nDto.nullable().optional(),
  customData: customData.optional(),
  departmentIdPath: path('Ids', '部门路径（ID），自根部门起', '60b49eb83fd80adb96f26e68'),
  departmentCodePath: path('Codes', '部门路径（Code），自根部门起', 'rd'),
  departmentNamePath: path('Names', '部门路径（名称），自根部门起', '开发部'),
});

export const getUserDepartments = query({
  method: 'GET',
  path: '/api/v3/get-user-departments',
  tag,
  title: { en: 'Get User Department List', zh: '获取用户部门列表' },
  summary: { en: 'List the departments of a user', zh: '获取用户部门列表' },
  description: {
    en: 'Lists the departments a user is a direct member of, in all organizations, the one joined last first unless another order is asked for.',
    zh: '获取用户在所有组织机构中直属的部门列表，默认按加入时间倒序。',
  },
  permission: 'user:GetDepartments',
  input: dto('GetUserDepartmentsDto', {
    userId,
    userIdType,
    ...paging,
    withCustomData,
    withDepartmentPaths: z
      .boolean()
      .default(false)
      .meta(doc('Whether to return the way from the root', '是否获取部门路径', true)),
    sortBy: z
      // The published name is misspelt and stays; the right spelling means the same.
      .enum(['DepartmentCreatedAt', 'JoinDepartmentAt', 'DepartmentName', 'DepartmemtCode', 'DepartmentCode'])
      .default('JoinDepartmentAt')
      .meta(doc('What to order by', '排序依据', 'JoinDepartmentAt')),
    orderBy: z
      .enum(['Asc', 'Desc'])
      .default('Desc')
      .meta(doc('Direction', '增序还是倒序', 'Desc')),
  }),
  output: pageOf('UserDepartmentPagingDto', UserDepartmentRespDto),
  answer: 'UserDepartmentPaginatedRespDto',
  errors: [userErrors.notFound, userErrors.customFieldNotDefined],
});

export const setUserDepartments = command({
  method: 'POST',
  path: '/api/v3/set-user-departments',
  tag,
  title: { en: 'Set User Departments', zh: '设置用户所在部门' },
  summary: { en: 'Set the departments of a user', zh: '设置用户所在部门' },
  description: {
    en: 'Replaces the departments of a user, in all organizations. Memberships that stay keep the time they began. When no main department is named, the previous one stays if it can, else the first in the list becomes it; virtual departments never do. `isLeader` adds or removes the user as a leader; absent, nothing changes.',
    zh: '设置用户所在部门，会替换用户在所有组织机构中的部门。保留的部门加入时间不变。未指定主部门时优先保留原主部门，否则为列表中第一个非虚拟部门。`isLeader` 用于添加或移除部门负责人，不传则不变。',
  },
  permission: 'user:SetDepartments',
  input: dto('SetUserDepartmentsDto', {
    userId,
    departments: z
      .array(
        dto('SetUserDepartmentDto', {
          departmentId,
          isLeader: isLeader.nullable().optional(),
          isMainDepartment: isMainDepartment.nullable().optional(),
        }),
      )
      .min(1)
      .max(50)
      .meta(
        doc('Departments of the user from now on, 1 to 50', '用户所在部门，1 到 50 个', [
          { departmentId: '60b49eb83fd80adb96f26e68', isLeader: true, isMainDepartment: true },
        ]),
      ),
    options: dto('SetUserDepartmentsOptionsDto', { userIdType })
      .nullable()
      .optional()
      .meta(doc('Options', '可选参数', { userIdType: 'user_id' })),
  }),
  output: IsSuccessDto,
  answer: 'IsSuccessRespDto',
  errors: [
    userErrors.notFound,
    userErrors.customFieldNotDefined,
    userDepartmentErrors.departmentNotFound,
    userDepartmentErrors.severalMainDepartments,
    userDepartmentErrors.mainDepartmentVirtual,
    departmentMemberErrors.userNotEmployed,
  ],
  audit: { operationType: 'set', resourceType: 'user' },
  target: 'userId',
  emits: [departmentMemberAdded, departmentMemberRemoved, userDepartmentsChanged],
});
