-- What every module stands on: roles, isolation of user pools, credentials, audit, outbox.

create schema genauth;
comment on schema genauth is 'Functions of the server. Tables live in the default schema.';

-- The application role owns nothing, so row-level security binds it. The second role is the door for work across user
-- pools: start-up, look-up of credentials, upkeep. Roles belong to the whole cluster, so they may already be there.
do $$
begin
  if not exists (select from pg_roles where rolname = 'genauth_app') then
    create role genauth_app nologin;
  end if;
  if not exists (select from pg_roles where rolname = 'genauth_across_user_pools') then
    create role genauth_across_user_pools nologin;
  end if;
  execute format('grant genauth_app, genauth_across_user_pools to %I', current_user);
end
$$;
grant usage on schema genauth to genauth_app, genauth_across_user_pools;

-- Called once for every table a migration creates: nobody has to remember isolation, and it is the same everywhere.
create function genauth.isolate(target regclass) returns void language plpgsql as $$
begin
  execute format('alter table %s enable row level security', target);
  -- Forced: binds the owner too, whose rights cascades and triggers run with.
  execute format('alter table %s force row level security', target);
  -- Without a pool in the transaction the setting is null or empty, and no row passes.
  execute format(
    'create policy user_pool on %s using (user_pool_id = current_setting(''genauth.user_pool_id'', true))', target);
  execute format('create policy across_user_pools on %s to genauth_across_user_pools using (true)', target);
  execute format(
    'grant select, insert, update, delete on %s to genauth_app, genauth_across_user_pools', target);
end
$$;
revoke execute on function genauth.isolate from public;

create table user_pools (
  user_pool_id          text collate "C" primary key,
  name                  text not null,
  secret_sealed         bytea not null,
  rate_limit_per_second integer not null default 300 check (rate_limit_per_second > 0),
  created_at            timestamptz(3) not null default now()
);
comment on table user_pools is 'The hard isolation unit. Its id and secret are also its global access key.';
select genauth.isolate('user_pools');

create table access_keys (
  user_pool_id   text collate "C" not null references user_pools on delete cascade,
  id             text collate "C" not null,
  type           text not null,
  user_id        text collate "C",
  secret_sealed  bytea not null,
  enabled        boolean not null default true,
  token_generation integer not null default 0,
  last_used_at   timestamptz(3),
  created_at     timestamptz(3) not null default now(),
  primary key (user_pool_id, id)
);
comment on column access_keys.token_generation is
  'Written into management tokens. Raised when the key is disabled, so that tokens issued before stay dead.';
comment on column access_keys.user_id is 'The administrator the key belongs to; null for a key of the whole user pool.';
-- A request names the key before the pool is known, so the id alone must find it.
create unique index access_keys_id on access_keys (id);
select genauth.isolate('access_keys');

-- Every server process remembers credentials; it is told to forget one the moment a change of it commits.
create function genauth.announce_credential() returns trigger language plpgsql as $$
begin
  perform pg_notify('genauth_credentials', case when tg_table_name = 'user_pools' then old.user_pool_id else to_jsonb(old) ->> 'id' end);
  return null;
end
$$;
create trigger announce_update after update of secret_sealed, enabled, token_generation on access_keys
  for each row execute function genauth.announce_credential();
create trigger announce_delete after delete on access_keys
  for each row execute function genauth.announce_credential();
create trigger announce_update after update of secret_sealed, rate_limit_per_second on user_pools
  for each row execute function genauth.announce_credential();
create trigger announce_delete after delete on user_pools
  for each row execute function genauth.announce_credential();

-- Keys of the instance, not of a pool: they sign management tokens, whose pool is a claim.
create table signing_keys (
  id                 text collate "C" primary key,
  algorithm          text not null,
  public_jwk         jsonb not null,
  private_key_sealed bytea not null,
  active             boolean not null,
  created_at         timestamptz(3) not null default now()
);
create unique index signing_keys_active on signing_keys (algorithm) where active;
alter table signing_keys enable row level security;
alter table signing_keys force row level security;
create policy across_user_pools on signing_keys to genauth_across_user_pools using (true);
grant select, insert, update on signing_keys to genauth_across_user_pools;

create table audit_logs (
  user_pool_id     text collate "C" not null references user_pools on delete cascade,
  id               text collate "C" not null,
  created_at       timestamptz(3) not null,
  action           text not null,
  operation_type   text not null,
  resource_type    text not null,
  target_id        text,
  access_key_id    text collate "C" not null,
  actor_user_id    text collate "C",
  operation_param  jsonb not null,
  origin_value     jsonb,
  target_value     jsonb,
  request_id       uuid not null,
  client_ip        text,
  user_agent       text,
  primary key (user_pool_id, id)
);
comment on table audit_logs is 'One row for every command that took effect, written in the command''s own transaction.';
select genauth.isolate('audit_logs');
revoke update, delete on audit_logs from genauth_app;

create table outbox_events (
  user_pool_id text collate "C" not null references user_pools on delete cascade,
  id           bigint generated always as identity,
  created_at   timestamptz(3) not null,
  name         text not null,
  webhook      text,
  topic        text,
  data         jsonb not null,
  request_id   uuid not null,
  primary key (user_pool_id, id)
);
comment on table outbox_events is
  'What commands announced, in the order they did. `webhook` and `topic` are the event''s names for subscribers.';
select genauth.isolate('outbox_events');

create table signature_nonces (
  user_pool_id  text collate "C" not null references user_pools on delete cascade,
  access_key_id text collate "C" not null,
  nonce         text collate "C" not null,
  expires_at    timestamptz(3) not null,
  primary key (user_pool_id, access_key_id, nonce)
);
comment on table signature_nonces is
  'Nonces of signed commands, each written by the command''s own transaction: a replay loses on the primary key.';
create index signature_nonces_expires_at on signature_nonces (expires_at);
select genauth.isolate('signature_nonces');
