/**
 * Escapes untrusted text. Text from a daemon, a registry or a plugin may hold terminal controls, or direction controls that
 * make it look like another text.
 */

// Controls; format characters, which hold direction, zero-width and tag marks; halves of surrogate pairs; line and
// paragraph separators; fillers and variation selectors, which are letters and marks by category.
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Upper bound of shown text in characters: a hostile daemon must not fill the screen. */
const maxShownLength = 4096;

/**
 * Make text safe for a terminal and for a line of a log.
 * @returns one line; hidden characters as `\xNN` or `\u{N…}`, truncated with `…` after 4096 characters
 */
export function escapeText(text: string): string {
  const shown = text.length > maxShownLength ? `${text.slice(0, maxShownLength)}…` : text;
  return shown.replace(hidden, (character) => {
    // The pattern matches whole code points only.
    const code = character.codePointAt(0) ?? 0;
    return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** Escape each line of a text, and keep the line ends. */
export function escapeLines(text: string): string {
  return text.split('\n').map(escapeText).join('\n');
}

/** Encode a value as JSON with hidden characters as JSON escapes: safe to print, and equal when parsed. */
export function encodePrintableJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, undefined, indent).replace(hidden, (match) => {
    // Line ends come from the indentation; those in strings are already escaped.
    if (match === '\n') return match;
    return Array.from({ length: match.length }, (_, index) => {
      return `\\u${match.charCodeAt(index).toString(16).padStart(4, '0')}`;
    }).join('');
  });
}
