import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { placeholders } from '@genauth/codegen';
import { readPages } from '../pages.ts';

/** A block of code of the documentation. */
export interface Sample {
  /** Page and number on it, in file names too: `guide-quick-start-2`. */
  readonly name: string;
  readonly language: string;
  readonly code: string;
  /** The operation whose page it stands on, where there is one. */
  readonly page: string;
}

/** Languages whose samples are programs. The others show files and answers. */
const runnable = new Set(['js', 'python', 'java', 'sh']);

const root = fileURLToPath(new URL('../../../..', import.meta.url));

/**
 * Every program in the documentation and in the README. Generated pages hold the same programs in each language of the
 * site, so those are taken once. A block that must not run here says why: `skip=installs`.
 */
export async function readSamples(): Promise<Sample[]> {
  const pages = await readPages(join(root, 'apps', 'docs', 'content'));
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  return [
    ...blocksOf('readme', '', readme),
    ...pages
      .filter(({ generated, locale }) => !generated || locale === 'en')
      .flatMap(({ locale, path, markdown, generated }) =>
        blocksOf(`${locale}-${path.replaceAll('/', '-')}`, generated ? path : '', markdown),
      ),
  ];
}

function blocksOf(name: string, page: string, markdown: string): Sample[] {
  const blocks = [...markdown.matchAll(/^```(\w+)(.*)\n([\s\S]*?)^```$/gm)];
  return blocks.flatMap(([, language = '', words = '', code = ''], index) =>
    isProgram(language, words, code) ? [{ name: `${name}-${index}`, language, code, page }] : [],
  );
}

/** Not what installs, builds or starts something on the machine of the reader. */
function isProgram(language: string, words: string, code: string): boolean {
  return runnable.has(language) && !words.includes('skip=') && !(language === 'sh' && /^\s*npm /m.test(code));
}

/** A sample with what its reader would have put in. `values` are further texts and what stands for them. */
export function filledIn(
  code: string,
  { origin, id, secret }: { readonly origin: string; readonly id: string; readonly secret: string },
  values: Readonly<Record<string, string>> = {},
): string {
  const replacements = {
    [placeholders.host]: origin,
    [placeholders.accessKeyId]: id,
    [placeholders.accessKeySecret]: secret,
    'the user pool id': id,
    'the user pool secret': secret,
    ...values,
  };
  return Object.entries(replacements).reduce((text, [from, to]) => text.replaceAll(from, to), code);
}
