-- Values of unique fields of groups, as user_unique_values has them for users.

create table group_unique_values (
  user_pool_id text collate "C" not null,
  key          text collate "C" not null,
  digest       text collate "C" not null,
  group_id     text collate "C" not null,
  primary key (user_pool_id, key, digest),
  foreign key (user_pool_id, group_id) references groups on delete cascade
);
create unique index group_unique_values_group_id on group_unique_values (user_pool_id, group_id, key);
select genauth.isolate('group_unique_values');
