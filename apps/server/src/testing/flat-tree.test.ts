import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { migrate } from '../platform/database/migrate.ts';
import { newId } from '../platform/ids.ts';
import { openLog } from '../platform/log.ts';

// In a database of its own: statistics are of whole tables, and those of the other tests' trees would hide what one flat tree does.
test('what refers to a deleted department is looked up, however flat the tree and wherever its people are', async () => {
  const connection = { ...inject('connection'), database: `flat_${newId()}` };
  const cluster = new pg.Client(inject('connection'));
  await cluster.connect();
  await cluster.query(`create database ${connection.database}`);
  await migrate(connection, openLog('error'));
  const owner = new pg.Client(connection);
  await owner.connect();
  try {
    await owner.query(`
      insert into user_pools (user_pool_id, name, secret_sealed) values ('p', 'pool', '');
      insert into organizations (user_pool_id, id, code) values ('p', 'root', 'flat');
      insert into departments (user_pool_id, id, organization_id, number, path, name) values ('p', 'root', 'root', 1, '1/', 'root');
      insert into departments (user_pool_id, id, organization_id, parent_id, number, path, name)
        select 'p', 'd' || i, 'root', 'root', i, '1/' || i || '/', 'Department' from generate_series(2, 2000) as i;
      insert into users (user_pool_id, id, username) select 'p', 'u' || i, 'u' || i from generate_series(1, 2000) as i;
      insert into department_members (user_pool_id, department_id, user_id, path)
        select 'p', 'd2', 'u' || i, '1/2/' from generate_series(1, 2000) as i;
      analyze departments, department_members;
      set plan_cache_mode = force_generic_plan;
    `);
    // As foreign keys ask (ri_triggers.c), with a plan for all departments.
    for (const [table, column] of [
      ['departments', 'parent_id'],
      ['department_members', 'department_id'],
    ]) {
      await owner.query(
        `prepare refers_${table} as select 1 from only ${table} x where user_pool_id = $1 and ${column} = $2 for key share of x`,
      );
      const { rows } = await owner.query(`explain execute refers_${table} ('p', 'd3')`);
      expect(JSON.stringify(rows), table).toContain(`Index Cond: ((user_pool_id = $1) AND (${column} = $2)`);
    }
  } finally {
    await owner.end();
    await cluster.query(`drop database ${connection.database}`);
    await cluster.end();
  }
});
