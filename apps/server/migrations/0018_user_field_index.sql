-- Users by what stands in their profile and custom fields, and needles that many have. Why it is as it is:
-- docs/decisions/2026-11-26-filters-by-index.md

-- What stands for a value in the index: of a number sixteen digits in the order of numbers (the bits of a double, turned so
-- that they sort), of a point in time its digits, of everything else a digest. It need not be exact: whoever is found is
-- compared whole.
create function genauth.field_token(value jsonb) returns text language sql immutable parallel safe as $$
  select case jsonb_typeof(value)
    when 'number' then '#' || case when value::float8 < 0
      then translate(encode(float8send(value::float8), 'hex'), '0123456789abcdef', 'fedcba9876543210')
      else translate(left(encode(float8send(value::float8), 'hex'), 1), '01234567', '89abcdef')
        || substr(encode(float8send(value::float8), 'hex'), 2) end
    -- Sealed: that there is something is all that can be asked for.
    when 'object' then '*'
    else case when length(value #>> '{}') = 24 and value #>> '{}' ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$'
      then '@' || translate(value #>> '{}', '-T:.Z', '')
      else '=' || to_hex(hashtextextended((value #>> '{}') collate "C", 0)) end
  end
$$;

-- One token a value. In front stands the end of the pool's id, which is random, so that a pool reads lists of its own; then
-- a letter for where the field is, its name, U+0001, which no name has, and what stands for the value.
create function genauth.user_field_tokens(user_pool_id text, profile jsonb, custom_data jsonb) returns tsvector
language plpgsql immutable parallel safe cost 5000 as $$
declare
  pool text := right(user_pool_id, 10);
  tokens text[] := '{}';
begin
  -- One after the other: as one query, it would take half as long again.
  if profile <> '{}' then
    tokens := array(
      select pool || 'p' || key || E'\x01' || genauth.field_token(value) from jsonb_each(profile)
      where value <> 'null');
  end if;
  if custom_data <> '{}' then
    tokens := tokens || array(
      select pool || 'c' || key || E'\x01' || genauth.field_token(value) from jsonb_each(custom_data)
      where value <> 'null');
  end if;
  return array_to_tsvector(tokens);
end
$$;

-- On the users themselves: nothing has to be kept in step, and whoever was here before is in it. Who has no such values,
-- which may be everybody, costs nothing.
create index users_fields on users using gin (genauth.user_field_tokens(user_pool_id, profile, custom_data))
  with (fastupdate = on)
  where profile <> '{}' or custom_data <> '{}';
-- Nobody plans by its statistics, since find_users_by_field always uses it.
alter index users_fields alter column 1 set statistics 0;

-- The ids of the users who have one of these values in a field, or one that begins so, as tokens go; they are still to be
-- compared. `field` has the letter of its place in front. Runs as the role that sees all pools, because only there may the
-- index be used; the pool is that of the transaction, and nothing a caller passes can name another.
create function genauth.find_users_by_field(field text, exact jsonb, beginnings text[]) returns setof text
language plpgsql stable security definer rows 1000
-- By this index always, and alone: to start a worker takes longer than to find a thousand.
set enable_seqscan = off set max_parallel_workers_per_gather = 0 set work_mem = '32MB' set plan_cache_mode = force_custom_plan as $$
declare
  pool text := current_setting('genauth.user_pool_id');
  beginning text := '''' || right(pool, 10)
    || replace(replace(field, '\', '\\'), '''', '''''') || E'\x01';
  query text := (
    select string_agg(term, ' | ') from (
      select beginning || genauth.field_token(value) || '''' as term from jsonb_array_elements(exact) as value
      union all
      -- Digits and one sign, so nothing in them needs to be escaped; whatever else is given stays inside the quotes.
      select beginning || replace(replace(start, '\', '\\'), '''', '''''') || ''':*' from unnest(beginnings) as start
    ) as terms);
begin
  if query is null then
    return;
  end if;
  return query
    select candidate.id from (
      select users.user_pool_id, users.id from users
      where genauth.user_field_tokens(users.user_pool_id, users.profile, users.custom_data) @@ query::tsquery
        and (users.profile <> '{}' or users.custom_data <> '{}')
      offset 0
    ) as candidate
    where candidate.user_pool_id = pool;
end
$$;

-- The ids of the users who have the needle in none of these texts. Reads everybody's, an eighth of a microsecond each:
-- for needles that nearly everybody has. Beside find_users, and with its precautions: under row-level security, to learn the pool
-- for each row anew would take as long as to compare.
create function genauth.find_users_without(needle text, in_common smallint[], in_other smallint[])
returns setof text language plpgsql stable security definer rows 1000
set plan_cache_mode = force_custom_plan as $$
declare
  pool text := current_setting('genauth.user_pool_id');
begin
  if in_common is null and in_other = '{}' then
    return query select user_id from user_search where user_pool_id = pool and strpos(common, needle) = 0;
  else
    return query select user_id from user_search
      where user_pool_id = pool
        and not (in_common is null and strpos(common, needle) > 0)
        and not exists (
          select from unnest(in_common) as place where strpos(split_part(common, E'\x01', place), needle) > 0)
        and not exists (
          select from unnest(in_other) as place where strpos(split_part(other, E'\x01', place), needle) > 0);
  end if;
end
$$;

-- Whatever tables a caller has made for himself, the functions find their own. Their owner needs the right to create for a moment.
grant create on schema genauth to genauth_across_user_pools;
do $$
declare
  one text;
begin
  foreach one in array array['find_users_by_field', 'find_users_without'] loop
    execute format('alter function genauth.%I set search_path = pg_catalog, %I, pg_temp', one, current_schema());
    execute format('alter function genauth.%I owner to genauth_across_user_pools', one);
    execute format('revoke execute on function genauth.%I from public', one);
    execute format('grant execute on function genauth.%I to genauth_app', one);
  end loop;
end
$$;
revoke create on schema genauth from genauth_across_user_pools;

-- As before, of both indexes.
create or replace function genauth.settle_user_search() returns void language sql security definer as $$
  select gin_clean_pending_list('user_search_grams'::regclass);
  select gin_clean_pending_list('users_fields'::regclass);
$$;
do $$
begin
  execute format(
    'alter function genauth.settle_user_search set search_path = pg_catalog, %I, pg_temp', current_schema());
end
$$;
