import { LRUCache } from 'lru-cache';
import { RE2JS } from 're2js';

/** A regular expression that somebody else wrote, safe to run. */
export interface Pattern {
  /** Whether it matches anywhere in the text. */
  matches(text: string): boolean;
}

/** Instructions of the compiled expression. Time to match grows with this times the length of the text: here up to 0.1 s for 1,000 characters. */
const maxInstructions = 500;
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
  if (expression.length > maxCharacters || leastSize(expression) > 2 * maxInstructions) return undefined;
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

/** Forgets what was compiled: each expression learns from the texts it is matched with, up to some 8 MB. */
export function forgetPatterns(): void {
  compiled.clear();
}

/**
 * About how large a program an expression makes, told before it is made: repetitions are written out, so a few characters
 * can stand for a million instructions and take seconds.
 */
function leastSize(expression: string): number {
  const outer: number[] = [];
  let total = 0;
  let last = 0;
  for (const [token] of expression.matchAll(tokens)) {
    const [, from, to] = /^\{(\d+)(?:,(\d*))?\}$/.exec(token) ?? [];
    if (from !== undefined) {
      const more = last * (Math.max(Number(from), Number(to || 0), 1) - 1);
      total += more;
      last += more;
    } else if (token === '(') {
      outer.push(total);
      total = 0;
    } else if (token === ')') {
      last = total;
      total += outer.pop() ?? 0;
    } else if (!/^[*+?]$/.test(token)) {
      total += 1;
      last = 1;
    }
  }
  return outer.reduce((sum, one) => sum + one, total);
}

/** An escape, with braces where it has some; a class of characters; a counted repetition; or any other character. */
const tokens = /\\[pPxu]\{[^}]*\}|\\.|\[(?:\\.|[^\]\\])*\]|\{\d+(?:,\d*)?\}|./gsu;
