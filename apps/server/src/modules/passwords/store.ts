import { type Scope, statement } from '../../platform/database/database.ts';

/** A user's password as it is stored. */
export interface PasswordRow {
  readonly userId: string;
  readonly hash: string;
  readonly salt: string | null;
}

const passwords = statement<PasswordRow, [userIds: readonly string[]]>(`
  select users.id as "userId", users.password_hash as hash, users.password_salt as salt
  from unnest($1::text[]) with ordinality as given (id, position)
  join users on users.user_pool_id = current_setting('genauth.user_pool_id') and users.id = given.id
  where users.password_hash is not null
  order by given.position
`);

/** The passwords of these users, as far as they have one, in the order of the ids. */
export function listPasswords(scope: Scope, userIds: readonly string[]): Promise<PasswordRow[]> {
  return passwords(scope, userIds);
}

const replace = statement<Record<never, never>, [userId: string, former: string, hash: string, securityLevel: number]>(`
  update users set password_hash = $3, password_salt = null, password_security_level = $4
  where user_pool_id = current_setting('genauth.user_pool_id') and id = $1 and password_hash = $2
`);

/** Stores the same password under another hash, unless it was changed meanwhile. To its user it is no change. */
export async function replaceHash(
  scope: Scope,
  { userId, hash: former }: PasswordRow,
  hash: string,
  securityLevel: number,
): Promise<void> {
  await replace(scope, userId, former, hash, securityLevel);
}
