import { doc, dto, errors, paging, query } from '@genauth/contract';
import * as z from 'zod';
import { departmentTreeErrors } from '../department-tree/contract.ts';
import {
  flatCustomData,
  status,
  UserPagingDto,
  userErrors,
  withCustomData,
  withDepartmentIds,
  withIdentities,
  withPost,
} from '../user-directory/contract.ts';
import { fuzzyFields, ListUsersAdvancedFilterItemDto } from '../user-filters/contract.ts';

export const userSearchErrors = errors('user_search', {
  searchQueryNotSupported: {
    statusCode: 422,
    message: {
      en: 'searchQuery is not supported, use advancedFilter',
      zh: '不支持 searchQuery，请使用 advancedFilter',
    },
  },
});

const sortFields = [
  'id',
  'createdAt',
  'updatedAt',
  'email',
  'username',
  'externalId',
  'phone',
  'status',
  'statusChangedAt',
  'passwordLastSetAt',
  'loginsCount',
  'gender',
  'lastLogin',
  'userSourceType',
  'lastMfaTime',
  'passwordSecurityLevel',
  'phoneCountryCode',
  'lastIp',
] as const;

const tag = 'Users';

const direction = z.enum(['desc', 'asc']);

const ListUsersOptionsDto = dto('ListUsersOptionsDto', {
  pagination: dto('PaginationDto', paging).nullable().optional(),
  sort: z
    .array(
      dto('SortingDto', {
        field: z.enum(sortFields).meta(doc('What to order by', '进行排序的字段', 'loginsCount')),
        order: direction
          .nullable()
          .optional()
          .meta(doc('Direction; desc when left out', '排序顺序，默认 desc', 'desc')),
        direction: direction
          .nullable()
          .optional()
          .meta(doc('Another name of `order`', '`order` 的别名', 'desc')),
      }),
    )
    .max(10)
    .nullable()
    .optional()
    .meta(
      doc('Orders, the first one first. Newest first when left out', '排序设置，可设置多项，默认按创建时间倒序', [
        { field: 'createdAt', order: 'desc' },
        { field: 'loginsCount', order: 'desc' },
      ]),
    ),
  fuzzySearchOn: z
    .array(z.enum(fuzzyFields))
    .max(fuzzyFields.length)
    .nullable()
    .optional()
    .meta(
      doc(
        'Fields the keywords are looked for in: phone, email, name, username, nickname and identityNumber when left out. Anywhere in a text; ids at their beginning, identity numbers, which are stored sealed, as a whole',
        '模糊搜索匹配的用户字段，默认为手机号、邮箱、姓名、用户名、昵称、身份证号。匹配文本中任意位置；ID 仅匹配开头，身份证号加密存储，仅支持完整匹配',
        ['phone', 'email', 'name', 'username', 'nickname', 'identityNumber'],
      ),
    ),
  withCustomData,
  withPost,
  withIdentities,
  withDepartmentIds,
  flatCustomData,
});

export const listUsers = query({
  method: 'POST',
  path: '/api/v3/list-users',
  tag,
  title: { en: 'Search Users', zh: '获取/搜索用户列表' },
  summary: { en: 'List and search users', zh: '获取/搜索用户列表' },
  description: {
    en: 'Lists the users that match the keywords and every filter. Resigned and archived users are listed only when a filter asks for a `status`.',
    zh: '获取或搜索用户列表，关键词与所有高级筛选条件需同时满足。仅当筛选条件包含 `status` 时返回已离职、已归档的用户。',
  },
  permission: 'user:List',
  input: dto('ListUsersRequestDto', {
    keywords: z
      .string()
      .trim()
      .max(255)
      .nullable()
      .optional()
      .meta(
        doc(
          'Text to look for, whatever its case; full width is the same as half width',
          '模糊搜索关键字，不区分大小写与全角半角',
          '张三',
        ),
      ),
    advancedFilter: z
      .array(ListUsersAdvancedFilterItemDto)
      .max(50)
      .nullable()
      .optional()
      .meta(
        doc('Filters; all must match', '高级搜索，条件之间为「与」关系', [
          { field: 'status', operator: 'EQUAL', value: 'Activated' },
        ]),
      ),
    searchQuery: z
      .record(z.string(), z.unknown())
      .nullable()
      .optional()
      .meta(
        doc(
          'Raw query of a search engine: refused, use `advancedFilter`',
          '搜索引擎查询语句，不支持，请使用 `advancedFilter`',
        ),
      ),
    options: ListUsersOptionsDto.nullable().optional(),
  }),
  output: UserPagingDto,
  answer: 'UserPaginatedRespDto',
  errors: [
    userSearchErrors.searchQueryNotSupported,
    userErrors.customFieldNotDefined,
    departmentTreeErrors.organizationNotFound,
    departmentTreeErrors.departmentNotFound,
  ],
});

export const listUsersByKeywords = query({
  ...listUsers,
  path: '/api/v3/list-users-by-keywords',
  title: { en: 'Search Users by Keywords', zh: '根据关键词搜索用户' },
  summary: { en: 'Search users by keywords', zh: '根据关键词搜索用户' },
  description: {
    en: 'The same as `POST /api/v3/list-users`, under the name that the Java SDK knows.',
    zh: '与 `POST /api/v3/list-users` 相同，Java SDK 使用此名称。',
  },
});

const timeBound = z
  .number()
  .min(0)
  .max(253_402_300_799_999)
  .optional()
  .meta(doc('Unix time, in seconds or milliseconds', 'Unix 时间戳，单位秒或毫秒', 1655714763890));

export const listUsersLegacy = query({
  method: 'GET',
  path: '/api/v3/list-users',
  tag,
  title: { en: 'List Users', zh: '获取用户列表' },
  summary: { en: 'List users', zh: '获取用户列表' },
  description: {
    en: 'Lists users, newest first. Resigned and archived users are listed only when their `status` is asked for. New programs use the POST of the same path.',
    zh: '获取用户列表，按创建时间倒序。仅当指定 `status` 时返回已离职、已归档的用户。新程序请使用同路径的 POST 接口。',
  },
  permission: 'user:List',
  deprecated: true,
  input: dto('ListUsersLegacyDto', {
    ...paging,
    status: status.optional(),
    updatedAtStart: timeBound,
    updatedAtEnd: timeBound,
    withCustomData,
    withPost,
    withIdentities,
    withDepartmentIds,
    withUserPasswordExpireTime: z
      .boolean()
      .default(false)
      .meta(doc('Accepted and ignored: passwords do not expire', '接受但忽略：密码不会过期', false)),
  }),
  output: UserPagingDto,
  answer: 'UserPaginatedRespDto',
  errors: [],
});
