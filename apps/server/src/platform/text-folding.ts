/**
 * A text as it is compared: in the compatibility form of Unicode (full width is half width, composed is composed) and with
 * full case folding, so that `Straße` finds `STRASSE`. Runs of blanks and control characters are one blank. Folding twice
 * changes nothing.
 */
export function foldText(text: string): string {
  // Of a user it is asked for twenty texts, most of them empty, and nearly all of the rest need none of what follows.
  if (/^[ -~]*$/.test(text)) return text.toLowerCase().replace(/ {2,}/g, ' ');
  return (
    text
      .toWellFormed()
      .normalize('NFKC')
      // There and back again: capital sharp s first becomes small, small sharp s two letters, and both are `ss`.
      .toLowerCase()
      .toUpperCase()
      .toLowerCase()
      // A sigma at the end of a word is one in the middle of a longer one.
      .replaceAll('ς', 'σ')
      // Small dotted i: what is left of the Turkish capital one. Nobody who types `istanbul` types the second dot.
      .replaceAll('i\u0307', 'i')
      .normalize('NFKC')
      .replace(/[\p{Cc}\s]+/gu, ' ')
  );
}
