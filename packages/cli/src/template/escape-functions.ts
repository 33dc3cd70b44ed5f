/**
 * Functions of templates that escape text for other languages.
 * @see Go text/template, "Functions": html, js, urlquery
 */

/** For HTML. */
export function escapeHtml(text: string): string {
  const entities = new Map([
    ['"', '&#34;'],
    ["'", '&#39;'],
    ['&', '&amp;'],
    ['<', '&lt;'],
    ['>', '&gt;'],
  ]);
  return text.replace(/["'&<>]/g, (character) => entities.get(character) ?? character);
}

/** For a string of JavaScript. */
export function escapeScript(text: string): string {
  return text
    .replace(/[\\'"]/g, (character) => `\\${character}`)
    .replace(/[<>&=]/g, (character) => `\\u00${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** For a value in the query of a URL. */
export function escapeUrlQuery(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString())
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}
