/**
 * Text from a daemon, a registry or a plugin may hold terminal controls, or controls that turn the order of letters
 * around, and so show something other than what is there. Everything of that kind is printed as an escape.
 */

// Controls; format characters, which hold direction, zero-width and tag marks; halves of surrogate pairs; line and
// paragraph separators; fillers and variation selectors, which are letters and marks by category.
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Longest text shown, in characters: a hostile daemon must not fill the screen. */
const maxShownLength = 4096;

/**
 * Make text safe for a terminal and for a line of a log.
 * @returns one line; hidden characters as `\xNN` or `\u{N…}`, cut with `…` after 4096 characters
 */
export function escapeText(text: string): string {
  const shown = text.length > maxShownLength ? `${text.slice(0, maxShownLength)}…` : text;
  return shown.replace(hidden, (character) => {
    // The pattern matches whole code points only.
    const code = character.codePointAt(0) ?? 0;
    return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** Lines kept apart, each of them escaped. */
export function escapeLines(text: string): string {
  return text.split('\n').map(escapeText).join('\n');
}

/** Encode a value as JSON whose hidden characters are JSON escapes, so that it is safe to print and still the same. */
export function encodePrintableJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, undefined, indent).replace(hidden, (match) => {
    // Line ends are the encoder's own indentation; inside strings it escapes them itself.
    if (match === '\n') return match;
    return Array.from({ length: match.length }, (_, index) => {
      return `\\u${match.charCodeAt(index).toString(16).padStart(4, '0')}`;
    }).join('');
  });
}
