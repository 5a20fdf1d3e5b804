import { doc, dto, paging, query } from '@genauth/contract';
import * as z from 'zod';
import {
  DepartmentDto,
  departmentTreeErrors,
  organizationCode,
  tenantId,
  withCustomData,
  withPost,
} from '../department-tree/contract.ts';

const tag = 'Departments';
const { organizationNotFound, tenantNotFound } = departmentTreeErrors;

/** Both searches answer a plain list. */
const list = z.array(DepartmentDto);
const answer = 'DepartmentListRespDto';

const fields = ['updatedAt', 'createdAt', 'name'] as const;
export type SearchField = (typeof fields)[number];

const operators = ['BETWEEN', 'EQUAL', 'IN', 'LESSER', 'GREATER', 'CONTAINS'] as const;
export type SearchOperator = (typeof operators)[number];

const SearchDepartmentsFilterItemDto = dto('SearchDepartmentsFilterItemDto', {
  field: z.enum(fields).meta(doc('Field to compare', '高级搜索指定的部门字段', 'name')),
  operator: z
    .enum(operators)
    .meta(
      doc(
        'How to compare. LESSER and GREATER include the value itself; CONTAINS is for the name only, whatever its case',
        '运算符。LESSER、GREATER 包含边界值；CONTAINS 仅用于名称，不区分大小写',
        'EQUAL',
      ),
    ),
  // What it may be depends on field and operator; the rules know.
  value: z
    .unknown()
    .optional()
    .meta(
      doc(
        'Value to compare with: of BETWEEN two, of IN up to 100. Times are ISO 8601 or Unix milliseconds',
        '搜索值。BETWEEN 传两个值的数组，IN 传最多 100 个值的数组；时间可传 ISO 8601 或毫秒时间戳',
        'test',
      ),
    ),
});

const DepartmentSortingDto = dto('DepartmentSortingDto', {
  field: z.enum(fields).meta(doc('Field to order by', '进行排序的字段', 'createdAt')),
  order: z
    .enum(['desc', 'asc'])
    .optional()
    .meta(doc('Direction', '排序顺序', 'desc')),
  // The published example says `direction` where the published type says `order`; both are understood.
  direction: z
    .enum(['desc', 'asc'])
    .optional()
    .meta(doc('The same as `order`', '与 `order` 相同', 'desc')),
});

export const searchDepartments = query({
  method: 'POST',
  path: '/api/v3/search-departments',
  tag,
  title: { en: 'Search Departments', zh: '搜索部门' },
  summary: { en: 'Search departments', zh: '搜索部门' },
  description: {
    en: 'Lists the departments of an organization whose name or code contains the keywords, whatever their case, by name. Not paged: use `search-departments-list` for that.',
    zh: '通过关键词搜索组织机构下的部门，匹配名称或 Code，不区分大小写，按名称排序，不分页。请改用 `search-departments-list`。',
  },
  permission: 'department:List',
  deprecated: true,
  input: dto('SearchDepartmentsReqDto', {
    keywords: z
      .string()
      .trim()
      .min(1)
      .max(255)
      .meta(doc('Keywords', '搜索关键词，如部门名称', 'Authing')),
    organizationCode,
    withCustomData,
    tenantId,
  }),
  output: list,
  answer,
  errors: [organizationNotFound, tenantNotFound],
});

export const searchDepartmentsList = query({
  method: 'POST',
  path: '/api/v3/search-departments-list',
  tag,
  title: { en: 'Search Department List', zh: '搜索部门列表' },
  summary: { en: 'Search departments by conditions', zh: '搜索部门列表' },
  description: {
    en: 'Lists a page of the departments of an organization that meet all conditions. `sort` wins over `sortBy` and `orderBy`.',
    zh: '分页获取组织机构下满足所有条件的部门。传 `sort` 时忽略 `sortBy` 与 `orderBy`。',
  },
  permission: 'department:List',
  input: dto('SearchDepartmentsListReqDto', {
    organizationCode,
    withCustomData,
    withPost,
    ...paging,
    advancedFilter: z
      .array(SearchDepartmentsFilterItemDto)
      .max(50)
      .default([])
      .meta(
        doc('Conditions, all of which must hold', '高级搜索，多个条件为且的关系', [
          { field: 'name', operator: 'CONTAINS', value: 'test' },
        ]),
      ),
    sortBy: z
      .enum(['updatedAt', 'createdAt'])
      .default('updatedAt')
      .meta(doc('What to order by', '排序依据', 'updatedAt')),
    orderBy: z
      .enum(['ASC', 'DESC'])
      .default('DESC')
      .meta(doc('Direction', '增序还是倒序', 'DESC')),
    sort: z
      .array(DepartmentSortingDto)
      .max(fields.length)
      .default([])
      .meta(
        doc('Several orders, the first decides first', '排序设置，可以设置多项按照多个字段进行排序', [
          { field: 'createdAt', order: 'desc' },
          { field: 'name', order: 'desc' },
        ]),
      ),
    tenantId,
  }),
  output: list,
  answer,
  errors: [organizationNotFound, tenantNotFound],
});
