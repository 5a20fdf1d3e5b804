-- The next jobs of a pool, and how many there are, past all that have ended: those pile up, and statistics lag behind.
create index jobs_unfinished on jobs (user_pool_id, id) where state in ('waiting', 'running');
