import type { Words } from '../model.ts';

/** A language of the documentation. */
export type Locale = keyof Words;

/** Both, English first. */
export const locales: readonly Locale[] = ['en', 'zh'];

/** What every reference page says in its own words. */
export const words = {
  notice: {
    en: 'This page is generated from the [V3 API contract](/openapi/management.json). If they ever differ, the contract wins.',
    zh: '本页面由 [V3 API 契约](/openapi/management.json) 生成。如有出入，以契约为准。',
  },
  tryIt: { en: 'Try it in the API explorer', zh: '在 API 调试台中试用' },
  deprecated: { en: 'This operation is deprecated.', zh: '该接口已废弃。' },
  http: { en: 'HTTP', zh: 'HTTP' },
  permission: { en: 'Permission', zh: '所需权限' },
  noCredential: { en: 'none', zh: '无需凭证' },
  methodName: { en: 'Method name', zh: '方法名称' },
  requestParameters: { en: 'Request parameters', zh: '请求参数' },
  noParameters: { en: 'None.', zh: '无。' },
  sampleCode: { en: 'Sample code', zh: '示例代码' },
  requestResponse: { en: 'Request Response', zh: '请求响应' },
  type: { en: 'Type', zh: '类型' },
  payload: { en: 'Payload', zh: '响应数据' },
  exampleResults: { en: 'Example results', zh: '示例结果' },
  dataStructure: { en: 'Data Structure', zh: '数据结构' },
  errors: { en: 'Errors', zh: '错误' },
  events: { en: 'Events', zh: '事件' },
  errorsIntroduction: {
    en: 'What this operation can answer with besides success. Failures that any operation can have are on the page [Error Codes](/errors/).',
    zh: '除成功外，本接口可能返回的结果。所有接口共有的错误见[错误码](/errors/)。',
  },
  noErrors: {
    en: 'None of its own. Failures that any operation can have are on the page [Error Codes](/errors/).',
    zh: '没有特有的错误。所有接口共有的错误见[错误码](/errors/)。',
  },
  eventsIntroduction: {
    en: 'What is announced when the call changed something.',
    zh: '调用产生变更时发布的事件。',
  },
  name: { en: 'Name', zh: '名称' },
  required: { en: 'Required', zh: '必填' },
  always: { en: 'Required', zh: '必有' },
  defaultValue: { en: 'Default value', zh: '默认值' },
  description: { en: 'Description', zh: '描述' },
  sampleValue: { en: 'Sample value', zh: '示例值' },
  example: { en: 'Example', zh: '示例' },
  yes: { en: 'yes', zh: '是' },
  no: { en: 'no', zh: '否' },
  event: { en: 'Event', zh: '事件' },
  webhook: { en: 'Webhook', zh: 'Webhook' },
  topic: { en: 'Topic', zh: '主题' },
  code: { en: 'Code', zh: '代码' },
  message: { en: 'Message', zh: '提示信息' },
  meaning: { en: 'Meaning', zh: '含义' },
  operation: { en: 'Operation', zh: '接口' },
  method: { en: 'Method', zh: '方法' },
  summary: { en: 'Summary', zh: '说明' },
  oneOf: { en: 'One of', zh: '可选值：' },
} satisfies Record<string, Words>;

/** Limits of a value, in a sentence; nothing when there are none. */
export const boundsWords = {
  between: { en: '{a} to {b}', zh: '取值范围 {a} 至 {b}' },
  atLeast: { en: 'At least {a}', zh: '最小值 {a}' },
  atMost: { en: 'At most {b}', zh: '最大值 {b}' },
  itemsBetween: { en: '{a} to {b} items', zh: '{a} 至 {b} 项' },
  itemsAtLeast: { en: 'At least {a} items', zh: '至少 {a} 项' },
  itemsAtMost: { en: 'At most {b} items', zh: '最多 {b} 项' },
  charactersBetween: { en: '{a} to {b} characters', zh: '长度 {a} 至 {b}' },
  charactersAtLeast: { en: 'At least {a} characters', zh: '最小长度 {a}' },
  charactersAtMost: { en: 'At most {b} characters', zh: '最大长度 {b}' },
} satisfies Record<string, Words>;
