/**
 * JSON with the escapes of Docker: streams escape `<`, `>` and `&`, documents do not; both escape U+2028 and U+2029.
 * @see moby daemon/server/httputils/httputils.go, WriteJSON; pkg/streamformatter
 */

/** Encode a document on one line, without the newline. */
export function encodeJson(value: unknown): string {
  return escapeCharacters(JSON.stringify(value), /[\u2028\u2029]/g);
}

/** Encode a document as `encodeJson`, in UTF-8. */
export function encodeJsonBytes(value: unknown): Buffer {
  return Buffer.from(encodeJson(value));
}

/** Encode one line of a stream, without the newline. */
export function encodeStreamLine(value: unknown): string {
  return escapeCharacters(JSON.stringify(value), /[<>&\u2028\u2029]/g);
}

/** The characters occur only inside strings of a document. */
function escapeCharacters(document: string, characters: RegExp): string {
  return document.replace(
    characters,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
