import type { Json } from '../json.ts';
import type { Bounds, Field, Type } from '../model.ts';
import { boundsWords, type Locale, words } from './words.ts';

/** Text as a code span; in a table a pipe would end the cell, even there. */
export function code(text: string): string {
  const escaped = text.replaceAll('|', '\\|').replace(/\s*\n\s*/g, ' ');
  return escaped.includes('`') ? `\`\` ${escaped} \`\`` : `\`${escaped}\``;
}

/** Text of the contract in a cell. It is Markdown already, but for what would end the cell. */
export function cell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/\s*\n\s*/g, ' ');
}

/** A table; every row has as many cells as the head. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

/** A fenced block of code. */
export function fence(language: string, text: string): string[] {
  return [`\`\`\`${language}`, text, '```'];
}

/** The address of a heading, as the site makes it. */
export function anchor(heading: string): string {
  return heading.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-');
}

/** A type in the words of the reference, named ones as a link to their description on the same page. */
export function typeWords(type: Type, { withNull }: { readonly withNull: boolean }): string {
  const plain = plainTypeWords(type, withNull);
  return withNull && type.nullable && type.kind !== 'any' ? `${plain} \\| null` : plain;
}

function plainTypeWords(type: Type, withNull: boolean): string {
  switch (type.kind) {
    case 'enum':
      return typeof type.values[0] === 'string' ? 'string' : typeof type.values[0];
    case 'array': {
      const items = typeWords(type.items, { withNull });
      return items.includes(' ') ? `(${items})[]` : `${items}[]`;
    }
    case 'map':
    case 'object':
      return 'object';
    case 'union':
      return type.members.map((member) => plainTypeWords(member, withNull)).join(' \\| ');
    case 'ref':
      return `[${type.name}](#${anchor(type.name)})`;
    default:
      return type.kind;
  }
}

/** Description of a field with what its type allows. */
export function fieldWords({ description, type, bounds }: Field, locale: Locale): string {
  const values =
    type.kind === 'enum' ? type : type.kind === 'array' && type.items.kind === 'enum' ? type.items : undefined;
  const parts = [
    cell(description[locale] || description.en),
    values === undefined
      ? ''
      : `${words.oneOf[locale]} ${values.values.map((value) => code(String(value))).join(', ')}`,
    ...boundsSentences(bounds, locale),
  ].filter((part) => part !== '');
  const [dot, gap] = locale === 'en' ? ['.', ' '] : ['。', ''];
  return parts.map((part) => (/[.!?。]$/.test(part) || parts.length === 1 ? part : part + dot)).join(gap);
}

function boundsSentences(bounds: Bounds, locale: Locale): string[] {
  const { minimum, maximum, minItems, maxItems, minLength, maxLength } = bounds;
  return [
    range(minimum, maximum, locale, boundsWords.between, boundsWords.atLeast, boundsWords.atMost),
    range(minItems, maxItems, locale, boundsWords.itemsBetween, boundsWords.itemsAtLeast, boundsWords.itemsAtMost),
    range(
      // "At least one character" is what "required" says already.
      minLength === 1 ? undefined : minLength,
      maxLength,
      locale,
      boundsWords.charactersBetween,
      boundsWords.charactersAtLeast,
      boundsWords.charactersAtMost,
    ),
  ].filter((sentence) => sentence !== undefined);
}

type Texts = Readonly<Record<Locale, string>>;

function range(a: number | undefined, b: number | undefined, locale: Locale, both: Texts, low: Texts, high: Texts) {
  const text = a === undefined ? (b === undefined ? undefined : high) : b === undefined ? low : both;
  return text?.[locale].replace('{a}', String(a)).replace('{b}', String(b));
}

/** A sample or default in a cell: plain texts as they are, everything else as JSON, `-` for none. */
export function valueWords(value: Json | undefined): string {
  if (value === undefined || value === '') return '-';
  return code(typeof value === 'string' ? value : JSON.stringify(value));
}
