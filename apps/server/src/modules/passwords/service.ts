import { randomBytes } from 'node:crypto';
import type { PasswordHasher } from '../../platform/password.ts';

/** A password as it is stored. */
export interface StoredPassword {
  readonly hash: string;
  /** Of a password hashed elsewhere; our own hashes carry their salt. */
  readonly salt: string | null;
  /** 1 low, 2 medium, 3 high; unknown of a password hashed elsewhere. */
  readonly securityLevel: number | null;
}

/** The password to store, or none when none is given or wanted. */
export async function toStoredPassword(
  { password, salt }: { readonly password?: string | null | undefined; readonly salt?: string | null | undefined },
  options: { readonly keepPassword?: boolean; readonly autoGeneratePassword: boolean } | null | undefined,
  passwords: PasswordHasher,
): Promise<StoredPassword | undefined> {
  if (password && options?.keepPassword) return { hash: password, salt: salt || null, securityLevel: null };
  // A password nobody has seen: it can be reset, or told by a message once there is a message service.
  const plain = password || (options?.autoGeneratePassword ? randomBytes(15).toString('base64url') : undefined);
  if (plain === undefined) return undefined;
  return { hash: await passwords.hash(plain), salt: null, securityLevel: securityLevelOf(plain) };
}

/** 1 low, 2 medium, 3 high: how many of digits, letters and other characters there are among at least six. */
function securityLevelOf(password: string): number {
  if (password.length < 6) return 1;
  const kinds = [/\d/, /\p{L}/u, /[^\d\p{L}]/u];
  return kinds.filter((kind) => kind.test(password)).length;
}
