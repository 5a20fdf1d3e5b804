import { type Scope, statement } from '../../platform/database/database.ts';

/** A user who is archived, and since when. */
export interface ArchivedUserRow {
  readonly userId: string;
  readonly archivedAt: string;
}

const count = statement<{ total: number }, [since: string]>(`
  select count(*) as total from users
  where user_pool_id = current_setting('genauth.user_pool_id') and kind = 'personal' and status = 'Archived'
    and status_changed_at >= $1
`);

const page = statement<ArchivedUserRow, [since: string, limit: number, offset: number]>(`
  select id as "userId", status_changed_at as "archivedAt" from users
  where user_pool_id = current_setting('genauth.user_pool_id') and kind = 'personal' and status = 'Archived'
    and status_changed_at >= $1
  order by status_changed_at, id limit $2 offset $3
`);

/** A page of the users archived since then, the earliest first, and how many there are. */
export async function listArchived(
  scope: Scope,
  since: string,
  limit: number,
  offset: number,
): Promise<{ totalCount: number; list: ArchivedUserRow[] }> {
  const [counted] = await count(scope, since);
  return { totalCount: counted?.total ?? 0, list: await page(scope, since, limit, offset) };
}
