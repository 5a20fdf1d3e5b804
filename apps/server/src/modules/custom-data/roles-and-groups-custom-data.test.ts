/** Custom data as it comes and goes with roles and groups. */
import { describe, expect, test } from 'vitest';
import { testUserPool } from '../../testing/server.ts';

const secret = 'Kx-110101199001011234';

/** How each kind is made, changed and read. */
const operations = {
  ROLE: {
    create: 'createRole',
    createBatch: 'createRolesBatch',
    update: 'updateRole',
    get: 'getRole',
    list: 'listRoles',
    events: ['role:updated', 'role:udv-changed'],
  },
  GROUP: {
    create: 'createGroup',
    createBatch: 'createGroupsBatch',
    update: 'updateGroup',
    get: 'getGroup',
    list: 'listGroups',
    events: ['group:updated'],
  },
} as const;

describe.each(['ROLE', 'GROUP'] as const)('%s', (targetType) => {
  const { create, createBatch, update, get, list, events } = operations[targetType];

  async function place() {
    const pool = await testUserPool();
    const fields = [
      { key: '图标' },
      { key: 'level', dataType: 'NUMBER' },
      { key: 'badge', isUnique: true },
      { key: 'secret', encrypted: true },
    ];
    await pool.do('setCustomFields', { list: fields.map((field) => ({ targetType, ...field })) });
    return pool;
  }

  test('is made with custom data, changed by key, and shows it to whoever asks', async () => {
    const pool = await place();
    const customData = { 图标: 'crown', level: 3, secret };
    const made = await pool.do(create, { code: 'manager', customData });
    expect(made).not.toHaveProperty('customData');
    expect(await pool.do(get, { code: 'manager' })).not.toHaveProperty('customData');
    const read = async () => (await pool.do(get, { code: 'manager', withCustomData: true })).customData;
    expect(await read()).toEqual(customData);
    expect((await pool.do(list, { withCustomData: true })).list[0].customData).toEqual(customData);
    expect((await pool.audits()).at(-1).target_value).toMatchObject({
      code: 'manager',
      customData: { ...customData, secret: '[redacted]' },
    });
    const before = (await pool.events()).length;
    await pool.do(update, { code: 'manager', name: 'Boss', customData: { 图标: null, level: 4 } });
    expect(await read()).toEqual({ level: 4, secret });
    const told = (await pool.events()).slice(before);
    expect(told.map(({ webhook }) => webhook)).toEqual(events);
    expect(told[0]?.data.updates).toEqual({ name: 'Boss', customData: { 图标: null, level: 4 } });
    expect((await pool.audits()).at(-1)).toMatchObject({
      origin_value: { customData: { 图标: 'crown', level: 3 } },
      target_value: { name: 'Boss', customData: { 图标: null, level: 4 } },
    });
    await pool.do(update, { code: 'manager', customData: { level: 4, secret } });
    expect(await pool.events()).toHaveLength(before + events.length);
    // Custom data alone is a change, too; null as Go sends it is none.
    await pool.do(update, { code: 'manager', customData: { level: 5 } });
    await pool.do(update, { code: 'manager', customData: null });
    expect(await pool.events()).toHaveLength(before + 2 * events.length);
    const kept = await Promise.all([
      pool.audits(),
      pool.events(),
      pool.rows(targetType === 'ROLE' ? 'roles' : 'groups'),
    ]);
    expect(JSON.stringify(kept)).not.toContain(secret);
  });

  test('is refused with a value that is wrong or taken, and nothing is made', async () => {
    const pool = await place();
    await pool.do(create, { code: 'manager', customData: { badge: 'A1' } });
    const refused = [
      [{ badge: 'A1' }, 409, 'customData.badge is taken'],
      [{ level: '3' }, 400, 'customData.level is not of type NUMBER'],
      [{ unknown: 3 }, 400, 'Custom field not defined: unknown'],
    ] as const;
    for (const [customData, statusCode, message] of refused) {
      expect(await pool.call(create, { code: 'clerk', customData })).toMatchObject({ statusCode, message });
    }
    const batch = [{ code: 'clerk' }, { code: 'cook', customData: { badge: 'A1' } }];
    expect(await pool.call(createBatch, { list: batch })).toMatchObject({
      statusCode: 409,
      message: 'list.1.customData.badge is taken',
    });
    expect((await pool.do(list, {})).totalCount).toBe(1);
  });
});

test('members of a role and of a group show their own custom data', async () => {
  const pool = await testUserPool();
  await pool.do('setCustomFields', { list: [{ targetType: 'USER', key: 'school' }] });
  const { userId } = await pool.do('createUser', { username: 'ada', customData: { school: 'pku' } });
  await pool.do('createRole', { code: 'manager' });
  await pool.do('assignRole', { code: 'manager', targets: [{ targetType: 'USER', targetIdentifier: userId }] });
  const members = await pool.do('listRoleMembers', { code: 'manager', withCustomData: true });
  expect(members.list).toMatchObject([{ userId, customData: { school: 'pku' } }]);
});

test('create-or-update-group takes custom data both ways, and lists show it flat', async () => {
  const pool = await testUserPool();
  await pool.do('setCustomFields', { list: [{ targetType: 'GROUP', key: 'color' }] });
  await pool.do('createOrUpdateGroup', { code: 'a', customData: { color: 'red' } });
  const flat = { flatCustomData: true, withCustomData: true };
  expect((await pool.do('listGroups', flat)).list).toMatchObject([{ code: 'a', color: 'red' }]);
  await pool.do('createOrUpdateGroup', { code: 'a', customData: { color: 'blue' } });
  expect(await pool.do('getAllGroups', { withCustomData: true })).toMatchObject([{ customData: { color: 'blue' } }]);
  const [group] = (await pool.do('listGroups', flat)).list;
  expect(group).not.toHaveProperty('customData');
});
