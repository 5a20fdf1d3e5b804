import { statement } from '../../platform/database/database.ts';

/** A department as a source of synchronization knows it. */
export interface SyncRelationRow {
  readonly provider: string;
  readonly idInProvider: string;
  readonly info: Record<string, unknown>;
}

/** The links of a department, by source. */
export const listRelations = statement<SyncRelationRow, [departmentId: string]>(`
  select provider, id_in_provider as "idInProvider", info from department_sync_relations
  where user_pool_id = current_setting('genauth.user_pool_id') and department_id = $1
  order by provider
`);

/** Deletes the link with a source; answers it, when there was one. */
export const deleteRelation = statement<SyncRelationRow, [departmentId: string, provider: string]>(`
  delete from department_sync_relations
  where user_pool_id = current_setting('genauth.user_pool_id') and department_id = $1 and provider = $2
  returning provider, id_in_provider as "idInProvider", info
`);
