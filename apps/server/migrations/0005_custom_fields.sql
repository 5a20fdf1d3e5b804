-- Fields that a user pool adds to its users, roles, groups and departments, and the values of users and departments.
-- Roles and groups bring their own column for values with their tables.

create table custom_fields (
  user_pool_id             text collate "C" not null references user_pools on delete cascade,
  target_type              text collate "C" not null check (target_type in ('USER', 'ROLE', 'GROUP', 'DEPARTMENT')),
  key                      text collate "C" not null,
  position                 bigint generated always as identity,
  data_type                text not null check (data_type in ('STRING', 'NUMBER', 'DATETIME', 'BOOLEAN', 'ENUM')),
  label                    text not null,
  label_i18n               jsonb,
  description              text,
  encrypted                boolean not null,
  is_unique                boolean not null,
  user_editable            boolean not null,
  visible_in_admin_console boolean not null,
  visible_in_user_center   boolean not null,
  desensitization          boolean not null,
  validate_rules           jsonb not null,
  options                  jsonb not null,
  app_ids                  text[] not null,
  created_at               timestamptz(3) not null,
  updated_at               timestamptz(3) not null,
  primary key (user_pool_id, target_type, key),
  constraint custom_fields_unique check (not is_unique or data_type in ('STRING', 'NUMBER'))
);
comment on column custom_fields.position is 'Fields are listed in the order they were made.';
select genauth.isolate('custom_fields');

create table user_base_fields (
  user_pool_id             text collate "C" not null references user_pools on delete cascade,
  key                      text collate "C" not null,
  label                    text,
  label_i18n               jsonb,
  description              text,
  user_editable            boolean,
  visible_in_admin_console boolean,
  visible_in_user_center   boolean,
  primary key (user_pool_id, key)
);
comment on table user_base_fields is
  'What a user pool says otherwise of the fields every user has. Null where it keeps what is built in.';
select genauth.isolate('user_base_fields');

alter table users add column custom_data jsonb not null default '{}';
comment on column users.custom_data is
  'Values of custom fields by key: a text, a number or a truth value. Of an encrypted field an object, {"sealed": base64}, bound to pool, target and key.';
alter table departments add column custom_data jsonb not null default '{}';
comment on column departments.custom_data is 'As users.custom_data. The root department holds those of its organization.';

-- Values of fields that are unique, one row a value: who comes second loses on the primary key. Not the value itself is
-- kept, which may be longer than an index takes, but its digest; of an encrypted field a keyed one.
create table user_unique_values (
  user_pool_id text collate "C" not null,
  key          text collate "C" not null,
  digest       text collate "C" not null,
  user_id      text collate "C" not null,
  primary key (user_pool_id, key, digest),
  foreign key (user_pool_id, user_id) references users on delete cascade
);
create unique index user_unique_values_user_id on user_unique_values (user_pool_id, user_id, key);
select genauth.isolate('user_unique_values');

create table department_unique_values (
  user_pool_id  text collate "C" not null,
  key           text collate "C" not null,
  digest        text collate "C" not null,
  department_id text collate "C" not null,
  primary key (user_pool_id, key, digest),
  foreign key (user_pool_id, department_id) references departments on delete cascade
);
create unique index department_unique_values_department_id on department_unique_values (user_pool_id, department_id, key);
select genauth.isolate('department_unique_values');
