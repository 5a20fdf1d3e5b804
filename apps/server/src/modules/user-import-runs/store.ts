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

/** What a dry run remembers of an identifier: who would have it by now, a user's id or the number of the row that would make him. */
export interface Remembered {
  readonly digest: string;
  readonly field: string;
  /** Null: whoever had it would have lost it. */
  readonly holder: string | null;
}

const remembered = statement<Remembered, [importId: string, digests: readonly string[]]>(`
  select given.digest, met.field, met.holder
  from (select distinct unnest($2::text[]) as digest) as given
  join user_import_identifiers met on met.user_pool_id = current_setting('genauth.user_pool_id') and met.import_id = $1
    and met.digest = decode(given.digest, 'hex')
`);

/** What a dry run remembers of these. */
export function listRemembered(scope: Scope, importId: string, digests: readonly string[]): Promise<Remembered[]> {
  return remembered(scope, importId, digests);
}

const rememberedOf = statement<Remembered, [importId: string, holders: readonly string[]]>(`
  select encode(digest, 'hex') as digest, field, holder from user_import_identifiers
  where user_pool_id = current_setting('genauth.user_pool_id') and import_id = $1 and holder = any($2)
`);

/** What these people would have. */
export function listRememberedOf(scope: Scope, importId: string, holders: readonly string[]): Promise<Remembered[]> {
  return rememberedOf(scope, importId, holders);
}

const forget = statement<
  Record<never, never>,
  [importId: string, holders: readonly string[], fields: readonly string[]]
>(`
  update user_import_identifiers met set holder = null
  from unnest($2::text[], $3::text[]) as lost (holder, field)
  where met.user_pool_id = current_setting('genauth.user_pool_id') and met.import_id = $1
    and met.holder = lost.holder and met.field = lost.field
`);

type Met = [
  importId: string,
  digests: readonly string[],
  fields: readonly string[],
  holders: readonly (string | null)[],
];

const insertMet = `
  insert into user_import_identifiers as met (user_pool_id, import_id, digest, field, holder)
  select current_setting('genauth.user_pool_id'), $1, decode(given.digest, 'hex'), given.field, given.holder
  from unnest($2::text[], $3::text[], $4::text[]) as given (digest, field, holder)
  on conflict (user_pool_id, import_id, digest)
`;
const noteLost = statement<Record<never, never>, Met>(`${insertMet} do nothing`);
const noteGained = statement<Record<never, never>, Met>(`${insertMet} do update set holder = excluded.holder`);

/** What the rows of a step of a dry run would have done to identifiers. */
export interface Moves {
  /** Whatever they had under these names they have lost. */
  readonly lost: readonly { readonly holder: string; readonly field: string }[];
  /** What users had before the import and have no more. */
  readonly freed: readonly Omit<Remembered, 'holder'>[];
  readonly gained: readonly Remembered[];
}

/** Remembers them. First what is lost: somebody else may have gained it. */
export async function rememberMoves(scope: Scope, importId: string, { lost, freed, gained }: Moves): Promise<void> {
  const digests = (met: Moves['freed']) => met.map(({ digest }) => digest);
  const fields = (met: readonly { readonly field: string }[]) => met.map(({ field }) => field);
  if (lost.length > 0) {
    await forget(
      scope,
      importId,
      lost.map(({ holder }) => holder),
      fields(lost),
    );
  }
  if (freed.length > 0) {
    await noteLost(
      scope,
      importId,
      digests(freed),
      fields(freed),
      freed.map(() => null),
    );
  }
  if (gained.length > 0) {
    await noteGained(
      scope,
      importId,
      digests(gained),
      fields(gained),
      gained.map(({ holder }) => holder),
    );
  }
}

const identifiersOf = statement<Identifiers & { readonly id: string }, [ids: readonly string[]]>(`
  select id, username, email, phone, phone_country_code as "phoneCountryCode", external_id as "externalId" from users
  where user_pool_id = current_setting('genauth.user_pool_id') and id = any($1)
  order by id
`);

/** What these users are recognized by, in the order of their ids. */
export function listIdentifiers(
  scope: Scope,
  ids: readonly string[],
): Promise<(Identifiers & { readonly id: string })[]> {
  return identifiersOf(scope, ids);
}

const identify = statement<Record<never, never>, [users: string]>(`
  update users set username = given.username, email = given.email, phone = given.phone,
    phone_country_code = given."phoneCountryCode", external_id = given."externalId"
  from jsonb_to_recordset($1::jsonb)
    as given (id text, username text, email text, phone text, "phoneCountryCode" text, "externalId" text)
  where users.user_pool_id = current_setting('genauth.user_pool_id') and users.id = given.id
`);

/** Gives users who are locked these identifiers. In a dry run alone: nothing else follows from it. */
export async function setIdentifiers(
  scope: Scope,
  users: readonly (Identifiers & { readonly id: string })[],
): Promise<void> {
  await identify(scope, JSON.stringify(users));
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
