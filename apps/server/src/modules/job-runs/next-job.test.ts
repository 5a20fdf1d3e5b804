import { expect, inject, test } from 'vitest';
import { type Database, openDatabase, statement } from '../../platform/database/database.ts';
import { newSecret } from '../../platform/ids.ts';
import { testUserPool } from '../../testing/server.ts';
import { claimJob } from './store.ts';

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** Rows of jobs that were looked at, those passed over included. */
function rowsRead(node: PlanNode): number {
  const { 'Actual Rows': rows, 'Actual Loops': loops, 'Rows Removed by Filter': removed = 0, Plans = [] } = node;
  const own = node['Relation Name'] === 'jobs' && / Scan$/.test(node['Node Type']) ? (rows + removed) * loops : 0;
  return Plans.reduce((sum, child) => sum + rowsRead(child), own);
}

const preparedClaims = statement<{ name: string }, []>(`
  select name from pg_prepared_statements where statement like '%for update of job skip locked%' and statement not like '%pg_prepared_statements%'
`);

/** How the next job of this kind is found, as it is prepared and planned on a connection of a server. Takes none. */
async function planOf(database: Database, kind: string): Promise<PlanNode> {
  const plans: PlanNode[] = [];
  const undo = new Error('undone');
  const looking = database.acrossUserPools(async (across) => {
    await claimJob(across, [`no-${kind}`], newSecret());
    const [claim] = await preparedClaims(across);
    const explain = statement<{ 'QUERY PLAN': readonly { Plan: PlanNode }[] }, []>(
      `explain (analyze, format json) execute ${claim?.name}(array['${kind}'], 'x')`,
    );
    plans.push(...(await explain(across)).flatMap((row) => row['QUERY PLAN'].map(({ Plan }) => Plan)));
    throw undo;
  });
  await expect(looking).rejects.toBe(undo);
  const [plan] = plans;
  if (plan === undefined) throw new Error('no plan');
  return plan;
}

test('the next job is found without looking at those that have ended, however many they are', async () => {
  const pool = await testUserPool();
  const { sql: owner } = pool.server;
  const kind = `kind-${newSecret()}`;
  const [ended, waiting] = [30_000, 1_000];
  // Those that wait came last, and the next job is the first of them: in the order of ids it lies behind all the others.
  await owner(
    `insert into jobs (user_pool_id, id, kind, state, input, access_key_id, request_id, language, created_at, finished_at,
       heartbeat_at)
     select $1, to_char(number, 'FM000000'), $2, case when number <= $3 then 'done' else 'waiting' end, '{}', $1,
       gen_random_uuid(), 'en-US', now(), case when number <= $3 then now() end, case when number <= $3 then now() end
     from generate_series(1, $3::integer + $4::integer) as number`,
    [pool.id, kind, ended, waiting],
  );
  await owner('analyze jobs');
  // A connection of its own: others may have made their plan when there was nothing to read.
  const database = openDatabase(inject('connection'), { size: 1 });
  try {
    const read = rowsRead(await planOf(database, kind));
    expect(read).toBeGreaterThan(0);
    // Unfinished ones are looked at more than once, those of other tests as well.
    expect(read).toBeLessThan(ended / 2);
  } finally {
    await database.close();
    await owner('delete from jobs where user_pool_id = $1', [pool.id]);
  }
});
