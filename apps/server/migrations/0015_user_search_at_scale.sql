-- The index of what users are searched by, while many come at once.

-- How many new rows may wait for their place in it says the session now (`gin_pending_list_limit`): few, because every search
-- reads them; more for an import, because a gram that a thousand new users share is then added to once and not a thousand times.
alter index user_search_grams reset (gin_pending_list_limit);

-- Nobody plans by its statistics, since find_users always uses it. To gather them, the grams of 30,000 users would be made
-- anew at every analyze.
alter index user_search_grams alter column 1 set statistics 0;

-- Puts the rows that wait in their places, so that nobody who comes later has to. Only the owner of an index may.
create function genauth.settle_user_search() returns void language sql security definer as $$
  select gin_clean_pending_list('user_search_grams'::regclass);
$$;
do $$
begin
  execute format(
    'alter function genauth.settle_user_search set search_path = pg_catalog, %I, pg_temp', current_schema());
end
$$;
revoke execute on function genauth.settle_user_search from public;
grant execute on function genauth.settle_user_search to genauth_app;
