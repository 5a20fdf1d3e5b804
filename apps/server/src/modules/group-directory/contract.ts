import { codePattern, doc, dto, errors, pageOf } from '@genauth/contract';
import * as z from 'zod';
import { groupRule } from '../group-rules/contract.ts';
import { UserDto } from '../user-directory/contract.ts';

export const groupErrors = errors('group', {
  notFound: { statusCode: 404, message: { en: 'group not exists with code: {code}', zh: '分组不存在' } },
  codeTaken: { statusCode: 409, message: { en: 'group code already exists: {code}', zh: '分组标识符已存在' } },
  typeFixed: {
    statusCode: 422,
    message: { en: 'The type of a group cannot be changed', zh: '分组类型不能修改' },
  },
  ruleNotWanted: {
    statusCode: 422,
    message: { en: 'Only a dynamic group has a rule', zh: '只有动态分组可以设置规则' },
  },
  membersFollowRule: {
    statusCode: 422,
    message: {
      en: 'Members of a dynamic group follow from its rule and cannot be added or removed',
      zh: '动态分组的成员由规则决定，不能手动添加或移除',
    },
  },
  tooManyDynamic: {
    statusCode: 422,
    message: {
      en: 'A user pool can have {most} dynamic groups at most',
      zh: '每个用户池最多可创建 {most} 个动态分组',
    },
  },
  tooManyMembers: {
    statusCode: 422,
    message: {
      en: 'The groups have more than {most} members; read them page by page with list-group-members',
      zh: '分组成员总数超过 {most}，请通过 list-group-members 分页获取',
    },
  },
  userLeft: {
    statusCode: 422,
    message: { en: 'Resigned and archived users cannot join groups', zh: '已离职或已归档的用户不能加入分组' },
  },
});

/** How operations name a group that is there. Any text may be asked for; only a legal code can be found. */
export const groupCode = z
  .string()
  .min(1)
  .max(64)
  .meta(doc('Code of the group', '分组 code', 'developer'));

/** A code that a group is given. */
export const newGroupCode = z
  .string()
  .max(64)
  .regex(codePattern)
  .meta(doc('Code: letters, digits, `-` and `_`. Unique', '分组 code，由字母、数字、`-`、`_` 组成，唯一', 'developer'));
export const groupName = z
  .string()
  .max(255)
  .meta(doc('Name; the code, when empty', '分组名称，为空时同 code', '开发者'));
export const groupDescription = z
  .string()
  .max(1024)
  .meta(doc('Description', '分组描述', '描述内容'));
export const groupType = z
  .enum(['static', 'dynamic'])
  .meta(
    doc(
      '`static`: members are added by hand; `dynamic`: they follow from a rule',
      '分组类型，`static` 为手动维护成员，`dynamic` 为按规则自动计算成员',
      'static',
    ),
  );
export const groupCustomData = z
  .record(z.string(), z.unknown())
  .meta(doc('Custom data; keys must be defined fields', '自定义数据，key 需先定义扩展字段', { custom_id: 'xxx' }));

const groupFields = {
  id: z.string().meta(doc('Id of the group', '分组 ID', '60b49eb83fd80adb96f26e68')),
  code: groupCode,
  name: groupName,
  description: groupDescription,
  type: groupType,
};

/** A group as every operation shows it. What was not asked for is absent. */
export const GroupDto = dto('GroupDto', {
  ...groupFields,
  metadataSource: z.array(z.string()).meta(doc('Data of linked objects', '关联的数据对象', [])),
  members: z.array(UserDto).optional().meta(doc('Members, where they were asked for', '分组成员，需指定返回')),
  customData: groupCustomData.optional(),
  rule: groupRule.optional(),
  evaluation: dto('GroupEvaluationDto', {
    jobId: z
      .string()
      .nullable()
      .meta(
        doc(
          'Job that evaluates the rule, the latest; null once it ended so long ago that it is no longer kept',
          '计算分组成员的任务 ID；任务结束后超过保留期被删除时为 null',
          '60b49eb83fd80adb96f26e68',
        ),
      ),
    state: z
      .enum(['evaluating', 'evaluated', 'canceled'])
      .meta(
        doc(
          '`evaluated`: the members are those of the rule; `evaluating`: not all of them yet; `canceled`: not all of them, and nobody goes on until the rule is evaluated again',
          '`evaluated`：成员与规则一致；`evaluating`：正在计算；`canceled`：计算被取消，成员可能与规则不一致，需重新计算',
          'evaluated',
        ),
      ),
    evaluatedAt: z.iso
      .datetime()
      .nullable()
      .meta(doc('Time it was through; null until then', '计算完成时间，未完成时为 null', '2022-07-03T02:20:30.000Z')),
  }).optional(),
});

export const GroupPagingDto = pageOf('GroupPagingDto', GroupDto);
export const GroupList = z.array(GroupDto);

/** What events say of a group. */
export const GroupEventData = z.object({ group: z.object(groupFields) });
