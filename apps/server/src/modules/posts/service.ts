import { isDeepStrictEqual } from 'node:util';
import type { InputOf } from '@genauth/contract';
import type * as z from 'zod';
import type { Scope } from '../../platform/database/database.ts';
import { newId } from '../../platform/ids.ts';
import type { Handlers } from '../../platform/module.ts';
import { isViolationOf } from '../../platform/violations.ts';
import type * as contract from './contract.ts';
import { type PostDto, type PostInfoDto, postCreated, postDeleted, postErrors, postUpdated } from './contract.ts';
import {
  deletePost,
  findPostByCode,
  insertPost,
  listAndHoldDepartmentIds,
  listAndHoldPosts,
  listPosts,
  listPostsByIds,
  listPostsOfDepartments,
  lockPost,
  lockPostToDelete,
  type PostRow,
  replaceDepartmentsOfPost,
  replacePostsOfDepartment,
  updatePostRow,
} from './store.ts';

export const postHandlers: Handlers<typeof contract> = {
  async createPost({ code, name, description, departmentIdList }, { scope, now, emit, audit }) {
    const id = newId(now);
    const departmentIds = toIds(departmentIdList) ?? [];
    await namingTaken(code, () =>
      insertPost(scope, { id, code, name, description: description || null }, new Date(now).toISOString()),
    );
    await linkDepartments(scope, id, departmentIds);
    const post = toPostInfo(await requirePost(scope, id));
    emit(postCreated, { post: toWholeEventPost({ ...post, id }) });
    audit({ target: id, after: post });
    return post;
  },

  async getPost({ code, withCustomData }, { scope }) {
    const post = await findPostByCode(scope, code);
    if (post === undefined) throw postErrors.notFound({ code });
    return toPostInfo(post, withCustomData);
  },

  async getPostById({ idList, withCustomData }, { scope }) {
    const ids = toIds(idList) ?? [];
    const posts = (await listPostsByIds(scope, [...new Set(ids)])).map((post) => toPostInfo(post, withCustomData));
    // The published clients are typed for one id and one post.
    if (typeof idList !== 'string' || ids.length !== 1) return posts;
    const [only] = posts;
    if (only === undefined) throw postErrors.idNotFound({ postId: idList });
    return only;
  },

  async postList(input, { scope }) {
    return list(scope, { ...input, postCodes: null });
  },

  async postListBatch(input, { scope }) {
    return list(scope, input);
  },

  async updatePost({ code, id: givenId, name, description, departmentIdList }, { scope, now, emit, audit }) {
    const id = givenId ? await lockPost(scope, 'id', givenId) : await lockPost(scope, 'code', code);
    if (id === undefined) throw givenId ? postErrors.idNotFound({ postId: givenId }) : postErrors.notFound({ code });
    const before = toPostInfo(await requirePost(scope, id));
    const departmentIds = toIds(departmentIdList);
    if (departmentIds !== undefined) await linkDepartments(scope, id, departmentIds);
    const after = {
      ...toPostInfo(await requirePost(scope, id)),
      code,
      name: name || before.name,
      description: description === undefined ? before.description : description || null,
    };
    audit({ target: id });
    if (isDeepStrictEqual(after, before)) return before;
    await namingTaken(code, () =>
      updatePostRow(scope, id, code, after.name, after.description ?? null, new Date(now).toISOString()),
    );
    const changed = (['code', 'name', 'description', 'departmentIdList'] as const).filter(
      (field) => !isDeepStrictEqual(after[field], before[field]),
    );
    const updates = Object.fromEntries(changed.map((field) => [field, after[field]]));
    emit(postUpdated, { post: toWholeEventPost({ ...after, id }), updates });
    audit({ before, after });
    return after;
  },

  async removePost({ code }, { scope, emit, before, audit }) {
    const post = await lockPostToDelete(scope, code);
    if (post === undefined) throw postErrors.notFound({ code });
    await before(postDeleted, { post: toEventPost(post) });
    await deletePost(scope, post.id);
    emit(postDeleted, { post: toEventPost(post) });
    audit({ target: post.id, before: toPost(post) });
    return undefined;
  },
};

/** Ids as clients send them: a list, one, or several with commas between. Nothing and an empty text mean not given. */
function toIds(given: readonly string[] | string | null | undefined): string[] | undefined {
  if (given === undefined || given === null || given === '') return undefined;
  const ids = typeof given === 'string' ? given.split(',').map((id) => id.trim()) : given;
  return ids.filter((id) => id !== '');
}

async function linkDepartments(scope: Scope, postId: string, departmentIds: readonly string[]): Promise<void> {
  const wanted = [...new Set(departmentIds)];
  const found = new Set(await listAndHoldDepartmentIds(scope, wanted));
  const unknown = wanted.find((id) => !found.has(id));
  if (unknown !== undefined) throw postErrors.departmentNotFound({ departmentId: unknown });
  await replaceDepartmentsOfPost(scope, postId, wanted);
}

async function requirePost(scope: Scope, id: string): Promise<PostRow> {
  const [post] = await listPostsByIds(scope, [id]);
  if (post === undefined) throw postErrors.idNotFound({ postId: id });
  return post;
}

async function namingTaken(code: string, write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (isViolationOf(error, 'posts_code')) throw postErrors.codeTaken({ code });
    throw error;
  }
}

async function list(
  scope: Scope,
  { keywords, page, limit, skipCount, withCustomData, postCodes, ...input }: InputOf<typeof contract.postListBatch>,
) {
  const filter = {
    keywords: keywords || null,
    createdAfter: toTime(input.createdAfter),
    createdBefore: toTime(input.createdBefore),
    updatedAfter: toTime(input.updatedAfter),
    updatedBefore: toTime(input.updatedBefore),
    codes: postCodes?.length ? postCodes : null,
  };
  const found = await listPosts(scope, filter, { withCounts: !skipCount, limit, offset: (page - 1) * limit });
  return {
    totalCount: found.totalCount,
    list: found.list.map(({ userCount, departmentCount, ...post }) => ({
      ...toPost(post, withCustomData),
      userCount,
      departmentCount,
      metadataSource: [],
    })),
  };
}

/** Numbers below this are seconds: as milliseconds they would lie before March 1973. */
const firstMilliseconds = 1e11;

function toTime(given: number | null | undefined): string | null {
  // Typed clients send 0 for what was not given.
  if (!given) return null;
  return new Date(given < firstMilliseconds ? given * 1000 : given).toISOString();
}

/** A post as V3 shows it to users. */
export function toPost(post: Omit<PostRow, 'departmentIds'>, withCustomData = false): z.input<typeof PostDto> {
  const { id, code, name, description, customData } = post;
  return { id, code, name, description, customData: withCustomData ? { ...customData } : undefined };
}

/** The same, with its departments. */
export function toPostInfo(post: PostRow, withCustomData = false): z.input<typeof PostInfoDto> {
  return { ...toPost(post, withCustomData), departmentIdList: [...post.departmentIds] };
}

/** A post as events tell of it. */
export function toEventPost({ id, code, name }: Pick<PostRow, 'id' | 'code' | 'name'>) {
  return { id, code, name };
}

/** The same of one that is made or changed, with all there is of it. */
function toWholeEventPost(post: z.input<typeof PostInfoDto> & { readonly id: string }) {
  return { ...toEventPost(post), description: post.description ?? null, departmentIdList: post.departmentIdList };
}

/** The posts of these ids, kept until the transaction ends; one that is not there → 404. */
export async function requirePosts(scope: Scope, ids: readonly string[]) {
  const posts = new Map((await listAndHoldPosts(scope, ids)).map((post) => [post.id, post]));
  return ids.map((postId) => {
    const post = posts.get(postId);
    if (post === undefined) throw postErrors.idNotFound({ postId });
    return post;
  });
}

/** Gives a department these posts and takes all others, inside a command that has locked it. */
export async function setPostsOfDepartment(
  scope: Scope,
  departmentId: string,
  postIds: readonly string[],
): Promise<void> {
  const wanted = [...new Set(postIds)];
  await requirePosts(scope, wanted);
  await replacePostsOfDepartment(scope, departmentId, wanted);
}

/** The posts of each of these departments. */
export async function postsOfDepartments(
  scope: Scope,
  departmentIds: readonly string[],
): Promise<(departmentId: string) => readonly Pick<PostRow, 'id' | 'name'>[]> {
  const posts = Map.groupBy(await listPostsOfDepartments(scope, departmentIds), ({ departmentId }) => departmentId);
  return (departmentId) => posts.get(departmentId) ?? [];
}
