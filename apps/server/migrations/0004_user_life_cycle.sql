-- The life cycle of users: who is archived, since when.

create index users_archived on users (user_pool_id, status_changed_at, id) where status = 'Archived';
comment on column users.status_changed_at is 'Null for users who are Activated since they were made.';

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
