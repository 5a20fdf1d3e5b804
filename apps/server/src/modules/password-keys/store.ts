import { type AcrossUserPools, statement } from '../../platform/database/database.ts';

/** A key pair of the instance that passwords are encrypted for; the private half sealed. */
export interface PasswordKeyRow {
  readonly algorithm: 'rsa' | 'sm2';
  readonly publicKey: string;
  readonly privateKeySealed: Buffer;
}

export const listPasswordKeys = statement<PasswordKeyRow, []>(`
  select algorithm, public_key as "publicKey", private_key_sealed as "privateKeySealed" from password_keys
`);

const insert = statement<Record<never, never>, [algorithm: string, publicKey: string, privateKeySealed: Buffer]>(`
  insert into password_keys (algorithm, public_key, private_key_sealed) values ($1, $2, $3)
  on conflict do nothing
`);

/** Adds a key pair, unless another process was faster. */
export async function insertPasswordKey(across: AcrossUserPools, key: PasswordKeyRow): Promise<void> {
  await insert(across, key.algorithm, key.publicKey, key.privateKeySealed);
}
