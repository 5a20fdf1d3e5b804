import { lineWidth } from './literal.ts';

/** A doc comment of paragraphs; each is wrapped, but for lines that are code. On one line if that is enough. */
export function docComment(paragraphs: readonly (string | readonly string[])[], indent: string): string {
  const blocks = paragraphs
    .filter((paragraph) => paragraph.length > 0)
    .map((paragraph) =>
      typeof paragraph === 'string' ? wrapped(paragraph, lineWidth - indent.length - 3) : [...paragraph],
    );
  const lines = blocks.flatMap((block, index) => (index === 0 ? block : ['', ...block])).map(escaped);
  const [only] = lines;
  const short = `${indent}/** ${only} */\n`;
  if (lines.length === 1 && short.length <= lineWidth + 1 && !only?.startsWith('@')) return short;
  return `${indent}/**\n${lines.map((line) => `${indent} *${line === '' ? '' : ` ${line}`}\n`).join('')}${indent} */\n`;
}

/** The end of a comment must not be in it. */
function escaped(line: string): string {
  return line.replaceAll('*/', '*\\/');
}

/** Breaks a text at blanks. Lines that begin with a dash are items of a list, and stay lines of their own. */
function wrapped(text: string, width: number): string[] {
  return text.split('\n').flatMap((line) => {
    const hanging = line.startsWith('- ') ? '  ' : '';
    const lines: string[] = [];
    let current = '';
    for (const word of line.split(' ')) {
      if (current !== '' && current.length + 1 + word.length > width) {
        lines.push(current);
        current = `${hanging}${word}`;
      } else current = current === '' ? word : `${current} ${word}`;
    }
    return [...lines, current];
  });
}
