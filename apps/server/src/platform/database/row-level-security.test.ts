import { afterAll, beforeAll, expect, test } from 'vitest';
import { tablesOfUserPools } from '../../testing/fingerprint.ts';
import { sampleWorld } from '../../testing/sample-world.ts';
import { testServer } from '../../testing/server.ts';

const server = await testServer();
const tables = await tablesOfUserPools(server);
const [own, foreign] = await Promise.all([sampleWorld(server), sampleWorld(server)]);
const application = await server.database.connect();

beforeAll(() => application.query('begin'));
afterAll(() => application.end());

/** Runs SQL as the application role, inside a user pool or in none, and takes it back. */
async function asApplication(userPoolId: string | undefined, sql: string): Promise<number | string> {
  await application.query('savepoint attempt');
  try {
    if (userPoolId !== undefined) {
      await application.query("select set_config('genauth.user_pool_id', $1, true)", [userPoolId]);
    }
    return (await application.query(sql)).rowCount ?? 0;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  } finally {
    await application.query('rollback to savepoint attempt');
  }
}

/** PostgreSQL's refusals: of the row by the policy, of the statement by missing rights. */
const insufficientPrivilege = '42501';

test('requests run as a role that owns nothing and cannot bypass row-level security', async () => {
  const { rows } = await application.query(
    `select current_user as name, rolsuper, rolbypassrls, rolcanlogin,
       exists (select from pg_class where relowner = pg_roles.oid) as owns
     from pg_roles where rolname = current_user`,
  );
  expect(rows).toEqual([
    { name: 'genauth_app', rolsuper: false, rolbypassrls: false, rolcanlogin: false, owns: false },
  ]);
});

test('every table has row-level security, forced; every table of user pools has its policy and its key', async () => {
  const rows = await server.sql<{ name: string; enabled: boolean; forced: boolean }>(
    `select relname as name, relrowsecurity as enabled, relforcerowsecurity as forced
     from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace`,
  );
  const unprotected = rows.filter(({ enabled, forced }) => !(enabled && forced)).map(({ name }) => name);
  expect(unprotected).toEqual(['genauth_migrations']);
  const keys = await server.sql<{ name: string; first: string }>(
    `select conrelid::regclass::text as name, attname as first
     from pg_constraint join pg_attribute on attrelid = conrelid and attnum = conkey[1] where contype = 'p'`,
  );
  for (const table of tables) expect(keys).toContainEqual({ name: table, first: 'user_pool_id' });
});

test('a table that knows no user pool is out of the application’s reach', async () => {
  for (const table of ['signing_keys', 'genauth_migrations']) {
    expect(await asApplication(own.pool.id, `select from ${table}`)).toBe(insufficientPrivilege);
  }
});

test.each(tables)('%s: without a user pool no row is seen, changed or added', async (table) => {
  expect(await asApplication(undefined, `select from ${table}`)).toBe(0);
  expect(await asApplication('', `select from ${table}`)).toBe(0);
  expect([0, insufficientPrivilege]).toContain(await asApplication(undefined, `delete from ${table}`));
  const insert = `insert into ${table} (user_pool_id) values ('${own.pool.id}')`;
  expect(await asApplication(undefined, insert)).toBe(insufficientPrivilege);
});

test.each(tables)('%s: rows of another user pool are not seen, changed or added', async (table) => {
  const inForeign = `where user_pool_id = '${foreign.pool.id}'`;
  const mine = await server.sql(`select from ${table} where user_pool_id = $1`, [own.pool.id]);
  expect(await asApplication(own.pool.id, `select from ${table}`)).toBe(mine.length);
  expect(await asApplication(own.pool.id, `select from ${table} ${inForeign}`)).toBe(0);
  const writes = [`delete from ${table} ${inForeign}`, `update ${table} set user_pool_id = user_pool_id ${inForeign}`];
  for (const write of writes) expect([0, insufficientPrivilege]).toContain(await asApplication(own.pool.id, write));
  const insert = `insert into ${table} (user_pool_id) values ('${foreign.pool.id}')`;
  expect(await asApplication(own.pool.id, insert)).toBe(insufficientPrivilege);
  if (mine.length > 0) {
    const giveAway = `update ${table} set user_pool_id = '${foreign.pool.id}'`;
    expect(await asApplication(own.pool.id, giveAway)).toBe(insufficientPrivilege);
  }
});

test('audit rows are only ever added', async () => {
  expect(await asApplication(own.pool.id, 'update audit_logs set action = action')).toBe(insufficientPrivilege);
  expect(await asApplication(own.pool.id, 'delete from audit_logs')).toBe(insufficientPrivilege);
});

test('a scope is one user pool’s, and ends with its transaction', async () => {
  const hostile = async () => server.database.withUserPool("x'; select 1 --", 'read', async () => 1);
  await expect(hostile()).rejects.toThrow('not a user pool id');
  await server.database.withUserPool(own.pool.id, 'read', async () => 1);
  expect(await asApplication(undefined, 'select from users')).toBe(0);
});
