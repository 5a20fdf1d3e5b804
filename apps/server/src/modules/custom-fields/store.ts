import { type Scope, statement } from '../../platform/database/database.ts';
import type { CustomField, TargetType } from '../custom-values/index.ts';

/** A field as it is to be from now on. */
export type NewCustomField = Omit<CustomField, 'createdAt'>;

const types = {
  target_type: 'text',
  key: 'text',
  data_type: 'text',
  label: 'text',
  label_i18n: 'jsonb',
  description: 'text',
  encrypted: 'boolean',
  is_unique: 'boolean',
  user_editable: 'boolean',
  visible_in_admin_console: 'boolean',
  visible_in_user_center: 'boolean',
  desensitization: 'boolean',
  validate_rules: 'jsonb',
  options: 'jsonb',
  app_ids: 'text[]',
} as const;

const names = Object.keys(types) as (keyof typeof types)[];
const changeable = names.filter((name) => name !== 'target_type' && name !== 'key');

const upsert = statement<Record<never, never>, [fields: string, now: string]>(`
  insert into custom_fields (user_pool_id, created_at, updated_at, ${names.join(', ')})
  select current_setting('genauth.user_pool_id'), $2::timestamptz, $2::timestamptz, ${names.map((name) => `given.${name}`).join(', ')}
  from jsonb_to_recordset($1::jsonb) as given (${names.map((name) => `${name} ${types[name]}`).join(', ')})
  on conflict (user_pool_id, target_type, key) do update
  set updated_at = excluded.updated_at, ${changeable.map((name) => `${name} = excluded.${name}`).join(', ')}
`);

/** Makes fields and replaces those there are. Their definitions are locked. */
export async function upsertCustomFields(scope: Scope, fields: readonly NewCustomField[], now: string): Promise<void> {
  const rows = fields.map(
    (field) =>
      ({
        target_type: field.targetType,
        key: field.key,
        data_type: field.dataType,
        label: field.label,
        label_i18n: field.labelI18n,
        description: field.description,
        encrypted: field.encrypted,
        is_unique: field.isUnique,
        user_editable: field.userEditable,
        visible_in_admin_console: field.visibleInAdminConsole,
        visible_in_user_center: field.visibleInUserCenter,
        desensitization: field.desensitization,
        validate_rules: field.validateRules,
        options: field.options,
        app_ids: field.appIds,
      }) satisfies Record<keyof typeof types, unknown>,
  );
  await upsert(scope, JSON.stringify(rows), now);
}

const remove = statement<{ key: string }, [targetType: TargetType, keys: readonly string[]]>(`
  delete from custom_fields
  where user_pool_id = current_setting('genauth.user_pool_id') and target_type = $1 and key = any($2) returning key
`);

export async function deleteFields(scope: Scope, targetType: TargetType, keys: readonly string[]): Promise<void> {
  await remove(scope, targetType, keys);
}
