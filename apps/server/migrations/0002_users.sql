-- People of a user pool.

create table users (
  user_pool_id        text collate "C" not null references user_pools on delete cascade,
  id                  text collate "C" not null,
  status              text not null default 'Activated'
                      check (status in ('Activated', 'Suspended', 'Deactivated', 'Resigned', 'Archived')),
  work_status         text not null default 'Active' check (work_status in ('Active', 'Closed')),
  username            text collate "C",
  email               text collate "C",
  phone               text collate "C",
  phone_country_code  text collate "C",
  external_id         text collate "C",
  email_verified      boolean not null default false,
  phone_verified      boolean not null default false,
  identity_number_sealed bytea,
  password_hash       text,
  password_salt       text,
  password_last_set_at timestamptz(3),
  password_security_level smallint,
  reset_password_on_next_login boolean not null default false,
  name                text,
  nickname            text,
  photo               text,
  gender              text not null default 'U' check (gender in ('M', 'F', 'U')),
  profile             jsonb not null default '{}',
  source_type         text not null default 'adminCreated'
                      check (source_type in ('excel', 'register', 'adminCreated', 'sync')),
  source_id           text,
  register_source     text[] not null default '{}',
  logins_count        integer not null default 0,
  last_login_at       timestamptz(3),
  last_login_ip       text,
  last_login_app      text,
  last_mfa_at         timestamptz(3),
  status_changed_at   timestamptz(3),
  created_at          timestamptz(3) not null default now(),
  updated_at          timestamptz(3) not null default now(),
  primary key (user_pool_id, id)
);
comment on column users.email is 'Lower-case: e-mail addresses are compared without regard to case.';
comment on column users.phone is 'Without country code; the pair with phone_country_code is unique.';
comment on column users.profile is
  'Profile fields nobody looks a user up by: company, birthdate, address and the like, under their V3 names.';
create unique index users_username on users (user_pool_id, username) where username is not null;
create unique index users_email on users (user_pool_id, email) where email is not null;
create unique index users_phone on users (user_pool_id, phone, phone_country_code) where phone is not null;
create unique index users_external_id on users (user_pool_id, external_id) where external_id is not null;
create index users_created_at on users (user_pool_id, created_at, id);
create index users_updated_at on users (user_pool_id, updated_at, id);
select genauth.isolate('users');

alter table access_keys
  add foreign key (user_pool_id, user_id) references users (user_pool_id, id) on delete cascade;
create index access_keys_user_id on access_keys (user_pool_id, user_id) where user_id is not null;
