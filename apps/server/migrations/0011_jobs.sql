-- Work that takes longer than a request: it outlives requests and servers.

create table jobs (
  user_pool_id  text collate "C" not null references user_pools on delete cascade,
  id            text collate "C" not null,
  kind          text collate "C" not null,
  state         text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'failed', 'canceled')),
  input         jsonb not null,
  checkpoint    jsonb,
  done          bigint not null default 0,
  total         bigint,
  result        jsonb,
  error         jsonb,
  attempts      integer not null default 0,
  due_at        timestamptz not null default now(),
  lease         text collate "C",
  heartbeat_at  timestamptz(3),
  access_key_id text collate "C" not null,
  actor_user_id text collate "C",
  request_id    uuid not null,
  language      text not null,
  created_at    timestamptz(3) not null,
  started_at    timestamptz(3),
  finished_at   timestamptz(3),
  primary key (user_pool_id, id)
);
comment on column jobs.checkpoint is
  'Where the next server goes on. Written by the transaction of the work it stands for: nothing is done twice or half.';
comment on column jobs.attempts is 'How often it was taken up since it last got on; a job that never does is given up.';
comment on column jobs.due_at is
  'When a server may take it: a waiting job from then on, a running one when the lease of its server ends.';
comment on column jobs.lease is 'Random, of the server that runs it. A server whose lease is no longer here can commit nothing for it.';
comment on column jobs.request_id is 'Of the request that started it; audit rows and events of the job carry it.';
create index jobs_due_at on jobs (due_at) where state in ('waiting', 'running');
-- When a pool was last served decides whose turn it is.
create index jobs_heartbeat_at on jobs (user_pool_id, heartbeat_at);
select genauth.isolate('jobs');
