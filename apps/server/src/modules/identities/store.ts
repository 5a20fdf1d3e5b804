import { type Scope, statement } from '../../platform/database/database.ts';

/** An account at an identity source, about to be linked. */
export interface NewIdentity {
  readonly id: string;
  readonly userId: string;
  readonly extIdpId: string;
  readonly type: string;
  readonly userIdInIdp: string;
  readonly userInfoInIdp: Readonly<Record<string, unknown>>;
  readonly originConnIds: readonly string[];
  readonly accessTokenSealed: Buffer | null;
  readonly refreshTokenSealed: Buffer | null;
}

/** An identity source, and what kind it is. */
export interface IdentitySource {
  readonly id: string;
  readonly provider: string;
}

const insertSources = statement<Record<never, never>, [ids: readonly string[], providers: readonly string[]]>(`
  insert into identity_sources (user_pool_id, id, provider)
  select distinct on (given.id) current_setting('genauth.user_pool_id'), given.id, given.provider
  from unnest($1::text[], $2::text[]) as given (id, provider)
  order by given.id
  on conflict (user_pool_id, id) do nothing
`);

const sources = statement<IdentitySource, [ids: readonly string[]]>(`
  select id, provider from identity_sources
  where user_pool_id = current_setting('genauth.user_pool_id') and id = any($1)
  for key share
`);

/** The sources there are among these, which stay until the transaction ends. */
export function listSources(scope: Scope, ids: readonly string[]): Promise<IdentitySource[]> {
  return sources(scope, ids);
}

/** Makes the sources that nobody named so far. */
export async function rememberSources(scope: Scope, named: readonly IdentitySource[]): Promise<void> {
  await insertSources(
    scope,
    named.map(({ id }) => id),
    named.map(({ provider }) => provider),
  );
}

const insert = statement<{ id: string }, [identities: string]>(`
  insert into identities (user_pool_id, id, user_id, ext_idp_id, type, user_id_in_idp, user_info_in_idp, origin_conn_ids,
    access_token_sealed, refresh_token_sealed)
  select current_setting('genauth.user_pool_id'), given.*
  from jsonb_to_recordset($1::jsonb) as given (id text, user_id text, ext_idp_id text, type text, user_id_in_idp text,
    user_info_in_idp jsonb, origin_conn_ids text[], access_token_sealed bytea, refresh_token_sealed bytea)
  on conflict do nothing
  returning id
`);

/** Links accounts, and answers the ids of those that were nobody's. */
export async function insertIdentities(scope: Scope, identities: readonly NewIdentity[]): Promise<string[]> {
  const hex = (sealed: Buffer | null) => (sealed === null ? null : `\\x${sealed.toString('hex')}`);
  const columns = identities.map((one) => ({
    id: one.id,
    user_id: one.userId,
    ext_idp_id: one.extIdpId,
    type: one.type,
    user_id_in_idp: one.userIdInIdp,
    user_info_in_idp: one.userInfoInIdp,
    origin_conn_ids: one.originConnIds,
    access_token_sealed: hex(one.accessTokenSealed),
    refresh_token_sealed: hex(one.refreshTokenSealed),
  }));
  return (await insert(scope, JSON.stringify(columns))).map(({ id }) => id);
}

const holder = statement<{ userId: string }, [extIdpId: string, userIdInIdp: string, type: string]>(`
  select user_id as "userId" from identities
  where user_pool_id = current_setting('genauth.user_pool_id') and ext_idp_id = $1 and user_id_in_idp = $2 and type = $3
`);

/** Who has this account. */
export async function findHolder(
  scope: Scope,
  { extIdpId, userIdInIdp, type }: NewIdentity,
): Promise<string | undefined> {
  const [row] = await holder(scope, extIdpId, userIdInIdp, type);
  return row?.userId;
}

const remove = statement<{ id: string }, [userId: string, extIdpId: string, type: string | null]>(`
  delete from identities
  where user_pool_id = current_setting('genauth.user_pool_id') and user_id = $1 and ext_idp_id = $2
    and ($3::text is null or type = $3)
  returning id
`);

/** Unlinks a user's accounts at a source, perhaps of one type only, and answers their ids. */
export async function deleteIdentities(
  scope: Scope,
  userId: string,
  extIdpId: string,
  type: string | null,
): Promise<string[]> {
  return (await remove(scope, userId, extIdpId, type)).map(({ id }) => id);
}
