/**
 * JSON as Docker writes it: characters that mean something in HTML are escaped, and a document ends with a newline.
 */

const htmlCharacters = /[<>&\u2028\u2029]/g;

/** Encode a value on one line, without the newline. */
export function encodeJson(value: unknown): string {
  return escapeForHtml(JSON.stringify(value));
}

/** Escape what Go's encoder escapes in an encoded document; these characters occur inside strings only. */
export function escapeForHtml(document: string): string {
  return document.replace(
    htmlCharacters,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
