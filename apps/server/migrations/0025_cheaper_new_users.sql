-- What triggers take of making one user. Why: docs/decisions/2026-11-27-fewer-round-trips.md

-- A row at a time: PostgreSQL draws the lot itself, and calls nobody for 511 of 512 users. The function of before was called for
-- every statement, with a copy of its rows.
drop trigger set_landmarks on users;
drop function genauth.set_landmarks();
create function genauth.set_landmark() returns trigger language plpgsql as $$
begin
  insert into user_landmarks (user_pool_id, user_id) values (new.user_pool_id, new.id) on conflict do nothing;
  return null;
end
$$;
create trigger set_landmark after insert on users
  for each row when (random() < 1 / 512.0) execute function genauth.set_landmark();

-- As genauth.count_users, which is left to deletions: the user pool of new users is there, so nobody has to look.
create function genauth.count_new_users() returns trigger language plpgsql as $$
begin
  if current_setting('genauth.counting', true) = 'off' then
    return null;
  end if;
  insert into user_counts (user_pool_id, slot, kind, status, gender, source_type, total)
  select user_pool_id, genauth.slot_of_user_counts(user_pool_id), kind, status, gender, source_type, delta
  from (
    select user_pool_id, kind, status, gender, source_type, count(*) as delta
    from changed group by 1, 2, 3, 4, 5
    order by 1, 2, 3, 4, 5
  ) as counted
  on conflict (user_pool_id, slot, kind, status, gender, source_type) do update
    set total = user_counts.total + excluded.total;
  return null;
end
$$;
drop trigger count_inserted on users;
create trigger count_inserted after insert on users
  referencing new table as changed for each statement execute function genauth.count_new_users();
