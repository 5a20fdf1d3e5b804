import { type Scope, statement } from '../../platform/database/database.ts';

const postIds = statement<{ id: string }, [userId: string]>(`
  select post_id as id from post_members
  where user_pool_id = current_setting('genauth.user_pool_id') and user_id = $1
  order by joined_at, post_id
`);

/** Posts of a user, in the order he got them. */
export async function listPostIdsOfUser(scope: Scope, userId: string): Promise<string[]> {
  return (await postIds(scope, userId)).map(({ id }) => id);
}

const insert = statement<{ postId: string }, [userId: string, postIds: readonly string[]]>(`
  insert into post_members (user_pool_id, post_id, user_id)
  select current_setting('genauth.user_pool_id'), id, $1 from unnest($2::text[]) as id
  on conflict (user_pool_id, post_id, user_id) do nothing
  returning post_id as "postId"
`);

/** Gives a user posts; answers those he did not have. */
export async function insertPostsOfUser(scope: Scope, userId: string, ids: readonly string[]): Promise<string[]> {
  return (await insert(scope, userId, ids)).map(({ postId }) => postId);
}

/** A post somebody held. */
export interface EndedPost {
  readonly userId: string;
  readonly id: string;
  readonly code: string;
  readonly name: string;
}

/** Takes all posts from these users but the ones to keep, and answers who held which. */
export const deletePostsOfUsers = statement<EndedPost, [userIds: readonly string[], keptIds: readonly string[]]>(`
  with removed as (
    delete from post_members
    where user_pool_id = current_setting('genauth.user_pool_id') and user_id = any($1) and post_id <> all($2)
    returning user_pool_id, post_id, user_id
  )
  select removed.user_id as "userId", post.id, post.code, post.name
  from removed join posts post on post.user_pool_id = removed.user_pool_id and post.id = removed.post_id
  order by removed.user_id, post.id
`);
