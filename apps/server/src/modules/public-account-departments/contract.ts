import { command, doc, dto, IsSuccessDto, query } from '@genauth/contract';
import * as z from 'zod';
import { departmentTreeErrors } from '../department-tree/contract.ts';
import {
  PublicAccountPagingDto,
  publicAccountBound,
  publicAccountDepartmentsChanged,
  publicAccountErrors,
  publicAccountUnbound,
} from '../public-accounts/contract.ts';
import { getUserDepartments, setUserDepartments, userDepartmentErrors } from '../user-departments/contract.ts';
import { userErrors } from '../user-directory/contract.ts';

const tag = 'Public Accounts';

/** V3's lists of links are not paged. Who expects many may page them all the same. */
export const optionalPaging = {
  page: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(1)
    .meta(doc('Page number, from 1; counts with `limit` only', '当前页数，从 1 开始，仅与 `limit` 同时使用', 1)),
  limit: z
    .int()
    .min(1)
    .max(50)
    .optional()
    .meta(doc('Items per page, at most 50; all of them when absent', '每页数目，最大 50，不传则返回全部', 50)),
};

export const getPublicAccountDepartments = query({
  method: 'GET',
  path: '/api/v3/get-departments-of-public-account',
  tag,
  title: { en: 'Get Departments of Public Account', zh: '获取公共账号的部门列表' },
  summary: { en: 'List the departments a public account is linked to', zh: '获取公共账号的部门列表' },
  description: {
    en: 'Lists the departments whose members may use a public account, the one linked last first unless another order is asked for.',
    zh: '获取公共账号关联的部门列表，默认按关联时间倒序。部门成员可使用该公共账号。',
  },
  permission: 'publicAccount:Get',
  input: dto('GetPublicAccountDepartmentsDto', getUserDepartments.input.shape),
  output: getUserDepartments.output,
  answer: 'UserDepartmentPaginatedRespDto',
  errors: getUserDepartments.errors,
});

export const getPublicAccountsOfDepartment = query({
  method: 'GET',
  path: '/api/v3/get-public-accounts-of-department',
  tag,
  title: { en: 'Get Public Accounts of Department', zh: '获取部门的公共账号列表' },
  summary: { en: 'List the public accounts linked to a department', zh: '获取部门的公共账号列表' },
  description: {
    en: 'Lists the public accounts that are linked to this very department, the one linked last first.',
    zh: '通过部门 ID，获取直接关联该部门的公共账号列表，按关联时间倒序。',
  },
  permission: 'publicAccount:List',
  input: dto('GetPublicAccountsOfDepartmentDto', {
    departmentId: z
      .string()
      .min(1)
      .max(64)
      .meta(doc('System id of the department', '部门 ID', '60b49eb83fd80adb96f26e68')),
    ...optionalPaging,
  }),
  output: PublicAccountPagingDto,
  answer: 'PublicAccountPaginatedRespDto',
  errors: [departmentTreeErrors.departmentNotFound],
});

export const setPublicAccountOfDepartments = command({
  method: 'POST',
  path: '/api/v3/set-public-account-of-departments',
  tag,
  title: { en: 'Set Departments of Public Account', zh: '设置公共账号所在部门' },
  summary: { en: 'Set the departments a public account is linked to', zh: '设置公共账号所在部门' },
  description: {
    en: 'Replaces the departments a public account is linked to: their members may use it. The main department is chosen as `set-user-departments` does. `isLeader` is kept with the link and shown again; leaders of a department are people. To unlink the last department, pass the account to `remove-department-members`.',
    zh: '设置公共账号关联的部门，整体替换，部门成员可使用该公共账号。主部门规则与 `set-user-departments` 相同。`isLeader` 仅记录在关联上，不会成为部门负责人。解除最后一个部门请使用 `remove-department-members`。',
  },
  permission: 'publicAccount:Link',
  input: dto('SetPublicAccountDepartmentsDto', setUserDepartments.input.shape),
  output: IsSuccessDto,
  answer: 'IsSuccessRespDto',
  errors: [
    userErrors.notFound,
    userErrors.customFieldNotDefined,
    userDepartmentErrors.departmentNotFound,
    userDepartmentErrors.severalMainDepartments,
    userDepartmentErrors.mainDepartmentVirtual,
    publicAccountErrors.notInUse,
  ],
  audit: { operationType: 'set', resourceType: 'public_account' },
  target: 'userId',
  emits: [publicAccountBound, publicAccountUnbound, publicAccountDepartmentsChanged],
});
