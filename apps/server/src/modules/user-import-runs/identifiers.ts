import { createHash } from 'node:crypto';
import { parsePhoneNumber } from '../../platform/phone-numbers.ts';
import type { UniqueValue } from '../custom-values/index.ts';
import { toStoredEmail } from '../user-directory/index.ts';
import type { NewUserInput } from '../users/index.ts';
import type { Holders, Identifiers } from './store.ts';

/** What a row's person is recognized by, as it is stored. */
export async function toIdentifiers({
  username,
  email,
  phone,
  phoneCountryCode,
  externalId,
}: NewUserInput): Promise<Identifiers> {
  // A number that is none finds nobody; creating its user will name it.
  const number = phone ? await parsePhoneNumber(phone, phoneCountryCode) : undefined;
  return {
    username: username || null,
    email: toStoredEmail(email ?? '') || null,
    phone: number?.phone ?? null,
    phoneCountryCode: number?.countryCode ?? null,
    externalId: externalId || null,
  };
}

export const identifierNames = ['username', 'email', 'phone', 'externalId'] as const;

export type IdentifierName = (typeof identifierNames)[number];

/** The same as texts, which two rows share when they are about one person. */
export function keysOf(identifiers: Identifiers): { readonly field: IdentifierName; readonly key: string }[] {
  return identifierNames.flatMap((field) => {
    const key = keyOf(identifiers, field);
    return key === undefined ? [] : [{ field, key }];
  });
}

export function keyOf(identifiers: Identifiers, field: IdentifierName): string | undefined {
  const value = identifiers[field];
  return value === null ? undefined : `${field} ${field === 'phone' ? identifiers.phoneCountryCode : ''} ${value}`;
}

/** What stands for such a text where it is kept for longer. */
export function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 32);
}

export function digestOfUnique({ key, digest }: UniqueValue): string {
  return digestOf(`customData.${key} ${digest}`);
}

/** Whether somebody has one of them. */
export function isHeld(holders: Holders): boolean {
  return identifierNames.some((name) => holders[name] !== null);
}

/** Whether a row gives its person other identifiers than `held`, which he has, or takes some away. */
export function movesIdentifiers(input: NewUserInput, held: readonly IdentifierName[]): boolean {
  const isSaid = (field: IdentifierName) =>
    input[field] !== undefined || (field === 'phone' && input.phoneCountryCode !== undefined);
  return identifierNames.some((field) => isSaid(field) && !held.includes(field));
}
