-- The life cycle of users: who is archived, since when; keys for passwords on their way; accounts at identity sources.

create index users_archived on users (user_pool_id, status_changed_at, id) where status = 'Archived';
comment on column users.status_changed_at is 'Null for users who never changed theirs, unless they were made archived.';

-- Key pairs of the instance, not of a pool: published, so that passwords can come encrypted.
create table password_keys (
  algorithm          text collate "C" primary key check (algorithm in ('rsa', 'sm2')),
  public_key         text not null,
  private_key_sealed bytea not null,
  created_at         timestamptz(3) not null default now()
);
alter table password_keys enable row level security;
alter table password_keys force row level security;
create policy across_user_pools on password_keys to genauth_across_user_pools using (true);
grant select, insert on password_keys to genauth_across_user_pools;

-- Identity sources as far as users need them: each is known by the first identity that names it.
create table identity_sources (
  user_pool_id text collate "C" not null references user_pools on delete cascade,
  id           text collate "C" not null,
  provider     text not null,
  created_at   timestamptz(3) not null default now(),
  primary key (user_pool_id, id)
);
select genauth.isolate('identity_sources');

-- Accounts of users at identity sources.
create table identities (
  user_pool_id         text collate "C" not null references user_pools on delete cascade,
  id                   text collate "C" not null,
  user_id              text collate "C" not null,
  ext_idp_id           text collate "C" not null,
  type                 text collate "C" not null,
  user_id_in_idp       text collate "C" not null,
  user_info_in_idp     jsonb not null default '{}',
  origin_conn_ids      text[] not null default '{}',
  access_token_sealed  bytea,
  refresh_token_sealed bytea,
  created_at           timestamptz(3) not null default now(),
  primary key (user_pool_id, id),
  foreign key (user_pool_id, user_id) references users (user_pool_id, id) on delete cascade,
  foreign key (user_pool_id, ext_idp_id) references identity_sources (user_pool_id, id) on delete cascade
);
comment on column identities.type is 'What kind of id it is at the source: openid, unionid, primary, generic and the like.';
-- One account belongs to one user. In this order it also finds an account whose type is not known.
create unique index identities_account on identities (user_pool_id, ext_idp_id, user_id_in_idp, type);
create index identities_user on identities (user_pool_id, user_id, id);
select genauth.isolate('identities');
