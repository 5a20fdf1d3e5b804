-- Where users are, so that a sample of them is fair: ids are in the order of time, and a million who came in an hour are no more of
-- all times than ten who came in a year. Why it is as it is: docs/decisions/2026-11-27-totals-kept.md
create table user_landmarks (
  user_pool_id text collate "C" not null references user_pools on delete cascade,
  at           double precision not null default random(),
  user_id      text collate "C" not null,
  primary key (user_pool_id, at)
);
comment on table user_landmarks is
  'One in 512 users, taken when he was made, in no order. He may be gone since: what counts is the place among ids.';
select genauth.isolate('user_landmarks');
insert into user_landmarks (user_pool_id, user_id) select user_pool_id, id from users where random() < 1 / 512.0;

create function genauth.set_landmarks() returns trigger language plpgsql as $$
begin
  insert into user_landmarks (user_pool_id, user_id)
  select user_pool_id, id from changed where random() < 1 / 512.0
  on conflict do nothing;
  return null;
end
$$;
create trigger set_landmarks after insert on users
  referencing new table as changed for each statement execute function genauth.set_landmarks();
