import { expect, test } from 'vitest';
import { newId } from '../../platform/ids.ts';
import { testUserPool } from '../../testing/server.ts';

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
