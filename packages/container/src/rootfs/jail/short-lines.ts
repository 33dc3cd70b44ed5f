/**
 * Shortens what a failed program printed, for an error message.
 */

const maxLineLength = 200;

/**
 * Cut each line to 200 characters. Before an error Node.js prints the line of the source where it was thrown, and a line of
 * a bundle has thousands of characters.
 */
export function shortLines(text: string): string {
  const lines = text.split('\n').map((line) => line.slice(0, maxLineLength).trimEnd());
  return lines.join('\n').trim();
}
