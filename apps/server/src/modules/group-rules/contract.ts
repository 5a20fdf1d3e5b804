import { doc, errors } from '@genauth/contract';
import * as z from 'zod';

export const groupRuleErrors = errors('group_rule', {
  shapeMalformed: {
    statusCode: 400,
    message: {
      en: '{at} must have either one of `and`, `or` and `not`, or `field`, `operator` and `value`',
      zh: '{at} 必须包含 and、or、not 之一，或 field、operator、value',
    },
  },
  listMalformed: {
    statusCode: 400,
    message: { en: '{at} must be a list of one rule or more', zh: '{at} 必须是至少包含一条规则的数组' },
  },
  tooDeep: {
    statusCode: 400,
    message: { en: 'The rule is nested more than {most} levels deep', zh: '规则嵌套超过 {most} 层' },
  },
  tooLarge: {
    statusCode: 400,
    message: { en: 'The rule has more than {most} conditions', zh: '规则的条件超过 {most} 个' },
  },
  tooManyValues: {
    statusCode: 400,
    message: { en: 'The rule names more than {most} values', zh: '规则中的取值超过 {most} 个' },
  },
  fieldUnknown: {
    statusCode: 400,
    message: { en: '{at}: no such field: {field}', zh: '{at}：字段不存在：{field}' },
  },
  departmentNotFound: {
    statusCode: 404,
    message: { en: '{at}: department not found', zh: '{at}：部门不存在' },
  },
  roleNotFound: { statusCode: 404, message: { en: '{at}: role not found', zh: '{at}：角色不存在' } },
});

export const groupRule = z.record(z.string(), z.unknown()).meta(
  doc(
    'Who belongs to a dynamic group. A rule is `{and: [rules]}`, `{or: [rules]}`, `{not: rule}` or a condition `{field, operator, value}` as in the `advancedFilter` of list-users; `department` with IN takes a list of `{departmentId, includeChildrenDepartments}`, `role` with IN one of `{code, namespace}`',
    '动态分组规则。规则为 `{and: [规则]}`、`{or: [规则]}`、`{not: 规则}`，或与 list-users `advancedFilter` 相同的条件 `{field, operator, value}`；`department` 配合 IN 传 `{departmentId, includeChildrenDepartments}` 数组，`role` 配合 IN 传 `{code, namespace}` 数组',
    {
      and: [
        { field: 'company', operator: 'EQUAL', value: 'steamory' },
        { not: { field: 'status', operator: 'EQUAL', value: 'Suspended' } },
      ],
    },
  ),
);
