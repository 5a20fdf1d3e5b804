-- What is finished is deleted after a while: found by when it ended, whichever user pool it belongs to.

create index jobs_finished_at on jobs (finished_at) where finished_at is not null;
create index user_exports_created_at on user_exports (created_at);
create index user_imports_created_at on user_imports (created_at);

alter table user_imports add column uploaded_at timestamptz(3);
comment on column user_imports.uploaded_at is
  'When a piece of the file came last: an upload that goes on is not idle, however long ago it began.';
comment on column user_imports.job_id is
  'The job that carries it out. An import whose job was deleted is deleted with it: nobody sees it from then on, and its rows go in batches.';
