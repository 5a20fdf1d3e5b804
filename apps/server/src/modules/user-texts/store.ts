import { type RawBuilder, sql } from 'kysely';
import { type AcrossUserPools, type Scope, statement } from '../../platform/database/database.ts';
import { sampleOf, type UserCondition } from '../user-directory/index.ts';

/** Between texts. Folding leaves none in them, so that no needle reaches over the border of a field. */
export const separator = '\u0001';

/** Where to look for a needle: numbers of texts, from 1; in all common ones when nothing is said of them. */
export interface Haystack {
  readonly common: readonly number[] | undefined;
  readonly other: readonly number[];
  /** Whether the id may begin with it. */
  readonly id: boolean;
  /** Whoever has this identity number is meant, too. */
  readonly identityNumberDigest: Buffer | undefined;
}

/** Who has a needle, said in the ways there are to find out. */
export interface NeedleConditions {
  /** Whoever has it, by index. */
  readonly found: UserCondition;
  /** The same, looked up for a user at hand. */
  readonly onUser: UserCondition;
  /** Whoever has not, by reading everybody's texts: less work where nearly everybody has it. */
  readonly lacking: UserCondition;
  /** About how large a part of all users has it. */
  readonly estimate: (scope: Scope) => Promise<number>;
}

/** Users who have the needle, folded and not empty, in one of these texts. */
export function withNeedle(needle: string, { common, other, id, identityNumberDigest }: Haystack): NeedleConditions {
  const places = sql`${common ?? null}::smallint[], ${other}::smallint[]`;
  const identified =
    identityNumberDigest === undefined
      ? sql``
      : sql`union all select identified.id from users identified
          where identified.user_pool_id = current_setting('genauth.user_pool_id')
            and identified.identity_number_digest = ${identityNumberDigest}`;
  // Not as `exists`, which might be made a join of everybody.
  const byTexts = sql<boolean>`(select ${sql.join(testsOf(needle, common, other), sql` or `)} from user_search texts
    where texts.user_pool_id = users.user_pool_id and texts.user_id = users.id)`;
  const byId = id ? sql<boolean>`users.id ^@ ${needle}` : undefined;
  const byNumber =
    identityNumberDigest === undefined
      ? undefined
      : sql<boolean>`users.identity_number_digest is not distinct from ${identityNumberDigest}`;
  const elsewhere = [byId, byNumber].filter((one) => one !== undefined);
  const not = elsewhere.map((one) => sql`and not ${one}`);
  return {
    // As an array, whose users are looked up in the order of their ids: of a million, seven times faster than in any other.
    found: sql<boolean>`users.id = any(array(select genauth.find_users(${needle}, ${places}, ${id}) ${identified}))`,
    onUser: sql<boolean>`(${sql.join([byTexts, ...elsewhere], sql` or `)})`,
    lacking: sql<boolean>`(users.id = any(array(select genauth.find_users_without(${needle}, ${places})))
      ${sql.join(not, sql` `)})`,
    async estimate(scope) {
      const [row] = await sample(scope, needle, common ?? null, other);
      return row === undefined || row.size === 0 ? 0 : row.found / row.size;
    },
  };
}

/** Made once for every connection: most searches are for few, and should not pay for those that are not. */
const sample = statement<
  { size: number; found: number },
  [needle: string, common: readonly number[] | null, other: readonly number[]]
>(`
  select count(*) as size, count(*) filter (
    where ($2::smallint[] is null and strpos(common, $1) > 0)
      or exists (select from unnest($2::smallint[]) as place where strpos(split_part(common, E'\\x01', place), $1) > 0)
      or exists (select from unnest($3::smallint[]) as place where strpos(split_part(other, E'\\x01', place), $1) > 0)
  ) as found
  from ${sampleOf('user_search', 'user_id')}
`);

function testsOf(needle: string, common: Haystack['common'], other: Haystack['other']): RawBuilder<boolean>[] {
  const inText = (column: 'common' | 'other') => (place: number) =>
    sql<boolean>`strpos(split_part(texts.${sql.id(column)}, ${separator}, ${sql.lit(place)}), ${needle}) > 0`;
  const inCommon = common?.map(inText('common')) ?? [sql<boolean>`strpos(texts.common, ${needle}) > 0`];
  return [...inCommon, ...other.map(inText('other')), sql<boolean>`false`];
}

const missingCount = statement<{ count: number }, []>(`select count(*) as count from user_search_missing`);

/** How many users of all pools have no texts yet. */
export async function countMissing(across: AcrossUserPools): Promise<number> {
  const [row] = await missingCount(across);
  return row?.count ?? 0;
}

/** What the texts of a user are made of. */
export interface UserWithoutTexts {
  readonly userPoolId: string;
  readonly id: string;
  readonly phone: string | null;
  readonly email: string | null;
  readonly name: string | null;
  readonly username: string | null;
  readonly nickname: string | null;
  readonly externalId: string | null;
  readonly profile: Readonly<Record<string, string | undefined>>;
  readonly identityNumberSealed: Buffer | null;
}

const take = statement<UserWithoutTexts, [most: number]>(`
  with taken as (
    delete from user_search_missing
    where (user_pool_id, user_id) in (
      select user_pool_id, user_id from user_search_missing limit $1 for update skip locked
    )
    returning user_pool_id, user_id
  )
  select users.user_pool_id as "userPoolId", users.id, users.phone, users.email, users.name, users.username, users.nickname,
    users.external_id as "externalId", users.profile, users.identity_number_sealed as "identityNumberSealed"
  from taken join users on users.user_pool_id = taken.user_pool_id and users.id = taken.user_id
`);

/** Takes some users off the list of those without texts; another server takes others. */
export function takeMissing(across: AcrossUserPools, most: number): Promise<UserWithoutTexts[]> {
  return take(across, most);
}

/** Whoever was changed meanwhile has newer texts than these. */
const insert = statement<Record<never, never>, [rows: string]>(`
  insert into user_search (user_pool_id, user_id, common, other)
  select "userPoolId", id, common, other
  from jsonb_to_recordset($1::jsonb) as given ("userPoolId" text, id text, common text, other text)
  on conflict do nothing
`);

/** Stores the texts of users who have none. */
export async function insertTexts(
  across: AcrossUserPools,
  rows: readonly {
    readonly userPoolId: string;
    readonly id: string;
    readonly common: string;
    readonly other: string;
  }[],
): Promise<void> {
  await insert(across, JSON.stringify(rows));
}

const setDigests = statement<
  Record<never, never>,
  [userPoolIds: readonly string[], ids: readonly string[], sealed: readonly Buffer[], digests: readonly Buffer[]]
>(`
  update users set identity_number_digest = given.digest
  from unnest($1::text[], $2::text[], $3::bytea[], $4::bytea[]) as given (user_pool_id, id, sealed, digest)
  where users.user_pool_id = given.user_pool_id and users.id = given.id and users.identity_number_sealed = given.sealed
`);

/** Stores the digests of identity numbers, unless they have become others meanwhile. */
export async function setIdentityNumberDigests(
  across: AcrossUserPools,
  numbers: readonly {
    readonly userPoolId: string;
    readonly id: string;
    readonly sealed: Buffer;
    readonly digest: Buffer;
  }[],
): Promise<void> {
  if (numbers.length === 0) return;
  await setDigests(
    across,
    numbers.map(({ userPoolId }) => userPoolId),
    numbers.map(({ id }) => id),
    numbers.map(({ sealed }) => sealed),
    numbers.map(({ digest }) => digest),
  );
}
