/**
 * Lists of texts in headers, for answers that have no body in Docker's API.
 */

/** Bounds on the texts, since clients limit the size of headers: to 16 KiB in Node.js, for all together. */
const maxTexts = 16;
const maxTextLength = 512;
const maxBytes = 4096;

/**
 * Write a JSON list of texts, in ASCII. The last text counts those that are left out.
 * @param name such as `Outboard-Breaks`
 * @returns the header; none for an empty list
 */
export function textListHeader(name: string, texts: readonly string[]): Readonly<Record<string, string>> {
  if (texts.length === 0) return {};
  let named = texts.slice(0, maxTexts).map((text) => text.slice(0, maxTextLength));
  while (named.length > 1 && encode(named).length > maxBytes) named = named.slice(0, -1);
  const more = texts.length - named.length;
  const list = more > 0 ? [...named, `${more} more`] : named;
  return { [name]: encode(list) };
}

function encode(texts: readonly string[]): string {
  return JSON.stringify(texts).replace(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
