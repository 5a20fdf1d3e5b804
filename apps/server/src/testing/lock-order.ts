import { setTimeout as sleep } from 'node:timers/promises';
import { statement } from '../platform/database/database.ts';
import type { Answer, TestUserPool } from './server.ts';

function lockOf(table: string) {
  const one = `select from ${table} where user_pool_id = current_setting('genauth.user_pool_id') and id = $1 for update`;
  return {
    wait: statement<Record<never, never>, [id: string]>(one),
    insist: statement<Record<never, never>, [id: string]>(`${one} nowait`),
  };
}

const locks = { groups: lockOf('groups'), roles: lockOf('roles') };
const ownProcess = statement<{ pid: number }, []>('select pg_backend_pid() as pid');

/**
 * Answers what a call comes to that meets a deletion half way: of two rows the first is locked, as deletions lock rows in
 * the order of ids, and the second only once the call waits. A call that held the second already would wait in a circle:
 * PostgreSQL ends that, and the call is repeated, but only after a second. Here it is an error.
 */
export async function answerBesideDeletion(
  { id, server }: TestUserPool,
  table: keyof typeof locks,
  [first, second]: readonly [string, string],
  call: () => Promise<Answer>,
): Promise<Answer> {
  let answer: Promise<Answer> | undefined;
  await server.database.withUserPool(id, 'write', async (scope) => {
    const [own] = await ownProcess(scope);
    await locks[table].wait(scope, first);
    answer = call();
    for (;;) {
      const waiting = await server.sql('select from pg_stat_activity where $1 = any(pg_blocking_pids(pid))', [
        own?.pid,
      ]);
      if (waiting.length > 0) break;
      await sleep(5);
    }
    await locks[table].insist(scope, second);
  });
  if (answer === undefined) throw new Error('nothing was called');
  return answer;
}
