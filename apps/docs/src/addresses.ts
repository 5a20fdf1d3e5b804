import { posix } from 'node:path';
import type { Page } from './pages.ts';
import type { Locale } from './words.ts';

/** Where the site is published: `/docs`, or nothing when it has a host of its own. */
export type Base = '' | `/${string}`;

/** The address of a page. Folders, so that every static host serves them without a rule of its own. */
export function addressOf(base: Base, locale: Locale, path: string): string {
  return `${base}/${locale === 'en' ? '' : `${locale}/`}${path === '' ? '' : `${path}/`}`;
}

/** Where a link of a page leads: to a page of the same language, to a file of the site, or out of it. */
export type Target =
  | { readonly kind: 'page'; readonly path: string; readonly hash: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'elsewhere' };

/** Files that the site has besides its pages; links to them carry no language. */
const filePrefixes = ['/openapi/', '/assets/'];

/** Reads a link as a page's author wrote it: `/errors/`, `../concepts/tenant.md#roles`, `#here`, `https://…`. */
export function readLink(page: Page, link: string): Target {
  if (/^[a-z][a-z+.-]*:/i.test(link) || link.startsWith('//')) return { kind: 'elsewhere' };
  if (filePrefixes.some((prefix) => link.startsWith(prefix))) return { kind: 'file', path: link.slice(1) };
  const [before = '', hash = ''] = link.split('#');
  if (before === '') return { kind: 'page', path: page.path, hash };
  const absolute = before.startsWith('/') ? before : posix.join('/', posix.dirname(page.file), before);
  const path = absolute.replace(/(^|\/)index\.md$|\.md$/, '').replace(/^\/|\/$/g, '');
  return { kind: 'page', path, hash };
}
