import { type ConsequenceDeclaration, command, doc, dto } from '@genauth/contract';
import * as z from 'zod';
import { userDepartmentsChanged } from '../department-members/contract.ts';
import { groupCode, groupErrors } from '../group-directory/contract.ts';
import { groupMemberAdded, groupMemberRemoved } from '../group-members/contract.ts';
import { roleAssigned, roleUnassigned } from '../roles/contract.ts';
import { userCustomDataChanged } from '../user-directory/contract.ts';
import { userBecamePersonal, userCreated, userUpdated } from '../users/contract.ts';

export const evaluateDynamicGroup = command({
  method: 'POST',
  path: '/api/v3/evaluate-dynamic-group',
  tag: 'Groups',
  title: { en: 'Evaluate Dynamic Group', zh: '重新计算动态分组' },
  summary: { en: 'Evaluate the rule of a dynamic group for all users', zh: '重新计算动态分组成员' },
  description: {
    en: 'Starts the job that evaluates the rule of a dynamic group for all users. Members follow every change by themselves; this is for when you want to be sure. When get-job says `done`, the members are right.',
    zh: '启动任务，为所有用户重新计算动态分组规则。成员会随用户变更自动更新，通常无需调用。get-job 返回 `done` 时成员即为最新。',
  },
  permission: 'group:Evaluate',
  input: dto('EvaluateDynamicGroupDto', { code: groupCode }),
  output: dto('EvaluateDynamicGroupDataDto', {
    jobId: z
      .string()
      .meta(doc('Id of the job, for get-job', '任务 ID，可通过 get-job 查询', '60b49eb83fd80adb96f26e68')),
  }),
  answer: 'EvaluateDynamicGroupRespDto',
  errors: [groupErrors.notFound, groupErrors.ruleNotWanted],
  audit: { operationType: 'update', resourceType: 'userGroup' },
  target: 'code',
  emits: [],
});

/** Whoever changes may come to belong to a group by its rule, or cease to, in the same transaction. */
export const consequences: readonly ConsequenceDeclaration[] = [
  {
    of: [
      ...[userCreated, userBecamePersonal, userUpdated, userCustomDataChanged, userDepartmentsChanged],
      ...[roleAssigned, roleUnassigned, groupMemberAdded, groupMemberRemoved],
    ],
    emits: [groupMemberAdded, groupMemberRemoved],
  },
];
