-- Accounts that several people share. They are users in all but one respect: operations about people do not see them.

alter table users add column kind text collate "C" not null default 'personal'
  check (kind in ('personal', 'public'));
comment on column users.kind is
  'Whether the account is one person''s or shared by several (a public account). Identifiers are unique over both kinds.';

-- Lists and counts are of one kind.
drop index users_created_at;
create index users_created_at on users (user_pool_id, kind, created_at, id);
drop index users_updated_at;
create index users_updated_at on users (user_pool_id, kind, updated_at, id);

-- Who may use a public account: the members of what it is linked to. The account is no member of any of it, so that
-- members, counts and what they may do stay those of people.

create table public_account_users (
  user_pool_id      text collate "C" not null,
  public_account_id text collate "C" not null,
  user_id           text collate "C" not null,
  linked_at         timestamptz(3) not null default now(),
  primary key (user_pool_id, public_account_id, user_id),
  foreign key (user_pool_id, public_account_id) references users on delete cascade,
  foreign key (user_pool_id, user_id) references users on delete cascade
);
create index public_account_users_user_id on public_account_users (user_pool_id, user_id, public_account_id);
select genauth.isolate('public_account_users');

create table public_account_departments (
  user_pool_id      text collate "C" not null,
  public_account_id text collate "C" not null,
  department_id     text collate "C" not null,
  is_main           boolean not null default false,
  is_leader         boolean not null default false,
  linked_at         timestamptz(3) not null default now(),
  primary key (user_pool_id, public_account_id, department_id),
  foreign key (user_pool_id, public_account_id) references users on delete cascade,
  foreign key (user_pool_id, department_id) references departments on delete cascade
);
comment on column public_account_departments.is_leader is
  'What callers said of the link. Leaders of a department are people, in department_leaders.';
create index public_account_departments_department_id
  on public_account_departments (user_pool_id, department_id, public_account_id);
create unique index public_account_departments_main
  on public_account_departments (user_pool_id, public_account_id) where is_main;
select genauth.isolate('public_account_departments');

create table public_account_groups (
  user_pool_id      text collate "C" not null,
  public_account_id text collate "C" not null,
  group_id          text collate "C" not null,
  linked_at         timestamptz(3) not null default now(),
  primary key (user_pool_id, public_account_id, group_id),
  foreign key (user_pool_id, public_account_id) references users on delete cascade,
  foreign key (user_pool_id, group_id) references groups on delete cascade
);
create index public_account_groups_group_id on public_account_groups (user_pool_id, group_id, public_account_id);
select genauth.isolate('public_account_groups');

create table public_account_roles (
  user_pool_id      text collate "C" not null,
  public_account_id text collate "C" not null,
  role_id           text collate "C" not null,
  linked_at         timestamptz(3) not null default now(),
  primary key (user_pool_id, public_account_id, role_id),
  foreign key (user_pool_id, public_account_id) references users on delete cascade,
  foreign key (user_pool_id, role_id) references roles on delete cascade
);
create index public_account_roles_role_id on public_account_roles (user_pool_id, role_id, public_account_id);
select genauth.isolate('public_account_roles');

create table public_account_posts (
  user_pool_id      text collate "C" not null,
  public_account_id text collate "C" not null,
  post_id           text collate "C" not null,
  linked_at         timestamptz(3) not null default now(),
  primary key (user_pool_id, public_account_id),
  foreign key (user_pool_id, public_account_id) references users on delete cascade,
  foreign key (user_pool_id, post_id) references posts on delete cascade
);
comment on table public_account_posts is 'A public account has one post at most.';
create index public_account_posts_post_id on public_account_posts (user_pool_id, post_id, public_account_id);
select genauth.isolate('public_account_posts');
