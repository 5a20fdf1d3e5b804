import { expect, test } from 'vitest';
import {
  byCompany,
  is,
  namesIn,
  type Rule,
  withGroup,
  withGroups,
  withTree,
  withUsers,
} from '../../testing/dynamic-groups.ts';
import { testUserPool } from '../../testing/server.ts';

test('conditions mean what they mean in list-users, and combine by and, or and not', async () => {
  const pool = await testUserPool();
  await withUsers(pool, {
    ann: { email: 'ann@example.com', gender: 'F', company: 'Acme', birthdate: '1990-01-01' },
    bob: { email: 'bob@other.com', gender: 'M', name: '张三' },
    cat: { gender: 'F', externalId: '10', status: 'Suspended' },
    dan: { phone: '18812345678', company: 'acme games' },
  });
  const rules: readonly (readonly [Rule, readonly string[]])[] = [
    [is('email', 'ANN@example.com'), ['ann']],
    [{ field: 'email', operator: 'CONTAINS', value: 'OTHER' }, ['bob']],
    [{ field: 'company', operator: 'NOT_CONTAINS', value: 'acme' }, ['bob', 'cat']],
    [{ field: 'externalId', operator: 'NOT_NULL' }, ['cat']],
    [{ field: 'gender', operator: 'IN', value: ['M', 'U'] }, ['bob', 'dan']],
    [{ field: 'createdAt', operator: 'GREATER', value: 0 }, ['ann', 'bob', 'cat', 'dan']],
    [{ field: 'username', operator: 'BETWEEN', value: ['b', 'c'] }, ['bob']],
    [is('name', '张三'), ['bob']],
    [is('status', 'Suspended'), ['cat']],
    // Nothing is known of the company of two of them: then it is not Acme.
    [{ not: is('company', 'Acme') }, ['bob', 'cat', 'dan']],
    [{ not: { not: is('company', 'Acme') } }, ['ann']],
    [{ and: [is('gender', 'F'), { not: is('status', 'Suspended') }] }, ['ann']],
    [{ or: [is('company', 'Acme'), { and: [is('gender', 'M'), is('name', '张三')] }] }, ['ann', 'bob']],
  ];
  await withGroups(
    pool,
    rules.map(([rule]) => rule),
  );
  for (const [index, [rule, expected]] of rules.entries()) {
    expect([rule, await namesIn(pool, `g${index}`)]).toEqual([rule, expected]);
    if ('field' in rule) {
      const { list } = await pool.do('listUsers', { advancedFilter: [rule], options: { pagination: { limit: 50 } } });
      expect(list.map(({ username }: { username: string }) => username).sort()).toEqual(expected);
    }
  }
});

test('a phone is found as look-ups find it: in one country by its E.164 form, in any without', async () => {
  const pool = await testUserPool();
  await withUsers(pool, {
    ann: { phone: '18812345678' },
    bob: { phone: '+44 7911 123456' },
    cat: { phone: '7911123456', phoneCountryCode: '+1' },
    dan: { phone: '06 1234 5678', phoneCountryCode: '+39' },
    eve: {},
  });
  const rules: readonly (readonly [operator: string, value: unknown, expected: string])[] = [
    ['EQUAL', '+8618812345678', 'ann'],
    ['EQUAL', '+86 188-1234-5678', 'ann'],
    ['EQUAL', '188 1234 5678', 'ann'],
    ['EQUAL', 18812345678, 'ann'],
    ['EQUAL', '+447911123456', 'bob'],
    ['EQUAL', '+44 07911 123456', 'bob'],
    ['EQUAL', '+17911123456', 'cat'],
    ['EQUAL', '7911123456', 'bob cat'],
    ['EQUAL', '07911 123456', 'bob cat'],
    ['EQUAL', '+390612345678', 'dan'],
    ['EQUAL', '+1 188 1234 5678', ''],
    ['EQUAL', '+', ''],
    ['NOT_EQUAL', '+447911123456', 'ann cat dan eve'],
    ['NOT_EQUAL', '+447911123457', 'ann bob cat dan eve'],
    ['IN', ['+447911123456', '18812345678', '+19999999999'], 'ann bob'],
    ['IN', ['+8618812345678', '+17911123456'], 'ann cat'],
    ['CONTAINS', '1234', 'ann bob cat dan'],
    ['IS_NULL', undefined, 'eve'],
  ];
  const filters = rules.map(([operator, value]) => ({ field: 'phone', operator, value }));
  await withGroups(pool, filters);
  for (const [index, [operator, value, expected]] of rules.entries()) {
    const { list } = await pool.do('listUsers', { advancedFilter: [filters[index]] });
    const names = list.map(({ username }: { username: string }) => username).sort();
    expect(names.join(' '), `${operator} ${value}`).toBe(expected);
    expect((await namesIn(pool, `g${index}`)).join(' '), `${operator} ${value} in a rule`).toBe(expected);
  }
  for (const userId of ['+8618812345678', '+44 07911 123456', '+390612345678']) {
    const { username } = await pool.do('getUser', { userId, userIdType: 'phone' });
    const { list } = await pool.do('listUsers', {
      advancedFilter: [{ field: 'phone', operator: 'EQUAL', value: userId }],
    });
    expect(list).toMatchObject([{ username }]);
  }
  // What somebody's own change is evaluated by is the same.
  const [moved] = (await pool.do('listUsers', { keywords: 'eve' })).list;
  await pool.do('updateUser', { userId: moved.userId, phone: '+44 7911 123457' });
  expect(await namesIn(pool, 'g13')).toEqual(['ann', 'bob', 'cat', 'dan']);
  expect((await pool.do('getGroup', { code: 'g5' })).rule).toEqual({
    field: 'phone',
    operator: 'EQUAL',
    value: '+447911123456',
  });
});

const nested = (levels: number): Rule => (levels === 1 ? byCompany : { not: nested(levels - 1) });

test('refuses a rule that is malformed, too large or names what is not there, and says where', async () => {
  const pool = await testUserPool();
  const other = await testUserPool();
  const foreign = (await withTree(other)).rd;
  const own = await withTree(pool);
  const inDepartment = (value: unknown) => ({ field: 'department', operator: 'IN', value });
  const rules: readonly (readonly [unknown, number, string])[] = [
    [{}, 400, 'rule '],
    [{ and: [] }, 400, 'rule.and'],
    [{ or: byCompany }, 400, 'rule.or'],
    [{ not: [byCompany] }, 400, 'rule.not'],
    [{ and: [byCompany], or: [byCompany] }, 400, 'rule '],
    [{ and: [byCompany, { ...byCompany, more: 1 }] }, 400, 'rule.and.1'],
    [{ field: 'company', value: 'x' }, 400, 'rule'],
    [{ not: { field: 'nothing', operator: 'EQUAL', value: 'x' } }, 400, 'rule.not: no such field: nothing'],
    [{ ...is('x', 'x'), field: '__proto__' }, 400, '__proto__'],
    [{ constructor: [] }, 400, 'rule'],
    [{ field: 'company', operator: 'LIKE', value: 'x' }, 400, 'rule.operator'],
    [{ field: 'company', operator: 'EQUAL' }, 400, 'rule.value'],
    [{ field: 'gender', operator: 'EQUAL', value: 'X' }, 400, 'rule.value'],
    [{ field: 'loginsCount', operator: 'GREATER', value: 'many' }, 400, 'rule.value'],
    [{ field: 'company', operator: 'IN', value: 'acme' }, 400, 'rule.value'],
    [{ field: 'identityNumber', operator: 'EQUAL', value: '1' }, 400, 'rule.operator'],
    [inDepartment([]), 400, 'rule.value'],
    [inDepartment([{ departmentId: 1 }]), 400, 'rule.value.0.departmentId'],
    [inDepartment([{ departmentId: 'rd', departmentIdType: 'code' }]), 400, 'rule.value.0.organizationCode'],
    [{ ...inDepartment([{ departmentId: own.rd }]), operator: 'EQUAL' }, 400, 'rule.operator'],
    [inDepartment([{ departmentId: foreign }]), 404, 'rule.value.0'],
    [inDepartment([{ departmentId: own.rd, organizationCode: 'none' }]), 404, 'none'],
    [{ field: 'role', operator: 'IN', value: [{ code: 'none' }] }, 404, 'rule.value.0'],
    [{ field: 'role', operator: 'IN', value: [{ namespace: 'default' }] }, 400, 'rule.value.0.code'],
    [{ field: 'role', operator: 'IN', value: 'editor' }, 400, 'rule.value'],
    [{ field: 'role', operator: 'EQUAL', value: 'editor' }, 400, 'rule.operator'],
    [nested(9), 400, '8 levels'],
    [{ and: Array(101).fill(byCompany) }, 400, '100 conditions'],
    [{ and: [{ or: Array(60).fill(byCompany) }, { or: Array(60).fill(byCompany) }] }, 400, '100 conditions'],
    [{ or: Array(3).fill({ field: 'company', operator: 'IN', value: Array(700).fill('x') }) }, 400, '2000 values'],
  ];
  for (const [rule, statusCode, words] of rules) {
    const answer = await pool.call('createGroup', { code: 'a', type: 'dynamic', rule });
    expect([rule, answer.statusCode, answer.message]).toEqual([rule, statusCode, expect.stringContaining(words)]);
  }
  expect(await pool.rows('groups')).toEqual([]);
  expect(await pool.rows('jobs')).toEqual([]);
  await withGroup(pool, 'a', nested(8));
});

test('a text in a rule is only a text', async () => {
  const pool = await testUserPool();
  const texts = [`'; drop table users; --`, '$1', '"', '\\', '%', '_', '{0}', '𠮷\u202e'];
  await withUsers(pool, Object.fromEntries(texts.map((company, at) => [`u${at}`, { company }])));
  await withGroups(
    pool,
    texts.map((text) => ({ or: [is('company', text), { field: 'nickname', operator: 'CONTAINS', value: text }] })),
  );
  for (const at of texts.keys()) expect(await namesIn(pool, `g${at}`)).toEqual([`u${at}`]);
});
