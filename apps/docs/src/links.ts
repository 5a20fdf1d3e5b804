import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { addressOf, type Base, readLink } from './addresses.ts';
import { escapeHtml } from './markdown.ts';
import type { Page } from './pages.ts';

/** Makes the links of a page's HTML into addresses of the site, and notes them. */
export function resolveLinks(page: Page, html: string, base: Base, links: LinkCheck): string {
  return html.replace(/ href="([^"]*)"/g, (_match, written: string) => {
    const target = readLink(page, written.replaceAll('&amp;', '&'));
    if (target.kind === 'elsewhere') return ` href="${written}" rel="noreferrer"`;
    if (target.kind === 'file') return ` href="${base}/${escapeHtml(target.path)}"`;
    links.addLink(page, target.path, target.hash);
    const hash = target.hash === '' ? '' : `#${target.hash}`;
    const address = target.path === page.path && hash !== '' ? hash : addressOf(base, page.locale, target.path) + hash;
    return ` href="${escapeHtml(address)}"`;
  });
}

/** Puts drawings into the page itself, where they take its colours: `![What it shows](tree.svg)` on a line of its own. */
export function inlinePictures({ generated, markdown, locale, file }: Page, content: string): string {
  if (generated) return markdown;
  return markdown.replace(/^!\[([^\]]+)\]\(([^)]+\.svg)\)$/gm, (_match, words: string, path: string) => {
    const drawing = readFileSync(join(content, locale, dirname(file), path), 'utf8')
      .replace(/\n\s*/g, ' ')
      .trim();
    const labelled = drawing.replace('<svg ', `<svg role="img" aria-label="${escapeHtml(words)}" `);
    return `<figure>${labelled}<figcaption>${escapeHtml(words)}</figcaption></figure>`;
  });
}

/** Collects pages and the links between them, to find those that lead nowhere. */
export class LinkCheck {
  readonly #ids = new Map<string, ReadonlySet<string>>();
  readonly #links: { readonly from: string; readonly to: string; readonly hash: string }[] = [];

  addPage({ locale, path, attributes }: Page, ids: ReadonlySet<string>): void {
    // Of the explorer's page the hash is the name of an operation.
    this.#ids.set(`${locale}/${path}`, attributes.get('layout') === 'explorer' ? anything : ids);
  }

  addLink({ locale, file }: Page, path: string, hash: string): void {
    this.#links.push({ from: `${locale}/${file}`, to: `${locale}/${path}`, hash });
  }

  /** In words. */
  broken(): string[] {
    return this.#links.flatMap(({ from, to, hash }) => {
      const ids = this.#ids.get(to);
      if (ids === undefined) return [`${from}: there is no page ${to}`];
      return hash === '' || ids.has(decodeURIComponent(hash)) ? [] : [`${from}: ${to} has no heading #${hash}`];
    });
  }
}

class Anything extends Set<string> {
  override has(): boolean {
    return true;
  }
}

const anything: ReadonlySet<string> = new Anything();
