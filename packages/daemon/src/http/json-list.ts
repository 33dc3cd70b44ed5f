/**
 * JSON arrays of thousands of elements, encoded in short turns of the event loop and kept in pieces, so that no answer keeps
 * others waiting.
 */
import { createTurnPacer } from '@outboard/async';

/** A document as UTF-8, in pieces that follow each other. */
export type DocumentPieces = readonly Buffer[];

/** Bytes of one piece: as much as the system takes for a local socket at once. */
const pieceBytes = 128 * 1024;

const separator = Buffer.from(',');

/** The text of a document around the array. */
export interface Surroundings {
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

/**
 * Encode an array, with a newline at the end of the document.
 * @param encode one element, as `encodeJson` does, in UTF-8
 */
export async function encodeJsonList<Item>(
  items: Iterable<Item>,
  encode: (item: Item) => Buffer,
  { before = '', after = '' }: Surroundings = {},
): Promise<DocumentPieces> {
  const pacer = createTurnPacer();
  const pieces: Buffer[] = [];
  let parts: Buffer[] = [Buffer.from(`${before}[`)];
  let bytes = 0;
  let isFirst = true;
  for (const item of items) {
    const encoded = encode(item);
    if (isFirst) isFirst = false;
    else parts.push(separator);
    parts.push(encoded);
    bytes += encoded.length;
    if (bytes >= pieceBytes) {
      pieces.push(Buffer.concat(parts));
      parts = [];
      bytes = 0;
    }
    const pause = pacer.pause();
    if (pause !== undefined) await pause;
  }
  parts.push(Buffer.from(`]${after}\n`));
  return [...pieces, Buffer.concat(parts)];
}
