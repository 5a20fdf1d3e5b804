import type { JsonWebKey } from 'node:crypto';
import { type AcrossUserPools, statement } from '../../platform/database/database.ts';

/** A key pair of the instance; the private half sealed. */
export interface SigningKeyRow {
  readonly id: string;
  readonly publicJwk: JsonWebKey;
  readonly privateKeySealed: Buffer;
  readonly active: boolean;
}

/** The active key first, then the newest: readers that ignore `kid` take the first. */
export const listSigningKeys = statement<SigningKeyRow, [algorithm: string]>(`
  select id, public_jwk as "publicJwk", private_key_sealed as "privateKeySealed", active
  from signing_keys where algorithm = $1
  order by active desc, created_at desc
`);

const insertActive = statement<
  Record<never, never>,
  [id: string, algorithm: string, publicJwk: string, privateKeySealed: Buffer]
>(`
  insert into signing_keys (id, algorithm, public_jwk, private_key_sealed, active) values ($1, $2, $3, $4, true)
  on conflict do nothing
`);

/** Adds the active key, unless another process was faster. */
export async function insertActiveSigningKey(
  across: AcrossUserPools,
  algorithm: string,
  key: { readonly id: string; readonly publicJwk: JsonWebKey; readonly privateKeySealed: Buffer },
): Promise<void> {
  await insertActive(across, key.id, algorithm, JSON.stringify(key.publicJwk), key.privateKeySealed);
}
