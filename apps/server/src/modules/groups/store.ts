import { type Scope, statement } from '../../platform/database/database.ts';
import { type GroupRow, groupColumns } from '../group-directory/index.ts';

/** The unique index a code that is taken runs into. */
export const codeIndex = 'groups_code';

const inPool = `groups.user_pool_id = current_setting('genauth.user_pool_id')`;

const matching = `
  ${inPool} and ($1::text is null or strpos(
    lower(concat_ws(chr(1), groups.code, groups.name, groups.description) collate "default"),
    lower($1 collate "default")
  ) > 0)
`;

const page = statement<GroupRow, [keywords: string | null, limit: number, offset: number]>(`
  select ${groupColumns} from groups where ${matching}
  order by groups.created_at desc, groups.id desc limit $2 offset $3
`);
const count = statement<{ total: number }, [keywords: string | null]>(
  `select count(*) as total from groups where ${matching}`,
);

/** A page of the groups whose code, name or description contains the keywords, the newest first. */
export async function listGroupRows(
  scope: Scope,
  keywords: string | null,
  limit: number,
  offset: number,
): Promise<{ totalCount: number; list: GroupRow[] }> {
  const list = await page(scope, keywords, limit, offset);
  const [counted] = await count(scope, keywords);
  return { totalCount: counted?.total ?? 0, list };
}

/** All groups, the oldest first. */
export const listAllGroups = statement<GroupRow, []>(
  `select ${groupColumns} from groups where ${inPool} order by groups.created_at, groups.id`,
);

/** What is written down of a new group. */
export type NewGroup = Omit<GroupRow, 'ruleJobId' | 'ruleEvaluatedAt' | 'ruleCanceledAt'>;

/** One insertion for all. Two transactions with the same codes wait for each other in the order of codes, never in a circle. */
const insert = statement<GroupRow, [rows: string, now: string]>(`
  insert into groups (user_pool_id, id, code, name, description, type, rule, created_at, updated_at)
  select current_setting('genauth.user_pool_id'), id, code, name, description, type, nullif(rule, 'null'), $2, $2
  from jsonb_to_recordset($1::jsonb) as given (id text, code text, name text, description text, type text, rule jsonb)
  order by code collate "C"
  on conflict (user_pool_id, code) do nothing
  returning ${groupColumns}
`);

/** Makes groups and answers those whose code was free, in no order. */
export function insertGroups(scope: Scope, groups: readonly NewGroup[], now: string): Promise<GroupRow[]> {
  return insert(scope, JSON.stringify(groups), now);
}

const update = statement<
  GroupRow,
  [id: string, code: string, name: string, description: string, rule: string | null, now: string]
>(`
  update groups set code = $2, name = $3, description = $4, rule = $5, updated_at = $6
  where ${inPool} and groups.id = $1
  returning ${groupColumns}
`);

export async function updateGroupRow(
  scope: Scope,
  { id, code, name, description, rule }: NewGroup,
  now: string,
): Promise<GroupRow | undefined> {
  const [row] = await update(scope, id, code, name, description, rule === null ? null : JSON.stringify(rule), now);
  return row;
}

const countDynamic = statement<{ total: number }, []>(
  `select count(*) as total from groups where ${inPool} and groups.type = 'dynamic'`,
);

export async function countDynamicGroups(scope: Scope): Promise<number> {
  const [counted] = await countDynamic(scope);
  return counted?.total ?? 0;
}

/** Locked in the order of ids, so that two deletions of the same groups never wait for each other in a circle. */
const lockDoomed = statement<GroupRow, [codes: readonly string[]]>(
  `select ${groupColumns} from groups where ${inPool} and groups.code = any($1) order by groups.id for update`,
);

/** The groups there are among these, to which nobody can give anything any more unless the transaction fails. */
export function lockGroupsToDelete(scope: Scope, codes: readonly string[]): Promise<GroupRow[]> {
  return lockDoomed(scope, codes);
}

const remove = statement<Record<never, never>, [ids: readonly string[]]>(
  `delete from groups where ${inPool} and groups.id = any($1)`,
);

/** Deletes groups that are locked, with their memberships. */
export async function deleteGroups(scope: Scope, ids: readonly string[]): Promise<void> {
  await remove(scope, ids);
}
