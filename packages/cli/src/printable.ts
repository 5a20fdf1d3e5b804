/**
 * A text from the server or from a file, fit for a terminal: control characters, which could move the cursor, retitle the
 * window or type for the user, and marks that turn the direction of writing around are spelled out. Lines stay lines.
 */
export function printable(text: string): string {
  return text.replace(
    /[^\P{Cc}\n]|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
