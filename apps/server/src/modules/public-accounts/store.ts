import { type Scope, statement } from '../../platform/database/database.ts';
import { type AccountKind, type UserRow, userColumns } from '../user-directory/index.ts';

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
