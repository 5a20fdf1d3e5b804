import { expect, test } from 'vitest';
import { type TestUserPool, testUserPool } from '../../testing/server.ts';

type Value = string | number | boolean | null;
type Kind = 'text' | 'list' | 'number' | 'time' | 'boolean' | 'enum' | 'sealed';

const operators = [
  'EQUAL',
  'NOT_EQUAL',
  'CONTAINS',
  'NOT_CONTAINS',
  'IS_NULL',
  'NOT_NULL',
  'IN',
  'GREATER',
  'LESSER',
  'BETWEEN',
] as const;

const day = (number: number) => `2024-01-0${number}T00:00:00.000Z`;

/** One field of each kind and each place it is stored in, with what the people a to f have there. */
const fields: { readonly field: string; readonly kind: Kind; readonly values: readonly Value[] }[] = [
  { field: 'nickname', kind: 'text', values: ['anna', 'annabel', null, 'bob', 'straße', 'bob'] },
  { field: 'externalId', kind: 'text', values: ['x1', 'x2', 'x3', null, 'y1', 'y2'] },
  { field: 'email', kind: 'text', values: ['a@x.org', 'b@x.org', null, 'd@y.org', null, 'f@y.org'] },
  {
    field: 'phone',
    kind: 'text',
    values: ['18800000001', '18812345678', null, '18833333333', null, '18844444444'],
  },
  { field: 'photo', kind: 'text', values: ['p1', 'p2', null, 'p1', null, 'q'] },
  { field: 'company', kind: 'text', values: ['acme', null, 'acme', 'globex', null, 'initech'] },
  { field: 'country', kind: 'text', values: ['cn', null, 'de', 'de', null, 'fr'] },
  { field: 'registerSource', kind: 'list', values: Array.from({ length: 6 }, () => 'import:manual') },
  { field: 'loginsCount', kind: 'number', values: [0, 1, 2, 2, 3, 40] },
  { field: 'passwordSecurityLevel', kind: 'number', values: [null, 1, 2, 3, null, 2] },
  { field: 'createdAt', kind: 'time', values: [1, 2, 3, 4, 5, 6].map(day) },
  { field: 'lastLogin', kind: 'time', values: [day(1), null, day(3), day(3), null, day(6)] },
  { field: 'emailVerified', kind: 'boolean', values: [true, false, false, true, false, false] },
  { field: 'gender', kind: 'enum', values: ['M', 'F', 'U', 'U', 'F', 'M'] },
  { field: 'identityNumber', kind: 'sealed', values: ['420421', null, null, '420422', null, null] },
  { field: 'school', kind: 'text', values: ['mit', 'mit press', null, 'eth', null, 'eth'] },
  { field: 'age', kind: 'number', values: [20, 21.5, null, 30, null, 40] },
  { field: 'hired', kind: 'time', values: [day(1), null, day(3), null, day(5), day(6)] },
  { field: 'remote', kind: 'boolean', values: [true, null, false, true, null, false] },
  { field: 'level', kind: 'text', values: ['junior', null, 'senior', 'senior', null, 'junior'] },
  { field: 'number', kind: 'text', values: ['n:1', 'n:2', null, 'm:1', 'zé', null] },
  { field: 'badge', kind: 'number', values: [1, 2.5, null, 3, 4, null] },
  { field: 'secret', kind: 'sealed', values: ['s1', null, 's2', null, null, null] },
];

let shared: Promise<TestUserPool> | undefined;

/** Nobody changes the people of this pool. */
function sharedPool(): Promise<TestUserPool> {
  shared ??= makePool();
  return shared;
}

async function makePool(): Promise<TestUserPool> {
  const pool = await testUserPool();
  const custom = { targetType: 'USER', userEditable: false, visibleInAdminConsole: true, visibleInUserCenter: true };
  await pool.do('setCustomFields', {
    list: [
      { ...custom, key: 'school', label: 'School', dataType: 'STRING' },
      { ...custom, key: 'age', label: 'Age', dataType: 'NUMBER' },
      { ...custom, key: 'hired', label: 'Hired', dataType: 'DATETIME' },
      { ...custom, key: 'remote', label: 'Remote', dataType: 'BOOLEAN' },
      {
        ...custom,
        key: 'level',
        label: 'Level',
        dataType: 'ENUM',
        options: ['junior', 'senior'].map((value) => ({ value, label: value })),
      },
      { ...custom, key: 'number', label: 'Number', dataType: 'STRING', isUnique: true },
      { ...custom, key: 'badge', label: 'Badge', dataType: 'NUMBER', isUnique: true },
      { ...custom, key: 'secret', label: 'Secret', dataType: 'STRING', encrypted: true },
    ],
  });
  const storedAs = (name: string, index: number) => fields.find(({ field }) => field === name)?.values[index] ?? null;
  const of = (index: number, ...names: string[]) =>
    Object.fromEntries(
      names.flatMap((name) => (storedAs(name, index) === null ? [] : [[name, storedAs(name, index)]])),
    );
  await pool.do('createUsersBatch', {
    list: [...'abcdef'].map((username, index) => ({
      username,
      ...of(
        index,
        'nickname',
        'externalId',
        'email',
        'phone',
        'photo',
        'company',
        'country',
        'gender',
        'identityNumber',
      ),
      ...of(index, 'emailVerified'),
      customData: of(index, 'school', 'age', 'hired', 'remote', 'level', 'secret', 'number', 'badge'),
    })),
  });
  for (const [index, username] of [...'abcdef'].entries()) {
    // No operation sets these as one likes.
    await pool.server.sql(
      `update users set logins_count = $3, password_security_level = $4, created_at = $5, last_login_at = $6
       where user_pool_id = $1 and username = $2`,
      [
        pool.id,
        username,
        storedAs('loginsCount', index),
        storedAs('passwordSecurityLevel', index),
        storedAs('createdAt', index),
        storedAs('lastLogin', index),
      ],
    );
  }
  return pool;
}

function isAllowed(operator: (typeof operators)[number], kind: Kind): boolean {
  switch (operator) {
    case 'IS_NULL':
    case 'NOT_NULL':
      return true;
    case 'EQUAL':
    case 'NOT_EQUAL':
    case 'IN':
      return kind !== 'sealed';
    case 'CONTAINS':
    case 'NOT_CONTAINS':
      return kind === 'text' || kind === 'list';
    case 'GREATER':
    case 'LESSER':
    case 'BETWEEN':
      return kind === 'text' || kind === 'number' || kind === 'time';
  }
}

/** What the operator says of a value, as the reference describes it: both bounds included, and empty is not equal to anything. */
function holds(operator: (typeof operators)[number], value: Value, given: Value, upper: Value): boolean {
  const isEqual = value !== null && value === given;
  const contains = value !== null && String(value).includes(String(given));
  switch (operator) {
    case 'EQUAL':
      return isEqual;
    case 'NOT_EQUAL':
      return !isEqual;
    case 'CONTAINS':
      return contains;
    case 'NOT_CONTAINS':
      return !contains;
    case 'IS_NULL':
      return value === null;
    case 'NOT_NULL':
      return value !== null;
    case 'IN':
      return isEqual || (value !== null && value === upper);
    case 'GREATER':
      return value !== null && given !== null && value >= given;
    case 'LESSER':
      return value !== null && given !== null && value <= given;
    case 'BETWEEN':
      return value !== null && given !== null && upper !== null && value >= given && value <= upper;
  }
}

test.each(fields)('every operator on $field does what it says, or is refused', async ({ field, kind, values }) => {
  const pool = await sharedPool();
  const filled = values.filter((value) => value !== null).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const [given, upper] = [filled[1] ?? null, filled.at(-2) ?? null];
  for (const operator of operators) {
    const value = operator === 'IN' || operator === 'BETWEEN' ? [given, upper] : given;
    const answer = await pool.call('listUsers', {
      advancedFilter: [{ field, operator, value }],
      options: { sort: [{ field: 'username', order: 'asc' }] },
    });
    if (!isAllowed(operator, kind)) {
      expect(answer, operator).toMatchObject({
        statusCode: 400,
        message: 'Parameter advancedFilter.0.operator is malformed',
      });
      continue;
    }
    expect(answer.statusCode, operator).toBe(200);
    const found = answer.data.list.map(({ username }: { username: string }) => username).join('');
    const expected = [...'abcdef'].filter((_, index) => holds(operator, values[index] ?? null, given, upper)).join('');
    expect(found, `${field} ${operator} ${JSON.stringify(value)}`).toBe(expected);
    expect(answer.data.totalCount).toBe(expected.length);
  }
});

test.each([
  ['nickname', 'CONTAINS', 'STRASSE', 'e'],
  ['nickname', 'NOT_CONTAINS', 'Strasse', 'abcdf'],
  ['company', 'CONTAINS', 'ＣＭ', 'ac'],
  ['nickname', 'CONTAINS', '%', ''],
  ['photo', 'CONTAINS', 'P', 'abd'],
  ['phone', 'EQUAL', 18812345678, 'b'],
  ['phone', 'IN', [18812345678, '18800000000'], 'b'],
  ['phone', 'CONTAINS', 1234, 'b'],
  ['photo', 'NOT_CONTAINS', 1, 'bcef'],
  ['loginsCount', 'EQUAL', 1.5, ''],
  ['loginsCount', 'GREATER', 1.5, 'cdef'],
  ['loginsCount', 'LESSER', 1.5, 'ab'],
  ['loginsCount', 'GREATER', 1e300, ''],
  ['loginsCount', 'LESSER', 1e300, 'abcdef'],
  ['loginsCount', 'NOT_EQUAL', 1e300, 'abcdef'],
  ['age', 'BETWEEN', [21.5, 30.5], 'bd'],
  ['hired', 'GREATER', Date.parse(day(5)), 'ef'],
  ['hired', 'GREATER', '2024-01-05', 'ef'],
  ['hired', 'GREATER', '2023-02-29', undefined],
  ['createdAt', 'LESSER', '2024-02-31T00:00:00.000Z', undefined],
  ['secret', 'EQUAL', 's1', undefined],
  ['number', 'EQUAL', 'ze\u0301', 'e'],
  ['number', 'EQUAL', '', ''],
  ['badge', 'EQUAL', '2.5', 'b'],
  ['badge', 'EQUAL', 'x', undefined],
  ['loggedInApps', 'IN', ['6229ffa0a1b2c3d4cade3e3d'], ''],
  ['loggedInApps', 'EQUAL', '6229ffa0a1b2c3d4cade3e3d', undefined],
  ['loggedInApps', 'IN', '6229ffa0a1b2c3d4cade3e3d', undefined],
  ['identity', 'IN', [{ extIdpId: '6229ffa0a1b2c3d4cade3e3d', provider: null }], ''],
  ['identity', 'EQUAL', {}, undefined],
  ['userSource', 'IN', [{ type: 'adminCreated', id: '' }], 'abcdef'],
  ['userSource', 'EQUAL', [{ type: 'adminCreated' }], undefined],
])('filters %s %s %j', async (field, operator, value, expected) => {
  const pool = await sharedPool();
  const answer = await pool.call('listUsers', {
    advancedFilter: [{ field, operator, value }],
    options: { sort: [{ field: 'username', order: 'asc' }] },
  });
  if (expected === undefined) expect(answer.statusCode).toBe(400);
  else expect(answer.data.list.map(({ username }: { username: string }) => username).join('')).toBe(expected);
});
