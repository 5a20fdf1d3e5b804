import type { Scope } from '../../platform/database/database.ts';
import type { CommandContext, Handlers, QueryContext } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import {
  type CustomDataChange,
  changeCustomData,
  prepareCustomData,
  readCustomData,
  type TargetType,
} from '../custom-values/index.ts';
import { departmentTreeErrors, findDepartmentById, requireNoTenant, toEventNode } from '../department-tree/index.ts';
import { requireGroup, toEventGroup } from '../group-directory/index.ts';
import { requireRole, toRoleDto } from '../roles/index.ts';
import { listUsersByIds, toUserDto, type UserRow, userErrors } from '../user-directory/index.ts';
import type * as contract from './contract.ts';
import {
  departmentCustomDataChanged,
  departmentUpdated,
  groupUpdated,
  roleCustomDataChanged,
  roleUpdated,
  userCustomDataChanged,
  userUpdated,
} from './contract.ts';

/** How an operation names what has the data. */
interface Reference {
  readonly targetIdentifier: string;
  readonly namespace: string;
}

/** What has the data, and how a change of it is announced: as by the operation that changes its other fields. */
interface Target {
  readonly id: string;
  announce(context: CommandContext, updates: CustomDataChange['updates']): Promise<void>;
}

export function createCustomDataHandlers(seal: Seal): Handlers<typeof contract> {
  return {
    async setCustomData({ list, targetType, tenantId, ...reference }, context) {
      for (const named of [tenantId, ...list.map((one) => one.tenantId)]) requireNoTenant(named);
      const { scope, audit } = context;
      const given = Object.fromEntries(list.map(({ key, value }) => [key, value]));
      const [prepared = []] = await prepareCustomData(scope, targetType, [given], { isText: true });
      const target = await requireTarget[targetType](context, reference);
      const change = await changeCustomData(seal, scope, targetType, target.id, prepared, context.now);
      audit({ target: target.id, ...(change && { before: change.origin, after: change.updates }) });
      if (change !== undefined) await target.announce(context, change.updates);
      return { success: true };
    },

    async getCustomData({ targetType, tenantId, ...reference }, context) {
      requireNoTenant(tenantId);
      const target = await requireTarget[targetType](context, reference);
      return readCustomData(seal, context.scope, targetType, target.id);
    },
  };
}

/** Of another user pool nothing is found. */
const requireTarget: Record<TargetType, (context: QueryContext, reference: Reference) => Promise<Target>> = {
  async USER({ scope }, { targetIdentifier }) {
    const { id } = await requireUser(scope, targetIdentifier);
    return {
      id,
      // Read again: the change has moved the time of the last change.
      async announce({ emit }, updates) {
        const user = toUserDto(await requireUser(scope, id));
        emit(userUpdated, { user, updates: { customData: updates } });
        emit(userCustomDataChanged, { user, updates });
      },
    };
  },

  async DEPARTMENT({ scope }, { targetIdentifier }) {
    const department = await findDepartmentById(scope, targetIdentifier);
    if (department === undefined) throw departmentTreeErrors.departmentNotFound();
    return {
      id: department.id,
      async announce({ emit }, updates) {
        const node = toEventNode(department);
        emit(departmentUpdated, { node });
        emit(departmentCustomDataChanged, { node, updates });
      },
    };
  },

  async ROLE(context, { targetIdentifier: code, namespace }) {
    const role = await requireRole(context, { code, namespace });
    return {
      id: role.id,
      async announce({ emit }, updates) {
        emit(roleUpdated, { role: toRoleDto(role), updates: { customData: updates } });
        emit(roleCustomDataChanged, { role: toRoleDto(role), updates });
      },
    };
  },

  async GROUP({ scope }, { targetIdentifier: code }) {
    const group = await requireGroup(scope, code);
    return {
      id: group.id,
      async announce({ emit }, customData) {
        emit(groupUpdated, { group: toEventGroup(group), updates: { customData } });
      },
    };
  },
};

async function requireUser(scope: Scope, id: string): Promise<UserRow> {
  const [user] = await listUsersByIds(scope, [id], false);
  if (user === undefined) throw userErrors.notFound();
  return user;
}
