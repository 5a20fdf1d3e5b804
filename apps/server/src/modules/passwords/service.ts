import { randomBytes } from 'node:crypto';
import type { Database } from '../../platform/database/database.ts';
import { requestErrors } from '../../platform/errors.ts';
import type { Turn } from '../../platform/fair-line.ts';
import type { Handlers } from '../../platform/module.ts';
import type { PasswordHasher } from '../../platform/password.ts';
import { recognizePasswordHash } from '../../platform/password-schemes.ts';
import type { PasswordEncryption, PasswordKeys } from '../password-keys/index.ts';
import type * as contract from './contract.ts';
import { passwordErrors } from './contract.ts';
import { listPasswords, type PasswordRow, replaceHash } from './store.ts';

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

/** What modules that take or check passwords do with them. */
export interface Passwords {
  /**
   * What to store of each, or nothing where none is given or wanted. Hashing takes longer than everything else of a call:
   * this belongs before its transaction. `prefixOf` names an item in errors; `turn` says for whom it is and until when.
   */
  toStored(
    given: readonly GivenPassword[],
    options: PasswordOptions | null | undefined,
    prefixOf: (index: number) => string,
    turn: Turn,
  ): Promise<(StoredPassword | undefined)[]>;
  /**
   * Whether this is the user's password. It takes as long for users who have none, or who do not exist. A right password
   * whose hash was made elsewhere, or with other settings, is hashed anew. Opens transactions of its own, short ones:
   * hashing must not hold a connection. `signal` ends it when nobody waits for the answer any more.
   */
  verify(userPoolId: string, userId: string, password: string, signal?: AbortSignal): Promise<boolean>;
}

interface PasswordsDependencies {
  readonly database: Database;
  readonly hasher: PasswordHasher;
  readonly keys: PasswordKeys;
}

export function createPasswords({ database, hasher, keys }: PasswordsDependencies): Passwords {
  return {
    async toStored(given, options, prefixOf, turn) {
      const plain: (string | undefined)[] = [];
      // All of them first: what is refused should not have cost anything.
      for (const [index, { password }] of given.entries()) {
        plain.push(password ? await decrypt(password, options, prefixOf(index)) : undefined);
      }
      const stored: (StoredPassword | undefined)[] = [];
      // One after the other: one call has one place in the line.
      for (const [index, password] of plain.entries()) {
        stored.push(await toStored(password, given[index]?.salt, options, prefixOf(index), turn));
      }
      return stored;
    },

    async verify(userPoolId, userId, password, signal) {
      const turn: Turn = { sharer: userPoolId, ...(signal === undefined ? {} : { signal }) };
      const [stored] = await database.withUserPool(userPoolId, 'read', (scope) => listPasswords(scope, [userId]));
      if (!(await hasher.inLine(turn, () => isPasswordOf(stored, password))) || stored === undefined) return false;
      if (!hasher.isCurrent(stored.hash)) await renew(userPoolId, stored, password, turn);
      return true;
    },
  };

  async function isPasswordOf(stored: PasswordRow | undefined, password: string): Promise<boolean> {
    const own = stored && recognizePasswordHash(stored.hash, stored.salt);
    const isPossible = own !== undefined && !own.isTooCostly && password.length <= maxPasswordLength;
    // A hash may have the form of one and yet be none, such as one whose parameters do not go together.
    const isRight = isPossible && (await own.verify(password).catch(() => false));
    // The time must not tell who has no password, nor whose is hashed with something quick.
    if (!isPossible || !own.isSlow) await recognizePasswordHash(hasher.nobodysHash, null)?.verify(password);
    return isRight;
  }

  async function renew(userPoolId: string, stored: PasswordRow, password: string, turn: Turn): Promise<void> {
    const hash = await hasher.hash(password, turn);
    await database.withUserPool(userPoolId, 'write', (scope) =>
      replaceHash(scope, stored, hash, securityLevelOf(password)),
    );
  }

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
    prefix: string,
    turn: Turn,
  ): Promise<StoredPassword | undefined> {
    if (password && options?.keepPassword) return toKept(password, salt || null, `${prefix}password`);
    // A password nobody has seen: it can be reset, or told by a message once there is a message service.
    const plain = password || (options?.autoGeneratePassword ? randomBytes(15).toString('base64url') : undefined);
    if (plain === undefined) return undefined;
    return { hash: await hasher.hash(plain, turn), salt: null, securityLevel: securityLevelOf(plain) };
  }
}

/** What nobody could ever sign in with is refused: it is most likely a password in clear, sent with the wrong option. */
function toKept(hash: string, salt: string | null, field: string): StoredPassword {
  const recognized = recognizePasswordHash(hash, salt);
  if (recognized === undefined) throw passwordErrors.unknownHash({ field });
  if (recognized.isTooCostly) throw passwordErrors.hashTooCostly({ field });
  return { hash, salt, securityLevel: null };
}

const maxPasswordLength = 1024;

export function createPasswordsService(isExportAllowed: boolean): Handlers<typeof contract> {
  return {
    async getUserEncryptPasswordBatch({ userIds }, { scope, actor }) {
      if (!isExportAllowed) throw passwordErrors.exportDisabled();
      if (actor.accessKeyId !== scope.userPoolId) throw passwordErrors.exportByPoolKey();
      const rows = await listPasswords(scope, [...new Set(userIds)]);
      return rows.map(({ userId, hash, salt }) => ({ userId, encryptedPassword: hash, salt }));
    },
  };
}

/** 1 low, 2 medium, 3 high: how many of digits, letters and other characters there are among at least six. */
function securityLevelOf(password: string): number {
  if (password.length < 6) return 1;
  const kinds = [/\d/, /\p{L}/u, /[^\d\p{L}]/u];
  return kinds.filter((kind) => kind.test(password)).length;
}
