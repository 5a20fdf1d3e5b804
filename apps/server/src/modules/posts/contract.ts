import { codePattern, command, doc, dto, errors, event, pageOf, paging, query } from '@genauth/contract';
import * as z from 'zod';

export const postErrors = errors('post', {
  notFound: { statusCode: 404, message: { en: 'Post not found for code: {code}', zh: '岗位不存在：{code}' } },
  idNotFound: { statusCode: 404, message: { en: 'Post not found: {postId}', zh: '岗位不存在：{postId}' } },
  codeTaken: { statusCode: 409, message: { en: 'Post code already exists: {code}', zh: '岗位 Code 已存在：{code}' } },
  departmentNotFound: {
    statusCode: 404,
    message: {
      en: 'There is an invalid departmentId: {departmentId}',
      zh: '存在不合法的 departmentId: {departmentId}',
    },
  },
});

/** What events say of a post. */
export const PostEventData = z.object({ id: z.string(), code: z.string(), name: z.string() });

const postData = z.object({ post: PostEventData });
const wholePost = PostEventData.extend({ description: z.string().nullable(), departmentIdList: z.array(z.string()) });
export const postCreated = event('post.created', { webhook: 'post:created', data: z.object({ post: wholePost }) });
export const postUpdated = event('post.updated', {
  webhook: 'post:updated',
  data: z.object({
    post: wholePost,
    updates: z.record(z.string(), z.unknown()).meta(doc('Changed fields with their new values', '变更的字段及新值')),
  }),
});
export const postDeleted = event('post.deleted', { webhook: 'post:deleted', data: postData });

const code = z
  .string()
  .min(1)
  .max(64)
  .regex(codePattern)
  .meta(doc('Code, unique in the user pool', '岗位 Code，用户池内唯一', 'developer'));
/** Of a post that should be there: a code that is not legal names none. */
const codeToFind = z
  .string()
  .min(1)
  .max(64)
  .meta(doc('Code', '岗位 Code', 'developer'));
const name = z
  .string()
  .trim()
  .min(1)
  .max(255)
  .meta(doc('Name', '岗位名称', '研发'));
const description = z
  .string()
  .max(1024)
  .nullable()
  .optional()
  .meta(doc('Description', '岗位描述', '描述内容'));
const id = z
  .string()
  .max(64)
  .nullable()
  .optional()
  .meta(
    doc(
      'Id of the post to change; with it `code` may be a new one. Ignored on creation',
      '要修改的岗位 ID，传入时 `code` 可为新值；创建时忽略',
      '64f0c2a1b3d4e5f607182940',
    ),
  );
const departmentIdList = z
  .union([z.array(z.string().min(1).max(64)).max(1000), z.string().max(64_000)])
  .nullable()
  .optional()
  .meta(
    doc(
      'System ids of the departments that have the post, at most 1000; replaces the list',
      '岗位关联的部门系统 ID 列表，最多 1000 个，整体替换',
      ['60b49eb83fd80adb96f26e68'],
    ),
  );

export const postId = z
  .string()
  .min(1)
  .max(64)
  .meta(doc('Id of the post', '岗位 ID', '64f0c2a1b3d4e5f607182940'));
export const withCustomData = z
  .boolean()
  .default(false)
  .meta(doc('Whether to return custom data', '是否获取自定义数据', false));
const customData = z
  .record(z.string(), z.unknown())
  .optional()
  .meta(doc('Custom data, on request', '岗位的自定义数据', {}));

const postFields = {
  id: z
    .string()
    .optional()
    .meta(doc('Id', '岗位 ID', '64f0c2a1b3d4e5f607182940')),
  code: z.string().meta(doc('Code', '岗位 Code', 'developer')),
  name: z.string().meta(doc('Name', '岗位名称', '研发')),
  description: z
    .string()
    .nullable()
    .optional()
    .meta(doc('Description', '岗位描述', '描述内容')),
  customData,
};

export const PostDto = dto('PostDto', postFields);

export const PostInfoDto = dto('PostInfoDto', {
  ...postFields,
  departmentIdList: z
    .array(z.string())
    .meta(doc('Ids of the departments that have the post', '岗位关联的部门 ID 列表', ['60b49eb83fd80adb96f26e68'])),
});

const PostItemDto = dto('PostItemDto', {
  ...postFields,
  userCount: z
    .int()
    .optional()
    .meta(doc('Number of users who hold the post; not there with `skipCount`', '岗位关联的用户数', 12)),
  departmentCount: z
    .int()
    .optional()
    .meta(doc('Number of departments that have it; not there with `skipCount`', '岗位关联的部门数', 3)),
  metadataSource: z.array(z.string()).meta(doc('Linked data objects', '岗位关联的数据对象', [])),
});

const tag = 'Posts';

export const createPost = command({
  method: 'POST',
  path: '/api/v3/create-post',
  tag,
  title: { en: 'Create Post', zh: '创建岗位' },
  summary: { en: 'Create a post', zh: '创建岗位' },
  description: {
    en: 'Creates a post, a job title that users hold and departments have. Its code is unique in the user pool.',
    zh: '创建岗位，岗位可关联部门与用户，Code 在用户池内唯一。',
  },
  permission: 'post:Create',
  input: dto('CreatePostDto', { code, name, id, description, departmentIdList }),
  output: PostInfoDto,
  answer: 'CreatePostRespDto',
  errors: [postErrors.codeTaken, postErrors.departmentNotFound],
  audit: { operationType: 'create', resourceType: 'post' },
  emits: [postCreated],
});

export const getPost = query({
  method: 'GET',
  path: '/api/v3/get-post',
  tag,
  title: { en: 'Get Post', zh: '获取岗位' },
  summary: { en: 'Get a post', zh: '获取岗位' },
  description: {
    en: 'Gets a post by its code. Its fields stand at the top of the answer as well as below `data`.',
    zh: '通过 Code 获取岗位。岗位字段同时出现在响应顶层与 `data` 中。',
  },
  permission: 'post:Get',
  input: dto('GetPostDto', { code: codeToFind, withCustomData }),
  output: PostInfoDto,
  answer: 'PostSingleRespDto',
  hasPayloadAtTop: true,
  errors: [postErrors.notFound],
});

export const getPostById = query({
  method: 'POST',
  path: '/api/v3/get-post-by-id',
  tag,
  title: { en: 'Get Posts by Id', zh: '通过 ID 获取岗位' },
  summary: { en: 'Get posts by their ids', zh: '通过 ID 获取岗位' },
  description: {
    en: 'Gets posts by their ids, in the order given. Of a list, ids that name no post are left out; one id that is not in a list is answered with the one post.',
    zh: '通过岗位 ID 获取岗位，按传入顺序返回。传列表时忽略不存在的 ID；只传一个 ID（非列表）时返回单个岗位。',
  },
  permission: 'post:Get',
  input: dto('GetPostByIdListDto', {
    idList: z
      .union([z.array(z.string().max(64)).max(100), z.string().max(6400)])
      .nullable()
      .optional()
      .meta(doc('Ids of posts, at most 100', '岗位 ID 列表，最多 100 个', ['64f0c2a1b3d4e5f607182940'])),
    withCustomData,
  }),
  output: z.union([z.array(PostInfoDto), PostInfoDto]),
  answer: 'PostRespDto',
  errors: [postErrors.idNotFound],
});

function time(english: string, chinese: string) {
  return z
    .number()
    .min(0)
    .max(253_402_300_799_999)
    .nullable()
    .optional()
    .meta(doc(`${english}, in seconds or milliseconds`, `${chinese}，秒或毫秒时间戳`, 1_670_000_000_000));
}

const listFields = {
  keywords: z
    .string()
    .trim()
    .max(255)
    .nullable()
    .optional()
    .meta(doc('Part of the name or code, whatever its case', '搜索岗位名称或 Code，不区分大小写', '研发')),
  skipCount: z
    .boolean()
    .nullable()
    .optional()
    .meta(doc('Leave out how many users and departments there are', '不统计用户数与部门数', false)),
  ...paging,
  withMetadata: z
    .boolean()
    .default(false)
    .meta(doc('Whether to return data of linked objects; posts have none', '是否展示元数据内容', false)),
  withCustomData,
  flatCustomData: z
    .boolean()
    .default(false)
    .meta(doc('Whether to return custom fields beside the others', '是否拍平扩展字段', false)),
  metadataNoFieldId: z
    .boolean()
    .default(false)
    .meta(doc('Not used', '未使用', false)),
  createdAfter: time('Created at this time or later', '创建时间起'),
  createdBefore: time('Created at this time or before', '创建时间止'),
  updatedAfter: time('Changed at this time or later', '更新时间起'),
  updatedBefore: time('Changed at this time or before', '更新时间止'),
};

const PostPagingDto = pageOf('PostPagingDto', PostItemDto);
const listDescription = {
  en: 'Lists posts, newest first, with the number of users and departments of each.',
  zh: '分页获取岗位列表，按创建时间倒序，并统计关联的用户数与部门数。',
};

export const postList = query({
  method: 'GET',
  path: '/api/v3/list-post',
  tag,
  title: { en: 'List Posts', zh: '岗位列表' },
  summary: { en: 'List posts', zh: '岗位列表' },
  description: listDescription,
  permission: 'post:List',
  input: dto('ListPostDto', listFields),
  output: PostPagingDto,
  answer: 'PostPaginatedRespDto',
  errors: [],
});

export const postListBatch = query({
  method: 'POST',
  path: '/api/v3/list-post',
  tag,
  title: { en: 'List Posts by Codes', zh: '批量获取岗位列表' },
  summary: { en: 'List posts, or those of some codes', zh: '批量获取岗位列表' },
  description: { en: `${listDescription.en} Codes choose among them.`, zh: `${listDescription.zh}可按 Code 筛选。` },
  permission: 'post:List',
  input: dto('ListPostBatchDto', {
    ...listFields,
    postCodes: z
      .array(z.string().max(64))
      .max(100)
      .nullable()
      .optional()
      .meta(doc('Only posts with these codes, at most 100', '岗位 Code 列表，最多 100 个', ['developer'])),
  }),
  output: PostPagingDto,
  answer: 'PostPaginatedRespDto',
  errors: [],
});

export const updatePost = command({
  method: 'POST',
  path: '/api/v3/update-post',
  tag,
  title: { en: 'Update Post', zh: '修改岗位' },
  summary: { en: 'Update a post', zh: '修改岗位' },
  description: {
    en: 'Changes a post, named by its `code` or, when `code` is to change, by its `id`. What is not given stays; `departmentIdList` replaces the list, and an empty one clears it.',
    zh: '修改岗位，通过 `code` 指定；需要修改 `code` 时通过 `id` 指定。未传的字段保持不变；`departmentIdList` 整体替换，传空数组清空。',
  },
  permission: 'post:Update',
  input: dto('UpdatePostDto', {
    code,
    name: z
      .string()
      .trim()
      .max(255)
      .nullable()
      .optional()
      .meta(doc('Name; empty leaves it', '岗位名称，为空时不变', '研发')),
    id,
    description,
    departmentIdList,
  }),
  output: PostInfoDto,
  answer: 'CreatePostRespDto',
  errors: [postErrors.notFound, postErrors.idNotFound, postErrors.codeTaken, postErrors.departmentNotFound],
  audit: { operationType: 'update', resourceType: 'post' },
  target: 'code',
  emits: [postUpdated],
});

export const removePost = command({
  method: 'POST',
  path: '/api/v3/remove-post',
  tag,
  title: { en: 'Delete Post', zh: '移除岗位' },
  summary: { en: 'Delete a post', zh: '移除岗位' },
  description: {
    en: 'Deletes a post. Users and departments lose it and stay otherwise as they are.',
    zh: '删除岗位，同时解除其与用户、部门的关联，用户和部门本身不受影响。',
  },
  permission: 'post:Delete',
  input: dto('RemovePostDto', { code: codeToFind }),
  output: undefined,
  answer: 'CommonResponseDto',
  errors: [postErrors.notFound],
  audit: { operationType: 'delete', resourceType: 'post' },
  target: 'code',
  emits: [postDeleted],
});
