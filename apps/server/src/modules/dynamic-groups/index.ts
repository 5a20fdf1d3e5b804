/**
 * Dynamic groups: their members follow from a rule, when a user changes in the same transaction, and by a job when the rule
 * changes or more users than can be named are concerned. The members are rows like those of any group; what a rule says
 * and means belongs to `group-rules`.
 */
import { type CommandContext, defineModule, type Module, type Reaction, reaction } from '../../platform/module.ts';
import { customFieldDeleted } from '../custom-fields/index.ts';
import { userDepartmentsChanged } from '../department-members/index.ts';
import { departmentMoved } from '../departments/index.ts';
import { groupMemberAdded, groupMemberRemoved } from '../group-members/index.ts';
import { jobCanceled } from '../jobs/index.ts';
import { organizationDeleted } from '../organizations/index.ts';
import { roleAssigned, roleUnassigned } from '../role-assignments/index.ts';
import { roleDeleted, roleUpdated } from '../roles/index.ts';
import { userCustomDataChanged } from '../user-directory/index.ts';
import { userBecamePersonal, userCreated, userUpdated } from '../users/index.ts';
import * as contract from './contract.ts';
import {
  askForGroups,
  dynamicGroupHandlers,
  evaluateEverybody,
  evaluateHolders,
  evaluateUsers,
  evaluateWithin,
  giveUpEvaluations,
  looksAtChanges,
  looksAtDepartments,
  looksAtFields,
  looksAtRoles,
} from './service.ts';

export { evaluationJob, startDueEvaluations } from './service.ts';

const emits = [groupMemberAdded, groupMemberRemoved];

const ofUsers: readonly Reaction[] = [
  reaction({
    to: userCreated,
    emits,
    ahead: askForGroups,
    react: (data, context) => evaluateUsers(context, idsOf(data)),
  }),
  reaction({
    to: userBecamePersonal,
    emits,
    react: (data, context) => evaluateUsers(context, idsOf(data)),
  }),
  reaction({
    to: userUpdated,
    emits,
    react: (data, context) =>
      evaluateUsers(context, idsOf(data), (group) => data.some((one) => looksAtChanges(group, one))),
  }),
  reaction({
    to: userCustomDataChanged,
    emits,
    react: (data, context) =>
      evaluateUsers(context, idsOf(data), (group) =>
        data.some(({ updates }) => looksAtFields(group, ['updatedAt', ...Object.keys(updates)])),
      ),
  }),
  reaction({
    to: userDepartmentsChanged,
    emits,
    react: (data, context) =>
      evaluateUsers(
        context,
        data.map(({ user }) => user.id),
        looksAtDepartments,
      ),
  }),
];

function idsOf(data: readonly { readonly user: { readonly userId: string } }[]): string[] {
  return data.map(({ user }) => user.userId);
}

const evaluateTrees = (_data: unknown, context: CommandContext) => evaluateEverybody(context, looksAtDepartments);
const evaluateRoles = (_data: unknown, context: CommandContext) => evaluateEverybody(context, looksAtRoles);

const ofTrees: readonly Reaction[] = [
  // What is above it now and was above it before matters to those below it, and to nobody else.
  reaction({
    to: departmentMoved,
    emits: [],
    react: (data, context) =>
      evaluateWithin(
        context,
        data.map(({ node }) => node.id),
        looksAtDepartments,
      ),
  }),
  reaction({ to: organizationDeleted, emits: [], react: evaluateTrees }),
];

const ofFields: readonly Reaction[] = [
  reaction({
    to: customFieldDeleted,
    emits: [],
    react: (data, context) => {
      const keys = data.filter(({ field }) => field.targetType === 'USER').map(({ field }) => field.key);
      return evaluateEverybody(context, (group) => looksAtFields(group, keys));
    },
  }),
];

/** Roles come to users by name, or to all that some department, group or other role stands for. */
const ofRoles: readonly Reaction[] = [
  ...[roleAssigned, roleUnassigned].map((to) =>
    reaction({
      to,
      emits,
      async react(data, context) {
        if (data.some(({ groupIds, nodeIds, roleIds }) => groupIds.length + nodeIds.length + roleIds.length > 0)) {
          await evaluateEverybody(context, looksAtRoles);
        }
        const userIds = new Set(data.flatMap((one) => one.userIds));
        await evaluateHolders(context, [...userIds]);
      },
    }),
  ),
  reaction({
    to: roleUpdated,
    emits: [],
    async react(data, context) {
      if (data.some(({ updates }) => 'status' in updates || 'disableTime' in updates)) {
        await evaluateEverybody(context, looksAtRoles);
      }
    },
  }),
  reaction({ to: roleDeleted, emits: [], react: evaluateRoles }),
  ...[groupMemberAdded, groupMemberRemoved].map((to) =>
    reaction({
      to,
      emits,
      react(data, context) {
        const ofStatic = data.filter(({ group }) => group.type === 'static');
        return evaluateUsers(
          context,
          ofStatic.flatMap(({ users }) => users.map(({ id }) => id)),
          looksAtRoles,
        );
      },
    }),
  ),
];

const ofJobs: readonly Reaction[] = [
  reaction({
    to: jobCanceled,
    emits: [],
    react: (data, context) =>
      giveUpEvaluations(
        context,
        data.map(({ job }) => job.id),
      ),
  }),
];

export const dynamicGroups: Module = defineModule('dynamic-groups', contract, dynamicGroupHandlers, {
  reactions: [...ofUsers, ...ofTrees, ...ofFields, ...ofRoles, ...ofJobs],
});
