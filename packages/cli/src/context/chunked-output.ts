/**
 * Collects bytes in chunks of one megabyte, for receivers with a fixed cost for each chunk.
 */

const chunkBytes = 1024 * 1024;

/** Collects pieces of any size into few chunks. */
export class ChunkedOutput {
  /** Full chunks, in order. */
  readonly #ready: Buffer[] = [];
  #chunk = Buffer.allocUnsafeSlow(chunkBytes);
  /** Start of the bytes in the chunk that were not taken yet. */
  #start = 0;
  #end = 0;

  /** Add a copy of the bytes: the caller may change them afterwards. */
  copy(bytes: Buffer): void {
    for (let taken = 0; taken < bytes.length; ) {
      const copied = bytes.copy(this.#chunk, this.#end, taken);
      taken += copied;
      this.#end += copied;
      if (this.#end === chunkBytes) this.#finishChunk();
    }
  }

  /** Add the bytes themselves: the caller must not change them afterwards. */
  append(bytes: Buffer): void {
    this.#finishPart();
    this.#ready.push(bytes);
  }

  /** Take the full chunks; the caller owns them. */
  takeReady(): readonly Buffer[] {
    return this.#ready.splice(0);
  }

  /** Take all remaining bytes. */
  takeRest(): readonly Buffer[] {
    this.#finishPart();
    return this.takeReady();
  }

  /** Move the filled part to the full chunks; later bytes use the rest of the same memory. */
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
