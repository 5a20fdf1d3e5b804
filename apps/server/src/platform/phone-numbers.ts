/** A phone number as it is stored: one spelling for one number. */
export interface PhoneNumber {
  /** `+86`. */
  readonly countryCode: string;
  /** Digits without country code, and without the zero that is only dialled inside the country. */
  readonly phone: string;
}

/** The country of numbers that name none. */
export const defaultPhoneCountryCode = '+86';

/** What people put between digits. */
const separators = /[\s().-]/g;

/** Whether a number says its country itself, as in `+44 7911 123456`. */
export function isInternational(phone: string): boolean {
  return phone.startsWith('+');
}

/**
 * Reads a phone number; answers nothing when there can be no such number. That it is possible is enough: which numbers
 * are in use changes faster than anyone updates a server. A number may say its country itself, which then is the one that
 * is given, if any is.
 */
export async function parsePhoneNumber(
  phone: string,
  countryCode: string | null | undefined,
): Promise<PhoneNumber | undefined> {
  const code = `+${(countryCode || defaultPhoneCountryCode).replace(/^\+/, '')}`;
  const digits = phone.replace(separators, '');
  if (isInternational(phone)) {
    const parsed = /^\+\d{4,19}$/.test(digits) ? await parseInternational(digits) : undefined;
    return !countryCode || parsed?.countryCode === code ? parsed : undefined;
  }
  if (!/^\+[1-9]\d{0,3}$/.test(code) || !/^\d{4,15}$/.test(digits)) return undefined;
  const parsed = await parseInternational(`${code}${digits}`);
  return parsed?.countryCode === code ? parsed : undefined;
}

/** What a look-up by phone number may mean: `phone` in any country, or in the one it names. */
export interface PhoneQuery {
  readonly phone: string;
  readonly countryCode: string | null;
}

/** Reads a number somebody is looked up by: usually without country code, at times with the zero nobody stores. */
export async function parsePhoneQuery(text: string): Promise<PhoneQuery[]> {
  const compact = text.replace(separators, '');
  if (compact.startsWith('+')) {
    const parsed = await parseInternational(compact);
    return parsed === undefined ? [] : [parsed];
  }
  return nationalSpellings(text).map((phone) => ({ phone, countryCode: null }));
}

/** The numbers a text of digits without country code may be stored as: at times it is written with the zero nobody stores. */
export function nationalSpellings(text: string): string[] {
  const compact = text.replace(separators, '');
  return [...new Set([compact, compact.replace(/^0/, '')])];
}

async function parseInternational(number: string): Promise<PhoneNumber | undefined> {
  // The numbering plans take 10 MB: loaded when the first number comes along.
  const { parsePhoneNumberFromString } = await import('libphonenumber-js/min');
  const parsed = parsePhoneNumberFromString(number);
  if (!parsed?.isPossible()) return undefined;
  return { countryCode: `+${parsed.countryCallingCode}`, phone: parsed.nationalNumber };
}
