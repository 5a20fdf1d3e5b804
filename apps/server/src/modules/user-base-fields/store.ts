import { type Scope, statement } from '../../platform/database/database.ts';

/** What a user pool says otherwise of a built-in field; null where it keeps what is built in. */
export interface BaseFieldChanges {
  readonly key: string;
  readonly label: string | null;
  readonly labelI18n: Readonly<Record<string, { enabled: boolean; value: string }>> | null;
  readonly description: string | null;
  readonly userEditable: boolean | null;
  readonly visibleInAdminConsole: boolean | null;
  readonly visibleInUserCenter: boolean | null;
}

export const listBaseFieldChanges = statement<BaseFieldChanges, []>(`
  select key, label, label_i18n as "labelI18n", description, user_editable as "userEditable",
    visible_in_admin_console as "visibleInAdminConsole", visible_in_user_center as "visibleInUserCenter"
  from user_base_fields where user_pool_id = current_setting('genauth.user_pool_id')
`);

const upsert = statement<Record<never, never>, [fields: string]>(`
  insert into user_base_fields (user_pool_id, key, label, label_i18n, description, user_editable,
    visible_in_admin_console, visible_in_user_center)
  select current_setting('genauth.user_pool_id'), given.key, given.label, nullif(given."labelI18n", 'null'),
    given.description, given."userEditable", given."visibleInAdminConsole", given."visibleInUserCenter"
  from jsonb_to_recordset($1::jsonb) as given (key text, label text, "labelI18n" jsonb, description text,
    "userEditable" boolean, "visibleInAdminConsole" boolean, "visibleInUserCenter" boolean)
  order by given.key
  on conflict (user_pool_id, key) do update set label = excluded.label, label_i18n = excluded.label_i18n,
    description = excluded.description, user_editable = excluded.user_editable,
    visible_in_admin_console = excluded.visible_in_admin_console,
    visible_in_user_center = excluded.visible_in_user_center
`);

export async function upsertBaseFieldChanges(scope: Scope, fields: readonly BaseFieldChanges[]): Promise<void> {
  await upsert(scope, JSON.stringify(fields));
}
