import { doc, errors } from '@genauth/contract';
import * as z from 'zod';

export const customValueErrors = errors('custom_value', {
  fieldNotDefined: {
    statusCode: 400,
    message: { en: 'Custom field not defined: {key}', zh: '未定义的自定义字段：{key}' },
  },
  tooLong: { statusCode: 400, message: 'customData must be less than 1024 characters' },
  tooLarge: {
    statusCode: 413,
    message: {
      en: '{field} is larger than {maxCharacters} characters altogether',
      zh: '{field} 总长度超过 {maxCharacters} 个字符',
    },
  },
  wrongType: {
    statusCode: 400,
    message: { en: '{field} is not of type {dataType}', zh: '{field} 的值与字段类型 {dataType} 不匹配' },
  },
  notAnOption: {
    statusCode: 400,
    message: { en: '{field} is none of the options of the field', zh: '{field} 的值不在可选项中' },
  },
  invalid: {
    statusCode: 400,
    message: { en: '{field} does not satisfy the rule {rule} of the field', zh: '{field} 不符合校验规则 {rule}' },
  },
  tooCostly: {
    statusCode: 422,
    message: {
      en: 'Checking {field} takes too long: the regular expressions of the fields are too complicated',
      zh: '{field} 的校验耗时过长：扩展字段的正则表达式过于复杂',
    },
  },
  // In the words of whoever defined the field.
  refused: { statusCode: 400, message: '{error}' },
  taken: { statusCode: 409, message: { en: '{field} is taken', zh: '{field} 的值已存在' } },
  refusedAsTaken: { statusCode: 409, message: '{error}' },
});

/** What can go wrong where custom data is written. */
export const customDataErrors = [
  customValueErrors.fieldNotDefined,
  customValueErrors.tooLong,
  customValueErrors.tooLarge,
  customValueErrors.wrongType,
  customValueErrors.notAnOption,
  customValueErrors.invalid,
  customValueErrors.tooCostly,
  customValueErrors.refused,
  customValueErrors.taken,
  customValueErrors.refusedAsTaken,
];

const targetTypes = ['USER', 'ROLE', 'GROUP', 'DEPARTMENT'] as const;

export const targetType = z
  .enum(targetTypes)
  .meta(doc('What has the field: users, roles, groups or departments', '目标对象类型：用户、角色、分组或部门', 'USER'));

const dataTypes = ['STRING', 'NUMBER', 'DATETIME', 'BOOLEAN', 'ENUM'] as const;

export const dataType = z
  .enum(dataTypes)
  .meta(
    doc(
      'Type of the values. Cannot be changed later',
      '数据类型：字符串、数字、日期、布尔、枚举值，设置之后不能修改',
      'STRING',
    ),
  );

/** What events tell of changed values. */
export const changedCustomData = z
  .record(z.string(), z.unknown())
  .meta(
    doc(
      'Changed custom fields with their new values, null where there is none; values of encrypted fields are left out',
      '变更的自定义字段及新值，清空为 null；加密字段不含值',
    ),
  );
