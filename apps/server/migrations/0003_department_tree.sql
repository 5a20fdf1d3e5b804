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
create unique index departments_number on departments (user_pool_id, number);
-- Not unique, though paths are: an update of a unique column would make foreign key checks wait for a move.
create index departments_path on departments (user_pool_id, path);
create index departments_parent_id on departments (user_pool_id, parent_id);
-- Holds departments without a code too: the deletion of an organization asks it whether any are left.
create unique index departments_code on departments (user_pool_id, organization_id, code);
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
-- Lists read indexes alone where pages are known to be visible to all; a moved subtree leaves many that are not.
alter table department_members set (
  autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
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
  user_pool_id      text collate "C" not null,
  department_number bigint not null,
  slot              smallint not null,
  members           integer not null,
  users             integer not null,
  primary key (user_pool_id, department_number, slot),
  constraint department_counts_department foreign key (user_pool_id, department_number)
    references departments (user_pool_id, number) on delete cascade
) with (fillfactor = 70);
comment on table department_counts is
  'How many direct members a department has and how many distinct users its subtree. Several slots a department, to be summed: writers on different connections do not wait for each other on the rows of the root. A single slot may be negative.';
select genauth.isolate('department_counts');

-- Numbers in a path, root first.
create function genauth.path_numbers(path text) returns bigint[] language sql immutable parallel safe
  return string_to_array(rtrim(path, '/'), '/')::bigint[];

-- Keeps department_counts true. Every department above a changed membership gains or loses the user, except where
-- another membership of his counts him anyway. Written for one row and for a hundred thousand: no step compares rows
-- pairwise, because a plan made for one row is kept for the connection.
create function genauth.count_members() returns trigger language plpgsql as $$
declare
  direction integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
  if current_setting('genauth.counting', true) = 'off' or not exists (select from changed) then
    return null;
  end if;

  -- Most writers hold the lock of the tree already; the cascade from a deleted user comes without it.
  perform pg_advisory_xact_lock_shared(hashtextextended(organization_id, 0))
  from (
    select distinct department.organization_id
    from changed cross join lateral (
      select organization_id from departments
      where user_pool_id = changed.user_pool_id and id = changed.department_id offset 0
    ) as department
    order by 1
  ) as tree;
  if tg_op = 'INSERT' and exists (
    select from changed cross join lateral (
      select path from departments where user_pool_id = changed.user_pool_id and id = changed.department_id offset 0
    ) as department
    where department.path <> changed.path
  ) then
    raise exception 'department moved while a member was added' using errcode = 'serialization_failure';
  end if;

  -- Two transactions that give one user two departments below a common ancestor must not both count him there. The
  -- statement after this one has a younger snapshot, in which the first of them is visible to the second.
  perform
  from (select distinct user_pool_id, user_id from changed order by 1, 2) as member
  cross join lateral (
    select from users where user_pool_id = member.user_pool_id and id = member.user_id for no key update
  ) as locked;

  insert into department_counts (user_pool_id, department_number, slot, members, users)
  select user_pool_id, number, pg_backend_pid() % 16, direction * sum(members), direction * sum(users)
  from (
    select user_pool_id, split_part(path, '/', -2)::bigint as number, 1 as members, 0 as users from changed
    union all
    select user_pool_id, number, 0, 1
    from (
      select user_pool_id, user_id, unnest(genauth.path_numbers(path)) as number from changed
      except
      select user_pool_id, user_id, unnest(genauth.path_numbers(path))
      from (
        select member.user_pool_id, member.user_id, other.department_id, other.path
        from (select distinct user_pool_id, user_id from changed) as member
        cross join lateral (
          select department_id, path from department_members
          where user_pool_id = member.user_pool_id and user_id = member.user_id offset 0
        ) as other
        except
        select user_pool_id, user_id, department_id, path from changed
      ) as unchanged
    ) as counted
  ) as delta
  group by user_pool_id, number
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

-- Moves a department, with everything below it, under another parent of the same organization. Readers see the tree as
-- it was until this commits; writers of the organization wait. Lock before anything else in the transaction is changed.
create function genauth.move_department(moved_id text, new_parent_id text) returns void
language plpgsql set work_mem = '64MB' as $$
declare
  pool text := current_setting('genauth.user_pool_id');
  organization text;
  old_path text;
  old_end text;
  parent_path text;
  new_path text;
begin
  select organization_id into strict organization from departments where user_pool_id = pool and id = moved_id;
  perform pg_advisory_xact_lock(hashtextextended(organization, 0));

  select path, left(path, -1) || '0' into strict old_path, old_end
    from departments where user_pool_id = pool and id = moved_id;
  select path into strict parent_path
    from departments where user_pool_id = pool and id = new_parent_id and organization_id = organization;
  if starts_with(parent_path, old_path) then
    raise exception 'a department cannot be moved below itself'
      using errcode = 'check_violation', constraint = 'departments_acyclic';
  end if;
  new_path := parent_path || split_part(old_path, '/', -2) || '/';

  -- A user of the subtree leaves the old ancestors and comes to the new ones, unless another membership outside the
  -- subtree counts him there. Ancestors of both places stay as they are.
  with moved as materialized (
    select distinct user_id from department_members
    where user_pool_id = pool and path >= old_path and path < old_end
  ), elsewhere as (
    select number, count(distinct moved.user_id) as users
    from moved
    cross join lateral (
      select path from department_members
      where user_pool_id = pool and user_id = moved.user_id and not (path >= old_path and path < old_end) offset 0
    ) as other
    cross join lateral unnest(genauth.path_numbers(other.path)) as number
    group by number
  ), ancestor as (
    select coalesce(old.number, new.number) as number, case when old.number is null then 1 else -1 end as direction
    from unnest(genauth.path_numbers(old_path)) as old (number)
    full join unnest(genauth.path_numbers(new_path)) as new (number) on new.number = old.number
    where old.number is null or new.number is null
  )
  insert into department_counts (user_pool_id, department_number, slot, members, users)
  select pool, ancestor.number, 0, 0,
    ancestor.direction * ((select count(*) from moved) - coalesce(elsewhere.users, 0))
  from ancestor left join elsewhere on elsewhere.number = ancestor.number
  order by ancestor.number
  on conflict (user_pool_id, department_number, slot) do update
    set users = department_counts.users + excluded.users;

  update departments set
    path = new_path || substr(path, length(old_path) + 1),
    parent_id = case when id = moved_id then new_parent_id else parent_id end,
    updated_at = case when id = moved_id then now() else updated_at end
  where user_pool_id = pool and path >= old_path and path < old_end;
  update department_members set path = new_path || substr(path, length(old_path) + 1)
  where user_pool_id = pool and path >= old_path and path < old_end;
end
$$;

-- Deletes an organization with its whole tree; the users stay.
create function genauth.delete_organization(deleted_id text) returns text language plpgsql as $$
declare
  pool text := current_setting('genauth.user_pool_id');
  root_path text;
begin
  perform pg_advisory_xact_lock(hashtextextended(deleted_id, 0));
  select path into strict root_path from departments where user_pool_id = pool and id = deleted_id;
  -- The counts go too, so nobody needs them kept.
  perform set_config('genauth.counting', 'off', true);
  delete from department_members
    where user_pool_id = pool and path >= root_path and path < left(root_path, -1) || '0';
  perform set_config('genauth.counting', 'on', true);
  delete from departments
    where user_pool_id = pool and path >= root_path and path < left(root_path, -1) || '0';
  delete from organizations where user_pool_id = pool and id = deleted_id;
  return deleted_id;
end
$$;
