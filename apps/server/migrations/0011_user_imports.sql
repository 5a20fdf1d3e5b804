-- Imports of users: the file in pieces until it is worked off, and what became of its rows.

create table user_imports (
  user_pool_id text collate "C" not null references user_pools on delete cascade,
  id           text collate "C" not null,
  file_name    text,
  format       text not null check (format in ('csv', 'ndjson')),
  options      jsonb not null,
  job_id       text collate "C",
  chunks       integer not null default 0,
  bytes        bigint not null default 0,
  bytes_read   bigint not null default 0,
  rows         bigint not null default 0,
  created      bigint not null default 0,
  updated      bigint not null default 0,
  skipped      bigint not null default 0,
  failed       bigint not null default 0,
  created_at   timestamptz(3) not null,
  primary key (user_pool_id, id)
);
comment on column user_imports.rows is 'Rows worked off; like the counts after it written by the transaction that did it.';
create index user_imports_chunks on user_imports (user_pool_id, id) where chunks > 0;
select genauth.isolate('user_imports');

create table user_import_chunks (
  user_pool_id text collate "C" not null,
  import_id    text collate "C" not null,
  index        integer not null,
  content      bytea not null,
  primary key (user_pool_id, import_id, index),
  foreign key (user_pool_id, import_id) references user_imports on delete cascade
);
comment on table user_import_chunks is
  'Files hold passwords, so they are kept as briefly as possible: until their import ends, or a week without a start.';
-- Compressing base data that is read once costs more than it saves.
alter table user_import_chunks alter column content set storage external;
select genauth.isolate('user_import_chunks');

create table user_import_errors (
  user_pool_id text collate "C" not null,
  import_id    text collate "C" not null,
  row          bigint not null,
  field        text,
  messages     jsonb not null,
  primary key (user_pool_id, import_id, row),
  foreign key (user_pool_id, import_id) references user_imports on delete cascade
);
comment on table user_import_errors is 'Rows that were refused, with the reason in every language.';
select genauth.isolate('user_import_errors');

create table user_import_identifiers (
  user_pool_id text collate "C" not null,
  import_id    text collate "C" not null,
  digest       bytea not null,
  primary key (user_pool_id, import_id, digest),
  foreign key (user_pool_id, import_id) references user_imports on delete cascade
);
comment on table user_import_identifiers is
  'Identifiers a dry run has seen, as digests: it writes no user that a later row could run into.';
select genauth.isolate('user_import_identifiers');
