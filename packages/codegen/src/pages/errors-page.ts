import type { Model, OperationError, Words } from '../model.ts';
import { cell, code, table } from './markdown.ts';
import { frontMatter, toText } from './operation-page.ts';
import { type Locale, words } from './words.ts';

const copy = {
  title: { en: 'Error Codes', zh: '错误码' },
  introduction: {
    en: 'Every answer is an envelope. `statusCode` in it tells success (200) from failure; HTTP itself says 200 for failures too, except for 429 and for failures of the infrastructure. `apiCode` narrows some failures down. `message` is written for people and comes in the language of the request, so programs should look at `statusCode` and `apiCode`. Name the `requestId` when you report a failure.',
    zh: '所有响应都是统一的结构，其中 `statusCode` 表示成功（200）或失败；除 429 和基础设施故障外，业务失败时 HTTP 状态码同样为 200。`apiCode` 用于进一步细分错误。`message` 供人阅读，其语言取决于请求，程序应以 `statusCode` 和 `apiCode` 判断。反馈问题时请提供 `requestId`。',
  },
  statusCodes: { en: 'Status codes', zh: '业务状态码' },
  apiCodes: { en: 'apiCodes', zh: '细分错误码' },
  apiCodesIntroduction: {
    en: 'Failures that carry an `apiCode`.',
    zh: '带有 `apiCode` 的错误。',
  },
  everyOperation: { en: 'Of every operation', zh: '所有接口' },
  everyOperationIntroduction: {
    en: 'Failures that any operation can answer with.',
    zh: '任何接口都可能返回的错误。',
  },
  ofOperations: { en: 'Of single operations', zh: '各接口特有' },
  ofOperationsIntroduction: {
    en: 'The page of each operation lists which of them it has.',
    zh: '各接口的页面列出了它可能返回的错误。',
  },
} satisfies Record<string, Words>;

const statusMeanings: Readonly<Record<number, Words>> = {
  200: { en: 'Success', zh: '操作成功' },
  400: { en: 'A parameter or the body cannot be used', zh: '请求参数错误' },
  401: { en: 'The credential is missing, wrong or expired', zh: '身份凭证缺失、错误或已过期' },
  403: { en: 'The credential does not allow this', zh: '没有权限' },
  404: { en: 'What the request names does not exist', zh: '资源不存在' },
  409: { en: 'Something of that name or id exists already', zh: '资源冲突' },
  413: { en: 'The body is too large', zh: '请求体过大' },
  422: { en: 'Well formed, but not possible in the present state', zh: '当前状态下无法执行该操作' },
  429: {
    en: 'Too many requests; HTTP says 429, too, and `Retry-After` when to try again',
    zh: '请求过于频繁；HTTP 状态码同为 429，`Retry-After` 指明重试时间',
  },
  431: { en: 'The headers are too large', zh: '请求头过大' },
  500: {
    en: 'Something unforeseen; the server log has the reason under the `requestId`',
    zh: '服务器内部错误，可凭 `requestId` 在服务端日志中查询原因',
  },
  503: { en: 'Temporarily unavailable', zh: '服务暂不可用' },
};

/** The page Error Codes: the whole catalogue, from the document. */
export function errorsPage({ errors, commonErrors }: Model, locale: Locale): string {
  const say = (key: keyof typeof copy): string => copy[key][locale];
  const all = [...commonErrors, ...errors];
  const statusCodes = [...new Set([200, ...all.map(({ statusCode }) => statusCode)])].sort((a, b) => a - b);
  const withApiCode = all
    .filter(({ apiCode }) => apiCode !== undefined)
    .sort((a, b) => Number(a.apiCode) - Number(b.apiCode));
  return toText([
    frontMatter({ title: say('title') }),
    [`# ${say('title')}`],
    [say('introduction')],
    [`## ${say('statusCodes')}`],
    table(
      ['statusCode', words.meaning[locale]],
      statusCodes.map((statusCode) => [String(statusCode), statusMeanings[statusCode]?.[locale] ?? '-']),
    ),
    ...(withApiCode.length === 0
      ? []
      : [[`## ${say('apiCodes')}`], [say('apiCodesIntroduction')], catalogue(withApiCode, locale)]),
    ...(commonErrors.length === 0
      ? []
      : [[`## ${say('everyOperation')}`], [say('everyOperationIntroduction')], catalogue(commonErrors, locale)]),
    [`## ${say('ofOperations')}`],
    [say('ofOperationsIntroduction')],
    catalogue(errors, locale),
  ]);
}

function catalogue(errors: readonly OperationError[], locale: Locale): string[] {
  return table(
    ['statusCode', 'apiCode', words.code[locale], words.message[locale]],
    errors.map(({ statusCode, apiCode, code: name, message }) => [
      String(statusCode),
      apiCode === undefined ? '-' : String(apiCode),
      code(name),
      cell(message[locale]),
    ]),
  );
}
