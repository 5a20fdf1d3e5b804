/** A language of the documentation. */
export type Locale = 'en' | 'zh';

/** In the order of the switch. English has the short addresses. */
export const locales: readonly { readonly locale: Locale; readonly tag: string; readonly name: string }[] = [
  { locale: 'en', tag: 'en', name: 'English' },
  { locale: 'zh', tag: 'zh-CN', name: '简体中文' },
];

/** What the frame around the pages says. */
export const words = {
  site: { en: 'GenAuth Documentation', zh: 'GenAuth 文档' },
  skip: { en: 'Skip to the content', zh: '跳到正文' },
  mainNavigation: { en: 'Main', zh: '主导航' },
  sectionNavigation: { en: 'Section', zh: '章节导航' },
  breadcrumb: { en: 'Breadcrumb', zh: '面包屑' },
  onThisPage: { en: 'On this page', zh: '本页目录' },
  menu: { en: 'Menu', zh: '菜单' },
  search: { en: 'Search', zh: '搜索' },
  searchPlaceholder: { en: 'Search pages, operations, fields, errors', zh: '搜索页面、接口、字段、错误码' },
  searchNothing: { en: 'Nothing found', zh: '没有找到结果' },
  close: { en: 'Close', zh: '关闭' },
  theme: { en: 'Light or dark', zh: '切换明暗主题' },
  language: { en: 'Language', zh: '语言' },
  copy: { en: 'Copy', zh: '复制' },
  copied: { en: 'Copied', zh: '已复制' },
  previous: { en: 'Previous', zh: '上一篇' },
  next: { en: 'Next', zh: '下一篇' },
  sameIn: { en: 'The same in', zh: '其他语言' },
  notFound: { en: 'There is no such page', zh: '页面不存在' },
  notFoundHint: { en: 'It may have moved. The search knows every page.', zh: '页面可能已移动，可使用搜索查找。' },
  concepts: { en: 'Concepts', zh: '概念' },
  guide: { en: 'User Guide', zh: '使用指南' },
  development: { en: 'Development Integration', zh: '开发集成' },
  explorer: { en: 'API Explorer', zh: 'API 调试台' },
  sdk: { en: 'SDK', zh: 'SDK' },
  installation: { en: 'Installation and Usage', zh: '安装与使用' },
  management: { en: 'Management Module', zh: '管理模块' },
  errors: { en: 'Error Codes', zh: '错误码' },
  overview: { en: 'Overview', zh: '概览' },
} satisfies Record<string, Readonly<Record<Locale, string>>>;

/** Says things in one language. */
export type Say = (key: keyof typeof words) => string;

export function sayIn(locale: Locale): Say {
  return (key) => words[key][locale];
}
