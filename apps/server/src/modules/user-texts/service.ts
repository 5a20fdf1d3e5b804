import type { AcrossUserPools, Database } from '../../platform/database/database.ts';
import type { Seal } from '../../platform/seal.ts';
import { foldText } from '../../platform/text-folding.ts';
import { identityNumberContext, toIdentityNumberDigest } from '../user-directory/index.ts';
import {
  countMissing,
  insertTexts,
  type NeedleConditions,
  separator,
  setIdentityNumberDigests,
  takeMissing,
  withNeedle,
} from './store.ts';

/** A user, as far as he can be found by keywords. */
export interface SearchableUser {
  readonly phone: string | null;
  readonly email: string | null;
  readonly name: string | null;
  readonly username: string | null;
  readonly nickname: string | null;
  readonly externalId: string | null;
  readonly profile: Readonly<Record<string, string | undefined>>;
}

/** The fields of each column, in the order their texts stand there: migration 0010 has no names for them. */
export const searchableFields = {
  common: ['phone', 'email', 'name', 'username', 'nickname'],
  other: [
    'externalId',
    'company',
    'givenName',
    'familyName',
    'middleName',
    'profile',
    'preferredUsername',
    'website',
    'address',
    'formatted',
    'streetAddress',
    'postalCode',
  ],
} as const;

/** Fields with a column of their own; the others are in the profile. */
const ownColumns = { phone: true, email: true, name: true, username: true, nickname: true, externalId: true };

/** A field keywords can be looked for in; `id` by its beginning, `identityNumber`, which is stored sealed, as a whole. */
export type SearchableField = (typeof searchableFields)['common' | 'other'][number] | 'id' | 'identityNumber';

/** The texts of one user, as they are stored. */
export interface SearchTexts {
  readonly common: string;
  readonly other: string;
}

/** What keywords are looked for in, of this user. */
export function toSearchTexts(user: SearchableUser): SearchTexts {
  const { common, other } = searchableFields;
  const of = (field: SearchableField) =>
    toText((field in ownColumns ? user[field as keyof typeof ownColumns] : user.profile[field]) ?? '');
  const others = other.map(of);
  return {
    common: common.map(of).join(separator),
    other: others.every((one) => one === '') ? '' : others.join(separator),
  };
}

/** No field is longer than this; a few characters fold to eighteen, and an entry of the index holds a megabyte. */
const maxCharacters = 2048;

function toText(text: string): string {
  const folded = foldText(text);
  return folded.length <= maxCharacters ? folded : [...folded].slice(0, maxCharacters).join('');
}

/** Whether keywords are looked for in all of this field, as it is. */
export function isTextOfKeywords(field: string): field is (typeof searchableFields)['common' | 'other'][number] {
  return [...searchableFields.common, ...searchableFields.other].some((one) => one === field);
}

/** What it takes to look for identity numbers. */
export interface KeywordReader {
  readonly seal: Seal;
  readonly userPoolId: string;
}

/** Users with the keywords in one of these fields; in those that are usually meant when none are named. */
export function keywordCondition(
  keywords: string,
  fields: readonly SearchableField[] | undefined,
  { seal, userPoolId }: KeywordReader,
): NeedleConditions | undefined {
  const needle = foldText(keywords).trim();
  if (needle === '') return undefined;
  const placesIn = (all: readonly string[]) =>
    all.flatMap((field, index) => (fields?.some((one) => one === field) ? [index + 1] : []));
  const common = placesIn(searchableFields.common);
  const isAllOfCommon = fields === undefined || common.length === searchableFields.common.length;
  const mayBeIdentityNumber = (fields?.includes('identityNumber') ?? true) && identityNumberPattern.test(needle);
  const haystack = {
    common: isAllOfCommon ? undefined : common,
    other: placesIn(searchableFields.other),
    id: fields?.includes('id') ?? false,
    identityNumberDigest: mayBeIdentityNumber ? toIdentityNumberDigest(seal, userPoolId, needle) : undefined,
  };
  return withNeedle(needle, haystack);
}

/** Letters, digits and what is put between them, five digits at least. */
const identityNumberPattern = /^(?=(?:\D*\d){5})[a-z0-9 ()-]{6,64}$/;

/** Writes the texts of users who were there before there were texts. To be called before the server answers. */
export async function fillMissingTexts(
  database: Database,
  seal: Seal,
  progress: (message: string) => void = () => {},
): Promise<void> {
  const total = await database.acrossUserPools(countMissing);
  for (let done = 0; done < total; ) {
    const filled = await database.acrossUserPools((across) => fillSome(across, seal));
    // Another server at its start has taken the rest.
    if (filled === 0) return;
    done += filled;
    progress(`preparing the search for users (${Math.min(done, total)}/${total})`);
  }
}

async function fillSome(across: AcrossUserPools, seal: Seal): Promise<number> {
  const users = await takeMissing(across, 1000);
  if (users.length === 0) return 0;
  await insertTexts(
    across,
    users.map((user) => ({ userPoolId: user.userPoolId, id: user.id, ...toSearchTexts(user) })),
  );
  await setIdentityNumberDigests(
    across,
    users.flatMap(({ userPoolId, id, identityNumberSealed }) => {
      if (identityNumberSealed === null) return [];
      const plain = seal.open(identityNumberSealed, identityNumberContext(userPoolId, id));
      return [
        { userPoolId, id, sealed: identityNumberSealed, digest: toIdentityNumberDigest(seal, userPoolId, plain) },
      ];
    }),
  );
  return users.length;
}
