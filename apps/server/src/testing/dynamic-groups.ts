/** What tests of dynamic groups have in common. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { TestUserPool } from './server.ts';

export type Rule = Readonly<Record<string, unknown>>;

export const is = (field: string, value: unknown) => ({ field, operator: 'EQUAL', value });
export const byCompany = is('company', 'acme');

/** Waits for a job to end, and answers it. */
export async function finished(pool: TestUserPool, jobId: string) {
  for (;;) {
    const job = await pool.do('getJob', { jobId });
    if (!['waiting', 'running'].includes(job.state)) return job;
    await sleep(10);
  }
}

/** Waits for whatever job evaluates some group. */
export async function settled(pool: TestUserPool): Promise<void> {
  const { list } = await pool.do('listGroups', { limit: 50 });
  for (const { evaluation } of list) if (evaluation !== undefined) await finished(pool, evaluation.jobId);
}

export async function namesIn(pool: TestUserPool, code: string): Promise<string[]> {
  const { list } = await pool.do('listGroupMembers', { code, limit: 50 });
  return list.map(({ username }: { username: string }) => username).sort();
}

/** Makes a dynamic group and waits until its members are found. */
export async function withGroup(pool: TestUserPool, code: string, rule: Rule) {
  const group = await pool.do('createGroup', { code, type: 'dynamic', rule });
  expect(await finished(pool, group.evaluation.jobId)).toMatchObject({ state: 'done' });
  return group;
}

/** The same for one group a rule: `g0`, `g1` and so on, found by one job. */
export async function withGroups(pool: TestUserPool, rules: readonly Rule[]): Promise<void> {
  const list = rules.map((rule, at) => ({ code: `g${at}`, type: 'dynamic', rule }));
  const [group] = await pool.do('createGroupsBatch', { list });
  expect(await finished(pool, group.evaluation.jobId)).toMatchObject({ state: 'done' });
}

export async function withUsers(
  pool: TestUserPool,
  users: Readonly<Record<string, object>>,
): Promise<Record<string, string>> {
  const list = Object.entries(users).map(([username, more]) => ({ username, ...more }));
  const made = await pool.do('createUsersBatch', { list });
  return Object.fromEntries(made.map(({ username, userId }: Record<string, string>) => [username, userId]));
}

export async function withTree(pool: TestUserPool) {
  const organizationCode = 'acme';
  const root = await pool.do('createOrganization', { organizationCode, organizationName: 'Acme' });
  const make = async (name: string, parentDepartmentId: string) =>
    (await pool.do('createDepartment', { organizationCode, name, code: name, parentDepartmentId })).departmentId;
  const rd = await make('rd', root.departmentId);
  const web = await make('web', rd);
  const sales = await make('sales', root.departmentId);
  return { organizationCode, root: root.departmentId as string, rd, web, sales };
}
