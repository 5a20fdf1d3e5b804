import { readFileSync } from 'node:fs';

/**
 * The parameters of PyPI `authing` 5.1.0, by method, in the order in which programs may give them without their names.
 * Ours come in the same order, whatever order the contract has.
 */
const published: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL('published-parameters.json', import.meta.url), 'utf8'),
);

/** The published parameters of a method, or nothing when it was never published. */
export function publishedParameters(method: string): readonly string[] {
  return published[method]?.split(' ') ?? [];
}
