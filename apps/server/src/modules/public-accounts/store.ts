import { type Scope, statement } from '../../platform/database/database.ts';
import { type AccountKind, type UserRow, userColumns } from '../user-directory/index.ts';

const accessKey = statement<{ id: string }, [userId: string]>(`
  select id from access_keys
  where user_pool_id = current_setting('genauth.user_pool_id') and user_id = $1 limit 1
`);

/** Whether the user is an administrator with keys of his own. */
export async function hasAccessKey(scope: Scope, userId: string): Promise<boolean> {
  return (await accessKey(scope, userId)).length > 0;
}

const update = statement<UserRow, [id: string, kind: AccountKind, now: string]>(`
  update users set kind = $2, updated_at = $3
  where users.user_pool_id = current_setting('genauth.user_pool_id') and users.id = $1
  returning ${userColumns}
`);

/** Makes an account that is locked one of the other kind. */
export async function updateKind(
  scope: Scope,
  id: string,
  kind: AccountKind,
  now: string,
): Promise<UserRow | undefined> {
  const [row] = await update(scope, id, kind, now);
  return row;
}
