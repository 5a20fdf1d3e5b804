import { type ConsequenceDeclaration, command, doc, dto, errors, event, query } from '@genauth/contract';
import * as z from 'zod';
import { PostDto, PostEventData, PostInfoDto, postErrors, postId, withCustomData } from '../posts/contract.ts';
import { userErrors } from '../user-directory/contract.ts';
import { userArchived, userBecamePublic, userDeleted, userResigned } from '../users/contract.ts';

export const userPostErrors = errors('user_post', {
  userNotEmployed: {
    statusCode: 422,
    message: { en: 'Resigned and archived users cannot hold posts', zh: '已离职或已归档的用户不能关联岗位' },
  },
});

const memberData = z.object({
  post: PostEventData,
  user: z.object({ id: z.string(), username: z.string().nullable(), email: z.string().nullable() }),
});
export const postMemberAdded = event('post.member.added', { webhook: 'post:member-added', data: memberData });
export const postMemberRemoved = event('post.member.removed', { webhook: 'post:member-removed', data: memberData });

const tag = 'Posts';
const userId = z
  .string()
  .min(1)
  .max(64)
  .meta(doc('System id of the user', '用户 ID', '6229ffa0a1b2c3d4cade3e3d'));

export const setUserPosts = command({
  method: 'POST',
  path: '/api/v3/set-user-posts',
  tag,
  title: { en: 'Set User Posts', zh: '设置用户的岗位' },
  summary: { en: 'Set the posts of a user', zh: '设置用户的岗位' },
  description: {
    en: 'Replaces the posts of a user: he loses those that are not in the list and gets those that are new. An empty list leaves him none.',
    zh: '设置用户的岗位，整体替换：移除列表之外的岗位，添加新增的岗位。传空列表则清空用户的岗位。',
  },
  permission: 'post:SetUserPosts',
  input: dto('SetUserPostsDto', {
    postIds: z
      .array(postId)
      .max(100)
      .meta(doc('Ids of the posts, at most 100', '岗位 ID 列表，最多 100 个', ['64f0c2a1b3d4e5f607182940'])),
    userId,
  }),
  output: undefined,
  answer: 'CommonResponseDto',
  errors: [userErrors.notFound, postErrors.idNotFound, userPostErrors.userNotEmployed],
  audit: { operationType: 'set', resourceType: 'post' },
  target: 'userId',
  emits: [postMemberAdded, postMemberRemoved],
});

export const userConnectionPost = command({
  method: 'POST',
  path: '/api/v3/user-connection-post',
  tag,
  title: { en: 'Add User to Post', zh: '用户关联岗位' },
  summary: { en: 'Give a user one more post', zh: '用户关联岗位' },
  description: {
    en: 'Gives a user a post beside those he has. One he has already stays as it is, so the call can be repeated safely.',
    zh: '为用户新增一个岗位，不影响已有岗位。重复调用结果不变。',
  },
  permission: 'post:SetUserPosts',
  input: dto('UserConnectionPostDto', { userId, postId }),
  output: undefined,
  answer: 'CommonResponseDto',
  errors: [userErrors.notFound, postErrors.idNotFound, userPostErrors.userNotEmployed],
  audit: { operationType: 'add', resourceType: 'post' },
  target: 'userId',
  emits: [postMemberAdded],
});

export const getUserPosts = query({
  method: 'GET',
  path: '/api/v3/get-user-posts',
  tag,
  title: { en: 'Get User Posts', zh: '获取用户的岗位列表' },
  summary: { en: 'Get the posts of a user', zh: '获取用户的岗位列表' },
  description: {
    en: 'Gets all posts of a user, in the order he got them.',
    zh: '获取用户的全部岗位，按关联时间排序。',
  },
  permission: 'post:Get',
  deprecated: true,
  input: dto('GetUserPostsDto', { userId, withCustomData }),
  output: z.array(PostDto),
  answer: 'PostListRespDto',
  errors: [userErrors.notFound],
});

export const getUserPost = query({
  method: 'GET',
  path: '/api/v3/get-user-post',
  tag,
  title: { en: 'Get User Post', zh: '获取用户的岗位' },
  summary: { en: 'Get one post of a user', zh: '获取用户的岗位' },
  description: {
    en: 'Gets the post a user got first, or null. Its fields stand at the top of the answer as well as below `data`. A user can hold several posts; `get-user-posts` returns them all.',
    zh: '获取用户最先关联的岗位，没有时为 null。岗位字段同时出现在响应顶层与 `data` 中。用户可有多个岗位，请使用 `get-user-posts` 获取全部。',
  },
  permission: 'post:Get',
  deprecated: true,
  input: dto('GetUserPostDto', { userId, withCustomData }),
  output: PostInfoDto.nullable(),
  answer: 'PostSingleRespDto',
  hasPayloadAtTop: true,
  errors: [userErrors.notFound],
});

export const consequences: readonly ConsequenceDeclaration[] = [
  { of: [userResigned, userArchived, userBecamePublic, userDeleted], emits: [postMemberRemoved] },
];
