import { sdkLanguages } from './menu.ts';
import type { Page } from './pages.ts';
import type { Locale } from './words.ts';

/** What the search of one language knows about a page. Short names: a browser loads some hundred of these. */
export interface SearchRecord {
  /** Title. */
  readonly t: string;
  /** Address without base and language; of operations without the SDK: `{sdk}` stands in its place. */
  readonly u: string;
  /** Other names: methods, path. */
  readonly n: string;
  /** Text of the page. */
  readonly x: string;
}

/** A page with its text as HTML. */
interface SearchedPage {
  readonly page: Page;
  readonly html: string;
}

/** The records of a language. The pages of an operation differ by SDK in its spelling only, so they are one record. */
export function searchRecords(pages: readonly SearchedPage[], locale: Locale): SearchRecord[] {
  const records = new Map<string, SearchRecord>();
  for (const { page, html } of pages) {
    if (page.locale !== locale || page.path === '') continue;
    const shared = page.generated ? sharedAddress(page.path) : page.path;
    const known = records.get(shared);
    const method = page.attributes.get('method') ?? '';
    if (known === undefined) records.set(shared, { t: page.title, u: shared, n: method, x: textOf(html) });
    else if (!known.n.split(' ').includes(method)) records.set(shared, { ...known, n: `${known.n} ${method}`.trim() });
  }
  return [...records.values()];
}

function sharedAddress(path: string): string {
  const [section, language, ...rest] = path.split('/');
  if (section !== 'reference' || !sdkLanguages.some(({ slug }) => slug === language)) return path;
  return ['reference', '{sdk}', ...rest].join('/');
}

/** The words of a page. Code says in every language what the tables say already. */
function textOf(html: string): string {
  return html
    .replace(/<div class="code">[\s\S]*?<\/pre><\/div>/g, ' ')
    .replace(/<svg[\s\S]*?<\/svg>/g, ' ')
    .replace(/<h1>[\s\S]*?<\/h1>/, ' ')
    .replace(/<[^>]+>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ')
    .trim();
}
