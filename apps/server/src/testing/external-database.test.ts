import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { newId } from '../platform/ids.ts';
import { managementToken } from './server.ts';
import { startServerProcess } from './server-process.ts';

test('works on a PostgreSQL of your own, whose user is no superuser', { timeout: 30_000 }, async () => {
  const { host, port, user, database } = inject('connection');
  const name = `external_${newId()}`;
  const owner = new pg.Client({ host, port, user, database });
  await owner.connect();
  await owner.query(`create role ${name} login createrole`);
  await owner.query(`create database ${name} owner ${name}`);
  // Roles belong to the cluster and another owner made them here: he has to share them.
  await owner.query(`grant genauth_app, genauth_across_user_pools to ${name} with admin option`);
  const dataDirectory = await mkdtemp(join(tmpdir(), 'genauth-external-'));
  // Options of one's own must not replace the role that row-level security binds.
  const options = encodeURIComponent('-c search_path=public');
  const url = `postgres://${name}@localhost/${name}?host=${encodeURIComponent(host)}&port=${port}&options=${options}`;
  const server = await startServerProcess(dataDirectory, { GENAUTH_DATABASE_URL: url });
  try {
    const authorization = await managementToken(server.origin, server.userPoolId, server.userPoolSecret);
    const call = async (operation: string, input: object) => {
      const response = await fetch(`${server.origin}/api/v3/${operation}`, {
        method: 'POST',
        headers: { authorization },
        body: JSON.stringify(input),
      });
      const answer = (await response.json()) as { statusCode: number; data: Record<string, string> };
      expect(answer).toMatchObject({ statusCode: 200 });
      return answer.data;
    };
    const { departmentId } = await call('create-department', {
      organizationCode: 'root',
      name: 'a',
      parentDepartmentId: 'root',
    });
    const { userId } = await call('create-user', { username: 'ann' });
    await call('add-department-members', { organizationCode: 'root', departmentId, userIds: [userId] });
    // Foreign keys act as the owner of the tables, whom row-level security binds as well.
    await call('delete-users-batch', { userIds: [userId] });
    const path = `list-department-members?organizationCode=root&departmentId=root&includeChildrenDepartments=true`;
    const response = await fetch(`${server.origin}/api/v3/${path}`, { headers: { authorization } });
    expect(await response.json()).toMatchObject({ data: { totalCount: 0, list: [] } });
    const session = new pg.Client({ connectionString: url });
    await session.connect();
    // Another user pool beside the server's: its rows are there, and no request sees them.
    await session.query('set role genauth_across_user_pools');
    await session.query(`insert into user_pools (user_pool_id, name, secret_sealed) values ($1, 'other', '')`, [
      'f'.repeat(24),
    ]);
    await session.query(`insert into organizations (user_pool_id, id, code) values ($1, $1, 'theirs')`, [
      'f'.repeat(24),
    ]);
    await session.end();
    const theirs = await fetch(`${server.origin}/api/v3/get-department?organizationCode=theirs&departmentId=root`, {
      headers: { authorization },
    });
    expect(await theirs.json()).toMatchObject({ statusCode: 404, message: 'organization not found for code: theirs' });
  } finally {
    await server.kill('SIGTERM');
    await owner.query(`drop database ${name} with (force)`);
    await owner.end();
    await rm(dataDirectory, { recursive: true, force: true });
  }
});
