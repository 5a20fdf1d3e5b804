import { addressOf, type Base } from './addresses.ts';
import { escapeHtml, type Heading } from './markdown.ts';
import { type MenuEntry, sdkLanguages, topMenu } from './menu.ts';
import type { Page } from './pages.ts';
import { type Locale, locales, type Say, sayIn, words } from './words.ts';

/** What all pages of a build share. */
export interface Frame {
  readonly base: Base;
  /** Folder of the style sheets and the scripts; its name changes with their content. */
  readonly assets: string;
}

/** A page, ready to be put into its frame. */
export interface Content {
  readonly page: Page;
  /** HTML of the text, links resolved. */
  readonly html: string;
  readonly headings: readonly Heading[];
  readonly side: readonly MenuEntry[];
  readonly breadcrumb: readonly MenuEntry[];
  readonly previous: Page | undefined;
  readonly next: Page | undefined;
  /** Languages that have this page, too. */
  readonly translations: ReadonlySet<Locale>;
  /** Addresses of the same operation in the other SDKs. */
  readonly inOtherSdks: readonly MenuEntry[];
}

/** In this order: later ones refine earlier ones. */
const styles = ['frame.css', 'text.css', 'tools.css'];

/** The whole document of a page. No style and no script stands in it, so a strict content security policy can hold. */
export function pageDocument(frame: Frame, content: Content): string {
  const { page } = content;
  const say = sayIn(page.locale);
  const { tag = 'en' } = locales.find(({ locale }) => locale === page.locale) ?? {};
  const isHome = page.path === '';
  const layout = isHome ? 'home' : content.side.length > 0 ? 'with-menu' : 'wide';
  const title = isHome ? say('site') : `${page.title} · ${say('site')}`;
  return `<!doctype html>
<html lang="${tag}" data-base="${frame.base}" data-locale="${page.locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="${frame.base}/${frame.assets}/mark.svg" type="image/svg+xml">
${styles.map((name) => `<link rel="stylesheet" href="${frame.base}/${frame.assets}/${name}">`).join('\n')}
<script src="${frame.base}/${frame.assets}/theme.js"></script>
<script type="module" src="${frame.base}/${frame.assets}/site.js"></script>
${page.attributes.get('layout') === 'explorer' ? `<script type="module" src="${frame.base}/${frame.assets}/explorer.js"></script>\n` : ''}</head>
<body class="${layout}">
<a class="skip" href="#content">${say('skip')}</a>
${header(frame, content, say)}
<div class="columns">
${sideBar(frame, content, say)}<main id="content" tabindex="-1">
${breadcrumbHtml(frame, content, say)}<article>
${otherSdks(frame, content, say)}${content.html}</article>
${neighbourLinks(frame, content, say)}</main>
${tableOfContents(content.headings, say)}</div>
${searchDialog(say)}
</body>
</html>
`;
}

function header(frame: Frame, { page, translations }: Content, say: Say): string {
  const { base } = frame;
  const [section = ''] = page.path.split('/');
  const entries = topMenu(say).map(({ title, path, sections }) => {
    const current = sections.includes(section) ? ' aria-current="true"' : '';
    return `<a href="${addressOf(base, page.locale, path)}"${current}>${escapeHtml(title)}</a>`;
  });
  const languages = locales
    .filter(({ locale }) => locale !== page.locale)
    .map(({ locale, tag, name }) => {
      const path = translations.has(locale) ? page.path : '';
      return `<a href="${addressOf(base, locale, path)}" hreflang="${tag}" lang="${tag}">${name}</a>`;
    });
  return `<header>
<a class="brand" href="${addressOf(base, page.locale, '')}"><img src="${base}/${frame.assets}/mark.svg" alt="" width="24" height="24">GenAuth</a>
<nav class="top" aria-label="${say('mainNavigation')}">${entries.join('')}</nav>
<div class="tools">
<button type="button" class="search" data-search><span>${say('search')}</span><kbd>/</kbd></button>
${languages.join('')}
<button type="button" class="theme" data-theme-switch aria-label="${say('theme')}"><svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true"><circle cx="10" cy="10" r="7.5" fill="none" stroke="currentColor" stroke-width="1.5"/><path d="M10 2.5a7.5 7.5 0 0 1 0 15z" fill="currentColor"/></svg></button>
</div>
</header>`;
}

/** On a phone the menu is a drawer that the browser opens and closes by itself: no script is needed to get about. */
function sideBar({ base }: Frame, { page, side }: Content, say: Say): string {
  if (side.length === 0) return '';
  return `<details class="side" open><summary>${say('menu')}</summary><nav aria-label="${say('sectionNavigation')}">
${menuList(base, page, side)}
</nav></details>
`;
}

function menuList(base: Base, page: Page, entries: readonly MenuEntry[]): string {
  const items = entries.map(({ title, path, children }) => {
    const current = path === page.path ? ' aria-current="page"' : '';
    const label =
      path === undefined
        ? `<span>${escapeHtml(title)}</span>`
        : `<a href="${addressOf(base, page.locale, path)}"${current}>${escapeHtml(title)}</a>`;
    return `<li>${label}${children === undefined || children.length === 0 ? '' : menuList(base, page, children)}</li>`;
  });
  return `<ul>${items.join('')}</ul>`;
}

function breadcrumbHtml({ base }: Frame, { page, breadcrumb }: Content, say: Say): string {
  if (breadcrumb.length === 0) return '';
  const items = breadcrumb.map(({ title, path }, index) => {
    const text = escapeHtml(title);
    if (index === breadcrumb.length - 1) return `<li aria-current="page">${text}</li>`;
    return `<li>${path === undefined ? text : `<a href="${addressOf(base, page.locale, path)}">${text}</a>`}</li>`;
  });
  return `<nav class="breadcrumb" aria-label="${say('breadcrumb')}"><ol>${items.join('')}</ol></nav>\n`;
}

function otherSdks({ base }: Frame, { page, inOtherSdks }: Content, say: Say): string {
  if (inOtherSdks.length === 0) return '';
  const [, current] = page.path.split('/');
  const items = sdkLanguages.map(({ slug, title }) => {
    const other = inOtherSdks.find((entry) => entry.title === title);
    if (slug === current || other?.path === undefined) return `<span aria-current="true">${title}</span>`;
    return `<a href="${addressOf(base, page.locale, other.path)}">${title}</a>`;
  });
  return `<nav class="languages" aria-label="${say('sameIn')}">${items.join('')}</nav>\n`;
}

function neighbourLinks({ base }: Frame, { page, previous, next }: Content, say: Say): string {
  if (previous === undefined && next === undefined) return '';
  const link = (neighbour: Page | undefined, rel: 'prev' | 'next', label: string): string =>
    neighbour === undefined
      ? '<span></span>'
      : `<a rel="${rel}" href="${addressOf(base, page.locale, neighbour.path)}"><small>${label}</small>${escapeHtml(neighbour.title)}</a>`;
  return `<nav class="neighbours" aria-label="${say('previous')} / ${say('next')}">${link(previous, 'prev', say('previous'))}${link(next, 'next', say('next'))}</nav>
`;
}

function tableOfContents(headings: readonly Heading[], say: Say): string {
  if (headings.length < 2) return '';
  const items = headings.map(
    ({ level, id, text }) => `<li class="level-${level}"><a href="#${id}">${escapeHtml(text)}</a></li>`,
  );
  return `<nav class="contents" aria-label="${say('onThisPage')}"><strong>${say('onThisPage')}</strong><ul>${items.join('')}</ul></nav>
`;
}

function searchDialog(say: Say): string {
  return `<dialog class="search" aria-label="${say('search')}" data-nothing="${say('searchNothing')}" data-copy="${say('copy')}" data-copied="${say('copied')}">
<form method="dialog"><input type="search" name="query" placeholder="${say('searchPlaceholder')}" aria-label="${say('search')}" autocomplete="off" spellcheck="false"><button>${say('close')}</button></form>
<div class="results" role="status"></div>
</dialog>`;
}

/** The page for addresses that lead nowhere, in all languages. */
export function notFoundDocument(frame: Frame, page: Page): string {
  const html = locales
    .map(
      ({ locale, tag }) =>
        `<section lang="${tag}"><p class="lead">${words.notFound[locale]}</p><p>${words.notFoundHint[locale]}</p></section>`,
    )
    .join('\n');
  return pageDocument(frame, {
    page,
    html: `<h1>404</h1>\n${html}`,
    headings: [],
    side: [],
    breadcrumb: [],
    previous: undefined,
    next: undefined,
    translations: new Set(),
    inOtherSdks: [],
  });
}
