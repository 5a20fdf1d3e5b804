import { setTimeout as sleep } from 'node:timers/promises';
import { statement } from '../platform/database/database.ts';
import type { Answer, TestUserPool } from './server.ts';

function lockOf(table: string, id = 'id') {
  const one = `select from ${table} where user_pool_id = current_setting('genauth.user_pool_id') and ${id} = $1 for update`;
  return {
    wait: statement<Record<never, never>, [id: string]>(one),
    insist: statement<Record<never, never>, [id: string]>(`${one} nowait`),
  };
}

const locks = {
  groups: lockOf('groups'),
  roles: lockOf('roles'),
  users: lockOf('users'),
  group_members: lockOf('group_members', 'user_id'),
};
const ownProcess = statement<{ pid: number }, []>('select pg_backend_pid() as pid');

type LockedRow = readonly [table: keyof typeof locks, id: string];

/**
 * Answers what a call comes to that meets a deletion, or another change, half way: that has locked the first of two rows,
 * in the order all keep, and locks the second only once the call waits. A call that held the second already would wait in
 * a circle: PostgreSQL ends that, and the call is repeated, but only after a second. Here it is an error.
 */
export async function answerBesideLocks(
  { id, server }: TestUserPool,
  [first, second]: readonly [LockedRow, LockedRow],
  call: () => Promise<Answer>,
): Promise<Answer> {
  let answer: Promise<Answer> | undefined;
  await server.database.withUserPool(id, 'write', async (scope) => {
    const [own] = await ownProcess(scope);
    await locks[first[0]].wait(scope, first[1]);
    answer = call();
    for (;;) {
      const waiting = await server.sql('select from pg_stat_activity where $1 = any(pg_blocking_pids(pid))', [
        own?.pid,
      ]);
      if (waiting.length > 0) break;
      await sleep(5);
    }
    await locks[second[0]].insist(scope, second[1]);
  });
  if (answer === undefined) throw new Error('nothing was called');
  return answer;
}
