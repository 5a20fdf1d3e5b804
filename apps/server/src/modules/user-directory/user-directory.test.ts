import { expect, test } from 'vitest';
import { newId } from '../../platform/ids.ts';
import { testUserPool } from '../../testing/server.ts';
import { sampleOf } from './store.ts';

test('operations about people do not see public accounts, whose identifiers are taken all the same', async () => {
  const pool = await testUserPool();
  const id = newId();
  await pool.server.sql(
    `insert into users (user_pool_id, id, kind, username, email) values ($1, $2, 'public', 'desk', 'desk@example.com')`,
    [pool.id, id],
  );
  const { userId } = await pool.do('createUser', { username: 'ada' });

  for (const [value, userIdType] of [
    [id, 'user_id'],
    ['desk', 'username'],
    ['desk@example.com', 'email'],
  ]) {
    expect(await pool.call('getUser', { userId: value, userIdType })).toMatchObject({ statusCode: 404, apiCode: 2004 });
    expect(await pool.do('getUserBatch', { userIds: [value], userIdType })).toEqual([]);
    const update = { userId: value, name: 'Desk', options: { userIdType } };
    expect(await pool.call('updateUser', update)).toMatchObject({ statusCode: 404 });
    await pool.do('deleteUsersBatch', { userIds: [value], options: { userIdType } });
  }
  expect(await pool.do('listUsers', { keywords: 'desk' })).toEqual({ totalCount: 0, list: [] });
  expect(await pool.do('listUsersLegacy', {})).toMatchObject({ totalCount: 1, list: [{ userId }] });
  expect(await pool.call('createUser', { username: 'desk' })).toMatchObject({ statusCode: 409, apiCode: 2026 });
  expect(await pool.do('isUserExists', { email: 'desk@example.com' })).toEqual({ exists: true });

  const organizationCode = 'acme';
  const root = await pool.do('createOrganization', { organizationCode, organizationName: 'Acme' });
  const department = { organizationCode, departmentId: root.departmentId };
  expect(await pool.call('addDepartmentMembers', { ...department, userIds: [id] })).toMatchObject({ statusCode: 404 });
  expect(await pool.call('setUserDepartments', { userId: id, departments: [department] })).toMatchObject({
    statusCode: 404,
  });
  expect(await pool.call('updateOrganization', { organizationCode, leaderUserIds: [id] })).toMatchObject({
    statusCode: 404,
  });
  expect(await pool.call('createAccessKey', { type: 'user', userId: id })).toMatchObject({ statusCode: 404 });
  expect(await pool.rows('users')).toHaveLength(2);
});

test('a sample of users is not of the times when few came', async () => {
  const pool = await testUserPool();
  await pool.server.sql(
    `insert into users (user_pool_id, id) select $1, '0190000' || lpad(number::text, 4, '0') || '0000000000000' from generate_series(1, 6000) as number
     union all select $1, '0199000' || lpad(number::text, 4, '0') || '0000000000000' from generate_series(1, 20) as number`,
    [pool.id],
  );
  const sample = async () => {
    const client = await pool.server.database.connect();
    try {
      await client.query(`begin; set local genauth.user_pool_id = '${pool.id}'`);
      return (await client.query(`select users.id from ${sampleOf('users', 'id')}`)).rows.map(({ id }) => id);
    } finally {
      await client.end();
    }
  };
  const landmarks = await pool.rows('user_landmarks');
  expect(landmarks.length).toBeGreaterThan(0);
  expect(landmarks.length).toBeLessThan(60);
  // By times alone, seven of eight places are behind the last of the many.
  await pool.server.sql('delete from user_landmarks where user_pool_id = $1', [pool.id]);
  expect(new Set(await sample()).size).toBe(32);
  await pool.server.sql(
    `insert into user_landmarks select $1, place / 8.0 + 0.1, '0190000' || place || '5000000000000000' from generate_series(0, 5) as place`,
    [pool.id],
  );
  const ids = await sample();
  expect(ids).toHaveLength(128);
  expect(new Set(ids.filter((id) => id.startsWith('0190'))).size).toBe(96);
});
