import { command, doc, dto, errors, pageOf, paging, query, secret } from '@genauth/contract';
import * as z from 'zod';
import { departmentIdType } from '../department-tree/contract.ts';

export const userImportErrors = errors('user_import', {
  notFound: { statusCode: 404, message: { en: 'Import not found', zh: '导入任务不存在' } },
  alreadyStarted: { statusCode: 409, message: { en: 'The import was started already', zh: '导入任务已开始' } },
  chunkMalformed: { statusCode: 400, message: { en: '{field} is not base64', zh: '{field} 不是合法的 base64' } },
  chunkTooLarge: {
    statusCode: 413,
    message: { en: 'A chunk holds at most {maxBytes} bytes', zh: '单个分片最多 {maxBytes} 字节' },
  },
  storageFull: {
    statusCode: 409,
    message: {
      en: 'Files of the user pool that wait to be imported hold at most {maxBytes} bytes. Import or cancel one of them first',
      zh: '用户池待导入的文件总大小不能超过 {maxBytes} 字节，请先完成或取消其他导入',
    },
  },
  chunkMissing: { statusCode: 409, message: { en: 'Chunk {index} is missing', zh: '缺少分片 {index}' } },
  tooManyChunks: {
    statusCode: 409,
    message: {
      en: 'Chunk {index} was uploaded, of {chunkCount} that there are said to be',
      zh: '已上传分片 {index}，超出声明的 {chunkCount} 个分片',
    },
  },
});

const formats = ['csv', 'ndjson'] as const;

export const importId = z
  .string()
  .min(1)
  .max(64)
  .meta(doc('Id of the import', '导入任务 ID', '6229ffa0a1b2c3d4cade3e3d'));

const UserImportOptionsDto = dto('UserImportOptionsDto', {
  onExisting: z
    .enum(['skip', 'update'])
    .default('skip')
    .meta(
      doc(
        'What to do with a row whose username, email, phone or external id somebody has: leave him as he is, or change what the row says',
        '行中的用户名、邮箱、手机号或外部 ID 已存在时：跳过或更新',
        'skip',
      ),
    ),
  dryRun: z
    .boolean()
    .default(false)
    .meta(doc('Whether to check only, and change nothing', '是否仅校验，不写入数据', false)),
  onMissingDepartment: z
    .enum(['create', 'refuse'])
    .default('create')
    .meta(
      doc(
        'What to do with a department path that is not there: make it, or refuse the row',
        '部门路径不存在时：创建部门或拒绝该行',
        'create',
      ),
    ),
  departmentIdType,
  keepPassword: z
    .boolean()
    .default(false)
    .meta(
      doc(
        'Whether passwords are hashes made elsewhere, stored unchanged with `salt`',
        '密码列是否为已加密的密码（与 `salt` 一起原样保存）',
        true,
      ),
    ),
  resetPasswordOnFirstLogin: z
    .boolean()
    .default(false)
    .meta(
      doc('Whether new users must change their password at the first login', '新用户首次登录是否必须重置密码', false),
    ),
  columns: z
    .record(z.string().max(256), z.string().max(256).nullable())
    .optional()
    .meta(
      doc(
        'Columns whose name does not say what they hold: name in the file to field; null leaves the column out',
        '列名与字段名不一致时的映射：文件列名到字段名，null 表示忽略该列',
        { 'E-mail address': 'email', 'Cost center': null },
      ),
    ),
});

const states = ['uploading', 'waiting', 'running', 'done', 'failed', 'canceled'] as const;

function count(english: string, chinese: string) {
  return z.int().meta(doc(english, chinese, 0));
}

function time(english: string, chinese: string) {
  return z.iso.datetime().meta(doc(english, chinese, '2022-07-03T02:20:30.000Z'));
}

const UserImportDto = dto('UserImportDto', {
  importId,
  fileName: z
    .string()
    .nullable()
    .meta(doc('Name of the file', '文件名', 'users.csv')),
  format: z.enum(formats).meta(doc('Format of the file', '文件格式', 'csv')),
  options: UserImportOptionsDto,
  state: z
    .enum(states)
    .meta(
      doc('`uploading` until it is started, then that of its job', '状态：开始前为 uploading，之后与任务一致', 'done'),
    ),
  jobId: z
    .string()
    .nullable()
    .meta(doc('Job that carries it out', '任务 ID', '6229ffa0a1b2c3d4cade3e3d')),
  chunks: count('Chunks uploaded', '已上传分片数'),
  bytes: count('Bytes uploaded', '已上传字节数'),
  bytesRead: count('Bytes of them worked off', '已处理字节数'),
  rows: count('Rows worked off', '已处理行数'),
  created: count('Users created', '新建用户数'),
  updated: count('Users updated', '更新用户数'),
  skipped: count('Rows left out because the user exists', '因用户已存在而跳过的行数'),
  failed: count('Rows refused', '失败行数'),
  error: z.string().nullable().meta(doc('Why the import as a whole failed', '导入失败原因')),
  createdAt: time('Time it was created', '创建时间'),
  finishedAt: time('Time it ended', '结束时间').nullable(),
});

const tag = 'Users';

export const createUserImport = command({
  method: 'POST',
  path: '/api/v3/create-user-import',
  tag,
  title: { en: 'Create User Import', zh: '创建用户导入任务' },
  summary: { en: 'Begin an import of users', zh: '创建用户导入任务' },
  description: {
    en: 'Begins an import of any number of users from a file, which is uploaded in pieces (`upload-user-import-chunk`) before the import is started (`start-user-import`). CSV has the names of its columns in the first row; NDJSON has one JSON object a line. Columns are the fields of `create-user`, `departments` (paths such as `Acme/Research/Lab`, several separated by `;`), `departmentIds`, `disabled` and the keys of custom fields.',
    zh: '创建用户导入任务。文件通过 `upload-user-import-chunk` 分片上传，再由 `start-user-import` 开始导入。CSV 首行为列名，NDJSON 每行一个 JSON 对象。列为 `create-user` 的字段、`departments`（部门路径，如 `总公司/研发/实验室`，多个用 `;` 分隔）、`departmentIds`、`disabled` 及自定义字段的 key。',
  },
  permission: 'user:Import',
  input: dto('CreateUserImportDto', {
    format: z.enum(formats).meta(doc('Format of the file, in UTF-8', '文件格式，编码为 UTF-8', 'csv')),
    fileName: z
      .string()
      .max(255)
      .optional()
      .meta(doc('Name of the file, for the history of imports', '文件名，用于导入历史', 'users.csv')),
    options: UserImportOptionsDto.nullable().optional(),
  }),
  output: UserImportDto,
  answer: 'UserImportSingleRespDto',
  errors: [],
  audit: { operationType: 'create', resourceType: 'user' },
  emits: [],
});

export const uploadUserImportChunk = command({
  method: 'POST',
  path: '/api/v3/upload-user-import-chunk',
  tag,
  title: { en: 'Upload Chunk of User Import', zh: '上传用户导入分片' },
  summary: { en: 'Upload a piece of the file of an import', zh: '上传用户导入文件的一个分片' },
  description: {
    en: 'Uploads a piece of the file, at most 512 KiB. Pieces are numbered from 0 and may be cut anywhere. A piece that is sent again replaces itself, so an interrupted upload goes on where it was. Pieces are deleted when the import ends, or a week after the last of them came without a start.',
    zh: '上传文件的一个分片，最大 512 KiB。分片从 0 开始编号，可在任意字节处切分。重复上传同一分片会覆盖，中断后可继续上传。导入结束后，或最后一次上传一周后仍未开始时，分片会被删除。',
  },
  permission: 'user:Import',
  input: dto('UploadUserImportChunkDto', {
    importId,
    index: z
      .int()
      .min(0)
      .max(99_999)
      .meta(doc('Number of the piece, from 0', '分片编号，从 0 开始', 0)),
    content: secret(
      z
        .string()
        .min(1)
        .max(720_000)
        .meta(doc('The bytes, in base64', '分片内容，base64 编码', 'dXNlcm5hbWUKYm9iCg==')),
    ),
  }),
  output: UserImportDto,
  answer: 'UserImportSingleRespDto',
  errors: [
    userImportErrors.notFound,
    userImportErrors.alreadyStarted,
    userImportErrors.chunkMalformed,
    userImportErrors.chunkTooLarge,
    userImportErrors.storageFull,
  ],
  audit: { operationType: 'update', resourceType: 'user' },
  target: 'importId',
  emits: [],
});

export const startUserImport = command({
  method: 'POST',
  path: '/api/v3/start-user-import',
  tag,
  title: { en: 'Start User Import', zh: '开始用户导入' },
  summary: { en: 'Start an import whose file is uploaded', zh: '开始导入已上传的文件' },
  description: {
    en: 'Starts the job that carries the import out. It can be watched with `get-user-import` and canceled with `cancel-job`; rows that are done stay done. An import that was started already is answered as it is.',
    zh: '开始执行导入任务，可通过 `get-user-import` 查看进度，通过 `cancel-job` 取消，已导入的行会保留。重复调用返回当前状态。',
  },
  permission: 'user:Import',
  input: dto('StartUserImportDto', {
    importId,
    chunkCount: z
      .int()
      .min(1)
      .max(100_000)
      .meta(doc('Number of pieces the file has', '文件的分片总数', 1)),
  }),
  output: UserImportDto,
  answer: 'UserImportSingleRespDto',
  errors: [userImportErrors.notFound, userImportErrors.chunkMissing, userImportErrors.tooManyChunks],
  audit: { operationType: 'update', resourceType: 'user' },
  target: 'importId',
  emits: [],
});

export const getUserImport = query({
  method: 'GET',
  path: '/api/v3/get-user-import',
  tag,
  title: { en: 'Get User Import', zh: '获取用户导入任务' },
  summary: { en: 'Get an import of users', zh: '获取用户导入任务' },
  description: {
    en: 'Gets the state of an import: how much is uploaded, how far it is, how many rows did what. An import and its report are deleted with its job, a while after it ended (30 days, unless the installation says otherwise).',
    zh: '获取用户导入任务的状态：上传进度、处理进度及各类行数。导入结束一段时间后（默认 30 天），导入及其错误报告随任务一并删除。',
  },
  permission: 'user:Import',
  input: dto('GetUserImportDto', { importId }),
  output: UserImportDto,
  answer: 'UserImportSingleRespDto',
  errors: [userImportErrors.notFound],
});

export const listUserImports = query({
  method: 'GET',
  path: '/api/v3/list-user-imports',
  tag,
  title: { en: 'List User Imports', zh: '获取用户导入历史' },
  summary: { en: 'List imports of users', zh: '获取用户导入历史' },
  description: { en: 'Lists the imports of the user pool, newest first.', zh: '获取用户池的导入历史，最新的在前。' },
  permission: 'user:Import',
  input: dto('ListUserImportsDto', paging),
  output: pageOf('UserImportPagingDto', UserImportDto),
  answer: 'UserImportPaginatedRespDto',
  errors: [],
});

export const getUserImportReport = query({
  method: 'GET',
  path: '/api/v3/get-user-import-report',
  tag,
  title: { en: 'Get Report of User Import', zh: '获取用户导入错误报告' },
  summary: { en: 'Get the rows that an import refused', zh: '获取导入失败的行' },
  description: {
    en: 'Gets the refused rows as CSV (row, field, message), in pieces: pass `next` of one piece as `after` of the following one until it is null, and append. The first piece has the names of the columns. Row 1 of a CSV file is the one with the names of its columns.',
    zh: '以 CSV（row, field, message）分段获取失败的行：将返回的 `next` 作为下一次的 `after`，直到为 null，依次拼接即为完整报告，首段包含列名。CSV 文件的列名行为第 1 行。',
  },
  permission: 'user:Import',
  input: dto('GetUserImportReportDto', {
    importId,
    after: z
      .int()
      .min(0)
      .max(Number.MAX_SAFE_INTEGER)
      .default(0)
      .meta(doc('Row after which to go on', '从该行之后继续', 0)),
    limit: z
      .int()
      .min(1)
      .max(5000)
      .default(1000)
      .meta(doc('Rows in a piece', '每段行数', 1000)),
  }),
  output: dto('UserImportReportDto', {
    content: z
      .string()
      .meta(doc('The piece', '报告内容', 'row,field,message\r\n2,email,Parameter email is malformed\r\n')),
    next: z
      .int()
      .nullable()
      .meta(doc('`after` of the next piece, or null', '下一段的 `after`，没有更多时为 null', 2)),
  }),
  answer: 'UserImportReportRespDto',
  errors: [userImportErrors.notFound],
});
