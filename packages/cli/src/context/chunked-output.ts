/**
 * Bytes gathered into chunks of one megabyte, for a receiver to whom every chunk costs a call.
 */

const chunkBytes = 1024 * 1024;

/** Takes bytes in pieces of any size and gives them away in few. */
export class ChunkedOutput {
  /** What is full, in order. */
  readonly #ready: Buffer[] = [];
  #chunk = Buffer.allocUnsafeSlow(chunkBytes);
  /** The part of the chunk that is filled and not yet given away. */
  #start = 0;
  #end = 0;

  /** Add bytes by copying them: they may change afterwards. */
  copy(bytes: Buffer): void {
    for (let taken = 0; taken < bytes.length; ) {
      const copied = bytes.copy(this.#chunk, this.#end, taken);
      taken += copied;
      this.#end += copied;
      if (this.#end === chunkBytes) this.#finishChunk();
    }
  }

  /** Add bytes as they are: they must not change afterwards. */
  handOn(bytes: Buffer): void {
    this.#finishPart();
    this.#ready.push(bytes);
  }

  /** The chunks that are full. Each belongs to whoever takes it. */
  takeReady(): readonly Buffer[] {
    return this.#ready.splice(0);
  }

  /** All that is left. */
  takeRest(): readonly Buffer[] {
    this.#finishPart();
    return this.takeReady();
  }

  /** Later bytes go behind the part, into the same memory. */
  #finishPart(): void {
    if (this.#end > this.#start) this.#ready.push(this.#chunk.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }

  #finishChunk(): void {
    this.#finishPart();
    this.#chunk = Buffer.allocUnsafeSlow(chunkBytes);
    this.#start = 0;
    this.#end = 0;
  }
}
