-- What a dry run remembers from one step to the next: who would have which identifier by now. Digests were followed by the number
-- of a row until now; whoever has one may be a user as well, and may lose it again to somebody else or to nobody.
alter table user_import_identifiers add column field text, add column holder text collate "C";
delete from user_import_identifiers where octet_length(digest) <> 24;
delete from user_import_identifiers one using user_import_identifiers other
  where other.user_pool_id = one.user_pool_id and other.import_id = one.import_id and other.digest < one.digest
    and substring(other.digest for 16) = substring(one.digest for 16);
update user_import_identifiers
  set holder = ('x' || encode(substring(digest from 17), 'hex'))::bit(64)::bigint::text, digest = substring(digest for 16);
comment on column user_import_identifiers.field is 'What it is that the digest stands for: `username` and so on.';
comment on column user_import_identifiers.holder is
  'Id of the user who would have it, or number of the row that would make him; null: whoever had it would have lost it.';
create index user_import_identifiers_holder on user_import_identifiers (user_pool_id, import_id, holder)
  where holder is not null;
