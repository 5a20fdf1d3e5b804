import { describe, expect, test } from 'vitest';
import { type TestUserPool, testUserPool } from '../../testing/server.ts';

/** A target of each kind, as `set-custom-data` names it. */
const targets = {
  USER: async (pool: TestUserPool) => (await pool.do('createUser', { username: 'ada' })).userId,
  DEPARTMENT: async (pool: TestUserPool) =>
    (await pool.do('createOrganization', { organizationCode: 'acme', organizationName: 'Acme' })).departmentId,
  ROLE: async (pool: TestUserPool) => (await pool.do('createRole', { code: 'manager' })).code,
  GROUP: async (pool: TestUserPool) => (await pool.do('createGroup', { code: 'manager' })).code,
} as const;
const tables = { USER: 'users', DEPARTMENT: 'departments', ROLE: 'roles', GROUP: 'groups' } as const;
const webhooks = {
  USER: 'user:udv-changed',
  DEPARTMENT: 'organization:udv-changed',
  ROLE: 'role:udv-changed',
  GROUP: 'group:updated',
} as const;
type Kind = keyof typeof targets;
/** The same change by the operation that changes other fields as well. */
const updates: Record<Kind, (id: string, customData: object) => [operation: string, input: Record<string, unknown>]> = {
  USER: (userId, customData) => ['updateUser', { userId, customData }],
  DEPARTMENT: (departmentId, customData) => [
    'updateDepartment',
    { organizationCode: 'acme', departmentId, customData },
  ],
  ROLE: (code, customData) => ['updateRole', { code, customData }],
  GROUP: (code, customData) => ['updateGroup', { code, customData }],
};
const kinds = Object.keys(targets) as Kind[];

async function place(targetType: Kind, ...fields: readonly object[]) {
  const pool = await testUserPool();
  const targetIdentifier: string = await targets[targetType](pool);
  await pool.do('setCustomFields', { list: fields.map((field) => ({ targetType, ...field })) });
  const reference = { targetType, targetIdentifier };
  return {
    pool,
    reference,
    set: (values: Readonly<Record<string, unknown>>, more = {}) =>
      pool.call('setCustomData', {
        ...reference,
        list: Object.entries(values).map(([key, value]) => ({ key, value })),
        ...more,
      }),
    get: () => pool.do('getCustomData', reference),
    rows: () => pool.rows<{ custom_data: Readonly<Record<string, unknown>> }>(tables[targetType]),
  };
}

describe.each(kinds)('%s', (kind) => {
  test('keeps values of every type, changes what is given, and forgets what is null', async () => {
    const here = await place(
      kind,
      { key: '学校' },
      { key: 'age', dataType: 'NUMBER' },
      { key: 'since', dataType: 'DATETIME' },
      { key: 'remote', dataType: 'BOOLEAN' },
      { key: 'level', dataType: 'ENUM', options: [{ value: 'a', label: 'A' }] },
      { key: 'secret', encrypted: true },
    );
    expect(await here.get()).toEqual({});
    const hostile = `'; drop table users; -- \u202e 𠮷 "\\ {0} %s`;
    const values = {
      学校: hostile,
      age: 22,
      since: '2022-06-03',
      remote: false,
      level: 'a',
      secret: '110101199001011234',
    };
    expect(await here.set(values)).toMatchObject({ statusCode: 200, data: { success: true } });
    expect(await here.get()).toEqual({ ...values, since: '2022-06-03T00:00:00.000Z' });
    await here.set({ age: '22.5', remote: 'true', since: '2022-06-03T08:00:00+08:00', level: null });
    expect(await here.get()).toEqual({
      学校: hostile,
      age: 22.5,
      remote: true,
      since: '2022-06-03T00:00:00.000Z',
      secret: '110101199001011234',
    });
  });

  test('announces a change as the operation does that changes other fields as well', async () => {
    const { pool, reference, set } = await place(kind, { key: 'school' }, { key: 'secret', encrypted: true });
    const announced = async (change: () => Promise<unknown>) => {
      const before = (await pool.events()).length;
      await change();
      // The same but for the time of the change.
      return JSON.parse(
        JSON.stringify((await pool.events()).slice(before)).replace(/"updatedAt":"[^"]*"/g, '"updatedAt":"then"'),
      );
    };
    const values = { school: 'pku', secret: '110101199001011234' };
    const byItself = await announced(() => set(values));
    await set({ school: null, secret: null });
    const [operation, input] = updates[kind](reference.targetIdentifier, values);
    expect(byItself).toEqual(await announced(() => pool.do(operation, input)));
    expect(byItself.length).toBe(kind === 'GROUP' ? 1 : 2);
    // Nothing changes, nothing is announced.
    expect(await announced(() => set(values))).toEqual([]);
  });

  test('has encrypted values in no table in clear, and nowhere else but in the answer', async () => {
    const here = await place(kind, { key: 'secret', encrypted: true, isUnique: true }, { key: 'open' });
    const secret = '110101199001011234';
    await here.set({ secret, open: 'visible' });
    await here.set({ secret: `${secret}5` });
    await here.set({ secret: null });
    await here.set({ secret });
    expect(await here.get()).toEqual({ secret, open: 'visible' });
    const everything = await Promise.all([
      here.rows(),
      here.pool.audits(),
      here.pool.events(),
      here.pool.rows(`${kind.toLowerCase()}_unique_values`),
    ]);
    expect(JSON.stringify(everything)).not.toContain(secret);
    expect(JSON.stringify(everything)).toContain('visible');
    const told = (await here.pool.events()).filter(({ webhook }) => webhook === webhooks[kind]);
    expect(told.map(({ data }) => (kind === 'GROUP' ? data.updates.customData : data.updates))).toEqual([
      { secret: '[redacted]', open: 'visible' },
      { secret: '[redacted]' },
      { secret: null },
      { secret: '[redacted]' },
    ]);
    const audits = (await here.pool.audits()).filter(({ action }) => action === 'setCustomData');
    expect(audits[0]).toMatchObject({
      origin_value: { secret: null, open: null },
      target_value: { secret: '[redacted]', open: 'visible' },
    });
  });

  test('says nothing and writes nothing when all is as it was', async () => {
    const here = await place(kind, { key: 'school' }, { key: 'secret', encrypted: true });
    await here.set({ school: 'pku', secret: 'x' });
    const [rows, events] = [await here.rows(), await here.pool.events()];
    expect(await here.set({ school: 'pku', secret: 'x' })).toMatchObject({ statusCode: 200 });
    expect([await here.rows(), await here.pool.events()]).toEqual([rows, events]);
  });

  test('is refused as a whole when one value is wrong', async () => {
    const here = await place(
      kind,
      { key: 'school' },
      { key: 'age', dataType: 'NUMBER' },
      { key: 'since', dataType: 'DATETIME' },
      { key: 'remote', dataType: 'BOOLEAN' },
      { key: 'level', dataType: 'ENUM', options: [{ value: 'a', label: 'A' }] },
    );
    const wrong: readonly (readonly [key: string, value: unknown, message: string])[] = [
      ['school', 12, 'customData.school is not of type STRING'],
      ['school', true, 'customData.school is not of type STRING'],
      ['age', 'abc', 'customData.age is not of type NUMBER'],
      ['age', false, 'customData.age is not of type NUMBER'],
      ['age', 2 ** 60, 'customData.age is not of type NUMBER'],
      ['age', '0x10', 'customData.age is not of type NUMBER'],
      ['since', 'yesterday', 'customData.since is not of type DATETIME'],
      ['since', '2022-02-30', 'customData.since is not of type DATETIME'],
      ['since', 1e20, 'customData.since is not of type DATETIME'],
      ['since', 8.64e15, 'customData.since is not of type DATETIME'],
      ['since', '0000-01-01', 'customData.since is not of type DATETIME'],
      ['since', '0001-01-01T00:00:00+14:00', 'customData.since is not of type DATETIME'],
      ['remote', 'yes', 'customData.remote is not of type BOOLEAN'],
      ['remote', 1, 'customData.remote is not of type BOOLEAN'],
      ['level', 'b', 'customData.level is none of the options of the field'],
      ['unknown', 'x', 'Custom field not defined: unknown'],
      ['__proto__', 'x', 'Custom field not defined: __proto__'],
      ['constructor', 'x', 'Custom field not defined: constructor'],
      ['school', '好'.repeat(1025), 'customData must be less than 1024 characters'],
    ];
    for (const [key, value, message] of wrong) {
      const list = [
        { key: 'school', value: 'pku' },
        { key, value },
      ];
      expect(await here.set({}, { list })).toMatchObject({ statusCode: 400, message });
    }
    expect(await here.get()).toEqual({});
    expect(await here.set({ school: '𠮷'.repeat(1024) })).toMatchObject({ statusCode: 200 });
  });

  test('of another user pool is not found, nor are its fields', async () => {
    const here = await place(kind, { key: 'school' });
    const other = await place(kind, { key: 'team' });
    const foreign = { targetIdentifier: other.reference.targetIdentifier };
    if (kind === 'USER' || kind === 'DEPARTMENT') {
      expect(await here.set({ school: 'pku' }, foreign)).toMatchObject({ statusCode: 404 });
      expect(await here.pool.call('getCustomData', { ...here.reference, ...foreign })).toMatchObject({
        statusCode: 404,
      });
    }
    expect(await here.set({ team: 'x' })).toMatchObject({ statusCode: 400, message: 'Custom field not defined: team' });
    expect(await other.get()).toEqual({});
  });

  test('lets one have a unique value, whoever asks first, and frees it when it is gone', async () => {
    const here = await place(
      kind,
      { key: 'badge', isUnique: true },
      { key: 'seat', isUnique: true, dataType: 'NUMBER' },
    );
    const { pool } = here;
    const second: string = await {
      USER: async () => (await pool.do('createUser', { username: 'grace' })).userId,
      ROLE: async () => (await pool.do('createRole', { code: 'clerk' })).code,
      GROUP: async () => (await pool.do('createGroup', { code: 'clerk' })).code,
      DEPARTMENT: async () =>
        (await pool.do('createOrganization', { organizationCode: 'globex', organizationName: 'Globex' })).departmentId,
    }[kind]();
    const setSecond = (values: object) => here.set({ ...values }, { targetIdentifier: second });
    expect(await here.set({ badge: 'A1', seat: 7 })).toMatchObject({ statusCode: 200 });
    expect(await setSecond({ badge: 'A1' })).toMatchObject({ statusCode: 409, message: 'customData.badge is taken' });
    expect(await setSecond({ seat: '7.0' })).toMatchObject({ statusCode: 409 });
    // Case matters, composition does not.
    expect(await setSecond({ badge: 'a1' })).toMatchObject({ statusCode: 200 });
    await here.set({ badge: '\u00e9' });
    expect(await setSecond({ badge: 'e\u0301' })).toMatchObject({ statusCode: 409 });
    expect(await setSecond({ badge: 'A1' })).toMatchObject({ statusCode: 200 });
    await here.set({ badge: null, seat: null });
    expect(await setSecond({ badge: '\u00e9', seat: 7 })).toMatchObject({ statusCode: 200 });
    const removal = {
      USER: ['deleteUsersBatch', { userIds: [second] }],
      ROLE: ['deleteRolesBatch', { codeList: [second] }],
      GROUP: ['deleteGroupsBatch', { codeList: [second] }],
      DEPARTMENT: ['deleteOrganization', { organizationCode: 'globex' }],
    } as const;
    const [operation, input] = removal[kind];
    await pool.do(operation, input);
    expect(await here.set({ badge: '\u00e9', seat: 7 })).toMatchObject({ statusCode: 200 });
  });
});

test('an empty text is no value, and two of them are no conflict', async () => {
  const here = await place('USER', { key: 'badge', isUnique: true }, { key: 'age', dataType: 'NUMBER' });
  const { userId } = await here.pool.do('createUser', { username: 'grace' });
  expect(await here.set({ badge: '', age: '' })).toMatchObject({ statusCode: 200 });
  expect(await here.set({ badge: '' }, { targetIdentifier: userId })).toMatchObject({ statusCode: 200 });
  expect(await here.get()).toEqual({});
});

test('values of one target have an end altogether', async () => {
  const fields = Array.from({ length: 50 }, (_, at) => ({ key: `f${at}` }));
  const here = await place('USER', ...fields);
  const much = (from: number, to: number) =>
    Object.fromEntries(fields.slice(from, to).map(({ key }) => [key, '好'.repeat(1024)]));
  await here.pool.do('setCustomFields', {
    list: fields.map(({ key }) => ({ targetType: 'USER', key: `${key}_more` })),
  });
  expect(await here.set(much(0, 50))).toMatchObject({ statusCode: 200 });
  const more = Object.fromEntries(Object.entries(much(0, 50)).map(([key, value]) => [`${key}_more`, value]));
  expect(await here.set(more)).toMatchObject({
    statusCode: 413,
    message: 'customData is larger than 65536 characters altogether',
  });
});

test('a role is named with its namespace', async () => {
  const here = await place('ROLE', { key: 'school' });
  await here.pool.do('createRole', { code: 'manager', namespace: 'billing' });
  await here.set({ school: 'pku' }, { namespace: 'billing' });
  expect(await here.get()).toEqual({});
  expect(await here.pool.do('getCustomData', { ...here.reference, namespace: 'billing' })).toEqual({ school: 'pku' });
  expect(await here.set({ school: 'pku' }, { namespace: 'shipping' })).toMatchObject({ statusCode: 404 });
});

/** JSON as it is sent: a literal of that name would set the prototype instead. */
const parsed = (text: string): Record<string, unknown> => JSON.parse(text);

test('a key named __proto__ is refused by its name wherever custom data are taken, and never left out', async () => {
  const pool = await testUserPool();
  for (const targetType of kinds) {
    await pool.do('setCustomFields', { list: [{ targetType, key: 'school' }] });
  }
  const customData = parsed('{"school":"pku","__proto__":"x"}');
  const { userId } = await pool.do('createUser', { username: 'ada' });
  await pool.do('createOrganization', { organizationCode: 'acme', organizationName: 'Acme' });
  const calls: readonly (readonly [operation: string, input: object])[] = [
    ['createUser', { username: 'bob', customData }],
    ['createUsersBatch', { list: [{ username: 'bob', customData }] }],
    ['updateUser', { userId, customData }],
    ['createRole', { code: 'manager', customData }],
    ['createGroup', { code: 'manager', customData }],
    ['createDepartment', { organizationCode: 'acme', parentDepartmentId: 'root', name: 'rd', customData }],
  ];
  for (const [operation, input] of calls) {
    const answer = await pool.call(operation, { ...input });
    expect([operation, answer]).toEqual([
      operation,
      expect.objectContaining({
        statusCode: 400,
        message: expect.stringMatching(/customData\.__proto__ is malformed$/),
      }),
    ]);
  }
  // At any depth, whatever is around it.
  const nested = parsed('{"school":{"a":[{"__proto__":{"isAdmin":true}}]}}');
  expect(await pool.call('updateUser', { userId, customData: nested })).toMatchObject({
    statusCode: 400,
    message: 'Parameter customData.school.a.0.__proto__ is malformed',
  });
  expect((await pool.rows('users')).length + (await pool.rows('roles')).length).toBe(1);
  // Names that only look dangerous are names.
  await pool.do('setCustomFields', {
    list: ['constructor', 'prototype', 'toString'].map((key) => ({ targetType: 'USER', key })),
  });
  const plain = parsed('{"constructor":"x","prototype":"y","toString":"z"}');
  await pool.do('updateUser', { userId, customData: plain });
  expect((await pool.do('getUser', { userId, withCustomData: true })).customData).toEqual(plain);
});
