-- Finding users: by words, by order, and how many there are. Why it is as it is: docs/decisions/2026-11-26-user-search.md

create table user_search (
  user_pool_id text collate "C" not null,
  user_id      text collate "C" not null,
  common       text collate "C" not null,
  other        text collate "C" not null,
  primary key (user_pool_id, user_id),
  foreign key (user_pool_id, user_id) references users on delete cascade
);
comment on table user_search is
  'What keywords are looked for in: narrow, so that many candidates lie on few pages. Folded by the server (NFKC, case), one text after the other with U+0001 between them; which is which says modules/user-texts.';
comment on column user_search.common is 'Phone, e-mail and names: searched when nobody says otherwise.';
comment on column user_search.other is 'What is searched on request: external id, address and the like.';
select genauth.isolate('user_search');

-- Four characters from every place of every text; fewer at its end. A needle of up to three characters is the beginning of
-- such a gram, a longer one the intersection of several. In front stands the end of the pool's id, which is
-- random, so that a pool reads lists of its own; then a letter for the column.
create function genauth.search_grams(user_pool_id text, common text, other text) returns tsvector
language plpgsql immutable parallel safe as $$
declare
  pool text := right(user_pool_id, 10);
  field text;
  piece text;
  grams text[] := '{}';
begin
  -- In pieces: to find a place in a long text of several bytes a character, everything before it is read.
  foreach field in array string_to_array(common, E'\x01') loop
    for start in 1 .. length(field) by 200 loop
      piece := substr(field, start, 203);
      for place in 1 .. least(length(piece), 200) loop
        grams := grams || (pool || 'a' || substr(piece, place, 4));
      end loop;
    end loop;
  end loop;
  foreach field in array string_to_array(other, E'\x01') loop
    for start in 1 .. length(field) by 200 loop
      piece := substr(field, start, 203);
      for place in 1 .. least(length(piece), 200) loop
        grams := grams || (pool || 'b' || substr(piece, place, 4));
      end loop;
    end loop;
  end loop;
  return array_to_tsvector(grams);
end
$$;
-- New rows wait in a list that every search reads to its end: bounded, so that reading it takes a quarter of a millisecond.
create index user_search_grams on user_search using gin (genauth.search_grams(user_pool_id, common, other))
  with (fastupdate = on, gin_pending_list_limit = 256);

-- Grams of a needle, for one of the columns: at every other place, which finds as much and reads half. They narrow the
-- search down, they do not end it: the text is compared whole. So of an e-mail address, whose domain many share, what stands
-- in front of it is enough, and of a long text the beginning.
create function genauth.search_query(user_pool_id text, letter text, needle text) returns text
language sql immutable parallel safe as $$
  select string_agg(
    '''' || right(user_pool_id, 10) || letter
      || replace(replace(substr(looked_up, least(place, greatest(length(looked_up) - 3, 1)), 4), '\', '\\'), '''', '''''')
      || '''' || case when length(looked_up) < 4 then ':*' else '' end, ' & ')
  from (
    select left(needle, case when strpos(needle, '@') > 4 then strpos(needle, '@') + 1 else 64 end) as looked_up
  ) as beginning
  cross join generate_series(1, greatest(length(looked_up) - 2, 1), 2) as place
$$;

-- The ids of the users who have the needle (folded, not empty) in one of these fields: numbers of texts in `common` and
-- `other`, all texts of `common` when null is given for it; or whose id begins with it. An id may come twice. Runs as the
-- role that sees all pools, because only there may the index be used; the pool is that of the transaction, and nothing a
-- caller passes can name another.
create function genauth.find_users(needle text, in_common smallint[], in_other smallint[], by_id boolean)
returns setof text language plpgsql stable security definer rows 1000
-- By this index always: for a needle that many have, the planner would rather make the grams of everybody.
set enable_seqscan = off set work_mem = '32MB' as $$
declare
  pool text := current_setting('genauth.user_pool_id');
  query text := concat_ws(' | ',
    case when in_common is null or in_common <> '{}' then '(' || genauth.search_query(pool, 'a', needle) || ')' end,
    case when in_other <> '{}' then '(' || genauth.search_query(pool, 'b', needle) || ')' end);
begin
  if by_id then
    return query select user_id from user_search where user_pool_id = pool and user_id ^@ needle;
  end if;
  if query = '' then
    return;
  end if;
  if in_common is null and in_other = '{}' then
    return query
      select candidate.user_id from (
        select user_pool_id, user_id, common from user_search
        where genauth.search_grams(user_pool_id, common, other) @@ query::tsquery offset 0
      ) as candidate
      where candidate.user_pool_id = pool and strpos(candidate.common, needle) > 0;
  else
    return query
      select candidate.user_id from (
        select user_pool_id, user_id, common, other from user_search
        where genauth.search_grams(user_pool_id, common, other) @@ query::tsquery offset 0
      ) as candidate
      where candidate.user_pool_id = pool and (
        (in_common is null and strpos(candidate.common, needle) > 0)
        or exists (
          select from unnest(in_common) as place where strpos(split_part(candidate.common, E'\x01', place), needle) > 0)
        or exists (
          select from unnest(in_other) as place where strpos(split_part(candidate.other, E'\x01', place), needle) > 0));
  end if;
end
$$;
-- Whatever tables a caller has made for himself, the function finds its own.
do $$
begin
  execute format(
    'alter function genauth.find_users set search_path = pg_catalog, %I, pg_temp', current_schema());
end
$$;
-- Its owner needs the right to create for a moment.
grant create on schema genauth to genauth_across_user_pools;
alter function genauth.find_users owner to genauth_across_user_pools;
revoke create on schema genauth from genauth_across_user_pools;

revoke execute on function genauth.find_users from public;
grant execute on function genauth.find_users to genauth_app;

-- Identity numbers are sealed; this tells whether one is the number somebody looks for.
alter table users add column identity_number_digest bytea;
create index users_identity_number on users (user_pool_id, identity_number_digest)
  where identity_number_digest is not null;

-- Users of before this migration. The server folds their texts at its start, in batches, and makes the digests of their
-- identity numbers; then nobody is left here.
create table user_search_missing (
  user_pool_id text collate "C" not null,
  user_id      text collate "C" not null,
  primary key (user_pool_id, user_id),
  foreign key (user_pool_id, user_id) references users on delete cascade
);
select genauth.isolate('user_search_missing');
insert into user_search_missing (user_pool_id, user_id) select user_pool_id, id from users;

create table user_counts (
  user_pool_id text collate "C" not null references user_pools on delete cascade,
  slot         smallint not null,
  kind         text collate "C" not null,
  status       text collate "C" not null,
  gender       text collate "C" not null,
  source_type  text collate "C" not null,
  total        integer not null,
  primary key (user_pool_id, slot, kind, status, gender, source_type)
) with (fillfactor = 50);
comment on table user_counts is
  'How many users there are of each kind, status, gender and source: totals of what lists filter by most. Several slots, to be summed, so that writers do not wait for each other; a single slot may be negative.';
select genauth.isolate('user_counts');
insert into user_counts (user_pool_id, slot, kind, status, gender, source_type, total)
select user_pool_id, 0, kind, status, gender, source_type, count(*) from users group by 1, 3, 4, 5, 6;

-- A slot for this transaction alone: the first that no other holds. Nobody waits, so that nobody waits in a circle.
create function genauth.slot_of_user_counts(pool text) returns smallint language plpgsql as $$
begin
  for slot in 0 .. 31 loop
    if pg_try_advisory_xact_lock(hashtextextended('user_counts/' || pool, slot)) then
      return slot;
    end if;
  end loop;
  -- More writers than that: the row is waited for.
  return pg_backend_pid() % 32;
end
$$;

create function genauth.count_users() returns trigger language plpgsql as $$
begin
  if current_setting('genauth.counting', true) = 'off' then
    return null;
  end if;
  insert into user_counts (user_pool_id, slot, kind, status, gender, source_type, total)
  select user_pool_id, genauth.slot_of_user_counts(user_pool_id), kind, status, gender, source_type, delta
  from (
    select user_pool_id, kind, status, gender, source_type,
      case tg_op when 'INSERT' then count(*) else -count(*) end as delta
    from changed group by 1, 2, 3, 4, 5
    order by 1, 2, 3, 4, 5
  ) as counted
  -- A user pool that is deleted takes its users along, and nobody counts them any more.
  where exists (select from user_pools where user_pools.user_pool_id = counted.user_pool_id)
  on conflict (user_pool_id, slot, kind, status, gender, source_type) do update
    set total = user_counts.total + excluded.total;
  return null;
end
$$;
create trigger count_inserted after insert on users
  referencing new table as changed for each statement execute function genauth.count_users();
create trigger count_deleted after delete on users
  referencing old table as changed for each statement execute function genauth.count_users();

-- One row at a time: a trigger that sees whole statements cannot be told to look at some columns only, and most updates
-- touch none of these.
create function genauth.recount_user() returns trigger language plpgsql as $$
begin
  if current_setting('genauth.counting', true) = 'off' then
    return null;
  end if;
  insert into user_counts (user_pool_id, slot, kind, status, gender, source_type, total)
  select new.user_pool_id, genauth.slot_of_user_counts(new.user_pool_id), moved.*
  from (values
    (old.kind, old.status, old.gender, old.source_type, -1),
    (new.kind, new.status, new.gender, new.source_type, 1)
  ) as moved (kind, status, gender, source_type, total)
  order by kind, status, gender, source_type
  on conflict (user_pool_id, slot, kind, status, gender, source_type) do update
    set total = user_counts.total + excluded.total;
  return null;
end
$$;
create trigger count_updated after update of kind, status, gender, source_type on users
  for each row
  when ((old.kind, old.status, old.gender, old.source_type) is distinct from (new.kind, new.status, new.gender, new.source_type))
  execute function genauth.recount_user();

-- Every order a list can be in, so that its first page is read and not sorted. Few people read pages further down.
-- Where nothing stands, nothing is indexed: those come last, in the order of their ids.
create index users_status on users (user_pool_id, kind, status, id);
create index users_gender on users (user_pool_id, kind, gender, id);
create index users_source_type on users (user_pool_id, kind, source_type, id);
create index users_logins_count on users (user_pool_id, kind, logins_count, id);
create index users_last_login_at on users (user_pool_id, kind, last_login_at, id) where last_login_at is not null;
create index users_last_login_ip on users (user_pool_id, kind, last_login_ip, id) where last_login_ip is not null;
create index users_last_mfa_at on users (user_pool_id, kind, last_mfa_at, id) where last_mfa_at is not null;
create index users_status_changed_at on users (user_pool_id, kind, status_changed_at, id)
  where status_changed_at is not null;
create index users_password_last_set_at on users (user_pool_id, kind, password_last_set_at, id)
  where password_last_set_at is not null;
create index users_password_security_level on users (user_pool_id, kind, password_security_level, id)
  where password_security_level is not null;
create index users_phone_country_code on users (user_pool_id, kind, phone_country_code, id)
  where phone_country_code is not null;
