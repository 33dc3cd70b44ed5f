/**
 * Reads the parent's frames: layer after layer, each as it streams.
 */
import { readSync } from 'node:fs';
import { OutboardError } from '@outboard/oci/layers';
import { finishMark, lengthBytes, noDiffIdMark } from './jail-protocol.ts';

/** What comes next on the input. */
export type NextInput =
  | { readonly type: 'layer'; readonly content: AsyncIterable<Buffer>; readonly wantsDiffId: boolean }
  | { readonly type: 'finish' };

const blockBytes = 256 * 1024;

/**
 * Read a descriptor to its end and wait for it, where there is nothing else to do meanwhile: a stream costs as much
 * again as reading does. The descriptor must block. Each chunk is only valid until the next is asked for: all are in
 * one block, so that no memory is touched for the first time.
 */
export async function* readBlocking(descriptor: number): AsyncGenerator<Buffer> {
  const block = Buffer.allocUnsafeSlow(blockBytes);
  for (;;) {
    const length = readSync(descriptor, block);
    if (length === 0) return;
    yield block.subarray(0, length);
  }
}

/** Wraps the input stream. Read each layer's content to its end before asking for the next input. */
export class FrameReader {
  readonly #input: AsyncIterator<Buffer>;
  #chunk: Buffer = Buffer.alloc(0);
  /** Length of the frame that `next` met. */
  #first = 0;

  constructor(input: AsyncIterable<Buffer>) {
    this.#input = input[Symbol.asyncIterator]();
  }

  /** @throws {OutboardError} system when the parent has gone */
  async next(): Promise<NextInput> {
    this.#first = await this.#readLength();
    if (this.#first === finishMark) return { type: 'finish' };
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

  /** 1 to `most` bytes. */
  async #read(most: number): Promise<Buffer> {
    while (this.#chunk.length === 0) {
      const next = await this.#input.next();
      if (next.done === true) throw new OutboardError('system', 'the parent of the unpack jail has gone');
      this.#chunk = next.value;
    }
    const piece = this.#chunk.subarray(0, most);
    this.#chunk = this.#chunk.subarray(piece.length);
    return piece;
  }
}
