import { LRUCache } from 'lru-cache';
import { RE2JS } from 're2js';

/** A regular expression that somebody else wrote, safe to run. */
export interface Pattern {
  /** Whether it matches anywhere in the text. */
  matches(text: string): boolean;
}

/** Instructions of the compiled expression. Time to match grows with this times the length of the text. */
const maxInstructions = 1000;
const maxCharacters = 512;

const compiled = new LRUCache<string, Pattern>({ max: 500 });

/**
 * Compiles a regular expression of a customer, written as in JavaScript. It runs in RE2, in time linear to the text: no
 * expression can hold up the server. What RE2 cannot do that way, such as look-ahead and back references, and what would
 * be too large is refused with `undefined`.
 */
export function parsePattern(expression: string): Pattern | undefined {
  const known = compiled.get(expression);
  if (known !== undefined) return known;
  if (expression.length > maxCharacters) return undefined;
  try {
    const program = RE2JS.compile(RE2JS.translateRegExp(expression));
    if (program.programSize() > maxInstructions) return undefined;
    const pattern: Pattern = { matches: (text) => program.test(text) };
    compiled.set(expression, pattern);
    return pattern;
  } catch {
    return undefined;
  }
}
