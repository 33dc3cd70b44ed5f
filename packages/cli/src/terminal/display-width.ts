/**
 * Columns that text takes on a terminal.
 * @see Unicode Standard Annex 11, "East Asian Width"; Unicode Technical Standard 51 for emoji
 */

// Full-width forms are wide; half-width letters of these scripts, and marks, are not.
const wide =
  /^(?![\uff61-\uffdc\uffe8-\uffee])[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Yi}\p{Emoji_Presentation}\u3000-\u303e\u3041-\u33ff\uff01-\uff60\uffe0-\uffe6]/u;
/** Marks that combine with the character before them, and the vowels and finals of Hangul syllables. */
const combining = /^[\p{Mn}\p{Me}\u1160-\u11ff]/u;

/** Columns of a text without control characters: two for wide characters, none for combining marks. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += widthOf(character);
  return width;
}

/** A text of at most this many columns, at least one: the end of a longer one is replaced with `…`. */
export function truncateToWidth(text: string, maxWidth: number): string {
  if (displayWidth(text) <= maxWidth) return text;
  let width = 1;
  let shown = '';
  for (const character of text) {
    width += widthOf(character);
    if (width > maxWidth) break;
    shown += character;
  }
  return `${shown}…`;
}

function widthOf(character: string): number {
  if (character <= '\u02ff') return 1;
  if (combining.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}
