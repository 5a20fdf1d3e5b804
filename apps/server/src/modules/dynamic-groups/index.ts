/**
 * Dynamic groups: their members follow from a rule, when a user changes in the same transaction, and by a job when the rule
 * changes or more users than can be named are concerned. The members are rows like those of any group; what a rule says
 * and means belongs to `group-rules`.
 */
import { type CommandContext, defineModule, type Module, type Reaction, reaction } from '../../platform/module.ts';
import { userDepartmentsChanged } from '../department-members/index.ts';
import { departmentMoved } from '../departments/index.ts';
import { groupMemberAdded, groupMemberRemoved } from '../group-members/index.ts';
import { organizationDeleted } from '../organizations/index.ts';
import { userCreated, userUpdated } from '../users/index.ts';
import * as contract from './contract.ts';
import {
  dynamicGroupHandlers,
  evaluateEverybody,
  evaluateUsers,
  looksAtChanges,
  looksAtDepartments,
} from './service.ts';

export { evaluationJob } from './service.ts';

const emits = [groupMemberAdded, groupMemberRemoved];

const ofUsers: readonly Reaction[] = [
  reaction({
    to: userCreated,
    emits,
    react: (data, context) =>
      evaluateUsers(
        context,
        data.map(({ user }) => user.userId),
      ),
  }),
  reaction({
    to: userUpdated,
    emits,
    react: (data, context) =>
      evaluateUsers(
        context,
        data.map(({ user }) => user.userId),
        (group) => data.some((one) => looksAtChanges(group, one)),
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

const evaluateTrees = (_data: unknown, context: CommandContext) => evaluateEverybody(context, looksAtDepartments);

const ofTrees: readonly Reaction[] = [
  reaction({ to: departmentMoved, emits: [], react: evaluateTrees }),
  reaction({ to: organizationDeleted, emits: [], react: evaluateTrees }),
];

export const dynamicGroups: Module = defineModule('dynamic-groups', contract, dynamicGroupHandlers, {
  reactions: [...ofUsers, ...ofTrees],
});
