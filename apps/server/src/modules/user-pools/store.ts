import { type AcrossUserPools, statement } from '../../platform/database/database.ts';

/** Answers whether the pool was made: an id that is taken makes none. */
export const insertUserPool = statement<{ userPoolId: string }, [id: string, name: string, secretSealed: Buffer]>(`
  insert into user_pools (user_pool_id, name, secret_sealed) values ($1, $2, $3)
  on conflict do nothing
  returning user_pool_id as "userPoolId"
`);

const anyUserPool = statement<{ exists: boolean }, []>(`select exists (select from user_pools) as exists`);

export async function isAnyUserPool(across: AcrossUserPools): Promise<boolean> {
  const [row] = await anyUserPool(across);
  return row?.exists === true;
}
