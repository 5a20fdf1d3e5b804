import { expect, test } from 'vitest';
import { jobsEnded, tablesOfUserPools } from '../../testing/fingerprint.ts';
import { testUserPool } from '../../testing/server.ts';

const secret = 'Encrypted-Value-9d2f';

test('what is encrypted stands nowhere in clear, whichever way it came: not in rows, audit, events, jobs or exports', async () => {
  const pool = await testUserPool();
  const { server } = pool;
  const targetTypes = ['USER', 'ROLE', 'GROUP', 'DEPARTMENT'];
  await pool.do('setCustomFields', {
    list: targetTypes.map((targetType) => ({ targetType, key: 'pin', encrypted: true, isUnique: true })),
  });
  let number = 0;
  const customData = () => ({ pin: `${secret}-${++number}` });
  const list = () => Object.entries(customData()).map(([key, value]) => ({ key, value }));
  const acme = { organizationCode: 'acme' };
  const root = await pool.do('createOrganization', { ...acme, organizationName: 'Acme', customData: customData() });
  const { departmentId } = root;
  const password = `${secret}-password`;
  const taken = customData();
  const user = await pool.do('createUser', {
    username: 'a',
    customData: taken,
    identityNumber: `${secret}-id`,
    password,
  });
  expect(await pool.call('createUser', { username: 'z', customData: taken })).toMatchObject({ statusCode: 409 });
  const { userId } = user;
  await pool.do('createUsersBatch', { list: [{ username: 'b', customData: customData(), password }] });
  await pool.do('updateUser', { userId, customData: customData(), identityNumber: `${secret}-di`, password });
  await pool.do('updateUserBatch', { list: [{ userId, customData: customData() }] });
  await pool.do('setCustomData', { targetType: 'USER', targetIdentifier: userId, list: list() });
  await pool.do('createPublicAccount', { username: 'desk', customData: customData(), password });
  await pool.do('createRole', { code: 'r', name: 'r', customData: customData() });
  await pool.do('updateRole', { code: 'r', newCode: 'r', customData: customData() });
  await pool.do('setCustomData', { targetType: 'ROLE', targetIdentifier: 'r', namespace: 'default', list: list() });
  await pool.do('createGroup', { code: 'g', name: 'g', customData: customData() });
  await pool.do('updateGroup', { code: 'g', customData: customData() });
  await pool.do('createOrUpdateGroup', { code: 'g', name: 'g', type: 'static', customData: customData() });
  await pool.do('setCustomData', { targetType: 'GROUP', targetIdentifier: 'g', list: list() });
  await pool.do('createDepartment', { ...acme, parentDepartmentId: departmentId, name: 'D', customData: customData() });
  await pool.do('updateDepartment', { ...acme, departmentId, customData: customData() });
  const identity = { extIdpId: 'idp', provider: 'oidc', type: 'generic', userIdInIdp: 'x' };
  const tokens = { accessToken: `${secret}-at`, refreshToken: `${secret}-rt` };
  await pool.do('createUser', { username: 'i', identities: [{ ...identity, ...tokens }] });

  const { importId } = await pool.do('createUserImport', { format: 'ndjson' });
  const row = (username: string) => ({
    username,
    password,
    customData: { pin: `${secret}-im` },
    identityNumber: `${secret}-im`,
  });
  const file = [row('c'), row('twice'), { ...row('d'), email: secret }].map((one) => JSON.stringify(one)).join('\n');
  const content = Buffer.from(file).toString('base64');
  await pool.do('uploadUserImportChunk', { importId, index: 0, content });
  await pool.do('startUserImport', { importId, chunkCount: 1 });
  await jobsEnded(server, pool.id);
  expect(await pool.do('getUserImport', { importId })).toMatchObject({ created: 1, failed: 2 });
  const { exportId } = await pool.do('createUserExport', {
    format: 'csv',
    fields: ['username', 'pin', 'identityNumber'],
  });

  const everything = [
    await pool.do('getUserExportPart', { exportId }),
    await pool.do('getUserImportReport', { importId }),
    await pool.do('listJobs'),
  ];
  for (const table of await tablesOfUserPools(server)) everything.push(await pool.rows(table));
  const text = JSON.stringify(everything);
  expect(text).not.toContain(secret);
  expect(text).not.toContain(content.slice(0, 60));
  expect(JSON.stringify([await pool.audits(), await pool.events()])).not.toMatch(/sealed|digest|argon2id/i);
});
