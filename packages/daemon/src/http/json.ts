/**
 * JSON as Docker writes it. Its documents hold `<`, `>` and `&` as they are, its streams escape them; neither ever
 * holds the two characters that end a line in JavaScript.
 * @see moby daemon/server/httputils/httputils.go, WriteJSON; pkg/streamformatter
 */

/** Encode a document on one line, without the newline. */
export function encodeJson(value: unknown): string {
  return escapeCharacters(JSON.stringify(value), /[\u2028\u2029]/g);
}

/** Encode one line of a stream, without its end. */
export function encodeStreamLine(value: unknown): string {
  return escapeCharacters(JSON.stringify(value), /[<>&\u2028\u2029]/g);
}

/** These characters occur inside strings only. */
function escapeCharacters(document: string, characters: RegExp): string {
  return document.replace(
    characters,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
