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
  'A row of users or user_search as it was before a transaction changed it, for half an hour at most. Of part many: so much changed at once that it is not said what.';
comment on column former_users.xact is
  'The transaction. Whoever has a snapshot knows by it whether he has seen the change.';
comment on column former_users.seq is 'The order of the changes of one user: whoever changes him holds his row.';
comment on column former_users.was is 'Without password; null: there was no such row.';
select genauth.isolate('former_users');

-- Statements that touch more rows than this are imports and the like; whoever keeps a total counts it anew after them.
create function genauth.note_former_users() returns trigger language plpgsql as $$
begin
  if (select count(*) from (select from changed limit 101) as touched) > 100 then
    insert into former_users (user_pool_id, part, user_id)
    select distinct user_pool_id, 'many', '' from changed
    -- A user pool that is deleted takes its users along, and nobody counts them any more.
    where exists (select from user_pools where user_pools.user_pool_id = changed.user_pool_id);
  elsif tg_table_name = 'users' then
    insert into former_users (user_pool_id, part, user_id, was)
    select user_pool_id, 'users', id,
      case when tg_op <> 'INSERT' then to_jsonb(changed) - '{password_hash,password_salt}'::text[] end
    from changed
    where exists (select from user_pools where user_pools.user_pool_id = changed.user_pool_id);
  else
    insert into former_users (user_pool_id, part, user_id, was)
    select user_pool_id, 'user_search', user_id, case when tg_op <> 'INSERT' then to_jsonb(changed) end
    from changed
    where exists (select from user_pools where user_pools.user_pool_id = changed.user_pool_id);
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
create trigger note_inserted after insert on user_search
  referencing new table as changed for each statement execute function genauth.note_former_users();
create trigger note_updated after update on user_search
  referencing old table as changed for each statement execute function genauth.note_former_users();
create trigger note_deleted after delete on user_search
  referencing old table as changed for each statement execute function genauth.note_former_users();
