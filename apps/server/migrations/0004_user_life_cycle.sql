-- The life cycle of users: who is archived, since when.

create index users_archived on users (user_pool_id, status_changed_at, id) where status = 'Archived';
comment on column users.status_changed_at is 'Null for users who are Activated since they were made.';
