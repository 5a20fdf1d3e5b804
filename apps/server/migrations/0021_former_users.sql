-- What users were before they changed, so that totals counted a while ago can be brought up to date instead of counted anew. Why it
-- is as it is: docs/decisions/2026-11-27-totals-kept.md

create table former_users (
  user_pool_id text collate "C" not null references user_pools on delete cascade,
  xact         bigint not null default pg_current_xact_id()::text::bigint,
  seq          bigint not null generated always as identity,
  -- The table the row stood in.
  part         text collate "C" not null check (part in ('users', 'user_search', 'many')),
  user_id      text collate "C" not null,
  was          jsonb,
  primary key (user_pool_id, xact, seq)
);
comment on table former_users is
  'A row of users or user_search as it was before a transaction changed it, for some time. Of part many: so much changed at once that it is not said what.';
comment on column former_users.xact is
  'The transaction. Whoever has a snapshot knows by it whether he has seen the change.';
comment on column former_users.seq is 'The order of the changes of one user: whoever changes him holds his row.';
comment on column former_users.was is 'Without password; null: there was no such row.';
select genauth.isolate('former_users');

-- Changes by transactions before its last value may be deleted already. A number for all user pools, which nobody can make smaller
-- by rolling back.
create sequence former_users_forgotten;
grant select on sequence former_users_forgotten to genauth_app;
grant select, update on sequence former_users_forgotten to genauth_across_user_pools;

-- A statement that touches more than fifty rows is an import or the like; whoever keeps a total counts it anew after it.
create function genauth.note_former_users() returns trigger language plpgsql as $$
declare
  noted integer;
begin
  insert into former_users (user_pool_id, part, user_id, was)
  select user_pool_id, 'users', id,
    case when tg_op <> 'INSERT' then to_jsonb(changed) - '{password_hash,password_salt}'::text[] end
  from changed
  -- A user pool that is deleted takes its users along, and nobody counts them any more.
  where exists (select from user_pools where user_pools.user_pool_id = changed.user_pool_id)
  limit 51;
  get diagnostics noted = row_count;
  if noted > 50 then
    insert into former_users (user_pool_id, part, user_id) select distinct user_pool_id, 'many', '' from changed;
  end if;
  return null;
end
$$;
create trigger note_inserted after insert on users
  referencing new table as changed for each statement execute function genauth.note_former_users();
create trigger note_updated after update on users
  referencing old table as changed for each statement execute function genauth.note_former_users();
create trigger note_deleted after delete on users
  referencing old table as changed for each statement execute function genauth.note_former_users();

-- The same of their texts. Nobody had none before: they come with the user, and who was not there is not asked for them.
create function genauth.note_former_texts() returns trigger language plpgsql as $$
declare
  noted integer;
begin
  insert into former_users (user_pool_id, part, user_id, was)
  select user_pool_id, 'user_search', user_id, to_jsonb(changed)
  from changed
  where exists (select from user_pools where user_pools.user_pool_id = changed.user_pool_id)
  limit 51;
  get diagnostics noted = row_count;
  if noted > 50 then
    insert into former_users (user_pool_id, part, user_id) select distinct user_pool_id, 'many', '' from changed;
  end if;
  return null;
end
$$;
create trigger note_updated after update on user_search
  referencing old table as changed for each statement execute function genauth.note_former_texts();
create trigger note_deleted after delete on user_search
  referencing old table as changed for each statement execute function genauth.note_former_texts();
