-- Organizations, their department trees, and who belongs where.

-- Numbers of departments, used in paths only and never shown.
create sequence department_numbers;
grant usage on sequence department_numbers to genauth_app;

create table organizations (
  user_pool_id text collate "C" not null references user_pools on delete cascade,
  id           text collate "C" not null,
  code         text collate "C" not null,
  primary key (user_pool_id, id)
);
comment on table organizations is
  'One independent tree. Its id is the id of its root department, which holds everything else there is to say of it.';
create unique index organizations_code on organizations (user_pool_id, code);
select genauth.isolate('organizations');

create table departments (
  user_pool_id       text collate "C" not null,
  id                 text collate "C" not null,
  organization_id    text collate "C" not null,
  parent_id          text collate "C",
  number             bigint not null,
  path               text collate "C" not null,
  code               text collate "C",
  open_department_id text collate "C",
  name               text not null,
  name_i18n          jsonb,
  description        text,
  is_virtual_node    boolean not null default false,
  status             boolean not null default true,
  created_at         timestamptz(3) not null default now(),
  updated_at         timestamptz(3) not null default now(),
  primary key (user_pool_id, id),
  constraint departments_organization foreign key (user_pool_id, organization_id) references organizations,
  constraint departments_parent foreign key (user_pool_id, parent_id) references departments,
  constraint departments_root check ((parent_id is null) = (id = organization_id)),
  constraint departments_depth check (length(path) - length(replace(path, '/', '')) <= 64)
);
comment on column departments.path is
  'Numbers of the ancestors and itself, root first, each followed by a slash: 17/204/9911/. All below a path P lie between P and P with its last character, the slash, replaced by the next one, 0.';
create unique index departments_path on departments (user_pool_id, path);
create index departments_parent_id on departments (user_pool_id, parent_id, name, id);
create unique index departments_code on departments (user_pool_id, organization_id, code) where code is not null;
create unique index departments_open_department_id
  on departments (user_pool_id, organization_id, open_department_id) where open_department_id is not null;
select genauth.isolate('departments');

create table department_members (
  user_pool_id  text collate "C" not null,
  department_id text collate "C" not null,
  user_id       text collate "C" not null,
  path          text collate "C" not null,
  joined_at     timestamptz(3) not null default now(),
  is_main       boolean not null default false,
  primary key (user_pool_id, department_id, user_id),
  constraint department_members_department foreign key (user_pool_id, department_id) references departments,
  constraint department_members_user foreign key (user_pool_id, user_id) references users on delete cascade
);
comment on column department_members.path is 'Copy of the department''s path, so that a subtree is a range of this table.';
create unique index department_members_user_id on department_members (user_pool_id, user_id, department_id);
create index department_members_path on department_members (user_pool_id, path, joined_at, user_id);
create index department_members_joined_at on department_members (user_pool_id, joined_at, user_id) include (path);
create unique index department_members_main on department_members (user_pool_id, user_id) where is_main;
select genauth.isolate('department_members');

create table department_leaders (
  user_pool_id  text collate "C" not null,
  department_id text collate "C" not null,
  user_id       text collate "C" not null,
  position      integer not null,
  primary key (user_pool_id, department_id, user_id),
  foreign key (user_pool_id, department_id) references departments on delete cascade,
  foreign key (user_pool_id, user_id) references users on delete cascade
);
comment on table department_leaders is 'People in charge. A leader need not be a member.';
create index department_leaders_user_id on department_leaders (user_pool_id, user_id);
select genauth.isolate('department_leaders');

create table department_sync_relations (
  user_pool_id   text collate "C" not null,
  department_id  text collate "C" not null,
  provider       text collate "C" not null,
  id_in_provider text collate "C" not null,
  info           jsonb not null default '{}',
  primary key (user_pool_id, department_id, provider),
  foreign key (user_pool_id, department_id) references departments on delete cascade
);
create unique index department_sync_relations_id_in_provider
  on department_sync_relations (user_pool_id, provider, id_in_provider);
select genauth.isolate('department_sync_relations');

create table department_counts (
  user_pool_id      text collate "C" not null references user_pools on delete cascade,
  department_number bigint not null,
  slot              smallint not null,
  members           integer not null,
  users             integer not null,
  primary key (user_pool_id, department_number, slot)
) with (fillfactor = 70);
comment on table department_counts is
  'How many direct members a department has and how many distinct users its subtree. Several slots a department, to be summed: writers on different connections do not wait for each other on the rows of the root.';
select genauth.isolate('department_counts');

-- Adds to the counts of every department on the way from the root to the changed memberships.
-- Runs after the rows have changed, so "another membership" below is one that stays or was there before.
create function genauth.count_members() returns trigger language plpgsql as $$
declare
  direction integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
  -- The whole tree is going: nobody will ask for its counts.
  if current_setting('genauth.deleting_organization', true) = 'on' then
    return null;
  end if;
  -- Two transactions that give one user two departments below a common ancestor must not both count him there.
  perform from users
    where (user_pool_id, id) in (select user_pool_id, user_id from changed)
    order by id for no key update;
  insert into department_counts (user_pool_id, department_number, slot, members, users)
  select user_pool_id, number, pg_backend_pid() % 16, sum(members) * direction, sum(users) * direction
  from (
    select changed.user_pool_id, ancestor.number, changed.user_id,
      count(*) filter (where changed.path = ancestor.path) as members,
      case when exists (
        select from department_members other
        where other.user_pool_id = changed.user_pool_id and other.user_id = changed.user_id
          and other.path >= ancestor.path and other.path < left(ancestor.path, -1) || '0'
          and not exists (select from changed same
            where same.user_pool_id = other.user_pool_id and same.user_id = other.user_id
              and same.department_id = other.department_id)
      ) then 0 else 1 end as users
    from changed
    cross join lateral (
      select label.text::bigint as number, string_agg(label.text, '/') over (order by label.position) || '/' as path
      from unnest(string_to_array(rtrim(changed.path, '/'), '/')) with ordinality as label (text, position)
    ) as ancestor
    group by changed.user_pool_id, ancestor.number, ancestor.path, changed.user_id
  ) as delta
  group by user_pool_id, number
  having sum(members) <> 0 or sum(users) <> 0
  order by number
  on conflict (user_pool_id, department_number, slot) do update
    set members = department_counts.members + excluded.members, users = department_counts.users + excluded.users;
  return null;
end
$$;
create trigger count_inserted after insert on department_members
  referencing new table as changed for each statement execute function genauth.count_members();
create trigger count_deleted after delete on department_members
  referencing old table as changed for each statement execute function genauth.count_members();

-- Moves a department with everything below it under another parent: one statement's work, whatever the size.
-- The caller holds the exclusive lock of the tree.
create function genauth.move_department(moved_id text, new_parent_id text) returns void language plpgsql as $$
declare
  pool text := current_setting('genauth.user_pool_id');
  old_path text;
  new_path text;
begin
  select path into strict old_path from departments where user_pool_id = pool and id = moved_id;
  select parent.path || department.number || '/' into strict new_path
    from departments parent, departments department
    where parent.user_pool_id = pool and parent.id = new_parent_id
      and department.user_pool_id = pool and department.id = moved_id;

  -- Users count where they come to and not where they leave, unless another membership keeps them there.
  insert into department_counts (user_pool_id, department_number, slot, members, users)
  select pool, ancestor.number, 0, 0, ancestor.sign * count(*)
  from (
    select label.text::bigint as number, string_agg(label.text, '/') over (order by label.position) || '/' as path, -1 as sign
    from unnest(string_to_array(rtrim(old_path, '/'), '/')) with ordinality as label (text, position)
    union all
    select label.text::bigint, string_agg(label.text, '/') over (order by label.position) || '/', 1
    from unnest(string_to_array(rtrim(new_path, '/'), '/')) with ordinality as label (text, position)
  ) as ancestor
  join (
    select distinct user_id from department_members
    where user_pool_id = pool and path >= old_path and path < left(old_path, -1) || '0'
  ) as moved on not exists (
    select from department_members other
    where other.user_pool_id = pool and other.user_id = moved.user_id
      and other.path >= ancestor.path and other.path < left(ancestor.path, -1) || '0'
      and not (other.path >= old_path and other.path < left(old_path, -1) || '0')
  )
  where ancestor.path <> old_path and ancestor.path <> new_path
    and not (starts_with(old_path, ancestor.path) and starts_with(new_path, ancestor.path))
  group by ancestor.number, ancestor.sign
  order by ancestor.number
  on conflict (user_pool_id, department_number, slot) do update
    set users = department_counts.users + excluded.users;

  update departments set path = new_path || substr(path, length(old_path) + 1),
    parent_id = case when id = moved_id then new_parent_id else parent_id end,
    updated_at = case when id = moved_id then now() else updated_at end
  where user_pool_id = pool and path >= old_path and path < left(old_path, -1) || '0';
  update department_members set path = new_path || substr(path, length(old_path) + 1)
  where user_pool_id = pool and path >= old_path and path < left(old_path, -1) || '0';
end
$$;

-- Deletes an organization with its whole tree. The caller holds the exclusive lock of the tree.
create function genauth.delete_organization(deleted_id text) returns text language plpgsql as $$
declare
  pool text := current_setting('genauth.user_pool_id');
  root_path text;
begin
  select path into strict root_path from departments where user_pool_id = pool and id = deleted_id;
  perform set_config('genauth.deleting_organization', 'on', true);
  delete from department_members
    where user_pool_id = pool and path >= root_path and path < left(root_path, -1) || '0';
  perform set_config('genauth.deleting_organization', 'off', true);
  delete from department_counts counts using departments department
    where department.user_pool_id = pool and department.organization_id = deleted_id
      and counts.user_pool_id = pool and counts.department_number = department.number;
  delete from departments where user_pool_id = pool and organization_id = deleted_id;
  delete from organizations where user_pool_id = pool and id = deleted_id;
  return deleted_id;
end
$$;
