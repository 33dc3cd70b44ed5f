/**
 * JSON arrays of thousands of elements, encoded in short turns of the event loop and kept in pieces, so that no answer keeps
 * others waiting.
 */
import { createTurnPacer } from '@outboard/async';

/** A document as UTF-8, in pieces that follow each other. */
export type DocumentPieces = readonly Buffer[];

/** Characters of one piece: as much as the system takes for a local socket at once. */
const pieceCharacters = 128 * 1024;

/** The text of a document around the array. */
export interface Surroundings {
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

/**
 * Encode an array, with a newline at the end of the document.
 * @param encode one element, as `encodeJson` does
 */
export async function encodeJsonList<Item>(
  items: Iterable<Item>,
  encode: (item: Item) => string,
  { before = '', after = '' }: Surroundings = {},
): Promise<DocumentPieces> {
  const pacer = createTurnPacer();
  const pieces: Buffer[] = [];
  let text = `${before}[`;
  let separator = '';
  for (const item of items) {
    text += separator + encode(item);
    separator = ',';
    if (text.length >= pieceCharacters) {
      pieces.push(Buffer.from(text));
      text = '';
    }
    const pause = pacer.pause();
    if (pause !== undefined) await pause;
  }
  return [...pieces, Buffer.from(`${text}]${after}\n`)];
}
