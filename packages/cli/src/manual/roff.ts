/**
 * Text in the language of manual pages.
 * @see groff_man(7), man(7) of mandoc
 */

/** Escape text, so that it is printed as it is. Newlines stay, and no line begins with a control character. */
export function escapeRoff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll(/^(?=[.'])/gm, '\\&');
}

/** Text in bold type. */
export function bold(text: string): string {
  return `\\fB${escapeRoff(text)}\\fR`;
}

/** Text in italic type, for what the reader replaces. */
export function italic(text: string): string {
  return `\\fI${escapeRoff(text)}\\fR`;
}

/** A section with its heading; empty when it has no content. */
export function section(heading: string, parts: readonly string[]): string {
  const content = parts.filter((part) => part !== '');
  const paragraphs = content.map((part, index) =>
    index > 0 && !part.startsWith('.TP') ? `.PP\n${part}` : part,
  );
  return content.length === 0 ? '' : `.SH ${heading}\n${paragraphs.join('\n')}\n`;
}

/** A list of terms with their explanations. @param items already escaped */
export function termList(items: readonly (readonly [term: string, text: string])[]): string {
  return items.map(([term, text]) => `.TP\n${term}\n${text}`).join('\n');
}

/** Lines that can be typed, each as it is. */
export function exampleLines(lines: readonly string[]): string {
  if (lines.length === 0) return '';
  return ['.nf', '.RS', ...lines.map(escapeRoff), '.RE', '.fi'].join('\n');
}

/** The text as a sentence: with a full stop, and with a capital letter unless it begins with something to type. */
export function sentence(text: string): string {
  const first = /^[a-z]+(?=[\s:;]|$)/.test(text) ? text.charAt(0).toUpperCase() : text.charAt(0);
  return `${first}${text.slice(1)}${/[.!?:]$/.test(text) ? '' : '.'}`;
}
