import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { expect, test } from 'vitest';
import { managementToken } from './server.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';

/** A short form of the loop; `CRASH_ROUNDS=50 npx vitest run crash` is the long one. */
const rounds = Number(process.env['CRASH_ROUNDS'] ?? 3);

interface Acknowledged {
  readonly departmentId: string;
  readonly requestId: string;
}

/** Creates departments as fast as answers come, and remembers what was acknowledged, until the server is gone. */
async function load(server: ServerProcess, acknowledged: Acknowledged[]): Promise<void> {
  const authorization = await managementToken(server.origin, server.userPoolId, server.userPoolSecret);
  const client = async (name: string) => {
    for (let i = 0; ; i++) {
      const response = await fetch(`${server.origin}/api/v3/create-department`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify({ organizationCode: 'root', parentDepartmentId: 'root', name: `${name} ${i}` }),
      });
      if (response.status === 429) await sleep(50);
      const answer = (await response.json()) as {
        statusCode: number;
        requestId: string;
        data?: { departmentId: string };
      };
      if (answer.data !== undefined)
        acknowledged.push({ departmentId: answer.data.departmentId, requestId: answer.requestId });
    }
  };
  await Promise.allSettled(Array.from({ length: 8 }, (_, i) => client(`client ${i}`)));
}

/** Rows of acknowledged commands that are not there: departments, audit rows and events. */
async function missing(dataDirectory: string, acknowledged: readonly Acknowledged[]): Promise<string[]> {
  const client = new pg.Client({ host: join(dataDirectory, 'run'), port: 5432, user: 'postgres', database: 'genauth' });
  await client.connect();
  try {
    const { rows } = await client.query(
      `select given.department_id from unnest($1::text[], $2::uuid[]) as given (department_id, request_id)
       where not exists (select from departments where id = given.department_id)
          or not exists (select from audit_logs where request_id = given.request_id and target_id = given.department_id)
          or not exists (select from outbox_events where request_id = given.request_id
                         and data -> 'node' ->> 'id' = given.department_id)`,
      [acknowledged.map(({ departmentId }) => departmentId), acknowledged.map(({ requestId }) => requestId)],
    );
    return rows.map(({ department_id }) => department_id);
  } finally {
    await client.end();
  }
}

/** The first line of PostgreSQL's own pid file. */
async function postgresPid(dataDirectory: string): Promise<number> {
  return Number.parseInt(await readFile(join(dataDirectory, 'postgres', 'postmaster.pid'), 'utf8'), 10);
}

test(`loses nothing acknowledged in ${rounds} rounds of kill -9 under load`, {
  timeout: 30_000 + rounds * 10_000,
}, async () => {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'genauth-crash-'));
  const acknowledged: Acknowledged[] = [];
  let server = await startServerProcess(dataDirectory);
  try {
    for (let round = 0; round < rounds; round++) {
      const ended = load(server, acknowledged);
      await sleep(200 + (round % 5) * 120);
      // Every third time PostgreSQL is killed with it, and every third time before it.
      if (round % 3 === 2) process.kill(await postgresPid(dataDirectory), 'SIGKILL');
      await server.kill('SIGKILL');
      if (round % 3 === 1) process.kill(await postgresPid(dataDirectory), 'SIGKILL');
      await ended;
      server = await startServerProcess(dataDirectory);
      expect(await missing(dataDirectory, acknowledged)).toEqual([]);
    }
    expect(acknowledged.length).toBeGreaterThan(rounds * 10);
  } finally {
    await server.kill('SIGTERM');
    await rm(dataDirectory, { recursive: true, force: true });
  }
});

test('starts, tells the keys once, refuses a second server, and stops cleanly', { timeout: 30_000 }, async () => {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'genauth-start-'));
  try {
    const first = await startServerProcess(dataDirectory);
    await expect.poll(first.output).toContain(first.userPoolSecret);
    await expect(startServerProcess(dataDirectory)).rejects.toThrow(/in use|already/i);
    expect(await first.kill('SIGTERM')).toBe(0);
    const second = await startServerProcess(dataDirectory);
    expect(second.output()).not.toContain(second.userPoolSecret);
    const authorization = await managementToken(second.origin, second.userPoolId, second.userPoolSecret);
    const response = await fetch(`${second.origin}/api/v3/list-organizations`, { headers: { authorization } });
    expect(await response.json()).toMatchObject({ data: { totalCount: 1, list: [{ organizationCode: 'root' }] } });
    expect(await second.kill('SIGTERM')).toBe(0);
  } finally {
    await rm(dataDirectory, { recursive: true, force: true });
  }
});
