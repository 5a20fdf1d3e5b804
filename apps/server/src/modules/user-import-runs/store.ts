import { type Scope, statement } from '../../platform/database/database.ts';

/** What a row's person is recognized by, as it is stored. */
export interface Identifiers {
  readonly username: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly phoneCountryCode: string | null;
  readonly externalId: string | null;
}

/** Who has which of a row's identifiers: `<id> <kind of account>`. */
export interface Holders {
  readonly username: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly externalId: string | null;
}

const holderBy = (condition: string) => `
  (select users.id || ' ' || users.kind from users
    where users.user_pool_id = current_setting('genauth.user_pool_id') and ${condition})
`;

const holders = statement<
  Holders,
  [
    usernames: readonly (string | null)[],
    emails: readonly (string | null)[],
    phones: readonly (string | null)[],
    countryCodes: readonly (string | null)[],
    externalIds: readonly (string | null)[],
  ]
>(`
  select
    ${holderBy('users.username = given.username')} as username,
    ${holderBy('users.email = given.email')} as email,
    ${holderBy('users.phone = given.phone and users.phone_country_code = given.country_code')} as phone,
    ${holderBy('users.external_id = given.external_id')} as "externalId"
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
    with ordinality as given (username, email, phone, country_code, external_id, position)
  order by given.position
`);

/** For each of these people, who has his identifiers already. */
export function findHolders(scope: Scope, people: readonly Identifiers[]): Promise<Holders[]> {
  return holders(
    scope,
    people.map(({ username }) => username),
    people.map(({ email }) => email),
    people.map(({ phone }) => phone),
    people.map(({ phoneCountryCode }) => phoneCountryCode),
    people.map(({ externalId }) => externalId),
  );
}

const discardPlans = statement<Record<never, never>, []>('discard plans');
const letMoreWait = statement<Record<never, never>, []>(`set local gin_pending_list_limit = '4MB'`);

/**
 * Makes a transaction ready for many new users. Its statements are planned anew: plans are kept, and those made while the
 * tables were small read them from end to end; an import makes tables a thousand times larger before statistics are gathered
 * the next time. And what users are searched by goes into its index some thousand users at a time: searches read a few
 * milliseconds longer meanwhile, but each user costs a fifth less log.
 */
export async function prepareForMany(scope: Scope): Promise<void> {
  await discardPlans(scope);
  await letMoreWait(scope);
}

const settle = statement<Record<never, never>, []>('select genauth.settle_user_search()');

/** Puts what still waits into the index that users are searched by, so that no search and no writer finds it there. */
export async function settleSearch(scope: Scope): Promise<void> {
  await settle(scope);
}

const chunkSizes = statement<{ index: number; bytes: number }, [importId: string]>(`
  select index, octet_length(content) as bytes from user_import_chunks
  where user_pool_id = current_setting('genauth.user_pool_id') and import_id = $1 order by index
`);

/** The pieces of a file in their order. */
export function listChunks(scope: Scope, importId: string): Promise<{ index: number; bytes: number }[]> {
  return chunkSizes(scope, importId);
}

const chunk = statement<{ content: Buffer }, [importId: string, index: number]>(`
  select content from user_import_chunks
  where user_pool_id = current_setting('genauth.user_pool_id') and import_id = $1 and index = $2
`);

export async function readChunk(scope: Scope, importId: string, index: number): Promise<Buffer | undefined> {
  const [row] = await chunk(scope, importId, index);
  return row?.content;
}

/** How many rows came to what. */
export interface Tally {
  rows: number;
  created: number;
  updated: number;
  skipped: number;
  failed: number;
}

const addTally = statement<
  Record<never, never>,
  [
    importId: string,
    bytesRead: number,
    rows: number,
    created: number,
    updated: number,
    skipped: number,
    failed: number,
    errors: string,
  ]
>(`
  with noted as (
    insert into user_import_errors (user_pool_id, import_id, row, field, messages)
    select current_setting('genauth.user_pool_id'), $1, row, field, messages
    from jsonb_to_recordset($8::jsonb) as refused (row bigint, field text, messages jsonb)
    on conflict (user_pool_id, import_id, row) do nothing
  )
  update user_imports set bytes_read = $2, rows = rows + $3, created = created + $4, updated = updated + $5,
    skipped = skipped + $6, failed = failed + $7
  where user_pool_id = current_setting('genauth.user_pool_id') and id = $1
`);

/** Notes what became of a batch of rows, in the transaction that did it. */
export async function saveOutcome(
  scope: Scope,
  importId: string,
  bytesRead: number,
  { rows, created, updated, skipped, failed }: Tally,
  errors: readonly { readonly row: number; readonly field: string | null; readonly messages: object }[],
): Promise<void> {
  await addTally(scope, importId, bytesRead, rows, created, updated, skipped, failed, JSON.stringify(errors));
}

const seen = statement<{ digest: string; row: string }, [importId: string, digests: readonly string[]]>(`
  select given.digest, encode(substring(met.digest from 17), 'hex') as row
  from (select distinct unnest($2::text[]) as digest) as given
  cross join lateral (
    select digest from user_import_identifiers
    where user_pool_id = current_setting('genauth.user_pool_id') and import_id = $1
      and digest >= decode(given.digest, 'hex') and digest < decode(given.digest || repeat('ff', 9), 'hex')
    limit 1
  ) as met
`);

/** Which of these a dry run has met in earlier batches, and in which row. */
export async function listSeen(
  scope: Scope,
  importId: string,
  digests: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  return new Map((await seen(scope, importId, digests)).map(({ digest, row }) => [digest, row]));
}

const note = statement<Record<never, never>, [importId: string, digests: readonly string[], rows: readonly number[]]>(`
  insert into user_import_identifiers (user_pool_id, import_id, digest)
  select distinct current_setting('genauth.user_pool_id'), $1, decode(met.digest, 'hex') || int8send(met.row)
  from unnest($2::text[], $3::bigint[]) as met (digest, row)
  on conflict do nothing
`);

/**
 * Remembers what the users would have that a dry run would make, each with the number of its row behind it: two identifiers
 * of one row are one person's, those of two rows are not.
 */
export async function noteSeen(
  scope: Scope,
  importId: string,
  met: readonly { readonly digest: string; readonly row: number }[],
): Promise<void> {
  await note(
    scope,
    importId,
    met.map(({ digest }) => digest),
    met.map(({ row }) => row),
  );
}

const remove = statement<Record<never, never>, [importId: string]>(`
  with forgotten as (
    delete from user_import_identifiers
    where user_pool_id = current_setting('genauth.user_pool_id') and import_id = $1
  ), emptied as (
    delete from user_import_chunks where user_pool_id = current_setting('genauth.user_pool_id') and import_id = $1
  )
  update user_imports set chunks = 0 where user_pool_id = current_setting('genauth.user_pool_id') and id = $1
`);

/** Deletes the file of an import and what a dry run remembered of it. */
export async function deleteFile(scope: Scope, importId: string): Promise<void> {
  await remove(scope, importId);
}
