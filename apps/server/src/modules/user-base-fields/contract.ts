import { command, dto, errors, event, query } from '@genauth/contract';
import * as z from 'zod';
import {
  CustomFieldI18n,
  CustomFieldList,
  customFieldKey,
  fieldDescription,
  fieldLabel,
  ListCustomFieldsDto,
  listFilters,
  userEditable,
  visibleInAdminConsole,
  visibleInUserCenter,
} from '../custom-fields/contract.ts';
import { departmentTreeErrors } from '../department-tree/contract.ts';

export const userBaseFieldErrors = errors('user_base_field', {
  notFound: { statusCode: 404, message: { en: 'No such built-in field: {key}', zh: '内置字段不存在：{key}' } },
});

export const baseFieldUpdated = event('base_field.updated', { data: z.object({ field: CustomFieldList.element }) });

const tag = 'Custom Fields';

export const getUserBaseFields = query({
  method: 'GET',
  path: '/api/v3/get-user-base-fields',
  tag,
  title: { en: 'Get User Base Fields', zh: '获取用户内置字段列表' },
  summary: { en: 'Get the built-in fields of users', zh: '获取用户内置字段列表' },
  description: {
    en: 'Gets the fields every user has, as this user pool names and shows them.',
    zh: '获取用户的全部内置字段，以及用户池对其显示名称、可见性等的设置。',
  },
  permission: 'customField:Get',
  input: dto('GetUserBaseFieldsDto', {}),
  output: CustomFieldList,
  answer: 'CustomFieldListRespDto',
  errors: [],
});

export const listUserBaseFields = query({
  method: 'GET',
  path: '/api/v3/list-user-base-fields',
  tag,
  title: { en: 'List User Base Fields', zh: '分页获取用户内置字段列表' },
  summary: { en: 'List the built-in fields of users', zh: '分页获取用户内置字段列表' },
  description: {
    en: 'Lists the built-in fields of users page by page. Only users have any.',
    zh: '分页获取用户内置字段。只有用户有内置字段。',
  },
  permission: 'customField:List',
  input: dto('ListUserBaseFieldsReqDto', listFilters),
  output: ListCustomFieldsDto,
  answer: 'ListCistomFieldsResDto',
  errors: [departmentTreeErrors.tenantNotFound],
});

export const setUserBaseFields = command({
  method: 'POST',
  path: '/api/v3/set-user-base-fields',
  tag,
  title: { en: 'Set User Base Fields', zh: '修改用户内置字段配置' },
  summary: { en: 'Change how built-in fields of users are shown', zh: '修改用户内置字段配置' },
  description: {
    en: 'Changes name, description, visibility, editability and translations of built-in fields; type and uniqueness stay. What is absent stays, an empty name brings the built-in one back.',
    zh: '修改用户内置字段的显示名称、描述、可见性、可编辑性和多语言内容，数据类型和唯一性不能修改。未传的属性保持不变，显示名称传空恢复默认。',
  },
  permission: 'customField:Set',
  input: dto('SetUserBaseFieldsReqDto', {
    list: z
      .array(
        dto('SetUserBaseFieldDto', {
          key: customFieldKey.meta({ ...customFieldKey.meta(), examples: ['nickname'] }),
          label: fieldLabel.nullable().optional(),
          description: fieldDescription.nullable().optional(),
          userEditable: userEditable.nullable().optional(),
          visibleInAdminConsole: visibleInAdminConsole.nullable().optional(),
          visibleInUserCenter: visibleInUserCenter.nullable().optional(),
          i18n: CustomFieldI18n.nullable().optional(),
        }),
      )
      .min(1)
      .max(50)
      .meta({ description: 'Fields, 1 to 50', 'x-description-zh-CN': '内置字段列表，1 到 50 个' }),
  }),
  output: CustomFieldList,
  answer: 'CustomFieldListRespDto',
  errors: [userBaseFieldErrors.notFound],
  audit: { operationType: 'set', resourceType: 'customField' },
  emits: [baseFieldUpdated],
});
