import { isDeepStrictEqual } from 'node:util';
import type { Scope } from '../../platform/database/database.ts';
import type { CommandContext, Handlers } from '../../platform/module.ts';
import { type LockedUser, lockUsers } from '../department-members/index.ts';
import { listPostsByIds, requirePosts, toEventPost, toPost, toPostInfo } from '../posts/index.ts';
import { requireUserId, userErrors } from '../user-directory/index.ts';
import type * as contract from './contract.ts';
import { postMemberAdded, postMemberRemoved, userPostErrors } from './contract.ts';
import { deletePostsOfUsers, insertPostsOfUser, listPostIdsOfUser } from './store.ts';

export const userPostHandlers: Handlers<typeof contract> = {
  async setUserPosts({ userId, postIds }, context) {
    const { scope, emit, audit } = context;
    const user = await requireLockedUser(scope, userId);
    const wanted = [...new Set(postIds)];
    const posts = await requirePosts(scope, wanted);
    const before = await listPostIdsOfUser(scope, userId);
    const removed = await deletePostsOfUsers(scope, [userId], wanted);
    const added = new Set(await insertPostsOfUser(scope, userId, wanted));
    emit(postMemberRemoved, ...removed.map((post) => toEvent(post, user)));
    emit(postMemberAdded, ...posts.filter(({ id }) => added.has(id)).map((post) => toEvent(post, user)));
    const after = await listPostIdsOfUser(scope, userId);
    if (!isDeepStrictEqual(before, after)) audit({ before: { postIds: before }, after: { postIds: after } });
    return undefined;
  },

  async userConnectionPost({ userId, postId }, { scope, emit, audit }) {
    const user = await requireLockedUser(scope, userId);
    const posts = await requirePosts(scope, [postId]);
    const added = new Set(await insertPostsOfUser(scope, userId, [postId]));
    emit(postMemberAdded, ...posts.filter(({ id }) => added.has(id)).map((post) => toEvent(post, user)));
    audit({ after: { postIds: [...added] } });
    return undefined;
  },

  async getUserPosts({ userId, withCustomData }, { scope }) {
    const ids = await listPostIdsOfUser(scope, await requireUserId(scope, userId, 'user_id'));
    return (await listPostsByIds(scope, ids)).map((post) => toPost(post, withCustomData));
  },

  async getUserPost({ userId, withCustomData }, { scope }) {
    const ids = await listPostIdsOfUser(scope, await requireUserId(scope, userId, 'user_id'));
    const [first] = await listPostsByIds(scope, ids.slice(0, 1));
    return first === undefined ? null : toPostInfo(first, withCustomData);
  },
};

/** Locked, so that two commands about the posts of one user do not mix. */
async function requireLockedUser(scope: Scope, userId: string): Promise<LockedUser> {
  const [user] = await lockUsers(scope, [userId]);
  if (user === undefined) throw userErrors.notFound();
  if (user.status === 'Resigned' || user.status === 'Archived') throw userPostErrors.userNotEmployed();
  return user;
}

type EventUser = Pick<LockedUser, 'id' | 'username' | 'email'>;

function toEvent(post: Parameters<typeof toEventPost>[0], { id, username, email }: EventUser) {
  return { post: toEventPost(post), user: { id, username, email } };
}

/** Takes all posts from users who left: they are changed in this transaction already, hence locked. */
export async function leaveAllPosts(
  data: readonly {
    readonly user: {
      readonly userId: string;
      readonly username?: string | null | undefined;
      readonly email?: string | null | undefined;
    };
  }[],
  { scope, emit }: CommandContext,
): Promise<void> {
  const users = new Map(data.map(({ user }) => [user.userId, user]));
  for (const post of await deletePostsOfUsers(scope, [...users.keys()], [])) {
    const user = users.get(post.userId);
    emit(
      postMemberRemoved,
      toEvent(post, { id: post.userId, username: user?.username ?? null, email: user?.email ?? null }),
    );
  }
}
