import { expect, test } from 'vitest';
import { jobsEnded } from './fingerprint.ts';
import { recount } from './recount.ts';
import { untold } from './replay.ts';
import { type TestUserPool, testUserPool } from './server.ts';

const userCount = 24;

/** Things of every kind, few of them, so that writers meet. */
async function crowdedPool() {
  const pool = await testUserPool();
  await pool.do('setCustomFields', {
    list: [
      { targetType: 'USER', key: 'badge', isUnique: true },
      { targetType: 'USER', key: 'pin', encrypted: true },
    ],
  });
  const root = await pool.do('createOrganization', { organizationCode: 'acme', organizationName: 'Acme' });
  const departments: string[] = [];
  for (const name of ['A', 'B', 'C', 'D']) {
    const parentDepartmentId: string = departments.at(-1) ?? root.departmentId;
    departments.push(
      (await pool.do('createDepartment', { organizationCode: 'acme', parentDepartmentId, name, code: name }))
        .departmentId,
    );
  }
  const users: string[] = [];
  for (let i = 0; i < userCount; i++) {
    users.push((await pool.do('createUser', { username: `user-${i}`, departmentIds: [departments[i % 4]] })).userId);
  }
  const accounts: string[] = [];
  for (const username of ['desk', 'lobby', 'gate']) {
    accounts.push((await pool.do('createPublicAccount', { username })).userId);
  }
  for (const code of ['r0', 'r1', 'r2', 'r3']) await pool.do('createRole', { code, name: code });
  await pool.do('setRoleMutualExclusion', { roles: [{ code: 'r2' }, { code: 'r3' }] });
  const groupIds: string[] = [];
  for (const code of ['g0', 'g1']) groupIds.push((await pool.do('createGroup', { code, name: code })).id);
  const rule = {
    and: [
      { field: 'status', operator: 'EQUAL', value: 'Activated' },
      {
        or: [
          {
            field: 'department',
            operator: 'IN',
            value: [{ departmentId: departments[1], includeChildrenDepartments: true }],
          },
          { field: 'role', operator: 'IN', value: [{ code: 'r0' }] },
          { field: 'nickname', operator: 'EQUAL', value: 'n1' },
        ],
      },
    ],
  };
  await pool.do('createGroup', { code: 'dyn', name: 'dyn', type: 'dynamic', rule });
  const posts: string[] = [];
  for (const code of ['p0', 'p1']) posts.push((await pool.do('createPost', { code, name: code })).id);
  await jobsEnded(pool.server, pool.id);
  return { pool, root: root.departmentId as string, departments, users, accounts, groupIds, posts };
}

type Crowd = Awaited<ReturnType<typeof crowdedPool>>;

/** Always the same, so that what fails can be looked at again. */
function random(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function writersOf({ departments, root, users, accounts, groupIds, posts }: Crowd, below: (n: number) => number) {
  const one = <T>(list: readonly T[]) => list[below(list.length)] as T;
  const some = <T>(list: readonly T[]) => [...new Set([one(list), one(list), one(list)])];
  const userTargets = () => some(users).map((targetIdentifier) => ({ targetType: 'USER', targetIdentifier }));
  const target = () =>
    one([
      { targetType: 'DEPARTMENT', targetIdentifier: one(departments) },
      { targetType: 'GROUP', targetIdentifier: one(['g0', 'g1']) },
      { targetType: 'ROLE', targetIdentifier: one(['r0', 'r1', 'r2', 'r3']) },
      { targetType: 'USER', targetIdentifier: one(users) },
    ]);
  const role = () => one(['r0', 'r1', 'r2', 'r3']);
  const acme = { organizationCode: 'acme' };
  type Writer = [operation: string, input: () => object];
  const writers: Writer[] = [
    ...Array.from(
      { length: 4 },
      (): Writer => [
        'createUser',
        () => ({
          username: `new-${below(1000)}`,
          departmentIds: [one(departments)],
          customData: { badge: `${below(40)}` },
        }),
      ],
    ),
    [
      'createUsersBatch',
      () => ({
        list: some([1, 2, 3, 4, 5, 6]).map((n) => ({
          username: `batch-${n}-${below(100)}`,
          departmentIds: [one(departments)],
        })),
      }),
    ],
    ['updateUser', () => ({ userId: one(users), nickname: one(['n1', 'n2']), email: `m${below(12)}@example.com` })],
    [
      'updateUser',
      () => ({
        userId: one(users),
        status: one(['Activated', 'Suspended', 'Activated', 'Archived', 'Activated', 'Deactivated']),
      }),
    ],
    [
      'updateUserBatch',
      () => ({
        list: some(users).map((userId) => ({
          userId,
          nickname: one(['n1', 'n2']),
          customData: { badge: `${below(40)}`, pin: `${below(99)}` },
        })),
      }),
    ],
    ['resignUserBatch', () => ({ userIds: [one(users)] })],
    ['deleteUsersBatch', () => ({ userIds: users.splice(below(users.length), 1) })],
    [
      'setUserDepartments',
      () => ({ userId: one(users), departments: some(departments).map((departmentId) => ({ departmentId })) }),
    ],
    ['addDepartmentMembers', () => ({ ...acme, departmentId: one(departments), userIds: some(users) })],
    ['removeDepartmentMembers', () => ({ ...acme, departmentId: one(departments), userIds: some(users) })],
    [
      'updateDepartment',
      () => ({
        ...acme,
        departmentId: one(departments),
        parentDepartmentId: one([root, ...departments]),
        leaderUserIds: some(users),
      }),
    ],
    [
      'createDepartmentTree',
      () => ({
        name: 'Acme',
        children: [{ name: one(['A', 'E']), members: [{ username: `user-${below(userCount)}` }] }],
      }),
    ],
    ['addGroupMembers', () => ({ code: one(['g0', 'g1']), userIds: some(users) })],
    ['removeGroupMembers', () => ({ code: one(['g0', 'g1']), userIds: some(users) })],
    ['createOrUpdateGroup', () => ({ code: `g${below(4)}`, name: 'g', type: 'static' })],
    ['evaluateDynamicGroup', () => ({ code: 'dyn' })],
    ['deleteGroupsBatch', () => ({ codeList: [one(['g0', 'g1', 'g2', 'g3'])] })],
    ['updateGroup', () => ({ code: one(['g0', 'g1']), name: one(['g', 'h']) })],
    ['updateRole', () => ({ code: role(), status: one(['ENABLE', 'DISABLE']) })],
    ['deleteRolesBatch', () => ({ codeList: [role()] })],
    ['createRole', () => ({ code: role() })],
    ['createRole', () => ({ code: role() })],
    ['removePost', () => ({ code: one(['p0', 'p1']) })],
    ['createPost', () => ({ code: one(['p0', 'p1']), name: 'p' })],
    ['createPublicAccount', () => ({ username: `account-${below(1000)}` })],
    ['deletePublicAccountsBatch', () => ({ userIds: [one(accounts)] })],
    ['createDepartment', () => ({ ...acme, parentDepartmentId: one([root, ...departments]), name: `D${below(99)}` })],
    ['deleteDepartment', () => ({ ...acme, departmentId: one(departments) })],
    ['createOrganization', () => ({ organizationCode: 'globex', organizationName: 'Globex' })],
    ['createDepartment', () => ({ organizationCode: 'globex', parentDepartmentId: 'root', name: `G${below(9)}` })],
    ['deleteOrganization', () => ({ organizationCode: 'globex' })],
    ['assignRole', () => ({ code: role(), targets: userTargets() })],
    ['assignRole', () => ({ code: role(), targets: [target()] })],
    ['assignRoleBatch', () => ({ roles: [{ code: role() }, { code: role() }], targets: [target(), target()] })],
    ['revokeRole', () => ({ code: role(), targets: [target(), target()] })],
    ['revokeRoleBatch', () => ({ roles: [{ code: role() }], targets: userTargets() })],
    ['setRoleMutualExclusion', () => ({ roles: [{ code: role() }, { code: role() }] })],
    ['removeRoleMutualExclusion', () => ({ roles: [{ code: 'r2' }, { code: 'r3' }] })],
    ['setUserPosts', () => ({ userId: one(users), postIds: some(posts) })],
    ['userConnectionPost', () => ({ userId: one(users), postId: one(posts) })],
    ['updatePost', () => ({ id: posts[0], code: 'p0', name: 'p', departmentIdList: some(departments) })],
    ['bindUsersPublicAccount', () => ({ publicAccountId: one(accounts), userIds: some(users) })],
    ['unbindUsersPublicAccount', () => ({ publicAccountId: one(accounts), userId: one(users) })],
    ['setuserOfPublicAccount', () => ({ userId: one(users), publicAccountIds: some(accounts) })],
    [
      'setPublicAccountOfDepartments',
      () => ({ userId: one(accounts), departments: some(departments).map((departmentId) => ({ departmentId })) }),
    ],
    ['getPublicAccountOfGroups', () => ({ userId: one(accounts), groupIds })],
    ['bindPublicAccountOfRoles', () => ({ userId: one(accounts), roleIds: [role()] })],
    ['setPublicAccountOfnPost', () => ({ userId: one(accounts), postId: one(posts) })],
    ['changeIntoPublicAccount', () => ({ userId: one(users) })],
    ['changeIntoPersonalAccount', () => ({ userId: one([...users, ...accounts]) })],
    ['resignPublicAccountBatch', () => ({ userIds: [one([...users, ...accounts])] })],
    ['updatePublicAccount', () => ({ userId: one([...users, ...accounts]), nickname: 'n1' })],
    ['setCustomFields', () => ({ list: [{ targetType: 'USER', key: 'badge', isUnique: one([true, false]) }] })],
    [
      'setCustomData',
      () => ({ targetType: 'USER', targetIdentifier: one(users), list: [{ key: 'badge', value: `${below(40)}` }] }),
    ],
  ];
  return () => {
    const [operation, make] = one(writers);
    return [operation, make()] as const;
  };
}

async function leftBehind(pool: TestUserPool) {
  const gone = `join users on users.user_pool_id = $1 and users.id = member.user_id
    where member.user_pool_id = $1 and users.status in ('Resigned', 'Archived')`;
  return pool.server.sql(
    `select 'departments' as what from department_members member ${gone}
     union all select 'groups' from group_members member ${gone}
     union all select 'posts' from post_members member ${gone}
     union all select 'roles' from role_assignments member ${gone}
     union all select 'group count ' || id from groups where user_pool_id = $1 and
       (select count(*) from group_members where user_pool_id = $1 and group_id = groups.id) <>
       (select coalesce(sum(members), 0) from group_counts where user_pool_id = $1 and group_id = groups.id)
     union all select 'user count ' || kind || status from (
       select kind, status, count(*) as total from users where user_pool_id = $1 group by 1, 2) as counted
       where total <> (select coalesce(sum(total), 0) from user_counts
         where user_pool_id = $1 and kind = counted.kind and status = counted.status)
     union all select 'public in dynamic group' from group_members member
       join groups on groups.user_pool_id = $1 and groups.id = member.group_id and groups.type = 'dynamic'
       join users on users.user_pool_id = $1 and users.id = member.user_id and users.kind = 'public'
       where member.user_pool_id = $1`,
    [pool.id],
  );
}

test.each([2, 3])(
  'writers of every kind at once: nobody gets a 5xx, what is counted is so, and events tell all of it (%i)',
  async (seed) => {
    const crowd = await crowdedPool();
    const { pool } = crowd;
    const below = random(seed);
    const next = writersOf(crowd, below);
    const succeeded = new Set<string>();
    const failures: unknown[] = [];
    const worker = async (count: number) => {
      for (let i = 0; i < count; i++) {
        const [operation, input] = next();
        const { statusCode, message, data } = await pool.call(operation, input as Record<string, unknown>);
        if (statusCode === 200) {
          succeeded.add(operation);
          if (operation === 'createUser') crowd.users.push(data.userId);
          if (operation === 'createPublicAccount') crowd.accounts.push(data.userId);
          if (operation === 'createPost') crowd.posts.push(data.id);
          if (operation === 'createDepartment') crowd.departments.push(data.departmentId);
          if (operation === 'createOrganization') crowd.departments.push(data.departmentId);
          if (operation.endsWith('Group') && data?.data?.id) crowd.groupIds.push(data.data.id);
        }
        if (statusCode >= 500) failures.push({ operation, input, message });
      }
    };
    await Promise.all(Array.from({ length: 24 }, () => worker(20)));
    await jobsEnded(pool.server, pool.id);
    expect(failures).toEqual([]);
    // Most of what is tried must do something, or nothing is shown.
    expect(succeeded.size).toBeGreaterThan(30);
    expect(await recount(pool.server, pool.id)).toEqual([]);
    expect(await leftBehind(pool)).toEqual([]);
    expect(await untold(pool)).toEqual([]);
    // Whoever asks the rule now finds nobody who should not be where he is.
    const { jobId } = await pool.do('evaluateDynamicGroup', { code: 'dyn' });
    await jobsEnded(pool.server, pool.id);
    expect(await pool.do('getJob', { jobId })).toMatchObject({ state: 'done', result: { changed: 0 } });
  },
  120_000,
);
