import { expect, test } from 'vitest';
import { testUserPool } from '../../testing/server.ts';

async function poolWithLinks() {
  const pool = await testUserPool();
  await pool.do('createOrganization', { organizationCode: 'acme', organizationName: 'Acme' });
  const parent = { organizationCode: 'acme', parentDepartmentId: 'root' };
  const { departmentId } = await pool.do('createDepartment', { ...parent, name: 'R&D', code: 'rd' });
  const link = (provider: string, idInProvider: string, info: object) =>
    pool.server.sql(
      'insert into department_sync_relations (user_pool_id, department_id, provider, id_in_provider, info) values ($1, $2, $3, $4, $5)',
      [pool.id, departmentId, provider, idInProvider, info],
    );
  await link('wechatwork', '7', { name: '开发部' });
  await link('dingtalk', 'a:b', {});
  return { pool, department: { organizationCode: 'acme', departmentId } };
}

test('lists the links of a department, by source', async () => {
  const { pool, department } = await poolWithLinks();
  expect(await pool.do('getDepartmentSyncRelations', department)).toEqual([
    { provider: 'dingtalk', userIdInIdp: 'a:b', userInfoInIdp: {} },
    { provider: 'wechatwork', userIdInIdp: '7', userInfoInIdp: { name: '开发部' } },
  ]);
});

test('means the root when no department is named', async () => {
  const { pool } = await poolWithLinks();
  expect(await pool.do('getDepartmentSyncRelations', { organizationCode: 'acme' })).toEqual([]);
});

test('finds the department by its id at a source, whatever that id holds', async () => {
  const { pool, department } = await poolWithLinks();
  const bySource = { organizationCode: 'acme', departmentId: 'dingtalk:a:b', departmentIdType: 'sync_relation' };
  expect(await pool.do('getDepartment', bySource)).toMatchObject({ departmentId: department.departmentId });
  expect(await pool.do('getDepartmentSyncRelations', bySource)).toHaveLength(2);
});

test('removes one link and keeps the department; repeated, it succeeds and changes nothing', async () => {
  const { pool, department } = await poolWithLinks();
  const unlink = { ...department, provider: 'wechatwork' };
  expect(await pool.do('deleteDepartmentSyncRelations', unlink)).toEqual({ success: true });
  expect(await pool.do('deleteDepartmentSyncRelations', unlink)).toEqual({ success: true });
  expect(await pool.do('getDepartmentSyncRelations', department)).toMatchObject([{ provider: 'dingtalk' }]);
  expect((await pool.audits()).slice(-2)).toMatchObject([
    { target_id: department.departmentId, origin_value: [{ provider: 'wechatwork', idInProvider: '7' }] },
    { target_id: department.departmentId, origin_value: [] },
  ]);
});
