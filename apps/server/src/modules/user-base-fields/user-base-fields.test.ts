import { expect, test } from 'vitest';
import { testUserPool } from '../../testing/server.ts';

test('are there from the start, named in the language of the caller', async () => {
  const pool = await testUserPool();
  const fields = await pool.do('getUserBaseFields');
  expect(fields.find(({ key }: { key: string }) => key === 'email')).toMatchObject({
    targetType: 'USER',
    dataType: 'STRING',
    label: 'Email',
    isUnique: true,
    visibleInAdminConsole: true,
  });
  const chinese = await pool.call('getUserBaseFields', {}, { 'x-authing-lang': 'zh-CN' });
  expect(chinese.data.find(({ key }: { key: string }) => key === 'gender')).toMatchObject({
    label: '性别',
    dataType: 'ENUM',
    options: [{ value: 'M', label: '男' }, {}, {}],
  });
});

test('can be named and shown otherwise, each user pool as it likes; type and uniqueness stay', async () => {
  const [pool, other] = [await testUserPool(), await testUserPool()];
  const i18n = { label: { 'en-US': { enabled: true, value: 'Alias' } } };
  const list = [
    { key: 'nickname', label: '花名', i18n, visibleInUserCenter: false, dataType: 'NUMBER', isUnique: true },
    { key: 'email', description: 'of the company', userEditable: null },
  ];
  const set = await pool.do('setUserBaseFields', { list });
  expect(set).toMatchObject([
    { key: 'nickname', label: '花名', i18n, visibleInUserCenter: false, dataType: 'STRING', isUnique: false },
    { key: 'email', label: 'Email', description: 'of the company', isUnique: true, visibleInUserCenter: true },
  ]);
  await pool.do('setUserBaseFields', { list: [{ key: 'nickname', visibleInUserCenter: true }] });
  const listed = await pool.do('listUserBaseFields', { targetType: 'USER', keyword: 'alias', lang: 'en-US' });
  expect(listed).toMatchObject({ count: { all: 1 }, list: [{ label: 'Alias', visibleInUserCenter: true }] });
  await pool.do('setUserBaseFields', { list: [{ key: 'nickname', label: '' }] });
  expect((await pool.do('listUserBaseFields', { keyword: 'nick' })).list[0].label).toBe('Nickname');
  expect((await other.do('listUserBaseFields', { keyword: 'nick' })).list[0].i18n).toBeNull();
  expect((await pool.do('listUserBaseFields', { targetType: 'ROLE' })).list).toEqual([]);
  // Once more the same changes nothing.
  await pool.do('setUserBaseFields', { list: [{ key: 'nickname', label: '' }, { key: 'phone' }] });
  const told = (await pool.events()).map(({ name, data: { field } }) => [name, field.key, field.visibleInUserCenter]);
  expect(told).toEqual([
    ['base_field.updated', 'nickname', false],
    ['base_field.updated', 'email', true],
    ['base_field.updated', 'nickname', true],
    ['base_field.updated', 'nickname', true],
  ]);
});

test('cannot be invented', async () => {
  const pool = await testUserPool();
  const answer = await pool.call('setUserBaseFields', { list: [{ key: 'nickname' }, { key: 'school' }] });
  expect(answer).toMatchObject({ statusCode: 404, message: 'No such built-in field: school' });
  expect(await pool.rows('user_base_fields')).toEqual([]);
});
