/**
 * Makes the documentation site from its Markdown: static files that any host can serve, and the server does below /docs.
 * Knows nothing of the server; what it says of operations comes from the published document.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { areasOf, type Model, readModel } from '@genauth/codegen';
import type { Base } from './addresses.ts';
import { explorerMenu, explorerOperations } from './explorer-data.ts';
import { inlinePictures, LinkCheck, resolveLinks } from './links.ts';
import { type Rendered, render } from './markdown.ts';
import { breadcrumb, type Library, neighbours, sdkLanguages, sideMenu, toLibrary } from './menu.ts';
import { type Page, readPages } from './pages.ts';
import { searchRecords } from './search-records.ts';
import { type Content, type Frame, notFoundDocument, pageDocument } from './template.ts';
import { locales, sayIn } from './words.ts';

/** What to build from, and where to. */
export interface SiteOptions {
  /** Folder with a folder of Markdown for each language. */
  readonly content: string;
  /** Folder with the style sheet and the scripts. */
  readonly theme: string;
  /** File of the management document. */
  readonly document: string;
  /** File of the authentication document, offered as it is. */
  readonly authenticationDocument: string;
  readonly output: string;
  readonly base: Base;
}

/** What a build made. */
export interface SiteReport {
  readonly pages: number;
  /** Links that lead nowhere, each with the page it stands on. */
  readonly brokenLinks: readonly string[];
}

/** Builds the site. The output is replaced as a whole at the end, so a server never shows half of one. */
export async function buildSite({
  content,
  theme,
  document,
  authenticationDocument,
  output,
  base,
}: SiteOptions): Promise<SiteReport> {
  const making = `${output}.new-${randomUUID()}`;
  const documentText = await readFile(document, 'utf8');
  const model = readModel(JSON.parse(documentText));
  const pages = await readPages(content);

  const files = new Output(making);
  const assets = await addAssets(files, theme);
  files.add('openapi/management.json', documentText);
  files.add('openapi/authentication.json', await readFile(authenticationDocument, 'utf8'));
  for (const [name, operation] of explorerOperations(model)) {
    files.add(`explorer/${name}.json`, JSON.stringify(operation));
  }
  const links = addPages(files, pages, model, { base, assets }, content);
  await files.written();

  await putInPlace(making, output);
  return { pages: pages.length, brokenLinks: links.broken() };
}

/** Exchanges the site for the new one. Another build may be doing the same at this moment; either result is right. */
async function putInPlace(made: string, output: string): Promise<void> {
  const retired = `${output}.old-${randomUUID()}`;
  for (;;) {
    await rename(output, retired).catch(ignoreMissing);
    const isThere = await rename(made, output).then(
      () => true,
      () => false,
    );
    await rm(retired, { recursive: true, force: true });
    if (isThere) return;
    await stat(made);
  }
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
}

function addPages(files: Output, pages: readonly Page[], model: Model, frame: Frame, folder: string): LinkCheck {
  const links = new LinkCheck();
  const libraries = new Map(
    locales.map(({ locale }) => [
      locale,
      toLibrary(
        locale,
        pages.filter((page) => page.locale === locale),
      ),
    ]),
  );
  const texts: { page: Page; html: string }[] = [];
  for (const page of pages) {
    const library = libraries.get(page.locale);
    if (library === undefined) continue;
    const rendered = render(inlinePictures(page, folder), { html: !page.generated });
    links.addPage(page, rendered.ids);
    const html = resolveLinks(page, rendered.html, frame.base, links) + explorerPart(page, model, frame.base);
    files.add(fileOf(page), pageDocument(frame, toContent(page, html, rendered, library, libraries)));
    texts.push({ page, html });
  }
  for (const { locale } of locales) {
    files.add(`search/${locale}.json`, JSON.stringify(searchRecords(texts, locale)));
  }
  const home = pages.find(({ locale, path }) => locale === 'en' && path === '');
  if (home !== undefined) files.add('404.html', notFoundDocument(frame, { ...home, path: '404', title: '404' }));
  return links;
}

function explorerPart({ attributes, locale }: Page, model: Model, base: Base): string {
  if (attributes.get('layout') !== 'explorer') return '';
  return `<div class="explorer" data-explorer><nav aria-label="${sayIn(locale)('explorer')}"><ul>${explorerMenu(areasOf(model), base, locale)}</ul></nav><div class="workbench"></div></div>\n`;
}

function toContent(
  page: Page,
  html: string,
  { headings }: Rendered,
  library: Library,
  libraries: ReadonlyMap<string, Library>,
): Content {
  const say = sayIn(page.locale);
  const has = (locale: string): boolean => libraries.get(locale)?.byPath.has(page.path) === true;
  return {
    page,
    html,
    headings,
    side: sideMenu(library, page, say),
    breadcrumb: breadcrumb(library, page, say),
    ...neighbours(library, page),
    translations: new Set(locales.map(({ locale }) => locale).filter(has)),
    inOtherSdks: inOtherSdks(page, library),
  };
}

/** The same page for the other SDKs. */
function inOtherSdks({ path }: Page, { byPath }: Library): { title: string; path: string }[] {
  const [section, language, ...rest] = path.split('/');
  if (section !== 'reference' || language === undefined) return [];
  return sdkLanguages
    .filter(({ slug }) => slug !== language)
    .map(({ slug, title }) => ({ title, path: [section, slug, ...rest].join('/') }))
    .filter((other) => byPath.has(other.path));
}

function fileOf({ locale, path }: Page): string {
  return join(locale === 'en' ? '' : locale, path, 'index.html');
}

/** Style sheet, scripts and pictures, in a folder named for their content: browsers may keep them for ever. */
async function addAssets(files: Output, theme: string): Promise<string> {
  const names = (await readdir(theme)).filter((name) => ['.css', '.ts', '.svg'].includes(extname(name))).sort();
  const texts = await Promise.all(
    names.map(async (name) => [name, await readFile(join(theme, name), 'utf8')] as const),
  );
  const hash = createHash('sha256');
  for (const [name, text] of texts) hash.update(name).update(text);
  const folder = `assets/${hash.digest('hex').slice(0, 12)}`;
  for (const [name, text] of texts) {
    if (name.endsWith('.ts')) files.add(`${folder}/${name.replace(/\.ts$/, '.js')}`, toScript(text));
    else files.add(`${folder}/${name}`, text);
  }
  return folder;
}

/** Types become blanks; the scripts import each other by the names they have on the site. */
function toScript(text: string): string {
  return stripTypeScriptTypes(text).replace(/(from '\.\/[\w-]+)\.ts'/g, "$1.js'");
}

const brotli = promisify(brotliCompress);

/** Files on their way to the disk, each also compressed: the server then only has to send them. */
class Output {
  readonly #root: string;
  readonly #folders = new Map<string, Promise<unknown>>();
  readonly #writes: Promise<void>[] = [];

  constructor(root: string) {
    this.#root = root;
  }

  add(path: string, text: string): void {
    this.#writes.push(this.#write(join(this.#root, path), Buffer.from(text)));
  }

  async written(): Promise<void> {
    await Promise.all(this.#writes);
  }

  async #write(file: string, bytes: Buffer): Promise<void> {
    const folder = dirname(file);
    let made = this.#folders.get(folder);
    if (made === undefined) {
      made = mkdir(folder, { recursive: true });
      this.#folders.set(folder, made);
    }
    await made;
    await writeFile(file, bytes);
    if (bytes.length < 1400) return;
    const parameters = { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
    await writeFile(`${file}.br`, await brotli(bytes, { params: parameters }));
  }
}
