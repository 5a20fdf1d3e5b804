-- What is finished is deleted after a while: found by when it ended, whichever user pool it belongs to.

create index jobs_finished_at on jobs (finished_at) where finished_at is not null;
create index user_exports_created_at on user_exports (created_at);
create index user_imports_created_at on user_imports (created_at);

alter table user_imports add column uploaded_at timestamptz(3);
comment on column user_imports.uploaded_at is
  'When a piece of the file came last: an upload that goes on is not idle, however long ago it began.';
comment on column user_imports.job_id is
  'The job that carries it out. An import whose job was deleted is deleted with it: nobody sees it from then on, and its rows go in batches.';

-- A job that walks all users can be canceled, and need not walk all of them when a department was moved.
alter table groups add column rule_canceled_at timestamptz(3), add column rule_within text[];
comment on column groups.rule_canceled_at is
  'When somebody canceled that job: members are half of the old rule and half of the new, until the next evaluation.';
comment on column groups.rule_within is
  'The departments with whose people, and with those below them, that job is content, because nobody else is concerned; null: everybody.';
comment on column groups.rule_due_at is
  'When to evaluate for everybody again by the clock alone: the next time a role the rule looks at begins or ends for somebody; while a job is at work, when to see whether it failed, if that is sooner.';
