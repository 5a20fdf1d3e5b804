-- Groups: users put together by hand, or by a rule.

create table groups (
  user_pool_id text collate "C" not null references user_pools on delete cascade,
  id           text collate "C" not null,
  code         text collate "C" not null,
  name         text not null,
  description  text not null default '',
  type         text not null default 'static' check (type in ('static', 'dynamic')),
  custom_data  jsonb not null default '{}',
  rule         jsonb,
  rule_job_id  text collate "C",
  rule_evaluated_at timestamptz(3),
  rule_due_at  timestamptz(3),
  created_at   timestamptz(3) not null default now(),
  updated_at   timestamptz(3) not null default now(),
  primary key (user_pool_id, id),
  constraint groups_rule check ((type = 'dynamic') = (rule is not null))
);
comment on column groups.rule_job_id is
  'The job that evaluates the rule for all users, the latest one: an earlier one that finds another here leaves the group to it.';
comment on column groups.rule_evaluated_at is 'When that job was through with this group; null until it is.';
comment on column groups.rule_due_at is
  'When to evaluate for everybody again by the clock alone: the next time a role the rule looks at begins or ends for somebody; while a job is at work, when to see whether it failed.';
create unique index groups_code on groups (user_pool_id, code);
-- Asked at every change of a user.
create index groups_dynamic on groups (user_pool_id, id) where type = 'dynamic';
create index groups_rule_due_at on groups (rule_due_at) where rule_due_at is not null;
create index groups_created_at on groups (user_pool_id, created_at, id);
select genauth.isolate('groups');

create table group_members (
  user_pool_id text collate "C" not null,
  group_id     text collate "C" not null,
  user_id      text collate "C" not null,
  joined_at    timestamptz(3) not null default now(),
  primary key (user_pool_id, group_id, user_id),
  constraint group_members_group foreign key (user_pool_id, group_id) references groups on delete cascade,
  constraint group_members_user foreign key (user_pool_id, user_id) references users on delete cascade
);
comment on table group_members is
  'Who belongs to which group, whatever its type: members of dynamic groups are written down too, so that readers need not know rules.';
create index group_members_user_id on group_members (user_pool_id, user_id, group_id);
create index group_members_joined_at on group_members (user_pool_id, group_id, joined_at, user_id);
-- Pages are read from the index alone where the table is known to be visible to all.
alter table group_members set (
  autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
select genauth.isolate('group_members');

-- Without a foreign key: a deleted user and a deleted group may meet here, and the trigger below waits for the group instead.
create table group_counts (
  user_pool_id text collate "C" not null references user_pools on delete cascade,
  group_id     text collate "C" not null,
  slot         smallint not null,
  members      integer not null,
  primary key (user_pool_id, group_id, slot)
) with (fillfactor = 70);
comment on table group_counts is
  'How many members a group has. Several slots a group, to be summed, so that writers on different connections do not wait for each other. A single slot may be negative.';
select genauth.isolate('group_counts');

-- Keeps group_counts true, for one row and for a hundred thousand.
create function genauth.count_group_members() returns trigger language plpgsql as $$
declare
  direction integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
  if not exists (select from changed) then
    return null;
  end if;
  insert into group_counts (user_pool_id, group_id, slot, members)
  select held.user_pool_id, held.id, pg_backend_pid() % 16, direction * delta.members
  from (
    select user_pool_id, group_id, count(*) as members from changed group by 1, 2 order by 1, 2
  ) as delta
  -- A group that is being deleted takes its counts along; who comes second waits, and then finds it gone.
  cross join lateral (
    select user_pool_id, id from groups
    where user_pool_id = delta.user_pool_id and id = delta.group_id for key share
  ) as held
  on conflict (user_pool_id, group_id, slot) do update set members = group_counts.members + excluded.members;
  return null;
end
$$;
create trigger count_inserted after insert on group_members
  referencing new table as changed for each statement execute function genauth.count_group_members();
create trigger count_deleted after delete on group_members
  referencing old table as changed for each statement execute function genauth.count_group_members();

create function genauth.forget_group_counts() returns trigger language plpgsql as $$
begin
  delete from group_counts using gone
  where group_counts.user_pool_id = gone.user_pool_id and group_counts.group_id = gone.id;
  return null;
end
$$;
create trigger forget_counts after delete on groups
  referencing old table as gone for each statement execute function genauth.forget_group_counts();
