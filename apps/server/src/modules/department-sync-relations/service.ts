import type { Handlers } from '../../platform/module.ts';
import { requireDepartment } from '../department-tree/index.ts';
import type * as contract from './contract.ts';
import { deleteRelation, listRelations } from './store.ts';

export const departmentSyncRelationHandlers: Handlers<typeof contract> = {
  async getDepartmentSyncRelations(reference, { scope }) {
    const department = await requireDepartment(scope, reference);
    const relations = await listRelations(scope, department.id);
    return relations.map(({ provider, idInProvider, info }) => ({
      provider,
      userIdInIdp: idInProvider,
      userInfoInIdp: info,
    }));
  },

  async deleteDepartmentSyncRelations({ provider, ...reference }, { scope, audit }) {
    const department = await requireDepartment(scope, reference);
    const before = await deleteRelation(scope, department.id, provider);
    audit({ target: department.id, before });
    return { success: true };
  },
};
