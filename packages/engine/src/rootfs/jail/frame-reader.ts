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

const blockBytes = 64 * 1024;

/**
 * Read a descriptor to its end and wait for it, where there is nothing else to do meanwhile: a stream costs as much
 * again as reading does. The descriptor must block.
 */
export async function* readBlocking(descriptor: number): AsyncGenerator<Buffer> {
  for (;;) {
    const block = Buffer.allocUnsafeSlow(blockBytes);
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
    let header = await this.#read(lengthBytes);
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
