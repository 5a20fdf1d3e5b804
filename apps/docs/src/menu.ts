import type { Page } from './pages.ts';
import type { Locale, Say } from './words.ts';

/** An entry of a menu. Its own page is `path`; a heading above others may have none. */
export interface MenuEntry {
  readonly title: string;
  readonly path?: string;
  readonly children?: readonly MenuEntry[];
}

/** The pages of one language, by address and by folder. */
export interface Library {
  readonly locale: Locale;
  readonly byPath: ReadonlyMap<string, Page>;
  readonly byFolder: ReadonlyMap<string, readonly Page[]>;
}

/** Sorts the pages of a language. */
export function toLibrary(locale: Locale, pages: readonly Page[]): Library {
  const byPath = new Map(pages.map((page) => [page.path, page]));
  const byFolder = Map.groupBy(pages, ({ path }) => folderOf(path));
  for (const inFolder of byFolder.values()) {
    inFolder.sort((a, b) => a.order - b.order || (a.path < b.path ? -1 : 1));
  }
  return { locale, byPath, byFolder };
}

/** The SDKs in the order of the menus: folder below `reference` and name. */
export const sdkLanguages = [
  { slug: 'java', title: 'Java' },
  { slug: 'nodejs', title: 'Node.js' },
  { slug: 'python', title: 'Python' },
] as const;

/** The entries at the top of every page. `section` is the first part of the addresses below. */
export function topMenu(
  say: Say,
): { readonly title: string; readonly path: string; readonly sections: readonly string[] }[] {
  return [
    { title: say('concepts'), path: 'concepts', sections: ['concepts'] },
    { title: say('guide'), path: 'guide', sections: ['guide'] },
    { title: say('development'), path: 'reference', sections: ['reference', 'errors'] },
    { title: say('explorer'), path: 'api', sections: ['api'] },
  ];
}

/** The menu at the side of a page. Of the areas of an SDK only the page's own is opened: pages stay small. */
export function sideMenu(library: Library, { path }: Page, say: Say): MenuEntry[] {
  const [section = '', language] = path.split('/');
  if (section === 'concepts' || section === 'guide') {
    return [{ title: say(section), children: [...index(library, section, say), ...entries(library, section)] }];
  }
  if (section !== 'reference' && section !== 'errors') return [];
  return [
    { title: say('overview'), path: 'reference' },
    { title: say('explorer'), path: 'api' },
    {
      title: say('sdk'),
      children: sdkLanguages.map(({ slug, title }) => ({
        title,
        path: `reference/${slug}`,
        ...(slug === language ? { children: sdkMenu(library, slug, path, say) } : {}),
      })),
    },
    { title: say('errors'), path: 'errors' },
  ];
}

/** The way to a page, from the menus; the page itself comes last. */
export function breadcrumb(library: Library, page: Page, say: Say): MenuEntry[] {
  const [section = '', language, area, operation] = page.path.split('/');
  const own = { title: page.title };
  if (section === '') return [];
  if (section !== 'reference' && section !== 'errors') {
    const top = topMenu(say).find(({ sections }) => sections.includes(section));
    return top === undefined || top.path === page.path ? [own] : [{ title: top.title, path: top.path }, own];
  }
  const development = { title: say('development'), path: 'reference' };
  const sdk = sdkLanguages.find(({ slug }) => slug === language);
  if (sdk === undefined) return page.path === 'reference' ? [own] : [development, own];
  const areaPage = library.byPath.get(`reference/${sdk.slug}/${area}`);
  return [
    development,
    { title: say('sdk') },
    { title: sdk.title, path: `reference/${sdk.slug}` },
    ...(area === undefined ? [] : [{ title: say('management') }]),
    ...(operation === undefined || areaPage === undefined ? [] : [{ title: areaPage.title, path: areaPage.path }]),
    area === undefined ? { title: say('installation') } : own,
  ];
}

/** The neighbours of a page inside its folder. */
export function neighbours(library: Library, page: Page): { previous: Page | undefined; next: Page | undefined } {
  const [section] = page.path.split('/');
  const siblings =
    section === 'errors' ||
    section === 'api' ||
    section === '' ||
    (section === 'reference' && page.file.endsWith('index.md'))
      ? []
      : (library.byFolder.get(folderOf(page.path)) ?? []);
  const place = siblings.indexOf(page);
  return place === -1
    ? { previous: undefined, next: undefined }
    : { previous: siblings[place - 1], next: siblings[place + 1] };
}

function sdkMenu(library: Library, language: string, current: string, say: Say): MenuEntry[] {
  const folder = `reference/${language}`;
  const areas = (library.byFolder.get(folder) ?? []).filter(({ file }) => file.endsWith('index.md'));
  return [
    { title: say('installation'), path: folder },
    {
      title: say('management'),
      children: areas.map(({ title, path }) => ({
        title,
        path,
        ...(current === path || current.startsWith(`${path}/`) ? { children: entries(library, path) } : {}),
      })),
    },
  ];
}

function index(library: Library, path: string, say: Say): MenuEntry[] {
  return library.byPath.has(path) ? [{ title: say('overview'), path }] : [];
}

function entries(library: Library, folder: string): MenuEntry[] {
  return (library.byFolder.get(folder) ?? []).map(({ title, path }) => ({ title, path }));
}

function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
}
