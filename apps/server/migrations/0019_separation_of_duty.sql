-- Static separation of duty holds for everybody, not only for who is assigned a role by name.

-- The lock that whoever may bring roles to users takes last of all, and what is asked under it: whether any roles exclude each
-- other. Each statement of a volatile function has a snapshot of its own, so the answer is younger than the lock, and both
-- together cost one round trip. Where nothing is excluded nothing else is ever asked.
create function genauth.hold_separation_of_duty(is_alone boolean) returns boolean language plpgsql volatile as $$
declare
  pool text := current_setting('genauth.user_pool_id');
begin
  if is_alone then
    perform pg_advisory_xact_lock(hashtextextended('separation of duty in ' || pool, 0));
  else
    perform pg_advisory_xact_lock_shared(hashtextextended('separation of duty in ' || pool, 0));
  end if;
  return exists (select from role_exclusions where user_pool_id = pool);
end
$$;
comment on function genauth.hold_separation_of_duty is
  'Whether the user pool has roles that exclude each other. Alone: who names no users (departments, groups, roles, exclusions).';
