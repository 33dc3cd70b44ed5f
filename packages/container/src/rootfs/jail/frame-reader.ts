/**
 * Reads frames: the child those of the parent, layer after layer, each as a stream; the parent those of an archive.
 */
import { readSync } from 'node:fs';
import { OutboardError } from '@outboard/oci/layers';
import { archiveMark, finishMark, lengthBytes, listMark, noDiffIdMark } from './jail-protocol.ts';

/** Next item of the input. */
export type NextInput =
  | { readonly type: 'layer'; readonly content: AsyncIterable<Buffer>; readonly wantsDiffId: boolean }
  | { readonly type: 'archive'; readonly contents: 'bytes' | 'digests' }
  | { readonly type: 'finish' };

const blockBytes = 256 * 1024;

/**
 * Read a blocking descriptor to its end synchronously, where there is no other work: a stream costs twice the time.
 * Each chunk is valid until the next one is read: all use one block, which avoids page faults.
 */
export async function* readBlocking(descriptor: number): AsyncGenerator<Buffer> {
  const block = Buffer.allocUnsafeSlow(blockBytes);
  for (;;) {
    const length = readSync(descriptor, block);
    if (length === 0) return;
    yield block.subarray(0, length);
  }
}

/** Splits the input into frames. Read the content of each layer to its end before the next call of `next`. */
export class FrameReader {
  readonly #input: AsyncIterator<Buffer>;
  #chunk: Buffer = Buffer.alloc(0);
  /** Length of the frame that `next` read. */
  #first = 0;

  constructor(input: AsyncIterable<Buffer>) {
    this.#input = input[Symbol.asyncIterator]();
  }

  /** @throws {OutboardError} system when the other side has gone */
  async next(): Promise<NextInput> {
    this.#first = await this.#readLength();
    if (this.#first === finishMark) return { type: 'finish' };
    if (this.#first === archiveMark) return { type: 'archive', contents: 'bytes' };
    if (this.#first === listMark) return { type: 'archive', contents: 'digests' };
    const wantsDiffId = this.#first !== noDiffIdMark;
    if (!wantsDiffId) this.#first = await this.#readLength();
    return { type: 'layer', content: this.#layer(), wantsDiffId };
  }

  async *#layer(): AsyncGenerator<Buffer> {
    for (let left = this.#first; left > 0; left = await this.#readLength()) {
      while (left > 0) {
        const piece = await this.#read(left);
        left -= piece.length;
        yield piece;
      }
    }
  }

  async #readLength(): Promise<number> {
    const first = await this.#read(lengthBytes);
    if (first.length === lengthBytes) return first.readUInt32BE();
    // A copy: the next read may overwrite it.
    let header = Buffer.from(first);
    while (header.length < lengthBytes) {
      header = Buffer.concat([header, await this.#read(lengthBytes - header.length)]);
    }
    return header.readUInt32BE();
  }

  /** Read 1 to `most` bytes. */
  async #read(most: number): Promise<Buffer> {
    while (this.#chunk.length === 0) {
      const next = await this.#input.next();
      if (next.done === true) throw new OutboardError('system', 'the other side of the unpack jail has gone');
      this.#chunk = next.value;
    }
    const piece = this.#chunk.subarray(0, most);
    this.#chunk = this.#chunk.subarray(piece.length);
    return piece;
  }
}
