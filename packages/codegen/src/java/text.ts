/** Column where lines of Java end. */
const width = 120;

/** Text as HTML, with `code` as Javadoc marks it. Nothing in it can end the comment. */
export function html(text: string): string {
  return text
    .split('`')
    .map((part, index) => (index % 2 === 1 ? `{@code ${part.replaceAll(/[{}]/g, '')}}` : escapeText(part)))
    .join('')
    .replaceAll('*/', '*&#47;');
}

function escapeText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('@', '&#64;')
    .replaceAll('{', '&#123;')
    .replaceAll('}', '&#125;');
}

/** A Javadoc comment: one line where it fits, else one line for each given, wrapped. */
export function javadoc(lines: readonly string[], indent: string): string[] {
  const [only = ''] = lines;
  const short = `${indent}/** ${only} */`;
  if (lines.length === 1 && short.length <= width) return [short];
  const body = lines.flatMap((line) => wrap(line, width - indent.length - ' * '.length));
  return [`${indent}/**`, ...body.map((line) => `${indent} * ${line}`.trimEnd()), `${indent} */`];
}

/** Keeps the indent of code, and hangs the lines of what is wrapped. */
function wrap(line: string, columns: number): string[] {
  if (line.length <= columns) return [line];
  const indent = /^ */.exec(line)?.[0] ?? '';
  const hanging = line.trimStart().startsWith('@') || line.trimStart().startsWith('<li>') ? `${indent}    ` : indent;
  const lines: string[] = [];
  let current = '';
  for (const word of line.trim().split(' ')) {
    const margin = lines.length === 0 ? indent : hanging;
    if (current !== '' && margin.length + current.length + 1 + word.length > columns) {
      lines.push(margin + current);
      current = word;
    } else current = current === '' ? word : `${current} ${word}`;
  }
  lines.push((lines.length === 0 ? indent : hanging) + current);
  return lines;
}

/** A text as Java writes it. JSON's escapes are Java's, as far as they go. */
export function stringLiteral(text: string): string {
  return JSON.stringify(text);
}
