import { expect, test } from 'vitest';
import { type TestUserPool, testUserPool } from '../../testing/server.ts';

async function aPool(roles: readonly string[], exclusive: readonly string[] = []) {
  const pool = await testUserPool();
  const made = await pool.do('createUsersBatch', { list: [{ username: 'ada' }, { username: 'grace' }] });
  await pool.do('createRolesBatch', { list: roles.map((code) => ({ code })) });
  if (exclusive.length > 0) await pool.do('setRoleMutualExclusion', { roles: exclusive.map((code) => ({ code })) });
  const [ada, grace]: string[] = made.map(({ userId }: { userId: string }) => userId);
  return { pool, ada, grace };
}

function target(targetType: string, targetIdentifier: string | undefined, more: object = {}) {
  return { targetType, targetIdentifier, ...more };
}

async function assign(pool: TestUserPool, code: string, to: object, more: object = {}): Promise<number> {
  return (await pool.call('assignRole', { code, targets: [to], ...more })).statusCode;
}

test('keeps pairs of roles apart, lists them and lets go of them', async () => {
  const { pool } = await aPool(['a', 'b', 'c', 'd'], ['a', 'b', 'c']);
  await pool.do('setRoleMutualExclusion', { roles: [{ code: 'b' }, { code: 'a' }] });
  const pairs = async (input: Readonly<Record<string, unknown>> = {}) => {
    const { totalCount, list } = await pool.do('listRoleMutualExclusions', input);
    const codes = list.map(({ roles }: { roles: { code: string }[] }) => roles.map(({ code }) => code).join());
    return [totalCount, ...codes];
  };
  expect(await pairs()).toEqual([3, 'a,b', 'a,c', 'b,c']);
  expect(await pairs({ code: 'b' })).toEqual([2, 'a,b', 'b,c']);
  expect(await pairs({ page: 2, limit: 1 })).toEqual([3, 'a,c']);
  expect((await pool.call('listRoleMutualExclusions', { code: 'nobody' })).statusCode).toBe(404);
  for (let i = 0; i < 2; i++) await pool.do('removeRoleMutualExclusion', { roles: [{ code: 'c' }, { code: 'a' }] });
  expect(await pairs()).toEqual([2, 'a,b', 'b,c']);
  const told = (await pool.events()).filter(({ name }) => name.startsWith('role.exclusion'));
  expect(told.map(({ name, data }) => [name, data.roles.map(({ code }: { code: string }) => code).join()])).toEqual([
    ['role.exclusion.added', 'a,b'],
    ['role.exclusion.added', 'a,c'],
    ['role.exclusion.added', 'b,c'],
    ['role.exclusion.removed', 'c,a'],
  ]);
  await pool.do('deleteRolesBatch', { codeList: ['a'] });
  expect(await pairs()).toEqual([1, 'b,c']);
  for (const operation of ['setRoleMutualExclusion', 'removeRoleMutualExclusion']) {
    const call = async (...codes: string[]) =>
      (await pool.call(operation, { roles: codes.map((code) => ({ code })) })).statusCode;
    expect([await call('b', 'b'), await call('b'), await call('b', 'nobody')]).toEqual([400, 400, 404]);
  }
});

test('tells whether roles exclude each other, also through what comes with them', async () => {
  const { pool } = await aPool(['a', 'b', 'c', 'd'], ['a', 'b']);
  const check = async (...codes: string[]) =>
    (await pool.do('checkMutualExclusion', { roles: codes.map((code) => ({ code })) })).existMutuallyExclusive;
  expect([await check('a', 'b'), await check('a', 'c'), await check('a'), await check('c', 'd')]).toEqual([
    true,
    false,
    false,
    false,
  ]);
  await assign(pool, 'b', target('ROLE', 'c'));
  await assign(pool, 'c', target('ROLE', 'd'));
  expect([await check('a', 'd'), await check('c', 'd'), await check('d', 'a', 'b')]).toEqual([true, false, true]);
  expect((await pool.call('checkMutualExclusion', { roles: [{ code: 'nobody' }] })).statusCode).toBe(404);
});

test('refuses to assign a user a role that excludes one he holds by whatever way', async () => {
  const { pool, ada, grace } = await aPool(['a', 'b', 'withA', 'withB'], ['a', 'b']);
  await assign(pool, 'a', target('ROLE', 'withA'));
  await assign(pool, 'b', target('ROLE', 'withB'));
  const root = await pool.do('createOrganization', { organizationCode: 'acme', organizationName: 'Acme' });
  const parent = { organizationCode: 'acme', parentDepartmentId: root.departmentId };
  const below = await pool.do('createDepartment', { ...parent, name: 'below' });
  const { departmentId } = below;
  await pool.do('addDepartmentMembers', { organizationCode: 'acme', departmentId, userIds: [ada] });
  await pool.do('createGroup', { code: 'g', name: 'g', type: 'static' });
  await pool.do('addGroupMembers', { code: 'g', userIds: [ada] });
  const ways = [
    target('USER', ada),
    target('DEPARTMENT', departmentId, { includeChildrenDepartments: false }),
    target('DEPARTMENT', root.departmentId),
    target('GROUP', 'g'),
  ];
  for (const way of ways) {
    for (const [held, wanted] of [
      ['a', 'b'],
      ['withA', 'b'],
      ['a', 'withB'],
      ['withA', 'withB'],
    ] as const) {
      expect(await assign(pool, held, way)).toBe(200);
      const answer = await pool.call('assignRole', { code: wanted, targets: [target('USER', ada)] });
      expect(answer).toMatchObject({ statusCode: 422, message: expect.stringContaining(`USER ${ada}`) });
      expect(await assign(pool, wanted, target('USER', grace))).toBe(200);
      await pool.do('revokeRole', { code: wanted, targets: [target('USER', grace)] });
      await pool.do('revokeRole', { code: held, targets: [way] });
      expect(await assign(pool, wanted, target('USER', ada))).toBe(200);
      await pool.do('revokeRole', { code: wanted, targets: [target('USER', ada)] });
    }
  }
  // What is given above for the members there alone does not reach those below.
  await assign(pool, 'a', target('DEPARTMENT', root.departmentId, { includeChildrenDepartments: false }));
  expect(await assign(pool, 'b', target('USER', ada))).toBe(200);
});

test('counts what has not ended yet, though it has not begun or is disabled', async () => {
  const { pool, ada } = await aPool(['a', 'b'], ['a', 'b']);
  const soon = Date.now() + 100_000;
  await assign(pool, 'a', target('USER', ada), { enableTime: soon });
  expect(await assign(pool, 'b', target('USER', ada))).toBe(422);
  await assign(pool, 'a', target('USER', ada));
  await pool.do('updateRole', { code: 'a', status: 'DISABLE' });
  expect(await assign(pool, 'b', target('USER', ada))).toBe(422);
  await assign(pool, 'a', target('USER', ada), { endTime: 1 });
  expect(await assign(pool, 'b', target('USER', ada))).toBe(200);
  // And it cannot be revived.
  expect(await assign(pool, 'a', target('USER', ada))).toBe(422);
});

test('refuses it in one batch, and assigns nothing then', async () => {
  const { pool, ada, grace } = await aPool(['a', 'b', 'c'], ['a', 'b']);
  const roles = ['c', 'a', 'b'].map((code) => ({ code }));
  const targets = [target('USER', grace), target('USER', ada)];
  expect((await pool.call('assignRoleBatch', { roles, targets })).statusCode).toBe(422);
  expect(await pool.rows('role_assignments')).toEqual([]);
});

test('refuses it for groups, for departments along their branch, and for roles with what holds them', async () => {
  const { pool, ada } = await aPool(['a', 'b', 'c', 'd'], ['a', 'b']);
  await pool.do('createGroup', { code: 'g', name: 'g', type: 'static' });
  expect(await assign(pool, 'a', target('GROUP', 'g'))).toBe(200);
  expect(await assign(pool, 'b', target('GROUP', 'g'))).toBe(422);

  const root = await pool.do('createOrganization', { organizationCode: 'acme', organizationName: 'Acme' });
  const under = (parentDepartmentId: string) =>
    pool.do('createDepartment', { organizationCode: 'acme', parentDepartmentId, name: 'd' });
  const [left, right] = [await under(root.departmentId), await under(root.departmentId)];
  const below = await under(left.departmentId);
  const [rootId, leftId, rightId, belowId] = [root, left, right, below].map(({ departmentId }) => departmentId);
  expect(await assign(pool, 'a', target('DEPARTMENT', leftId))).toBe(200);
  expect(await assign(pool, 'b', target('DEPARTMENT', leftId))).toBe(422);
  expect(await assign(pool, 'b', target('DEPARTMENT', belowId))).toBe(422);
  expect(await assign(pool, 'b', target('DEPARTMENT', rootId))).toBe(422);
  const here = { includeChildrenDepartments: false };
  expect(await assign(pool, 'b', target('DEPARTMENT', rootId, here))).toBe(200);
  expect(await assign(pool, 'b', target('DEPARTMENT', rightId))).toBe(200);
  await assign(pool, 'a', target('DEPARTMENT', leftId, here));
  expect(await assign(pool, 'b', target('DEPARTMENT', belowId))).toBe(200);

  expect(await assign(pool, 'a', target('ROLE', 'c'))).toBe(200);
  expect(await assign(pool, 'b', target('ROLE', 'c'))).toBe(422);
  expect(await assign(pool, 'c', target('ROLE', 'd'))).toBe(200);
  expect(await assign(pool, 'b', target('ROLE', 'd'))).toBe(422);
  expect(await assign(pool, 'd', target('ROLE', 'b'))).toBe(422);
  // Ada would hold both the moment who holds d holds b, too.
  await pool.do('revokeRole', { code: 'c', targets: [target('ROLE', 'd')] });
  await assign(pool, 'd', target('USER', ada));
  await assign(pool, 'a', target('USER', ada));
  expect(await assign(pool, 'b', target('ROLE', 'd'))).toBe(422);
});

test('cannot be set while two of the roles are held together', async () => {
  const { pool, ada } = await aPool(['a', 'b', 'c']);
  await pool.do('createGroup', { code: 'g', name: 'g', type: 'static' });
  const root = await pool.do('createOrganization', { organizationCode: 'acme', organizationName: 'Acme' });
  const roles = [{ code: 'a' }, { code: 'b' }];
  const targets = [
    target('USER', ada),
    target('GROUP', 'g'),
    target('DEPARTMENT', root.departmentId),
    target('ROLE', 'c'),
  ];
  for (const one of targets) {
    await pool.do('assignRoleBatch', { roles, targets: [one] });
    const answer = await pool.call('setRoleMutualExclusion', { roles });
    expect(answer).toMatchObject({ statusCode: 422, message: expect.stringContaining(`${one.targetType} `) });
    await pool.do('revokeRole', { code: 'a', targets: [one] });
  }
  await pool.do('setRoleMutualExclusion', { roles });
  expect(await pool.do('checkMutualExclusion', { roles })).toEqual({ existMutuallyExclusive: true });
});

test('of two assignments made at the same moment that exclude each other, one is refused', async () => {
  const { pool, ada } = await aPool(['a', 'b', 'withB'], ['a', 'b']);
  await assign(pool, 'b', target('ROLE', 'withB'));
  await pool.do('createGroup', { code: 'g', name: 'g', type: 'static' });
  const root = await pool.do('createOrganization', { organizationCode: 'acme', organizationName: 'Acme' });
  const parent = { organizationCode: 'acme', parentDepartmentId: root.departmentId };
  const below = await pool.do('createDepartment', { ...parent, name: 'below' });
  const pairs: [object, object][] = [
    [target('USER', ada), target('USER', ada)],
    [target('GROUP', 'g'), target('GROUP', 'g')],
    [target('DEPARTMENT', root.departmentId), target('DEPARTMENT', below.departmentId)],
  ];
  for (const [one, other] of pairs) {
    for (let round = 0; round < 4; round++) {
      const answers = await Promise.all([assign(pool, 'a', one), assign(pool, 'withB', other)]);
      expect(answers.sort()).toEqual([200, 422]);
      await pool.do('revokeRole', { code: 'a', targets: [one] });
      await pool.do('revokeRole', { code: 'withB', targets: [other] });
    }
  }
});

test('set at the same moment as an assignment it forbids, one of the two is refused', async () => {
  const { pool, ada } = await aPool(['a', 'b']);
  const roles = [{ code: 'a' }, { code: 'b' }];
  await assign(pool, 'a', target('USER', ada));
  for (let round = 0; round < 4; round++) {
    const [set, assigned] = await Promise.all([
      pool.call('setRoleMutualExclusion', { roles }),
      assign(pool, 'b', target('USER', ada)),
    ]);
    expect([set.statusCode, assigned].sort()).toEqual([200, 422]);
    await pool.do('removeRoleMutualExclusion', { roles });
    await pool.do('revokeRole', { code: 'b', targets: [target('USER', ada)] });
  }
});

test('whatever is written at the same moment, what excludes each other stays apart, and nothing fails', async () => {
  const codes = ['a', 'b', 'c', 'd', 'e'];
  const { pool, ada, grace } = await aPool(codes);
  await pool.do('createGroup', { code: 'g', name: 'g', type: 'static' });
  await pool.do('addGroupMembers', { code: 'g', userIds: [ada] });
  const root = await pool.do('createOrganization', { organizationCode: 'acme', organizationName: 'Acme' });
  const userIds = [ada];
  await pool.do('addDepartmentMembers', { organizationCode: 'acme', departmentId: root.departmentId, userIds });
  let state = 7;
  const random = (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
  const role = () => ({ code: codes[random(codes.length)] });
  const anyTarget = () => {
    const targets = [target('USER', ada), target('USER', grace), target('GROUP', 'g'), target('ROLE', role().code)];
    return targets[random(targets.length)];
  };
  const calls = [
    () => pool.call('assignRole', { ...role(), targets: [anyTarget(), anyTarget()] }),
    () => pool.call('assignRoleBatch', { roles: [role(), role()], targets: [anyTarget(), anyTarget()] }),
    () => pool.call('assignRole', { ...role(), targets: [target('DEPARTMENT', root.departmentId)] }),
    () => pool.call('revokeRoleBatch', { roles: [role(), role()], targets: [anyTarget(), anyTarget()] }),
    () => pool.call('setRoleMutualExclusion', { roles: [role(), role()] }),
    () => pool.call('removeRoleMutualExclusion', { roles: [role(), role()] }),
  ];
  const statuses = new Set<number>();
  for (let round = 0; round < 8; round++) {
    const answers = await Promise.all(Array.from({ length: 16 }, () => calls[random(calls.length)]?.()));
    for (const answer of answers) statuses.add(answer?.statusCode ?? 0);
    const rows = await pool.rows('role_assignments');
    const codeOf = new Map((await pool.rows('roles')).map(({ id, code }) => [id, code]));
    // Each target by itself, and each user with all that reaches him.
    const byTarget = Map.groupBy(
      rows,
      (row) => row['user_id'] ?? row['group_id'] ?? row['department_number'] ?? row['holder_role_id'],
    );
    for (const [key, ofTarget] of byTarget) {
      const roles = ofTarget.map((row) => ({ code: codeOf.get(row['role_id']) }));
      // Whoever holds a role has what is assigned to it beside it.
      if (codeOf.has(key)) roles.push({ code: codeOf.get(key) });
      expect(await pool.do('checkMutualExclusion', { roles })).toEqual({ existMutuallyExclusive: false });
    }
    for (const userId of [ada, grace]) {
      const { list } = await pool.do('getUserRoles', { userId });
      if (list.length === 0) continue;
      const roles = list.map(({ code }: { code: string }) => ({ code }));
      expect(await pool.do('checkMutualExclusion', { roles })).toEqual({ existMutuallyExclusive: false });
    }
  }
  expect([...statuses].filter((status) => ![200, 400, 422].includes(status))).toEqual([]);
  expect(statuses).toContain(422);
});

test('a role of another user pool is not found', async () => {
  const [own, other] = await Promise.all([aPool(['a']), aPool(['theirs'])]);
  expect(other.pool.id).not.toBe(own.pool.id);
  const roles = [{ code: 'a' }, { code: 'theirs' }];
  for (const operation of ['setRoleMutualExclusion', 'removeRoleMutualExclusion', 'checkMutualExclusion']) {
    expect((await own.pool.call(operation, { roles })).statusCode).toBe(404);
  }
});
