import { command, doc, dto, errors, event, IsSuccessDto, multiLanguage, paging, query } from '@genauth/contract';
import * as z from 'zod';
import { dataType, targetType } from '../custom-values/contract.ts';
import { DepartmentDto, departmentTreeErrors, tenantId } from '../department-tree/contract.ts';
import { GroupDto } from '../group-directory/contract.ts';
import { OrganizationDto } from '../organizations/contract.ts';
import { RoleDto } from '../roles/contract.ts';
import { UserDto } from '../user-directory/contract.ts';
import { conditionNames } from '../user-filters/contract.ts';

export const customFieldErrors = errors('custom_field', {
  keyBuiltIn: {
    statusCode: 400,
    message: { en: '{key} is the key of a built-in field', zh: '{key} 与内置字段的 key 冲突' },
  },
  immutable: {
    statusCode: 400,
    message: { en: '{property} of the field {key} cannot be changed', zh: '字段 {key} 的 {property} 不能修改' },
  },
  notUniqueable: {
    statusCode: 400,
    message: {
      en: 'Only fields of type STRING or NUMBER can be unique: {key}',
      zh: '只有 STRING、NUMBER 类型的字段可以设为唯一：{key}',
    },
  },
  optionsMissing: {
    statusCode: 400,
    message: { en: 'The field {key} needs options', zh: '枚举字段 {key} 缺少可选项 options' },
  },
  optionTwice: {
    statusCode: 400,
    message: { en: 'The field {key} has the option {value} twice', zh: '枚举字段 {key} 的可选项重复：{value}' },
  },
  expressionRefused: {
    statusCode: 400,
    message: {
      en: 'The regular expression of the field {key} is not valid, too large, or needs look-around or back references',
      zh: '字段 {key} 的正则表达式无效、过大，或使用了环视、反向引用',
    },
  },
  valuesNotUnique: {
    statusCode: 409,
    message: {
      en: 'The field {key} cannot become unique: it has the same value more than once',
      zh: '字段 {key} 已有重复的值，不能设为唯一',
    },
  },
  tooMany: {
    statusCode: 422,
    message: {
      en: 'There can be at most {max} custom fields for {targetType}',
      zh: '{targetType} 最多 {max} 个自定义字段',
    },
  },
});

/** Letters and digits of any script, `_` and `-`: a key is part of `<key>:<value>` and stands beside built-in names. */
export const customFieldKey = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[\p{L}\p{N}_][\p{L}\p{M}\p{N}_-]*$/u)
  .refine((key) => key !== '__proto__' && key.normalize('NFC') === key)
  .meta(
    doc(
      'Key of the field. Not the key of a built-in field; cannot be changed later',
      '字段 key，不能和内置字段的 key 冲突，设置之后不能修改',
      'school',
    ),
  );

export const CustomFieldI18n = dto('CustomFieldI18n', {
  label: multiLanguage.optional().meta(doc('Name in other languages', '显示名称的多语言内容')),
});

export const CustomFieldSelectOption = dto('CustomFieldSelectOption', {
  value: z
    .string()
    .min(1)
    .max(255)
    .meta(doc('Value', '枚举值 value', 'hust')),
  label: z
    .string()
    .max(255)
    .meta(doc('Name', '显示名称', '华中科技大学')),
});

export const fieldLabel = z
  .string()
  .max(255)
  .meta(doc('Name', '显示名称', '学校'));
export const fieldDescription = z
  .string()
  .max(1024)
  .meta(doc('Description', '详细描述信息', '学校'));
const encrypted = z
  .boolean()
  .meta(doc('Whether values are stored encrypted. Cannot be changed later', '是否加密存储，设置之后不能修改', false));
const isUnique = z
  .boolean()
  .meta(
    doc(
      'Whether a value may occur only once. For STRING and NUMBER',
      '是否为唯一字段，仅支持 STRING、NUMBER 类型',
      false,
    ),
  );
export const userEditable = z.boolean().meta(doc('Whether users may change their own value', '用户是否可编辑', false));
export const visibleInAdminConsole = z.boolean().meta(doc('Whether the console shows it', '是否在控制台中显示', true));
export const visibleInUserCenter = z
  .boolean()
  .meta(
    doc(
      'Whether the personal center shows it. Answers of the API have it either way',
      '是否在用户个人中心展示（不影响 API 返回）',
      true,
    ),
  );
const desensitization = z
  .boolean()
  .meta(doc('Whether values are masked where others than administrators read them', '脱敏', false));
const appIds = z
  .array(z.string().max(64))
  .max(100)
  .meta(doc('Applications the field is for; none for all', 'App Id 列表，为空表示所有应用', []));
const options = z
  .array(CustomFieldSelectOption)
  .max(500)
  .meta(doc('Values an ENUM can have', '枚举值类型选择项', [{ value: 'pku', label: '北京大学' }]));

const ruleTypes = ['UNIQUE', 'regExp', 'phone', 'email', 'isNumber', 'None'] as const;
const ValidateRule = z.object({
  type: z.enum(ruleTypes).meta(doc('Kind of the rule', '规则类型', 'regExp')),
  content: z
    .string()
    .max(512)
    .nullable()
    .optional()
    .meta(doc('Regular expression of `regExp`', '规则内容：`regExp` 的正则表达式', '^[A-Z]{2}[0-9]{4}$')),
  error: z
    .string()
    .max(255)
    .nullable()
    .optional()
    .meta(doc('What to say when it is broken', '不符合规则时的提示', '已存在')),
});
const validateRules = z
  .union([z.array(ValidateRule).max(10), ValidateRule, z.object({}).strict()])
  .meta(
    doc(
      'Rules for values, as a list or alone. Regular expressions run in RE2: no look-around, no back references',
      '校验规则，数组或单个对象。正则表达式使用 RE2 语法，不支持环视和反向引用',
      [{ type: 'UNIQUE', content: '', error: '已存在当前' }],
    ),
  );

/** A field as every operation returns it. */
export const CustomFieldDto = dto('CustomFieldDto', {
  targetType,
  createdAt: z.iso
    .datetime()
    .nullable()
    .optional()
    .meta(
      doc('Time of creation; built-in fields have none', '创建时间，内置字段没有创建时间', '2022-03-17T05:23:01.567Z'),
    ),
  dataType,
  key: z.string().meta(doc('Key of the field', '字段 key', 'school')),
  label: fieldLabel,
  description: fieldDescription.nullable().optional(),
  encrypted: encrypted.optional(),
  isUnique,
  userEditable: userEditable.optional(),
  visibleInAdminConsole,
  visibleInUserCenter: visibleInUserCenter.optional(),
  i18n: CustomFieldI18n.nullable().optional(),
  options: options.optional(),
  validateRules: z.array(ValidateRule).optional(),
  appIds: appIds.optional(),
  desensitization: desensitization.optional(),
});

export const CustomFieldList = z.array(CustomFieldDto);

/** What built-in fields of each kind of target are called: custom fields stand beside them in flat answers, and in filters. */
export const builtInKeys: Readonly<Record<z.output<typeof targetType>, ReadonlySet<string>>> = {
  USER: new Set([...Object.keys(UserDto.shape), ...conditionNames, 'id', 'password', 'salt']),
  DEPARTMENT: new Set(['id', ...Object.keys(DepartmentDto.shape), ...Object.keys(OrganizationDto.shape)]),
  GROUP: new Set([...Object.keys(GroupDto.shape), 'createdAt', 'updatedAt']),
  ROLE: new Set([...Object.keys(RoleDto.shape), 'createdAt', 'updatedAt']),
};

const fieldData = z.object({ field: CustomFieldDto });
export const customFieldAdded = event('custom_field.added', { webhook: 'user-pool:udf-added', data: fieldData });
export const customFieldUpdated = event('custom_field.updated', { data: fieldData });
export const customFieldDeleted = event('custom_field.deleted', { webhook: 'user-pool:udf-deleted', data: fieldData });

/** What lists of fields can be asked for. */
export const listFilters = {
  tenantId,
  targetType: targetType.default('USER'),
  dataType: z
    .enum(['STRING', 'NUMBER', 'DATETIME', 'BOOLEAN', 'OBJECT', 'SELECT', 'ENUM'])
    .optional()
    .meta(doc('Type of the values; SELECT is the same as ENUM', '数据类型，SELECT 等同于 ENUM', 'STRING')),
  ...paging,
  userVisible: z
    .boolean()
    .optional()
    .meta(doc('Only fields the personal center shows, or does not', '是否在用户个人中心展示', true)),
  adminVisible: z
    .boolean()
    .optional()
    .meta(doc('Only fields the console shows, or does not', '是否在控制台展示', true)),
  accessControl: z
    .boolean()
    .optional()
    .meta(doc('Only fields that are for some applications, or for all', '是否仅对部分应用可见', false)),
  keyword: z
    .string()
    .max(255)
    .optional()
    .meta(doc('Part of key or name', '搜索关键字，匹配 key 或显示名称', 'school')),
  lang: z
    .string()
    .max(16)
    .optional()
    .meta(doc('Language of the names: zh-CN, en-US, zh-TW, ja-JP', '显示名称的语言', 'en-US')),
};

export const ListCustomFieldsDto = dto('ListCustomFieldsDto', {
  count: dto('CountCustomFieldsDto', {
    all: z.int().meta(doc('Number of all fields', '全部字段数量', 100)),
    userVisible: z.int().meta(doc('Number of fields the personal center shows', '用户可见的字段数量', 0)),
    adminVisible: z.int().meta(doc('Number of fields the console shows', '管理员可见的字段数量', 0)),
  }),
  list: z.array(CustomFieldDto).meta(doc('Fields of this page', '响应数据')),
});

const tag = 'Custom Fields';
const { tenantNotFound } = departmentTreeErrors;

export const getCustomFields = query({
  method: 'GET',
  path: '/api/v3/get-custom-fields',
  tag,
  title: { en: 'Get Custom Fields', zh: '获取自定义字段列表' },
  summary: { en: 'Get the custom fields', zh: '获取自定义字段列表' },
  description: {
    en: 'Gets every custom field of users, roles, groups or departments, in the order they were made.',
    zh: '获取用户、角色、分组或部门的全部自定义字段，按创建顺序返回。',
  },
  permission: 'customField:Get',
  input: dto('GetCustomFieldsDto', { targetType, tenantId }),
  output: CustomFieldList,
  answer: 'CustomFieldListRespDto',
  errors: [tenantNotFound],
});

export const listCustFields = query({
  method: 'GET',
  path: '/api/v3/list-custom-fields',
  tag,
  title: { en: 'List Custom Fields', zh: '分页获取自定义字段列表' },
  summary: { en: 'List custom fields', zh: '分页获取自定义字段列表' },
  description: {
    en: 'Lists custom fields page by page. `count` tells how many fit the type and keyword, whatever their visibility.',
    zh: '分页获取自定义字段。`count` 为符合类型和关键字的字段数量，不受可见性筛选影响。',
  },
  permission: 'customField:List',
  input: dto('ListCustomFieldsReqDto', listFilters),
  output: ListCustomFieldsDto,
  answer: 'ListCistomFieldsResDto',
  errors: [tenantNotFound],
});

const SetCustomFieldDto = dto('SetCustomFieldDto', {
  targetType,
  key: customFieldKey,
  dataType: dataType.nullable().optional(),
  label: fieldLabel.nullable().optional(),
  description: fieldDescription.nullable().optional(),
  encrypted: encrypted.nullable().optional(),
  isUnique: isUnique.nullable().optional(),
  userEditable: userEditable.nullable().optional(),
  visibleInAdminConsole: visibleInAdminConsole.nullable().optional(),
  visibleInUserCenter: visibleInUserCenter.nullable().optional(),
  validateRules: validateRules.nullable().optional(),
  appIds: appIds.nullable().optional(),
  desensitization: desensitization.nullable().optional(),
  options: options.nullable().optional(),
  i18n: CustomFieldI18n.nullable().optional(),
});

export const setCustomFields = command({
  method: 'POST',
  path: '/api/v3/set-custom-fields',
  tag,
  title: { en: 'Set Custom Fields', zh: '创建/修改自定义字段定义' },
  summary: { en: 'Create or change custom fields', zh: '创建/修改自定义字段定义' },
  description: {
    en: 'Creates the fields that are new and changes the others, all or none. What is absent stays. A new field is a STRING unless it says otherwise. Key, type and encryption cannot be changed; a field can become unique only while its values are.',
    zh: '创建或修改自定义字段定义，全部成功或全部失败，未传的属性保持不变。新字段默认类型为 STRING。key、类型、加密设置之后不能修改；已有重复值的字段不能改为唯一。',
  },
  permission: 'customField:Set',
  input: dto('SetCustomFieldsReqDto', {
    list: z.array(SetCustomFieldDto).min(1).max(50).meta(doc('Fields, 1 to 50', '自定义字段列表，1 到 50 个')),
    tenantId,
  }),
  output: CustomFieldList,
  answer: 'CustomFieldListRespDto',
  errors: [
    tenantNotFound,
    customFieldErrors.keyBuiltIn,
    customFieldErrors.immutable,
    customFieldErrors.notUniqueable,
    customFieldErrors.optionsMissing,
    customFieldErrors.optionTwice,
    customFieldErrors.expressionRefused,
    customFieldErrors.valuesNotUnique,
    customFieldErrors.tooMany,
  ],
  audit: { operationType: 'set', resourceType: 'customField' },
  emits: [customFieldAdded, customFieldUpdated],
});

export const deleteCustomFields = command({
  method: 'POST',
  path: '/api/v3/delete-custom-fields',
  tag,
  title: { en: 'Delete Custom Fields', zh: '删除自定义字段定义' },
  summary: { en: 'Delete custom fields', zh: '删除自定义字段定义' },
  description: {
    en: 'Deletes fields with all their values. Fields that are not there are ignored, so the call can be repeated safely.',
    zh: '删除自定义字段定义及其所有的值。不存在的字段会被忽略，可安全地重复调用。',
  },
  permission: 'customField:Delete',
  input: dto('DeleteCustomFieldsReqDto', {
    tenantId,
    list: z
      .array(
        dto('DeleteCustomFieldDto', {
          targetType,
          key: z
            .string()
            .min(1)
            .max(64)
            .meta(doc('Key of the field', '字段 key', 'school')),
        }),
      )
      .min(1)
      .max(50)
      .meta(doc('Fields, 1 to 50', '自定义字段列表，1 到 50 个')),
  }),
  output: IsSuccessDto,
  answer: 'IsSuccessRespDto',
  errors: [tenantNotFound],
  audit: { operationType: 'delete', resourceType: 'customField' },
  emits: [customFieldDeleted],
});
