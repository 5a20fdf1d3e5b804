-- Exports of users: who may be read part by part, and the history of it. The parts are made when they are asked for.

create table user_exports (
  user_pool_id  text collate "C" not null references user_pools on delete cascade,
  id            text collate "C" not null,
  format        text not null check (format in ('csv', 'ndjson')),
  fields        text[] not null,
  wanted        jsonb not null,
  access_key_id text collate "C" not null,
  created_at    timestamptz(3) not null,
  primary key (user_pool_id, id)
);
comment on column user_exports.wanted is 'Which users: ids, keywords and filters as they were given.';
select genauth.isolate('user_exports');
