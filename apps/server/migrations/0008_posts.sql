-- Posts: job titles of a user pool, held by users and kept in departments. Counts are counted, never stored.

create table posts (
  user_pool_id text collate "C" not null references user_pools on delete cascade,
  id           text collate "C" not null,
  code         text collate "C" not null,
  name         text not null,
  description  text,
  custom_data  jsonb not null default '{}',
  created_at   timestamptz(3) not null default now(),
  updated_at   timestamptz(3) not null default now(),
  primary key (user_pool_id, id)
);
create unique index posts_code on posts (user_pool_id, code);
create index posts_created_at on posts (user_pool_id, created_at, id);
select genauth.isolate('posts');

create table post_departments (
  user_pool_id  text collate "C" not null,
  post_id       text collate "C" not null,
  department_id text collate "C" not null,
  linked_at     timestamptz(3) not null default now(),
  primary key (user_pool_id, post_id, department_id),
  foreign key (user_pool_id, post_id) references posts on delete cascade,
  foreign key (user_pool_id, department_id) references departments on delete cascade
);
comment on table post_departments is
  'Departments that have a post. It says nothing about who holds it: members of the department do not get it by that.';
create index post_departments_department_id on post_departments (user_pool_id, department_id, post_id);
select genauth.isolate('post_departments');

create table post_members (
  user_pool_id text collate "C" not null,
  post_id      text collate "C" not null,
  user_id      text collate "C" not null,
  joined_at    timestamptz(3) not null default now(),
  primary key (user_pool_id, post_id, user_id),
  foreign key (user_pool_id, post_id) references posts on delete cascade,
  foreign key (user_pool_id, user_id) references users on delete cascade
);
comment on table post_members is 'Users who hold a post.';
create index post_members_user_id on post_members (user_pool_id, user_id, post_id);
select genauth.isolate('post_members');
