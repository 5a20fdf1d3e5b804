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

create table role_assignments (
  user_pool_id        text collate "C" not null,
  id                  text collate "C" not null,
  role_id             text collate "C" not null,
  user_id             text collate "C",
  department_number   bigint,
  group_id            text collate "C",
  holder_role_id      text collate "C",
  include_descendants boolean not null default true,
  enable_time         timestamptz(3),
  end_time            timestamptz(3),
  created_at          timestamptz(3) not null,
  updated_at          timestamptz(3) not null,
  primary key (user_pool_id, id),
  constraint role_assignments_target check (num_nonnulls(user_id, department_number, group_id, holder_role_id) = 1),
  constraint role_assignments_role foreign key (user_pool_id, role_id) references roles on delete cascade,
  constraint role_assignments_user foreign key (user_pool_id, user_id) references users on delete cascade,
  constraint role_assignments_department foreign key (user_pool_id, department_number)
    references departments (user_pool_id, number) on delete cascade,
  constraint role_assignments_group foreign key (user_pool_id, group_id) references groups on delete cascade,
  constraint role_assignments_holder foreign key (user_pool_id, holder_role_id) references roles on delete cascade
);
comment on table role_assignments is
  'Who is assigned which role, from when to when. One column for each kind of target, so that foreign keys end what hangs on it.';
comment on column role_assignments.department_number is
  'The number, not the id: paths of memberships hold numbers, so what reaches a member is found without visiting departments.';
comment on column role_assignments.holder_role_id is 'Whoever holds this role holds the assigned one too.';
-- From the target to its roles; each also keeps an assignment single.
create unique index role_assignments_user_id on role_assignments (user_pool_id, user_id, role_id)
  where user_id is not null;
create unique index role_assignments_department_number on role_assignments (user_pool_id, department_number, role_id)
  where department_number is not null;
create unique index role_assignments_group_id on role_assignments (user_pool_id, group_id, role_id)
  where group_id is not null;
create unique index role_assignments_holder_role_id on role_assignments (user_pool_id, holder_role_id, role_id)
  where holder_role_id is not null;
-- From the role to its targets; the few that are no users have an index to themselves.
create index role_assignments_role_id on role_assignments (user_pool_id, role_id, created_at, id);
create index role_assignments_not_users on role_assignments (user_pool_id, role_id, created_at, id)
  where user_id is null;
select genauth.isolate('role_assignments');

create table role_exclusions (
  user_pool_id  text collate "C" not null,
  role_id       text collate "C" not null,
  other_role_id text collate "C" not null,
  created_at    timestamptz(3) not null,
  primary key (user_pool_id, role_id, other_role_id),
  constraint role_exclusions_order check (role_id < other_role_id),
  foreign key (user_pool_id, role_id) references roles on delete cascade,
  foreign key (user_pool_id, other_role_id) references roles on delete cascade
);
comment on table role_exclusions is 'Two roles nobody may be assigned together. A pair is one row, the smaller id first.';
create index role_exclusions_other_role_id on role_exclusions (user_pool_id, other_role_id);
select genauth.isolate('role_exclusions');
