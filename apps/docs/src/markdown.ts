import { anchor } from '@genauth/codegen';
import highlighter from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import http from 'highlight.js/lib/languages/http';
import java from 'highlight.js/lib/languages/java';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import nginx from 'highlight.js/lib/languages/nginx';
import python from 'highlight.js/lib/languages/python';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';
import markdownIt from 'markdown-it';

for (const [names, language] of [
  [['bash', 'sh'], bash],
  [['http'], http],
  [['java'], java],
  [['js'], javascript],
  [['json'], json],
  [['nginx'], nginx],
  [['python'], python],
  [['ts'], typescript],
  [['xml'], xml],
  [['yaml'], yaml],
] as const) {
  for (const name of names) highlighter.registerLanguage(name, language);
}

/** A heading below the title. */
export interface Heading {
  readonly level: 2 | 3;
  readonly id: string;
  readonly text: string;
}

/** A page's text as HTML, with what the frame around it needs. */
export interface Rendered {
  readonly html: string;
  readonly headings: readonly Heading[];
  /** Every id that a link may name. */
  readonly ids: ReadonlySet<string>;
}

const plain = renderer({ html: false });
const withHtml = renderer({ html: true });

/** Renders Markdown. Only what is written by hand may hold HTML. */
export function render(markdown: string, { html }: { readonly html: boolean }): Rendered {
  return (html ? withHtml : plain)(markdown);
}

/** Characters that mean something in HTML, made plain. */
export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function renderer({ html }: { readonly html: boolean }): (markdown: string) => Rendered {
  const markdown = markdownIt({ html, linkify: false });
  // Of the page that is being rendered; rendering does not wait for anything, so there is only one.
  let headings: Heading[] = [];
  let ids = new Set<string>();
  const rules = markdown.renderer.rules;

  rules['heading_open'] = (tokens, index) => {
    const token = tokens[index];
    const inline = tokens[index + 1];
    if (token === undefined || inline === undefined || token.tag === 'h1') return '<h1>';
    const text = (inline.children ?? []).map(({ content }) => content).join('');
    const id = freeId(anchor(text), ids);
    if (token.tag === 'h2' || token.tag === 'h3') {
      headings.push({ level: token.tag === 'h2' ? 2 : 3, id, text });
    }
    return `<${token.tag} id="${id}"><a href="#${id}">`;
  };
  rules['heading_close'] = (tokens, index) =>
    tokens[index]?.tag === 'h1' ? '</h1>\n' : `</a></${tokens[index]?.tag}>\n`;

  // Wide tables and long lines scroll by themselves; whoever has no mouse must be able to reach them.
  rules['table_open'] = () => '<div class="table" tabindex="0"><table>\n';
  rules['table_close'] = () => '</table></div>\n';
  rules['fence'] = (tokens, index) => {
    const { content = '', info = '' } = tokens[index] ?? {};
    const [language = ''] = info.split(' ');
    const known = highlighter.getLanguage(language) !== undefined;
    const coloured = known ? highlighter.highlight(content, { language }).value : escapeHtml(content);
    return `<div class="code"><pre tabindex="0"><code>${coloured}</code></pre></div>\n`;
  };
  return (text) => {
    headings = [];
    ids = new Set();
    return { html: markdown.render(text), headings, ids };
  };
}

function freeId(wanted: string, taken: Set<string>): string {
  let id = wanted;
  for (let count = 2; taken.has(id); count++) id = `${wanted}-${count}`;
  taken.add(id);
  return id;
}
