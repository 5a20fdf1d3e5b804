import { expect, test } from 'vitest';
import { type TestUserPool, testUserPool } from '../../testing/server.ts';

async function inDepartment(pool: TestUserPool) {
  const organization = { organizationName: 'Steamory', organizationCode: 'steamory' };
  await pool.do('createOrganization', organization);
  return pool.do('createDepartment', {
    organizationCode: 'steamory',
    name: 'rd',
    code: 'rd',
    parentDepartmentId: 'root',
  });
}

/** What was announced since the last time. */
async function eventNames(pool: TestUserPool, after: number) {
  const events = await pool.events();
  return { names: events.slice(after).map(({ name }) => name), count: events.length };
}

test('changes what is given, clears what is null, and leaves the rest', async () => {
  const pool = await testUserPool();
  const created = {
    username: 'bob',
    email: 'bob@example.com',
    name: 'Bob',
    company: 'steamory',
    city: 'BJ',
    gender: 'M',
  };
  const { userId } = await pool.do('createUser', created);
  const user = await pool.do('updateUser', {
    userId: 'bob',
    nickname: 'Bobby',
    company: 'acme',
    city: null,
    gender: null,
    options: { userIdType: 'username' },
  });
  expect(user).toMatchObject({ userId, name: 'Bob', nickname: 'Bobby', company: 'acme', city: null, gender: 'U' });
  const event = (await pool.events())[1];
  expect(event).toMatchObject({ name: 'user.updated', webhook: 'user:updated', topic: 'authing.user.updated' });
  expect(event?.data.updates).toEqual({ nickname: 'Bobby', company: 'acme', city: null, gender: 'U' });
  const audit = (await pool.audits())[1];
  expect(audit.target_id).toBe(userId);
  expect(audit.origin_value).toEqual({ nickname: null, company: 'steamory', city: 'BJ', gender: 'M' });
  expect(audit.target_value).toEqual(event?.data.updates);
});

test('a call that changes nothing announces nothing and leaves the time of the last change', async () => {
  const pool = await testUserPool();
  const user = await pool.do('createUser', { username: 'bob', company: 'steamory', city: 'BJ' });
  expect(await pool.do('updateUser', { userId: user.userId, city: 'BJ', company: 'steamory' })).toEqual({
    ...user,
    identityNumber: null,
  });
  expect(await pool.events()).toHaveLength(1);
});

test('a new identity number is announced and audited as a change, and never told; the same one is none', async () => {
  const pool = await testUserPool();
  const { userId } = await pool.do('createUser', { username: 'ada', identityNumber: '420421199001011234' });
  const count = (await pool.events()).length;
  const same = await pool.do('updateUser', { userId, identityNumber: '420421199001011234' });
  expect(same.updatedAt).toBe(same.createdAt);
  await pool.do('updateUser', { userId, identityNumber: '420421 19900101 1234' });
  await pool.do('updateUser', { userId, identityNumber: null });
  const events = (await pool.events()).slice(count) as { name: string; data: { updates: object } }[];
  expect(events.map(({ data }) => data.updates)).toEqual([{ identityNumber: '[redacted]' }, { identityNumber: null }]);
  const audits = JSON.stringify((await pool.audits()).slice(-2));
  expect(audits).toContain('"identityNumber":"[redacted]"');
  expect(JSON.stringify([await pool.events(), await pool.audits()])).not.toContain('19900101');
});

test('a new address has to be verified anew, unless the administrator vouches for it', async () => {
  const pool = await testUserPool();
  const { userId } = await pool.do('createUser', { email: 'a@example.com', emailVerified: true });
  expect(await pool.do('updateUser', { userId, email: 'A@example.com' })).toMatchObject({ emailVerified: true });
  expect(await pool.do('updateUser', { userId, email: 'b@example.com' })).toMatchObject({ emailVerified: false });
  expect(await pool.do('updateUser', { userId, email: 'c@example.com', emailVerified: true })).toMatchObject({
    emailVerified: true,
  });
  const verified = (await pool.events()).filter(({ name }) => name === 'user.email.verified');
  expect(verified).toMatchObject([{ webhook: 'user:email-verified', data: { user: { email: 'c@example.com' } } }]);
});

test('the last identifier stays, and others keep theirs', async () => {
  const pool = await testUserPool();
  const { userId } = await pool.do('createUser', { username: 'bob', externalId: '10010' });
  await pool.do('createUser', { username: 'eve', email: 'eve@example.com', phone: '18812345678', externalId: '10011' });
  const update = (input: object) => pool.call('updateUser', { userId, ...input });
  expect(await update({ username: null })).toMatchObject({
    statusCode: 400,
    message: 'Must contain one of the following fields: username, phone, email',
  });
  const taken = { username: 'eve', email: 'EVE@example.com', phone: '18812345678', externalId: '10011' };
  for (const [field, value] of Object.entries(taken)) {
    expect(await update({ [field]: value })).toMatchObject({
      statusCode: 409,
      apiCode: 2026,
      message: `user already exists with ${field}`,
    });
  }
  expect(await update({ username: '', email: 'bob@example.com' })).toMatchObject({ statusCode: 200 });
  expect(await update({ email: 'bob' })).toMatchObject({ statusCode: 400, message: 'Parameter email is malformed' });
  expect(await pool.call('updateUser', { userId: 'nobody', name: 'x' })).toMatchObject({
    statusCode: 404,
    apiCode: 2004,
  });
});

test('a new password is hashed, dated and announced, but never told', async () => {
  const pool = await testUserPool();
  const { userId } = await pool.do('createUser', { username: 'bob', options: { resetPasswordOnFirstLogin: true } });
  const user = await pool.do('updateUser', { userId, password: 'abcdefg1' });
  expect(user).toMatchObject({ passwordSecurityLevel: 2, resetPasswordOnNextLogin: false });
  expect(user.passwordLastSetAt).toBe(user.updatedAt);
  expect((await eventNames(pool, 1)).names).toEqual(['user.updated', 'user.password.changed']);
  const [row] = await pool.rows<{ password_hash: string }>('users');
  expect(row?.password_hash).toMatch(/^\$argon2id\$/);
  expect(JSON.stringify([await pool.audits(), await pool.events()])).not.toMatch(/abcdefg1|argon2/);
  expect(await pool.do('updateUser', { userId, options: { resetPasswordOnNextLogin: true } })).toMatchObject({
    resetPasswordOnNextLogin: true,
  });
  const notify = { sendPasswordResetedNotification: { sendDefaultEmailNotification: true } };
  expect(await pool.call('updateUser', { userId, options: notify })).toMatchObject({ statusCode: 422 });
});

test('a change of status is dated and announced as blocking, unblocking, archiving or resigning', async () => {
  const pool = await testUserPool();
  const { userId } = await pool.do('createUser', { username: 'bob' });
  let seen = 1;
  const steps = [
    ['Suspended', 'Active', ['user.updated', 'user.blocked']],
    ['Deactivated', 'Active', ['user.updated']],
    ['Activated', 'Active', ['user.updated', 'user.unblocked']],
    ['Archived', 'Active', ['user.updated', 'user.archived']],
    ['Resigned', 'Closed', ['user.updated', 'user.unarchived', 'user.resigned']],
    ['Activated', 'Active', ['user.updated']],
  ] as const;
  for (const [status, workStatus, expected] of steps) {
    const user = await pool.do('updateUser', { userId, status });
    expect(user).toMatchObject({ status, workStatus, statusChangedAt: user.updatedAt });
    const { names, count } = await eventNames(pool, seen);
    expect(names).toEqual(expected);
    seen = count;
  }
});

test('joins departments on creation, and leaves all of them on resigning', async () => {
  const pool = await testUserPool();
  const { departmentId } = await inDepartment(pool);
  const user = await pool.do('createUser', {
    username: 'bob',
    departmentIds: ['rd'],
    options: { departmentIdType: 'code' },
  });
  expect(user.mainDepartmentId).toBe(departmentId);
  const read = () => pool.do('getUser', { userId: user.userId, withDepartmentIds: true });
  expect((await read()).departmentIds).toEqual([departmentId]);
  await pool.do('updateUser', { userId: user.userId, status: 'Resigned' });
  expect(await read()).toMatchObject({ departmentIds: [], mainDepartmentId: null, status: 'Resigned' });
  const gone = { username: 'eve', status: 'Archived', departmentIds: [departmentId] };
  expect(await pool.call('createUser', gone)).toMatchObject({ statusCode: 422 });
  const missing = {
    list: [
      { username: 'a', departmentIds: [departmentId] },
      { username: 'b', departmentIds: [pool.id] },
    ],
  };
  expect(await pool.call('createUsersBatch', missing)).toMatchObject({ statusCode: 404 });
  expect(await pool.rows('users')).toHaveLength(1);
});

test('deletes users with their memberships, announces each, and ignores the unknown', async () => {
  const pool = await testUserPool();
  const { departmentId } = await inDepartment(pool);
  const list = ['a', 'b', 'c'].map((username) => ({ username, departmentIds: [departmentId] }));
  const users = await pool.do('createUsersBatch', { list });
  const ids = users.map(({ userId }: { userId: string }) => userId);
  const before = (await pool.events()).length;
  const input = { userIds: ['b', 'nobody', 'a', 'a'], options: { userIdType: 'username' } };
  expect(await pool.do('deleteUsersBatch', input)).toEqual({ success: true });
  const deleted = (await pool.events()).slice(before).filter(({ name }) => name === 'user.deleted');
  expect(deleted.map(({ data }) => data.user.userId).sort()).toEqual(ids.slice(0, 2));
  expect(deleted[0]).toMatchObject({ webhook: 'user:deleted', topic: 'authing.user.delete-account' });
  expect(await pool.do('deleteUsersBatch', input)).toEqual({ success: true });
  expect(await pool.do('listDepartmentMemberIds', { organizationCode: 'steamory', departmentId })).toEqual([ids[2]]);
  const department = await pool.do('getDepartment', { organizationCode: 'steamory', departmentId });
  expect(department.membersCount).toBe(1);
  await pool.do('createUser', { username: 'a' });
});

test('resigning is one procedure, by its own operation or by status, and only being hired anew undoes it', async () => {
  const pool = await testUserPool();
  const { departmentId } = await inDepartment(pool);
  const make = (username: string) => pool.do('createUser', { username, name: 'Bob', departmentIds: [departmentId] });
  const [byOperation, byStatus] = [await make('bob'), await make('eve')];
  const seen = (await pool.events()).length;
  expect(await pool.do('resignUser', { userId: 'bob', userIdType: 'username' })).toEqual({ success: true });
  const first = (await pool.events()).slice(seen);
  await pool.do('updateUser', { userId: byStatus.userId, status: 'Resigned' });
  const second = (await pool.events()).slice(seen + first.length);
  const names = ['department.member.removed', 'user.departments.changed', 'user.updated', 'user.resigned'];
  expect(first.map(({ name }) => name)).toEqual(names);
  expect(second.map(({ name }) => name)).toEqual(names);
  expect(first[2]?.data.updates).toMatchObject({ status: 'Resigned', workStatus: 'Closed', mainDepartmentId: null });
  expect(first[3]).toMatchObject({ topic: 'authing.user.resigned', webhook: null });
  expect((await pool.audits()).find(({ action }) => action === 'resignUser')).toMatchObject({
    operation_type: 'resign',
    target_id: byOperation.userId,
    target_value: [{ userId: byOperation.userId, status: 'Resigned' }],
  });

  expect(await pool.do('resignUser', { userId: byOperation.userId })).toEqual({ success: true });
  expect(await pool.events()).toHaveLength(seen + first.length + second.length);
  expect(await pool.call('resignUser', { userId: 'nobody' })).toMatchObject({ statusCode: 404, apiCode: 2004 });

  const hired = await pool.do('updateUser', { userId: byOperation.userId, status: 'Activated' });
  expect(hired).toMatchObject({ name: 'Bob', status: 'Activated', workStatus: 'Active', mainDepartmentId: null });
  expect(await pool.do('getUserDepartments', { userId: byOperation.userId })).toMatchObject({ totalCount: 0 });
  await pool.do('addDepartmentMembers', { organizationCode: 'steamory', departmentId, userIds: [byOperation.userId] });
});

test('many resign at once, whoever is unknown or gone already', async () => {
  const pool = await testUserPool();
  const { departmentId } = await inDepartment(pool);
  const list = ['a', 'b', 'c'].map((username) => ({ username, departmentIds: [departmentId] }));
  const ids = (await pool.do('createUsersBatch', { list })).map(({ userId }: { userId: string }) => userId);
  await pool.do('resignUser', { userId: ids[0] });
  const seen = (await pool.events()).length;
  const input = { userIds: ['a', 'nobody', 'b', 'b'], userIdType: 'username' };
  expect(await pool.do('resignUserBatch', input)).toEqual({ success: true });
  const resigned = (await pool.events()).slice(seen).filter(({ name }) => name === 'user.resigned');
  expect(resigned.map(({ data }) => data.user.username)).toEqual(['b']);
  const department = await pool.do('getDepartment', { organizationCode: 'steamory', departmentId });
  expect(department.membersCount).toBe(1);
});

test('a batch of changes is made whole or not at all, and the error names the item', async () => {
  const pool = await testUserPool();
  const list = ['a', 'b', 'c'].map((username) => ({ username, email: `${username}@example.com` }));
  const [a, b, c] = await pool.do('createUsersBatch', { list });
  const seen = (await pool.events()).length;
  const users = await pool.do('updateUserBatch', {
    list: [
      { userId: c.userId, nickname: 'C', password: 'abcdefg1' },
      { userId: a.userId, email: 'new@example.com', status: 'Suspended' },
      { userId: c.userId, name: 'Cecil' },
    ],
    options: { resetPasswordOnNextLogin: true },
  });
  expect(users.map(({ userId }: { userId: string }) => userId)).toEqual([c.userId, a.userId, c.userId]);
  expect(users[0]).toMatchObject({ nickname: 'C', name: 'Cecil', passwordSecurityLevel: 2 });
  expect(users[1]).toMatchObject({ email: 'new@example.com', status: 'Suspended', passwordSecurityLevel: null });
  expect(users[1].resetPasswordOnNextLogin).toBe(true);
  const announced = (await pool.events()).slice(seen).map(({ name, data }) => [name, data.user.username]);
  expect(announced).toEqual([
    ['user.updated', 'a'],
    ['user.blocked', 'a'],
    ['user.updated', 'c'],
    ['user.password.changed', 'c'],
  ]);

  const attempt = async (...items: object[]) => pool.call('updateUserBatch', { list: items });
  const harmless = { userId: a.userId, name: 'changed' };
  expect(await attempt(harmless, { userId: b.userId, email: 'C@example.com' })).toMatchObject({
    statusCode: 409,
    message: 'user already exists with list.1.email',
  });
  const both = [harmless, b].map(({ userId }) => ({ userId, username: 'same' }));
  expect(await attempt(...both)).toMatchObject({
    statusCode: 409,
    message: 'user already exists with list.1.username',
  });
  expect(await attempt(harmless, { userId: b.userId, phone: '1' })).toMatchObject({
    statusCode: 400,
    message: 'Parameter list.1.phone is malformed',
  });
  expect(await attempt(harmless, { userId: b.userId, username: '', email: '' })).toMatchObject({
    statusCode: 400,
    message: 'Must contain one of the following fields: list.1.username, list.1.phone, list.1.email',
  });
  expect(await attempt(harmless, { userId: 'nobody' })).toMatchObject({
    statusCode: 404,
    message: 'User not found: nobody',
  });
  expect((await pool.do('getUser', { userId: a.userId })).name).toBeNull();
});

test('of several statuses that a batch gives one user the last one counts, for his departments too', async () => {
  const pool = await testUserPool();
  const { departmentId } = await inDepartment(pool);
  const { userId } = await pool.do('createUser', { username: 'bob', departmentIds: [departmentId] });
  const seen = (await pool.events()).length;
  const list = ['Resigned', 'Suspended'].map((status) => ({ userId, status }));
  await pool.do('updateUserBatch', { list });
  expect((await eventNames(pool, seen)).names).toEqual(['user.updated', 'user.blocked']);
  expect(await pool.do('getUser', { userId })).toMatchObject({ status: 'Suspended', mainDepartmentId: departmentId });
});

test('lists who is archived, since when, from a time on', async () => {
  const pool = await testUserPool();
  const list = ['a', 'b', 'c'].map((username) => ({ username }));
  const [a, b, c] = await pool.do('createUsersBatch', { list });
  const made = await pool.do('createUser', { username: 'd', status: 'Archived' });
  for (const { userId } of [b, a]) await pool.do('updateUser', { userId, status: 'Archived' });
  await pool.do('updateUser', { userId: c.userId, status: 'Resigned' });
  const times = [made.userId, b.userId, a.userId].map((id, index) => [id, `2022-06-2${index}T00:00:00.000Z`]);
  for (const [id, time] of times) {
    await pool.server.sql('update users set status_changed_at = $2 where id = $1', [id, time]);
  }
  expect(await pool.do('listArchivedUsers')).toEqual({
    totalCount: 3,
    list: times.map(([userId, archivedAt]) => ({ userId, archivedAt })),
  });
  const second = Date.UTC(2022, 5, 21) / 1000;
  for (const startAt of [second, second * 1000]) {
    expect(await pool.do('listArchivedUsers', { startAt, limit: 1, page: 2 })).toEqual({
      totalCount: 2,
      list: [{ userId: a.userId, archivedAt: times[2]?.[1] }],
    });
  }
  expect(await pool.call('listArchivedUsers', { startAt: -1 })).toMatchObject({ statusCode: 400 });
  expect((await pool.do('updateUser', { userId: b.userId, status: 'Activated' })).statusChangedAt).not.toBe(
    times[1]?.[1],
  );
  expect(await pool.do('listArchivedUsers')).toMatchObject({ totalCount: 2 });
});

const contested: [field: string, spellings: Record<string, string>[]][] = [
  ['username', [{ username: 'race' }]],
  ['email', [{ email: 'race@example.com' }, { email: ' RACE@Example.com ' }]],
  [
    'phone',
    [{ phone: '18812345678' }, { phone: '188 1234-5678', phoneCountryCode: '86' }, { phone: '(188) 12345678' }],
  ],
  ['externalId', [{ externalId: 'race' }]],
];

test.each(contested)(
  'of many who want one %s at the same moment one gets it, made or changed',
  async (field, wanted) => {
    const pool = await testUserPool();
    const list = Array.from({ length: 24 }, (_, index) => ({ username: `racer-${index}` }));
    const racers = await pool.do('createUsersBatch', { list });
    const answers = await Promise.all(
      racers.flatMap(({ userId }: { userId: string }, index: number) => {
        const identifier = wanted[index % wanted.length] ?? {};
        return [
          pool.call('updateUser', { userId, ...identifier }),
          pool.call('createUser', { username: `new-${index}`, ...identifier }),
          pool.call('updateUserBatch', {
            list: [
              { userId, nickname: 'x' },
              { userId, ...identifier },
            ],
          }),
        ];
      }),
    );
    const holders = (await pool.rows<Record<string, unknown>>('users')).filter((user) => {
      const { username, email, phone, external_id } = user;
      return username === 'race' || email === 'race@example.com' || phone === '18812345678' || external_id === 'race';
    });
    expect(holders).toHaveLength(1);
    // The winner may win twice: by one call and by the batch that asks for the same.
    const won = answers.filter(({ statusCode }) => statusCode === 200);
    expect(won.length).toBeGreaterThanOrEqual(1);
    expect(won.length).toBeLessThanOrEqual(2);
    for (const { statusCode, apiCode, message } of answers) {
      if (statusCode === 200) continue;
      expect([statusCode, apiCode]).toEqual([409, 2026]);
      expect(message).toContain(field);
    }
  },
);

test('batches that want the same names in different orders end, each whole or not at all', async () => {
  const pool = await testUserPool();
  const names = Array.from({ length: 10 }, (_, index) => `name-${index}`);
  const list = names.map((username) => ({ username: `old-${username}` }));
  const users = await pool.do('createUsersBatch', { list });
  const shuffled = (turn: number) => names.map((_, index) => names[(index * 3 + turn) % 10]);
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, turn) => {
      const wanted = shuffled(turn);
      return turn % 2 === 0
        ? pool.call('createUsersBatch', { list: wanted.map((username) => ({ username })) })
        : pool.call('updateUserBatch', {
            list: wanted.map((username, index) => ({ userId: users[index].userId, username })),
          });
    }),
  );
  const codes = answers.map(({ statusCode }) => statusCode);
  expect(codes.filter((code) => code !== 200 && code !== 409)).toEqual([]);
  expect(codes).toContain(200);
  const stored = await pool.rows<{ username: string }>('users');
  expect(stored.filter(({ username }) => names.includes(username))).toHaveLength(10);
});

test('a phone is stored in one spelling when it changes, too', async () => {
  const pool = await testUserPool();
  const { userId } = await pool.do('createUser', { phone: '18812345678', phoneVerified: true });
  const update = (input: object) => pool.do('updateUser', { userId, ...input });
  expect(await update({ phone: '188-1234-5678' })).toMatchObject({ phoneVerified: true });
  expect(await update({ phone: '07911 123456', phoneCountryCode: '44' })).toMatchObject({
    phone: '7911123456',
    phoneCountryCode: '+44',
    phoneVerified: false,
  });
  // The country alone: the same digits are another number there.
  expect(await update({ phoneCountryCode: '+7' })).toMatchObject({ phone: '7911123456', phoneCountryCode: '+7' });
  expect(await update({ phone: null, username: 'bob' })).toMatchObject({ phone: null, phoneCountryCode: null });
});
