import { randomBytes } from 'node:crypto';
import { requestErrors } from '../../platform/errors.ts';
import type { PasswordHasher } from '../../platform/password.ts';
import type { PasswordEncryption, PasswordKeys } from '../password-keys/index.ts';

/** A password as it is stored. */
export interface StoredPassword {
  readonly hash: string;
  /** Of a password hashed elsewhere; our own hashes carry their salt. */
  readonly salt: string | null;
  /** 1 low, 2 medium, 3 high; unknown of a password hashed elsewhere. */
  readonly securityLevel: number | null;
}

/** What is said of a password when a user is made or changed. */
interface GivenPassword {
  readonly password?: string | null | undefined;
  readonly salt?: string | null | undefined;
}

/** How the passwords of one call are meant. */
interface PasswordOptions {
  readonly keepPassword?: boolean;
  readonly autoGeneratePassword?: boolean;
  readonly passwordEncryptType?: PasswordEncryption;
}

/** What modules that take passwords do with them. */
export interface Passwords {
  /**
   * What to store of each, or nothing where none is given or wanted. Hashing takes longer than everything else of a call:
   * this belongs before its transaction. `prefixOf` names an item in errors.
   */
  toStored(
    given: readonly GivenPassword[],
    options: PasswordOptions | null | undefined,
    prefixOf: (index: number) => string,
  ): Promise<(StoredPassword | undefined)[]>;
}

interface PasswordsDependencies {
  readonly hasher: PasswordHasher;
  readonly keys: PasswordKeys;
}

export function createPasswords({ hasher, keys }: PasswordsDependencies): Passwords {
  return {
    async toStored(given, options, prefixOf) {
      const plain: (string | undefined)[] = [];
      // All of them first: what is refused should not have cost anything.
      for (const [index, { password }] of given.entries()) {
        plain.push(password ? await decrypt(password, options, prefixOf(index)) : undefined);
      }
      const stored: (StoredPassword | undefined)[] = [];
      // One after the other: one call has one place in the line.
      for (const [index, password] of plain.entries()) {
        stored.push(await toStored(password, given[index]?.salt, options));
      }
      return stored;
    },
  };

  async function decrypt(text: string, options: PasswordOptions | null | undefined, prefix: string): Promise<string> {
    const password = await keys.decrypt(options?.passwordEncryptType ?? 'none', text);
    // Whatever is wrong with it, the words are the same.
    if (password === undefined) throw requestErrors.fieldMalformed({ field: `${prefix}password` });
    return password;
  }

  async function toStored(
    password: string | undefined,
    salt: string | null | undefined,
    options: PasswordOptions | null | undefined,
  ): Promise<StoredPassword | undefined> {
    if (password && options?.keepPassword) return { hash: password, salt: salt || null, securityLevel: null };
    // A password nobody has seen: it can be reset, or told by a message once there is a message service.
    const plain = password || (options?.autoGeneratePassword ? randomBytes(15).toString('base64url') : undefined);
    if (plain === undefined) return undefined;
    return { hash: await hasher.hash(plain), salt: null, securityLevel: securityLevelOf(plain) };
  }
}

/** 1 low, 2 medium, 3 high: how many of digits, letters and other characters there are among at least six. */
function securityLevelOf(password: string): number {
  if (password.length < 6) return 1;
  const kinds = [/\d/, /\p{L}/u, /[^\d\p{L}]/u];
  return kinds.filter((kind) => kind.test(password)).length;
}
