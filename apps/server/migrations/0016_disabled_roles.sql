-- A role whose time has come counts as disabled for every reader at once; subscribers have to be told by somebody.

alter table roles add column disable_announced_for timestamptz(3);
comment on column roles.disable_announced_for is
  'The disable_time that subscribers know to have come. While it is another one, upkeep announces role:disable once that has come.';
-- Across user pools: upkeep asks which have some.
create index roles_disabling on roles (disable_time)
  where disable_time is not null and status = 'ENABLE' and disable_announced_for is distinct from disable_time;
