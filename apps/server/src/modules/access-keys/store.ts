import { type AcrossUserPools, type Scope, statement } from '../../platform/database/database.ts';

/** An access key as stored. */
export interface AccessKeyRow {
  readonly id: string;
  readonly userPoolId: string;
  readonly userId: string | null;
  readonly enabled: boolean;
  readonly lastUsedAt: string | null;
  readonly createdAt: string;
}

const columns = `
  id, user_pool_id as "userPoolId", user_id as "userId", enabled, last_used_at as "lastUsedAt", created_at as "createdAt"
`;

export const insertAccessKey = statement<
  AccessKeyRow,
  [userPoolId: string, id: string, type: string, userId: string | null, secretSealed: Buffer]
>(`
  insert into access_keys (user_pool_id, id, type, user_id, secret_sealed) values ($1, $2, $3, $4, $5)
  returning ${columns}
`);

export const listAccessKeys = statement<
  AccessKeyRow,
  [userId: string | null, type: string | null, enabledStates: readonly boolean[] | null]
>(`
  select ${columns} from access_keys
  where ($1::text is null or user_id = $1) and ($2::text is null or type = $2)
    and ($3::boolean[] is null or enabled = any($3))
  order by id
`);

const accessKeyById = statement<AccessKeyRow, [id: string]>(`select ${columns} from access_keys where id = $1`);

export async function findAccessKeyRow(scope: Scope, id: string): Promise<AccessKeyRow | undefined> {
  const [row] = await accessKeyById(scope, id);
  return row;
}

/** Disabling raises the generation, so that tokens issued until then never live again. */
const setAccessKeyEnabled = statement<{ id: string }, [id: string, enabled: boolean]>(`
  update access_keys
  set enabled = $2, token_generation = token_generation + case when enabled and not $2 then 1 else 0 end
  where id = $1
  returning id
`);

export async function updateAccessKeyEnabled(scope: Scope, id: string, enabled: boolean): Promise<boolean> {
  return (await setAccessKeyEnabled(scope, id, enabled)).length > 0;
}

const removeAccessKey = statement<{ id: string }, [id: string]>(`delete from access_keys where id = $1 returning id`);

export async function deleteAccessKeyRow(scope: Scope, id: string): Promise<boolean> {
  return (await removeAccessKey(scope, id)).length > 0;
}

/** `for share`: he neither goes nor becomes a public account before this transaction ends. */
const userById = statement<{ id: string }, [id: string]>(
  `select id from users where id = $1 and kind = 'personal' for share`,
);

export async function isUser(scope: Scope, id: string): Promise<boolean> {
  return (await userById(scope, id)).length > 0;
}

/** What a credential check needs; a user pool's own id and secret are a key too. */
export interface CredentialRow {
  readonly userPoolId: string;
  readonly secretSealed: Buffer;
  readonly userId: string | null;
  readonly tokenGeneration: number;
  readonly rateLimitPerSecond: number;
  readonly isUserPool: boolean;
}

const credentialById = statement<CredentialRow, [id: string]>(`
  select user_pool_id as "userPoolId", secret_sealed as "secretSealed", null as "userId", 0 as "tokenGeneration",
    rate_limit_per_second as "rateLimitPerSecond", true as "isUserPool"
  from user_pools where user_pool_id = $1
  union all
  select key.user_pool_id, key.secret_sealed, key.user_id, key.token_generation, pool.rate_limit_per_second, false
  from access_keys key join user_pools pool on pool.user_pool_id = key.user_pool_id
  where key.id = $1 and key.enabled
`);

export async function findCredential(across: AcrossUserPools, id: string): Promise<CredentialRow | undefined> {
  const [row] = await credentialById(across, id);
  return row;
}

/** Notes when keys were last used; several processes may do so, the latest time stays. */
export const touchAccessKeys = statement<Record<never, never>, [ids: readonly string[], times: readonly Date[]]>(`
  update access_keys set last_used_at = greatest(last_used_at, used.at)
  from unnest($1::text[], $2::timestamptz[]) as used (id, at)
  where access_keys.id = used.id
`);
