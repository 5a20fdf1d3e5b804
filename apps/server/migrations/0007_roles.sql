-- Roles, and who holds them.

create table roles (
  user_pool_id            text collate "C" not null references user_pools on delete cascade,
  id                      text collate "C" not null,
  namespace               text collate "C" not null,
  code                    text collate "C" not null,
  name                    text not null,
  description             text not null default '',
  status                  text collate "C" not null default 'ENABLE' check (status in ('ENABLE', 'DISABLE')),
  disable_time            timestamptz(3),
  enable_permission_apply boolean not null default false,
  custom_data             jsonb not null default '{}',
  created_at              timestamptz(3) not null,
  updated_at              timestamptz(3) not null,
  primary key (user_pool_id, id)
);
comment on column roles.namespace is
  'Code of the permission namespace. Roles of administrators live in `system`, all that name no other in `default`.';
comment on column roles.disable_time is
  'From then on the role counts as disabled, whatever `status` says: readers compare, so no job has to run on time.';
create unique index roles_code on roles (user_pool_id, namespace, code);
create index roles_created_at on roles (user_pool_id, namespace, created_at, id);
select genauth.isolate('roles');
