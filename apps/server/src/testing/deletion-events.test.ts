/**
 * What goes with something that is deleted announces itself as if it had been taken away by its own operation, before the
 * deletion is announced; only the list that belongs to the deleted itself is ended by its own event.
 */
import { expect, test } from 'vitest';
import { jobsEnded } from './fingerprint.ts';
import { untold } from './replay.ts';
import { type TestUserPool, testUserPool } from './server.ts';

/** One of each, all of them related. */
async function world() {
  const pool = await testUserPool();
  const acme = { organizationCode: 'acme' };
  const root = await pool.do('createOrganization', { ...acme, organizationName: 'Acme' });
  const make = async (name: string, parentDepartmentId: string) =>
    (await pool.do('createDepartment', { ...acme, name, parentDepartmentId })).departmentId as string;
  const lab = await make('Lab', root.departmentId);
  const attic = await make('Attic', root.departmentId);
  const ada = (await pool.do('createUser', { username: 'ada', departmentIds: [lab] })).userId as string;
  // He is in charge there without being a member.
  await pool.do('updateDepartment', { ...acme, departmentId: attic, leaderUserIds: [ada] });
  const desk = (await pool.do('createPublicAccount', { username: 'desk', departmentIds: [attic] })).userId as string;
  const team = (await pool.do('createGroup', { code: 'team', name: 'team' })).id as string;
  const rule = { field: 'username', operator: 'EQUAL', value: 'ada' };
  const named = (await pool.do('createGroup', { code: 'named', name: 'named', type: 'dynamic', rule })).id as string;
  const clerk = (await pool.do('createPost', { code: 'clerk', name: 'clerk', departmentIdList: [attic] })).id as string;
  for (const code of ['reader', 'writer', 'critic']) await pool.do('createRole', { code });
  const [reader = '', writer = '', critic = ''] = await Promise.all(
    ['reader', 'writer', 'critic'].map(async (code) => (await pool.do('getRole', { code })).id as string),
  );
  await jobsEnded(pool.server, pool.id);
  await pool.do('addGroupMembers', { code: 'team', userIds: [ada] });
  await pool.do('setUserPosts', { userId: ada, postIds: [clerk] });
  await pool.do('assignRole', {
    code: 'reader',
    targets: [
      { targetType: 'USER', targetIdentifier: ada },
      { targetType: 'GROUP', targetIdentifier: 'team' },
      { targetType: 'DEPARTMENT', targetIdentifier: attic },
      { targetType: 'ROLE', targetIdentifier: 'writer' },
    ],
  });
  await pool.do('setRoleMutualExclusion', { roles: [{ code: 'writer' }, { code: 'critic' }] });
  await pool.do('bindUsersPublicAccount', { publicAccountId: desk, userIds: [ada] });
  await pool.do('getPublicAccountOfGroups', { userId: desk, groupIds: [team] });
  await pool.do('bindPublicAccountOfRoles', { userId: desk, roleIds: [writer] });
  await pool.do('setPublicAccountOfnPost', { userId: desk, postId: clerk });
  return { pool, lab, attic, ada, desk, team, named, clerk, reader, writer, critic };
}

type World = Awaited<ReturnType<typeof world>>;

/** What a call announces, by the names of the webhooks, with the ids of what it is about as this test names them. */
async function announcedBy({ pool, ...ids }: World, operation: string, input: Record<string, unknown>) {
  const before = (await pool.events()).length;
  await pool.do(operation, input);
  const nameOf = new Map(Object.entries(ids).map(([name, id]) => [id, name]));
  const events = (await pool.events()).slice(before);
  await expectAllTold(pool);
  return events.map(({ name, webhook, data }) => {
    const things = [data.user, data.group, data.post, data.role, data.node, data.publicAccount, data.subject];
    const lists = [data.users, data.nodes, data.roles, data.userIds, data.groupIds, data.nodeIds, data.roleIds];
    const about = [...things, ...lists.flat()].flatMap((one) => nameOf.get(one?.userId ?? one?.id ?? one) ?? []);
    return [webhook ?? name, ...about].join(' ');
  });
}

async function expectAllTold(pool: TestUserPool) {
  await jobsEnded(pool.server, pool.id);
  expect(await untold(pool)).toEqual([]);
}

test('a deleted user', async () => {
  const made = await world();
  expect(await announcedBy(made, 'deleteUsersBatch', { userIds: [made.ada] })).toEqual([
    'organization:member-removed ada lab',
    'user:organization-node-update ada',
    'organization:node-updated attic',
    'role:unassigned reader ada',
    'subject:remove ada reader',
    'group:member-removed team ada',
    'group:member-removed named ada',
    'post:member-removed ada clerk',
    'public-account:unbound desk ada',
    'user:deleted ada',
  ]);
});

test('a resigned user is announced the same, but stays a subject that may be assigned roles', async () => {
  const made = await world();
  const events = await announcedBy(made, 'resignUser', { userId: made.ada });
  expect(events).toContain('role:unassigned reader ada');
  expect(events).toContain('organization:node-updated attic');
  expect(events.filter((event) => event.startsWith('subject:remove'))).toEqual([]);
});

test('who leads departments of his own alone says so by leaving them', async () => {
  const made = await world();
  const { pool, lab, attic, ada } = made;
  await pool.do('updateDepartment', { organizationCode: 'acme', departmentId: attic, leaderUserIds: [] });
  await pool.do('updateDepartment', { organizationCode: 'acme', departmentId: lab, leaderUserIds: [ada] });
  const events = await announcedBy(made, 'resignUser', { userId: ada });
  expect(events.slice(0, 3)).toEqual([
    'organization:member-removed ada lab',
    'user:organization-node-update ada',
    'user:updated ada',
  ]);
});

test('a deleted public account', async () => {
  const made = await world();
  expect(await announcedBy(made, 'deletePublicAccountsBatch', { userIds: [made.desk] })).toEqual([
    'public-account:unbound desk attic',
    'public-account:unbound desk team',
    'public-account:unbound desk clerk',
    'public-account:unbound desk writer',
    'public-account:unbound desk ada',
    'public-account:deleted desk',
  ]);
});

test('a deleted group, whose members its own event lets go', async () => {
  const made = await world();
  expect(await announcedBy(made, 'deleteGroupsBatch', { codeList: ['team', 'named'] })).toEqual([
    'role:unassigned reader team',
    'subject:remove team reader',
    'public-account:unbound desk team',
    'group:deleted team',
    'group:deleted named',
  ]);
});

test('a deleted role that was assigned another one and excluded a third', async () => {
  const made = await world();
  expect(await announcedBy(made, 'deleteRolesBatch', { codeList: ['writer'] })).toEqual([
    'role:unassigned reader writer',
    'subject:remove writer reader',
    'role.exclusion.removed writer critic',
    'public-account:unbound desk writer',
    'role:deleted writer',
  ]);
});

test('a deleted role that was assigned, whose holders its own event lets go', async () => {
  const made = await world();
  expect(await announcedBy(made, 'deleteRolesBatch', { codeList: ['reader'] })).toEqual(['role:deleted reader']);
});

test('a deleted post, whose holders its own event lets go', async () => {
  const made = await world();
  expect(await announcedBy(made, 'removePost', { code: 'clerk' })).toEqual([
    'public-account:unbound desk clerk',
    'post:deleted clerk',
  ]);
});

test('a deleted department', async () => {
  const made = await world();
  const input = { organizationCode: 'acme', departmentId: made.attic };
  expect(await announcedBy(made, 'deleteDepartment', input)).toEqual([
    'role:unassigned reader attic',
    'subject:remove attic reader',
    'public-account:unbound desk attic',
    'organization:node-deleted attic',
  ]);
});

test('a department that is not empty loses nothing, and nothing is announced', async () => {
  const { pool, lab } = await world();
  await pool.do('assignRole', { code: 'critic', targets: [{ targetType: 'DEPARTMENT', targetIdentifier: lab }] });
  const before = await pool.events();
  const answer = await pool.call('deleteDepartment', { organizationCode: 'acme', departmentId: lab });
  expect(answer.statusCode).not.toBe(200);
  expect(await pool.events()).toEqual(before);
  await expectAllTold(pool);
});

test('a deleted organization, whose departments and members its own event lets go', async () => {
  const made = await world();
  expect(await announcedBy(made, 'deleteOrganization', { organizationCode: 'acme' })).toEqual([
    'role:unassigned reader attic',
    'subject:remove attic reader',
    'public-account:unbound desk attic',
    'organization:deleted',
  ]);
});

test('roles that very many departments were assigned are announced in parts', async () => {
  const pool = await testUserPool();
  const acme = { organizationCode: 'acme' };
  const root = await pool.do('createOrganization', { ...acme, organizationName: 'Acme' });
  await pool.do('createRole', { code: 'reader' });
  const { id } = await pool.do('getRole', { code: 'reader' });
  for (const part of ['a', 'b']) {
    const children = Array.from({ length: 400 }, (_, number) => ({ name: `${part}${number}` }));
    await pool.do('createDepartmentTree', { name: 'Acme', children });
  }
  await pool.server.sql(
    `insert into role_assignments (user_pool_id, id, role_id, department_number, created_at, updated_at)
     select user_pool_id, id, $2, number, now(), now() from departments
     where user_pool_id = $1 and organization_id = $3 and parent_id is not null`,
    [pool.id, id, root.departmentId],
  );
  await pool.do('deleteOrganization', acme);
  const parts = (await pool.events()).filter(({ name }) => name === 'role.unassigned');
  expect(parts.map(({ data }) => data.nodeIds.length)).toEqual([500, 300]);
  expect(new Set(parts.flatMap(({ data }) => data.nodeIds)).size).toBe(800);
});
