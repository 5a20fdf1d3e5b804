-- Values of unique fields of roles, as user_unique_values has them for users.

create table role_unique_values (
  user_pool_id text collate "C" not null,
  key          text collate "C" not null,
  digest       text collate "C" not null,
  role_id      text collate "C" not null,
  primary key (user_pool_id, key, digest),
  foreign key (user_pool_id, role_id) references roles on delete cascade
);
create unique index role_unique_values_role_id on role_unique_values (user_pool_id, role_id, key);
select genauth.isolate('role_unique_values');
