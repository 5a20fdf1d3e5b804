/**
 * Posts: the job titles of a user pool and the departments that have them. Who holds a post belongs to `user-posts`.
 */
import { defineModule, type Module } from '../../platform/module.ts';
import * as contract from './contract.ts';
import { postHandlers } from './service.ts';

export { postDeleted, postErrors } from './contract.ts';
export { postsOfDepartments, requirePosts, setPostsOfDepartment, toEventPost, toPost, toPostInfo } from './service.ts';
export { listPostsByIds } from './store.ts';

export const posts: Module = defineModule('posts', contract, postHandlers);
