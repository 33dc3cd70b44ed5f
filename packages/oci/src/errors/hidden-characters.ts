/**
 * Hidden characters: controls, direction marks, zero-width characters and others that make a terminal show something
 * else than the text holds. They are escaped in text from outside before an operator decides by it.
 * @see UAX #44, General_Category and Default_Ignorable_Code_Point; UTS #39 on what such characters are used for
 */

// Controls; format characters, which hold direction, zero-width and tag marks; halves of surrogate pairs; line and
// paragraph separators; and fillers and variation selectors, which are letters and marks by category.
const hidden = String.raw`\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}`;
const oneHidden = new RegExp(`[${hidden}]`, 'u');
const everyHidden = new RegExp(`[${hidden}]`, 'gu');
const everyHiddenOfLines = new RegExp(`(?![\\n\\t])[${hidden}]`, 'gu');

/** True if a text has a character that is invisible or changes how others are displayed. */
export function hasHiddenCharacters(text: string): boolean {
  return oneHidden.test(text);
}

/** The text with hidden characters as the escapes of JSON, such as `\u202e`. */
export function escapeHidden(text: string): string {
  return text.replace(everyHidden, toEscape);
}

/** The same for text of several lines: line feeds and tabs stay. */
export function escapeHiddenInLines(text: string): string {
  return text.replace(everyHiddenOfLines, toEscape);
}

function toEscape(character: string): string {
  return Array.from({ length: character.length }, (_, index) => {
    return `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`;
  }).join('');
}
