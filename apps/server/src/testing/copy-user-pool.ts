import { newId } from '../platform/ids.ts';
import { tablesOfUserPools } from './fingerprint.ts';
import type { TestServer } from './server.ts';

/** What a user pool holds, as text, table by table. */
export interface UserPoolContent {
  readonly userPoolId: string;
  readonly tables: readonly { readonly name: string; readonly columns: string; readonly rows: string }[];
  /** Every id the server made, in the order of their making. */
  readonly ids: readonly string[];
}

/** Not copied: what a pool has from the start, what is sealed for its pool, and what tells of its past. */
const ownTables = ['user_pools', 'access_keys', 'audit_logs', 'outbox_events', 'signature_nonces'];

const id = /(?<![0-9a-z])[0-9a-f]{24}(?![0-9a-z])/g;

/** Reads what a user pool holds, for `copyInto`. */
export async function contentOf(server: TestServer, userPoolId: string): Promise<UserPoolContent> {
  const tables: { name: string; columns: string; rows: string }[] = [];
  for (const name of await tablesOfUserPools(server)) {
    if (ownTables.includes(name)) continue;
    const [found] = await server.sql<{ rows: string | null; columns: string }>(
      `select (select json_agg(t)::text from ${name} t where user_pool_id = $1) as rows,
        (select string_agg(quote_ident(attname), ', ') from pg_attribute
          where attrelid = '${name}'::regclass and attnum > 0 and not attisdropped and attgenerated = '') as columns`,
      [userPoolId],
    );
    if (found?.rows != null) tables.push({ name, columns: found.columns, rows: found.rows });
  }
  const ids = new Set(tables.flatMap(({ rows }) => rows.match(id) ?? []));
  ids.delete(userPoolId);
  return { userPoolId, tables, ids: [...ids].sort() };
}

/** Writes it into an empty user pool, every id replaced by one of its own, and answers which by which. */
export async function copyInto(
  server: TestServer,
  userPoolId: string,
  content: UserPoolContent,
): Promise<ReadonlyMap<string, string>> {
  const replaced = new Map(content.ids.map((old) => [old, newId()]));
  replaced.set(content.userPoolId, userPoolId);
  const inserts = content.tables.map(
    ({ name, columns }, index) =>
      `t${index} as (insert into ${name} (${columns}) overriding system value
        select ${columns} from json_populate_recordset(null::${name}, $${index + 1}::json))`,
  );
  const rows = content.tables.map((table) => table.rows.replace(id, (old) => replaced.get(old) ?? old));
  await server.restore(`with ${inserts.join(',\n')} select`, rows);
  return replaced;
}
