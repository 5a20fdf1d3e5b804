import { setTimeout as sleep } from 'node:timers/promises';
import type { TestServer } from './server.ts';

let tables: Promise<readonly string[]> | undefined;

/** Every table whose rows belong to user pools, found in the catalogue, so that no table is forgotten. */
export function tablesOfUserPools(server: TestServer): Promise<readonly string[]> {
  tables ??= server
    .sql<{ name: string }>(
      `select table_name as name
       from information_schema.columns join information_schema.tables using (table_schema, table_name)
       where column_name = 'user_pool_id' and table_schema = 'public' and table_type = 'BASE TABLE'
       order by table_name`,
    )
    .then((rows) => rows.map(({ name }) => name));
  return tables;
}

/** Waits until the jobs of a user pool have ended. The sample job is of a kind no server knows, and stands still as it is. */
export async function jobsEnded(server: TestServer, userPoolId: string): Promise<void> {
  const isAtWork = async () => {
    const running = await server.sql(
      `select from jobs where user_pool_id = $1 and state in ('waiting', 'running') and kind <> 'sample' limit 1`,
      [userPoolId],
    );
    return running.length > 0;
  };
  while (await isAtWork()) await sleep(5);
}

/** What a user pool holds, once its jobs have ended: per table the number of its rows and a hash of them. Equal before and after: nothing was written. */
export async function fingerprintOf(server: TestServer, userPoolId: string): Promise<Record<string, string>> {
  await jobsEnded(server, userPoolId);
  const perTable = (await tablesOfUserPools(server)).map(
    // When a key was last used is noted by upkeep, whatever operations do.
    (table) => `
      select '${table}' as name, count(*) || ' ' || coalesce(md5(string_agg(hash, '' order by hash)), '-') as content
      from (select md5((to_jsonb(t) - 'last_used_at')::text) as hash from ${table} t where user_pool_id = $1)`,
  );
  const rows = await server.sql<{ name: string; content: string }>(perTable.join(' union all '), [userPoolId]);
  return Object.fromEntries(rows.map(({ name, content }) => [name, content]));
}

/** Every id the server made in a user pool, the pool's own excepted. */
export async function idsOf(server: TestServer, userPoolId: string): Promise<readonly string[]> {
  const perTable = (await tablesOfUserPools(server)).map(
    (table) => `
      select distinct found[1] as id
      from ${table} t, regexp_matches(to_jsonb(t)::text, '"([0-9a-f]{24})"', 'g') as found where user_pool_id = $1`,
  );
  const rows = await server.sql<{ id: string }>(perTable.join(' union '), [userPoolId]);
  return rows.map(({ id }) => id).filter((id) => id !== userPoolId);
}
