import type { Words } from '../model.ts';
import type { Area } from './areas.ts';
import { code, table } from './markdown.ts';
import { frontMatter, operationSlug, toText } from './operation-page.ts';
import type { SdkLanguage } from './sdk-languages.ts';
import { type Locale, words } from './words.ts';

const introduction = {
  en: 'Operations of the management module. Each page says what to send, what comes back, and shows a program that does it.',
  zh: '管理模块中的接口。每个页面说明请求参数与响应，并附有可运行的示例。',
} satisfies Words;

/** The page of an area: its operations, with what each does. */
export function areaPage(area: Area, order: number, language: SdkLanguage, locale: Locale): string {
  const rows = area.operations.map((operation) => [
    `[${operation.title[locale]}](${operationSlug(operation)}.md)`,
    code(language.methodName(operation)),
    operation.summary[locale],
  ]);
  return toText([
    frontMatter({ title: area.title[locale], order }),
    [`# ${area.title[locale]}`],
    [introduction[locale]],
    table([words.operation[locale], words.method[locale], words.summary[locale]], rows),
  ]);
}
