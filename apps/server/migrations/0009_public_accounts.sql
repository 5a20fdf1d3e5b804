-- Accounts that several people share. They are users in all but one respect: operations about people do not see them.

alter table users add column kind text collate "C" not null default 'personal'
  check (kind in ('personal', 'public'));
comment on column users.kind is
  'Whether the account is one person''s or shared by several (a public account). Identifiers are unique over both kinds.';

-- Lists and counts are of one kind.
drop index users_created_at;
create index users_created_at on users (user_pool_id, kind, created_at, id);
drop index users_updated_at;
create index users_updated_at on users (user_pool_id, kind, updated_at, id);
