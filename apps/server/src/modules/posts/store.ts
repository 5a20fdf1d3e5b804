import { type Scope, statement } from '../../platform/database/database.ts';

/** A post with what answers say about it. */
export interface PostRow {
  readonly id: string;
  readonly code: string;
  readonly name: string;
  readonly description: string | null;
  readonly customData: Readonly<Record<string, unknown>>;
  /** Departments that have it, in the order they got it. */
  readonly departmentIds: readonly string[];
}

/** A post in a list: how many users hold it and how many departments have it, unless nobody asked. */
export interface PostItemRow extends Omit<PostRow, 'departmentIds'> {
  readonly userCount?: number;
  readonly departmentCount?: number;
}

/** Select list of what every row of the alias `post` has. */
const ownColumns = `post.id, post.code, post.name, post.description, post.custom_data as "customData"`;

const columns = `
  ${ownColumns},
  array(select link.department_id from post_departments link
    where link.user_pool_id = post.user_pool_id and link.post_id = post.id
    order by link.linked_at, link.department_id) as "departmentIds"
`;

const postByCode = statement<PostRow, [code: string]>(`
  select ${columns} from posts post
  where post.user_pool_id = current_setting('genauth.user_pool_id') and post.code = $1
`);

export async function findPostByCode(scope: Scope, code: string): Promise<PostRow | undefined> {
  const [row] = await postByCode(scope, code);
  return row;
}

/** Posts of these ids, in the order of the ids. */
export const listPostsByIds = statement<PostRow, [ids: readonly string[]]>(`
  select ${columns} from unnest($1::text[]) with ordinality as given (id, position)
  join posts post on post.user_pool_id = current_setting('genauth.user_pool_id') and post.id = given.id
  order by given.position
`);

const lockByCode = statement<{ id: string }, [code: string]>(`
  select id from posts where user_pool_id = current_setting('genauth.user_pool_id') and code = $1 for no key update
`);
const lockById = statement<{ id: string }, [id: string]>(`
  select id from posts where user_pool_id = current_setting('genauth.user_pool_id') and id = $1 for no key update
`);

/** Locks a post for a change, named by its code or its id, and answers its id. */
export async function lockPost(scope: Scope, by: 'code' | 'id', value: string): Promise<string | undefined> {
  const [row] = await (by === 'code' ? lockByCode : lockById)(scope, value);
  return row?.id;
}

const insert = statement<
  Record<never, never>,
  [id: string, code: string, name: string, description: string | null, now: string]
>(`
  insert into posts (user_pool_id, id, code, name, description, created_at, updated_at)
  values (current_setting('genauth.user_pool_id'), $1, $2, $3, $4, $5, $5)
`);

/** A post about to be made. */
export interface NewPost {
  readonly id: string;
  readonly code: string;
  readonly name: string;
  readonly description: string | null;
}

export async function insertPost(scope: Scope, post: NewPost, now: string): Promise<void> {
  await insert(scope, post.id, post.code, post.name, post.description, now);
}

export const updatePostRow = statement<
  Record<never, never>,
  [id: string, code: string, name: string, description: string | null, now: string]
>(`
  update posts set code = $2, name = $3, description = $4, updated_at = $5
  where user_pool_id = current_setting('genauth.user_pool_id') and id = $1
`);

const lockDoomed = statement<Omit<PostRow, 'departmentIds'>, [code: string]>(`
  select ${ownColumns} from posts post
  where post.user_pool_id = current_setting('genauth.user_pool_id') and post.code = $1
  for update
`);

/** The post, which nobody can be given any more unless the transaction fails. */
export async function lockPostToDelete(scope: Scope, code: string) {
  const [row] = await lockDoomed(scope, code);
  return row;
}

/** Deletes a post that is locked, with its links to users and departments. */
export const deletePost = statement<Record<never, never>, [id: string]>(
  `delete from posts where user_pool_id = current_setting('genauth.user_pool_id') and id = $1`,
);

/** `for key share`: none of them is deleted before this transaction ends. */
const holdDepartments = statement<{ id: string }, [ids: readonly string[]]>(`
  select id from departments where user_pool_id = current_setting('genauth.user_pool_id') and id = any($1)
  order by id for key share
`);

export async function listAndHoldDepartmentIds(scope: Scope, ids: readonly string[]): Promise<string[]> {
  return (await holdDepartments(scope, ids)).map(({ id }) => id);
}

/** `for key share`: none of them is deleted before this transaction ends. */
export const listAndHoldPosts = statement<Pick<PostRow, 'id' | 'code' | 'name'>, [ids: readonly string[]]>(`
  select id, code, name from posts where user_pool_id = current_setting('genauth.user_pool_id') and id = any($1)
  order by id for key share
`);

/** Replaces the departments of a post that is locked. What stays, stays since when it was there. */
export const replaceDepartmentsOfPost = statement<
  Record<never, never>,
  [postId: string, departmentIds: readonly string[]]
>(`
  with removed as (
    delete from post_departments
    where user_pool_id = current_setting('genauth.user_pool_id') and post_id = $1 and department_id <> all($2)
  )
  insert into post_departments (user_pool_id, post_id, department_id)
  select current_setting('genauth.user_pool_id'), $1, id from unnest($2::text[]) as id
  on conflict (user_pool_id, post_id, department_id) do nothing
`);

/** Replaces the posts of a department that is locked. */
export const replacePostsOfDepartment = statement<
  Record<never, never>,
  [departmentId: string, postIds: readonly string[]]
>(`
  with removed as (
    delete from post_departments
    where user_pool_id = current_setting('genauth.user_pool_id') and department_id = $1 and post_id <> all($2)
  )
  insert into post_departments (user_pool_id, post_id, department_id)
  select current_setting('genauth.user_pool_id'), id, $1 from unnest($2::text[]) as id
  on conflict (user_pool_id, post_id, department_id) do nothing
`);

/** Posts of each of these departments, in the order a department got them. */
export const listPostsOfDepartments = statement<
  { departmentId: string; id: string; name: string },
  [departmentIds: readonly string[]]
>(`
  select link.department_id as "departmentId", post.id, post.name
  from post_departments link
  join posts post on post.user_pool_id = link.user_pool_id and post.id = link.post_id
  where link.user_pool_id = current_setting('genauth.user_pool_id') and link.department_id = any($1)
  order by link.department_id, link.linked_at, post.id
`);

/** Which posts to list; null asks for nothing. */
export interface PostFilter {
  readonly keywords: string | null;
  readonly createdAfter: string | null;
  readonly createdBefore: string | null;
  readonly updatedAfter: string | null;
  readonly updatedBefore: string | null;
  readonly codes: readonly string[] | null;
}

type FilterParameters = [
  keywords: string | null,
  createdAfter: string | null,
  createdBefore: string | null,
  updatedAfter: string | null,
  updatedBefore: string | null,
  codes: readonly string[] | null,
];

/** Codes are in the collation "C", whose `lower` knows ASCII only, as codes do. */
const matching = `
  post.user_pool_id = current_setting('genauth.user_pool_id')
    and ($1::text is null or strpos(lower(post.name), lower($1)) > 0 or strpos(lower(post.code), lower($1)) > 0)
    and ($2::timestamptz is null or post.created_at >= $2) and ($3::timestamptz is null or post.created_at <= $3)
    and ($4::timestamptz is null or post.updated_at >= $4) and ($5::timestamptz is null or post.updated_at <= $5)
    and ($6::text[] is null or post.code = any($6))
`;

const countMatching = statement<{ total: number }, FilterParameters>(
  `select count(*) as total from posts post where ${matching}`,
);

/** The inner query finds the page, so that members and departments are counted of its rows alone. */
function page(more: string) {
  return statement<PostItemRow, [...FilterParameters, limit: number, offset: number]>(`
    select ${ownColumns}${more}
    from (select * from posts post where ${matching} order by post.created_at desc, post.id desc limit $7 offset $8) as post
    order by post.created_at desc, post.id desc
  `);
}

const plainPage = page('');
const countedPage = page(`,
  (select count(*) from post_members member
    where member.user_pool_id = post.user_pool_id and member.post_id = post.id) as "userCount",
  (select count(*) from post_departments link
    where link.user_pool_id = post.user_pool_id and link.post_id = post.id) as "departmentCount"
`);

/** A page of the posts that meet the filter, newest first, and how many there are. */
export async function listPosts(
  scope: Scope,
  filter: PostFilter,
  { withCounts, limit, offset }: { readonly withCounts: boolean; readonly limit: number; readonly offset: number },
): Promise<{ totalCount: number; list: PostItemRow[] }> {
  const { keywords, createdAfter, createdBefore, updatedAfter, updatedBefore, codes } = filter;
  const parameters: FilterParameters = [keywords, createdAfter, createdBefore, updatedAfter, updatedBefore, codes];
  const [counted] = await countMatching(scope, ...parameters);
  const list = await (withCounts ? countedPage : plainPage)(scope, ...parameters, limit, offset);
  return { totalCount: counted?.total ?? 0, list };
}
