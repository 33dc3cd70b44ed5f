/**
 * Lists of thousands of plugins, in pieces that one list shares with the next: a change of one plugin makes one piece anew. The
 * bytes of a whole list are megabytes of new memory, which cost more than all else that a list needs.
 */
import { createTurnPacer } from '@outboard/async';
import type { DocumentPieces } from '../http/json-list.ts';

/** One plugin in 32 ends a piece. It is chosen by its ID, so that a plugin more or less moves no other end. */
const endsOfPieces = 0x100 / 32;
/** Upper bound of a piece, in plugins. */
const mostInPiece = 64;

const [begin, end, empty] = [Buffer.from('['), Buffer.from(']\n'), Buffer.from('[]\n')];
const separator = Buffer.from(',');

/** An element of a list: a value that never changes, with an ID of random hexadecimal digits. */
interface Listed {
  readonly id: string;
}

interface Piece<Item> {
  readonly items: readonly Item[];
  /** Each element with a comma before it. */
  readonly bytes: Buffer;
}

/**
 * Create an encoder of JSON arrays with a newline at the end. It keeps pieces as long as their first element lives.
 * @param encode one element, in UTF-8
 */
export function createListEncoder<Item extends Listed>(
  encode: (item: Item) => Buffer,
): (items: readonly Item[]) => Promise<DocumentPieces> {
  const known = new WeakMap<Item, Piece<Item>>();
  const encodePiece = (first: Item, items: readonly Item[]): Buffer => {
    const kept = known.get(first);
    if (kept !== undefined && haveSame(kept.items, items)) return kept.bytes;
    const bytes = Buffer.concat(items.flatMap((item) => [separator, encode(item)]));
    known.set(first, { items, bytes });
    return bytes;
  };
  return async (items) => {
    const pacer = createTurnPacer();
    const pieces: Buffer[] = [];
    for (const [first, piece] of splitList(items)) {
      pieces.push(encodePiece(first, piece));
      const pause = pacer.pause();
      if (pause !== undefined) await pause;
    }
    const [first, ...others] = pieces;
    return first === undefined ? [empty] : [begin, first.subarray(separator.length), ...others, end];
  };
}

function* splitList<Item extends Listed>(
  items: readonly Item[],
): Generator<readonly [first: Item, piece: readonly Item[]]> {
  let piece: Item[] = [];
  for (const [index, item] of items.entries()) {
    piece.push(item);
    const isEnd = Number.parseInt(item.id.slice(0, 2), 16) < endsOfPieces;
    if (!isEnd && piece.length < mostInPiece && index < items.length - 1) continue;
    yield [piece[0] ?? item, piece];
    piece = [];
  }
}

function haveSame<Item>(some: readonly Item[], others: readonly Item[]): boolean {
  return some.length === others.length && some.every((item, index) => item === others[index]);
}
