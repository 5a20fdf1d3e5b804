import type { ApiError } from '@genauth/contract';
import type { Scope } from '../../platform/database/database.ts';
import type { Announced, QueryContext } from '../../platform/module.ts';
import { departmentMemberAdded } from '../department-members/index.ts';
import { departmentMoved } from '../departments/index.ts';
import { groupMemberAdded } from '../group-members/index.ts';
import {
  listForbiddenBeside,
  listImplying,
  roleExclusionAdded,
  roleExclusionErrors,
} from '../role-exclusions/index.ts';
import { roleAssigned, toTimestamp } from '../roles/index.ts';
import {
  countInBoth,
  findViolation,
  listConcernedDepartments,
  listMembers,
  listRangesOfAssignments,
  listRolesFromAbove,
  listSubtrees,
  listTargetsOf,
  type Members,
  membersOfRoles,
  requireExclusions,
  type SubjectKind,
  type Violation,
} from './store.ts';

/** Who is looked at, and how a finding is told. */
interface Look {
  readonly scope: Scope;
  readonly now: string;
  readonly toError: (violation: Violation) => ApiError;
}

/**
 * Users who are named are judged by all that reaches them. Where a whole department, group or role got something, those in it
 * are compared with those who hold what must not come beside it. The departments, groups and roles are subjects themselves:
 * one that is assigned both is refused though nobody is in it yet, for nobody could ever join.
 */
export async function verifySeparation(announced: Announced, { scope, now: time }: QueryContext): Promise<void> {
  const assigned = announced(roleAssigned);
  const moved = announced(departmentMoved).map(({ node }) => node.id);
  const toMany = assigned.filter(
    ({ groupIds, nodeIds, roleIds }) => groupIds.length + nodeIds.length + roleIds.length > 0,
  );
  const userIds = new Set([
    ...assigned.flatMap((one) => one.userIds),
    ...announced(departmentMemberAdded).map(({ user }) => user.id),
    ...announced(groupMemberAdded).flatMap(({ users }) => users.map(({ id }) => id)),
  ]);
  // Of two who each bring a user one of two roles, the later has to see the earlier. Those who name their users hold each
  // user's row, and need only be kept from those who name none.
  const isAlone = toMany.length + moved.length > 0;
  if (!(await requireExclusions(scope, isAlone))) return;
  const look: Look = {
    scope,
    now: toTimestamp(time),
    toError: (violation) => roleExclusionErrors.exclusive(toParameters(violation)),
  };
  await refuse(look, 'USER', [...userIds]);
  for (const { role, groupIds, nodeIds, roleIds } of toMany) {
    const forbidden = await listForbiddenBeside(scope, [role.id], look.now);
    if (forbidden.length === 0) continue;
    const holders = await listImplying(scope, roleIds, look.now);
    const ranges = await listRangesOfAssignments(scope, role.id, nodeIds);
    await refuseCommon(look, { roleIds: holders, groupIds, ranges }, membersOfRoles(forbidden));
    await refuse(look, 'GROUP', groupIds);
    await refuse(look, 'DEPARTMENT', await listConcernedDepartments(scope, nodeIds, forbidden, look.now));
    await refuse(look, 'ROLE', holders);
    if (holders.length > 0) await refuseTargets(look, [...holders, ...forbidden]);
  }
  for (const departmentId of moved) {
    const gained = await listRolesFromAbove(scope, departmentId, look.now);
    const forbidden = await listForbiddenBeside(scope, gained, look.now);
    if (forbidden.length === 0) continue;
    const ranges = await listSubtrees(scope, [departmentId]);
    await refuseCommon(look, { roleIds: [], groupIds: [], ranges }, membersOfRoles(forbidden));
    await refuse(look, 'DEPARTMENT', await listConcernedDepartments(scope, [departmentId], forbidden, look.now));
  }
}

/** INCITS 359 has a constraint hold from the moment it is made, for everybody. */
export async function verifyExclusions(announced: Announced, { scope, now: time }: QueryContext): Promise<void> {
  await requireExclusions(scope, true);
  const look: Look = {
    scope,
    now: toTimestamp(time),
    toError: (violation) => roleExclusionErrors.heldTogether(toParameters(violation)),
  };
  for (const { roles } of announced(roleExclusionAdded)) {
    const [one, other] = roles;
    if (one === undefined || other === undefined) continue;
    const some = await listImplying(scope, [one.id], look.now);
    const others = await listImplying(scope, [other.id], look.now);
    await refuseCommon(look, membersOfRoles(some), membersOfRoles(others));
    await refuseTargets(look, [...some, ...others]);
    await refuse(look, 'ROLE', some);
  }
}

function toParameters({ role, otherRole, targetType, targetIdentifier, count }: Violation) {
  return { role, otherRole, targetType, targetIdentifier, users: targetType === 'USER' ? count : 0 };
}

async function refuse({ scope, now, toError }: Look, kind: SubjectKind, ids: readonly string[]): Promise<void> {
  const violation = ids.length === 0 ? undefined : await findViolation(scope, kind, ids, now);
  if (violation !== undefined) throw toError(violation);
}

/** The groups and departments that are assigned one of these roles. */
async function refuseTargets(look: Look, roleIds: readonly string[]): Promise<void> {
  const { groupIds, departmentIds } = await listTargetsOf(look.scope, roleIds, look.now);
  await refuse(look, 'GROUP', groupIds);
  await refuse(look, 'DEPARTMENT', departmentIds);
}

/** Up to so many users are judged one by one, which takes a few look-ups each. */
const few = 500;

/**
 * Users who are on both sides: when either side is small by looking at those there, however many the other has, else by
 * reading both.
 */
async function refuseCommon(look: Look, one: Members, other: Members): Promise<void> {
  const { scope, now, toError } = look;
  for (const side of [one, other]) {
    const userIds = await listMembers(scope, side, few + 1, now);
    if (userIds.length <= few) return refuse(look, 'USER', [...new Set(userIds)]);
  }
  const { count, userId } = await countInBoth(scope, one, other, now);
  if (userId === null) return;
  const violation = await findViolation(scope, 'USER', [userId], now);
  if (violation !== undefined) throw toError({ ...violation, count });
}
