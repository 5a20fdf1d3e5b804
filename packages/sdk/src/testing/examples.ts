import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** An example of the documentation: where it stands, and its lines. */
export interface Example {
  readonly place: string;
  readonly code: string;
}

const source = fileURLToPath(new URL('..', import.meta.url));

/** Every example in doc comments and in the README. */
export function examples(): Example[] {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.startsWith('testing'),
  );
  return [...files.sort().flatMap((path) => inComments(path, readFileSync(join(source, path), 'utf8'))), ...inReadme()];
}

function inComments(path: string, text: string): Example[] {
  return [...text.matchAll(/^( *)\/\*\*\n(?<comment>(?:\1 \*.*\n)+)/gm)].flatMap(({ groups, index }) => {
    const lines = (groups?.['comment'] ?? '').split('\n').map((line) => line.replace(/^ *\* ?/, ''));
    const start = lines.indexOf('@example');
    if (start === -1) return [];
    const end = lines.findIndex((line, number) => number > start && /^(@|\/$)/.test(line));
    const code = lines.slice(start + 1, end).join('\n');
    return [{ place: `${path}:${text.slice(0, index).split('\n').length}`, code }];
  });
}

function inReadme(): Example[] {
  const text = readFileSync(join(source, '..', 'README.md'), 'utf8');
  return [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code = ''], index) => ({
    place: `README.md, example ${index + 1}`,
    code,
  }));
}
