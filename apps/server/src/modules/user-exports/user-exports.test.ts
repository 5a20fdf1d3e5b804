import { expect, test } from 'vitest';
import { doUpkeep, type TestUserPool, testUserPool } from '../../testing/server.ts';

async function exportFile(pool: TestUserPool, wish: Record<string, unknown>, limit = 2): Promise<string> {
  const { exportId } = await pool.do('createUserExport', wish);
  let text = '';
  for (let after: string | undefined; ; ) {
    const part = await pool.do('getUserExportPart', { exportId, limit, ...(after === undefined ? {} : { after }) });
    text += part.content;
    if (part.next === null) return text;
    after = part.next;
  }
}

async function withPeople(): Promise<TestUserPool> {
  const pool = await testUserPool();
  const root = await pool.do('createOrganization', { organizationName: 'Acme', organizationCode: 'acme' });
  const parent = { organizationCode: 'acme', parentDepartmentId: root.departmentId };
  const { departmentId } = await pool.do('createDepartment', { ...parent, name: 'R&D/Ops; x' });
  await pool.do('createUser', {
    username: 'ada',
    phone: '18812345678',
    name: '=cmd|calc',
    identityNumber: '420421199001011234',
    departmentIds: [departmentId],
  });
  await pool.do('createUser', {
    username: 'bob',
    email: 'bob@example.com',
    name: 'a "quoted", name',
    status: 'Suspended',
  });
  await pool.do('createUser', { username: 'eve', name: ' \t@SUM(A1)', nickname: "'=1" });
  await pool.do('createUser', { username: 'gone', status: 'Archived' });
  return pool;
}

test('exports users part by part, harmless for spreadsheets, and notes who asked', async () => {
  const pool = await withPeople();
  const fields = [
    'username',
    'phone',
    'phoneCountryCode',
    'name',
    'nickname',
    'identityNumber',
    'departments',
    'emailVerified',
  ];
  expect(await exportFile(pool, { format: 'csv', fields })).toBe(
    [
      fields.join(','),
      "ada,18812345678,'+86,'=cmd|calc,,42**************34,Acme/R&D\\/Ops\\; x,false",
      'bob,,,"a ""quoted"", name",,,,false',
      "eve,,,' \t@SUM(A1),''=1,,,false",
      '',
    ].join('\r\n'),
  );
  const lines = (await exportFile(pool, { format: 'ndjson', fields: ['username', 'departments'] })).trim().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { username: 'ada', departments: ['Acme/R&D\\/Ops\\; x'] },
    { username: 'bob', departments: [] },
    { username: 'eve', departments: [] },
  ]);
  const { list, totalCount } = await pool.do('listUserExports');
  expect(totalCount).toBe(2);
  expect(list[1]).toMatchObject({ format: 'csv', fields, accessKeyId: pool.id });
  const audit = (await pool.audits()).filter(({ action }) => action === 'createUserExport');
  expect(audit.map(({ target_id }) => target_id)).toEqual([list[1].exportId, list[0].exportId]);
});

test.each(['=', '+', '-', '@', '＝', '＋', '－', '＠'])(
  'a name that begins with %s is no formula in the file, and the same again when it is imported',
  async (sign) => {
    const pool = await testUserPool();
    const [name, nickname] = [`${sign}1+1`, ` ${sign}SUM(A1)`];
    const { userId } = await pool.do('createUser', { username: 'ada', name, nickname });
    const content = await exportFile(pool, { format: 'csv', fields: ['username', 'name', 'nickname'] });
    expect(content).toBe(`username,name,nickname\r\nada,'${name},'${nickname}\r\n`);
    await pool.do('updateUser', { userId, name: 'other', nickname: 'other' });
    const { importId } = await pool.do('createUserImport', { format: 'csv', options: { onExisting: 'update' } });
    await pool.do('uploadUserImportChunk', { importId, index: 0, content: Buffer.from(content).toString('base64') });
    await pool.do('startUserImport', { importId, chunkCount: 1 });
    await expect.poll(async () => (await pool.do('getUserImport', { importId })).updated).toBe(1);
    expect(await pool.do('getUser', { userId })).toMatchObject({ name, nickname });
  },
);

test('of those selected or searched, and of nobody who came later', async () => {
  const pool = await withPeople();
  const names = async (wish: Record<string, unknown>) =>
    (await exportFile(pool, { format: 'csv', fields: ['username'], ...wish })).trim().split('\r\n').slice(1);
  const status = (value: string) => ({ advancedFilter: [{ field: 'status', operator: 'EQUAL', value }] });
  expect(await names({})).toEqual(['ada', 'bob', 'eve']);
  expect(await names(status('Suspended'))).toEqual(['bob']);
  expect(await names(status('Archived'))).toEqual(['gone']);
  expect(await names({ keywords: 'ad' })).toEqual(['ada']);
  const { userId } = await pool.do('getUser', { userId: 'eve', userIdType: 'username' });
  expect(await names({ userIds: [userId, '6229ffa0a1b2c3d4cade3e3d'] })).toEqual(['eve']);
  const { exportId } = await pool.do('createUserExport', { format: 'csv', fields: ['username'] });
  await new Promise((resolve) => setTimeout(resolve, 5));
  await pool.do('createUser', { username: 'late' });
  expect((await pool.do('getUserExportPart', { exportId })).content).not.toContain('late');
});

test('custom fields are exported by their keys, masked where they are encrypted or masked', async () => {
  const pool = await testUserPool();
  const field = (key: string, more: object) => ({ targetType: 'USER', key, dataType: 'STRING', label: key, ...more });
  await pool.do('setCustomFields', {
    list: [
      field('school', {}),
      field('secretWord', { encrypted: true }),
      field('hidden', { desensitization: true }),
      field('age', { dataType: 'NUMBER' }),
    ],
  });
  const customData = { school: 'x', secretWord: 'swordfish', hidden: '1234', age: 42 };
  await pool.do('createUser', { username: 'ada', customData });
  const fields = ['username', 'school', 'secretWord', 'hidden', 'age'];
  expect(await exportFile(pool, { format: 'csv', fields })).toContain('\r\nada,x,sw*****sh,****,42\r\n');
  const usual = await exportFile(pool, { format: 'csv' });
  expect(usual).toContain('school');
  expect(usual).not.toMatch(/secretWord|password|identityNumber/);
});

test('names what it does not know, and shows no export of another user pool', async () => {
  const [pool, other] = await Promise.all([withPeople(), testUserPool()]);
  for (const unknown of ['shoeSize', 'password', 'salt', 'customData']) {
    expect(await pool.call('createUserExport', { format: 'csv', fields: [unknown] })).toMatchObject({
      statusCode: 400,
      message: `Unknown field: ${unknown}`,
    });
  }
  const advancedFilter = [{ field: 'shoeSize', operator: 'EQUAL', value: 44 }];
  expect(await pool.call('createUserExport', { format: 'csv', advancedFilter })).toMatchObject({ statusCode: 400 });
  const { exportId } = await pool.do('createUserExport', { format: 'csv' });
  expect(await other.call('getUserExportPart', { exportId })).toMatchObject({ statusCode: 404 });
  expect(await other.do('listUserExports')).toMatchObject({ totalCount: 0 });
});

test('an export is deleted when its time has come', async () => {
  const pool = await testUserPool();
  const old = await pool.do('createUserExport', { format: 'csv' });
  const young = await pool.do('createUserExport', { format: 'csv' });
  const age = (exportId: string, days: number) =>
    pool.server.sql(`update user_exports set created_at = now() - $2::integer * interval '1 day' where id = $1`, [
      exportId,
      days,
    ]);
  await age(old.exportId, 31);
  await age(young.exportId, 29);
  await doUpkeep(pool.server, 'delete what ended long ago');
  expect(await pool.call('getUserExportPart', { exportId: old.exportId })).toMatchObject({ statusCode: 404 });
  expect(await pool.do('listUserExports')).toMatchObject({ totalCount: 1, list: [{ exportId: young.exportId }] });
});
