import { createHash } from 'node:crypto';
import { defaultPhoneCountryCode, parsePhoneNumber } from '../../platform/phone-numbers.ts';
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
  const number = phone ? await parsePhoneNumber(phone, phoneCountryCode || defaultPhoneCountryCode) : undefined;
  return {
    username: username || null,
    email: toStoredEmail(email ?? '') || null,
    phone: number?.phone ?? null,
    phoneCountryCode: number?.countryCode ?? null,
    externalId: externalId || null,
  };
}

export const identifierNames = ['username', 'email', 'phone', 'externalId'] as const;

/** The same as texts, which two rows share when they are about one person. */
export function keysOf(identifiers: Identifiers): string[] {
  return identifierNames.flatMap((name) => {
    const value = identifiers[name];
    return value === null ? [] : [`${name} ${name === 'phone' ? identifiers.phoneCountryCode : ''} ${value}`];
  });
}

/** The same as something that may be kept for longer. */
export function digestsOf(identifiers: Identifiers): string[] {
  return keysOf(identifiers).map((key) => createHash('sha256').update(key).digest('hex').slice(0, 32));
}

/** Whether somebody has one of them. */
export function isHeld(holders: Holders): boolean {
  return identifierNames.some((name) => holders[name] !== null);
}
