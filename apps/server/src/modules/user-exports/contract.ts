import { command, doc, dto, errors, pageOf, paging, query } from '@genauth/contract';
import * as z from 'zod';
import { departmentTreeErrors } from '../department-tree/contract.ts';
import { userErrors } from '../user-directory/contract.ts';
import { listUsers } from '../user-search/contract.ts';

export const userExportErrors = errors('user_export', {
  notFound: { statusCode: 404, message: { en: 'Export not found', zh: '导出任务不存在' } },
  unknownField: { statusCode: 400, message: { en: 'Unknown field: {field}', zh: '未知字段：{field}' } },
});

const exportId = z
  .string()
  .min(1)
  .max(64)
  .meta(doc('Id of the export', '导出任务 ID', '6229ffa0a1b2c3d4cade3e3d'));
const format = z.enum(['csv', 'ndjson']).meta(doc('Format', '导出格式', 'csv'));
const fields = z
  .array(z.string().min(1).max(64))
  .min(1)
  .max(200)
  .meta(
    doc(
      'Fields in their order: fields of the user, `departments` (paths), `departmentIds`, keys of custom fields',
      '导出字段及顺序：用户字段、`departments`（部门路径）、`departmentIds`、自定义字段的 key',
      ['username', 'email', 'departments'],
    ),
  );

const UserExportDto = dto('UserExportDto', {
  exportId,
  format,
  fields,
  accessKeyId: z
    .string()
    .meta(doc('Access key that asked for it', '发起导出的 Access Key', '6229ffa0a1b2c3d4cade3e3d')),
  createdAt: z.iso.datetime().meta(doc('Time it was asked for', '创建时间', '2022-07-03T02:20:30.000Z')),
});

const tag = 'Users';
const { keywords, advancedFilter } = listUsers.input.shape;

export const createUserExport = command({
  method: 'POST',
  path: '/api/v3/create-user-export',
  tag,
  title: { en: 'Create User Export', zh: '创建用户导出任务' },
  summary: { en: 'Begin an export of users', zh: '创建用户导出任务' },
  description: {
    en: 'Begins an export of selected users, of those a search finds, or of all; it is noted in the audit log. The file is then read part by part with `get-user-export-part`. Without `fields` it has every field that can be imported again. Identity numbers and encrypted custom fields are masked; passwords are never exported. Text that a spreadsheet would run as a formula has an apostrophe in front.',
    zh: '创建用户导出任务，可导出选中的用户、搜索到的用户或全部用户，并记录审计日志。随后通过 `get-user-export-part` 分段读取文件。未指定 `fields` 时导出全部可再次导入的字段。身份证号与加密的自定义字段以掩码导出，密码不会导出。会被电子表格当作公式执行的文本前会加单引号。',
  },
  permission: 'user:Export',
  input: dto('CreateUserExportDto', {
    format,
    fields: fields.optional(),
    userIds: z
      .array(z.string().min(1).max(64))
      .max(5000)
      .nullable()
      .optional()
      .meta(doc('Only these users, by their system ids', '仅导出这些用户（系统 ID）', ['6229ffa0a1b2c3d4cade3e3d'])),
    keywords,
    advancedFilter,
  }),
  output: UserExportDto,
  answer: 'UserExportSingleRespDto',
  errors: [
    userExportErrors.unknownField,
    userErrors.customFieldNotDefined,
    departmentTreeErrors.organizationNotFound,
    departmentTreeErrors.departmentNotFound,
  ],
  audit: { operationType: 'create', resourceType: 'user' },
  emits: [],
});

export const getUserExportPart = query({
  method: 'GET',
  path: '/api/v3/get-user-export-part',
  tag,
  title: { en: 'Get Part of User Export', zh: '获取用户导出内容' },
  summary: { en: 'Read a part of an export', zh: '分段获取用户导出内容' },
  description: {
    en: 'Reads the next users: pass `next` of one part as `after` of the following one until it is null, and append the contents. The first part of a CSV file has the names of the columns. Users are those who were there when the export was created, each as he is when his part is read. A part can be read again, until the export is deleted a while after it was created (30 days, unless the installation says otherwise).',
    zh: '分段读取导出内容：将返回的 `next` 作为下一次的 `after`，直到为 null，依次拼接 `content` 即为完整文件，CSV 首段包含列名。导出范围为创建导出任务时已存在的用户，内容为读取时的最新资料。各段可重复读取，导出创建一段时间后（默认 30 天）删除。',
  },
  permission: 'user:Export',
  input: dto('GetUserExportPartDto', {
    exportId,
    after: z
      .string()
      .max(64)
      .optional()
      .meta(doc('`next` of the part before', '上一段返回的 `next`', '6229ffa0a1b2c3d4cade3e3d')),
    limit: z
      .int()
      .min(1)
      .max(2000)
      .default(500)
      .meta(doc('Users in a part', '每段用户数', 500)),
  }),
  output: dto('UserExportPartDto', {
    content: z.string().meta(doc('The part', '导出内容', 'username,email\r\nbob,bob@example.com\r\n')),
    users: z.int().meta(doc('Users in it', '用户数', 1)),
    next: z.string().nullable().meta(doc('`after` of the next part, or null', '下一段的 `after`，没有更多时为 null')),
  }),
  answer: 'UserExportPartRespDto',
  errors: [
    userExportErrors.notFound,
    userErrors.customFieldNotDefined,
    departmentTreeErrors.organizationNotFound,
    departmentTreeErrors.departmentNotFound,
  ],
});

export const listUserExports = query({
  method: 'GET',
  path: '/api/v3/list-user-exports',
  tag,
  title: { en: 'List User Exports', zh: '获取用户导出历史' },
  summary: { en: 'List exports of users', zh: '获取用户导出历史' },
  description: { en: 'Lists the exports of the user pool, newest first.', zh: '获取用户池的导出历史，最新的在前。' },
  permission: 'user:Export',
  input: dto('ListUserExportsDto', paging),
  output: pageOf('UserExportPagingDto', UserExportDto),
  answer: 'UserExportPaginatedRespDto',
  errors: [],
});
