/**
 * User pools: the hard isolation unit. This module makes them; it has no operations of its own yet. What lives in a pool
 * belongs to the other modules.
 */
import type { AcrossUserPools } from '../../platform/database/database.ts';
import type { Seal } from '../../platform/seal.ts';
import { insertUserPool } from './store.ts';

export { isAnyUserPool } from './store.ts';

/** A user pool as its owner is told about it, once. */
export interface NewUserPool {
  readonly id: string;
  readonly name: string;
  readonly secret: string;
}

/** Makes a user pool. Answers false when the id is taken. */
export async function createUserPool(across: AcrossUserPools, seal: Seal, pool: NewUserPool): Promise<boolean> {
  const rows = await insertUserPool(across, pool.id, pool.name, seal.seal(pool.secret, userPoolSecretContext(pool.id)));
  return rows.length > 0;
}

/** What a user pool's sealed secret is bound to. */
export function userPoolSecretContext(userPoolId: string): string {
  return `user_pools/${userPoolId}`;
}
