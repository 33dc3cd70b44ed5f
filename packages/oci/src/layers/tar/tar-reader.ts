/**
 * A strict, streaming tar reader: v7, ustar, PAX and GNU long names. It buffers one header or extension at a time, and
 * refuses archives that readers understand differently, so that what was checked is what is unpacked.
 */
import { isOutboardError, OutboardError } from '../../errors/outboard-error.ts';
import { EntryAssembler, type ExtensionHeader } from './entry-assembler.ts';
import { blockBytes, checkBlock } from './header-block.ts';
import { malformed } from './numeric-field.ts';
import type { TarEntry, TarHandler, TarReader } from './tar-entry.ts';
import { defaultTarLimits, type TarLimits } from './tar-limits.ts';

/**
 * Start reading an archive. The handler is called during `write`, which throws the handler's errors. After an error the
 * reader stays failed: it throws the same error again.
 *
 * An archive ends at two zero blocks, after which all bytes are ignored (padding, or entries that no other reader shows),
 * or at the end of the input between two entries.
 */
export function createTarReader(handler: TarHandler, limits: Partial<TarLimits> = {}): TarReader {
  return new StreamingTarReader(handler, { ...defaultTarLimits, ...limits });
}

/** The part that the next byte belongs to; `lone-zero`: a header or the second zero block. */
type State = 'header' | 'lone-zero' | 'extension' | 'content' | 'padding' | 'ended';

const truncatedAt: Record<State, string> = {
  header: 'inside a header',
  'lone-zero': 'inside a header',
  extension: 'inside an extension header',
  content: "inside an entry's content",
  padding: 'inside the padding of an entry',
  ended: 'after its end',
};

class StreamingTarReader implements TarReader {
  readonly #handler: TarHandler;
  readonly #assembler: EntryAssembler;
  readonly #block = Buffer.alloc(blockBytes);

  #state: State = 'header';
  /** Remaining bytes of content or padding. */
  #remaining = 0;
  /** Bytes of padding after the current content or extension. */
  #padding = 0;
  /** Buffer for a header or extension that spans chunks. */
  #gathered: Buffer = this.#block;
  #filled = 0;
  /** Bytes of the archive before the current chunk, for messages. */
  #offset = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(handler: TarHandler, limits: TarLimits) {
    this.#handler = handler;
    this.#assembler = new EntryAssembler(limits);
  }

  write(chunk: Buffer): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    try {
      let at = 0;
      while (at < chunk.length) at = this.#readPiece(chunk, at);
      this.#offset += chunk.length;
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  end(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#state === 'ended') return;
    const isBetweenEntries = (this.#state === 'header' || this.#state === 'lone-zero') && this.#filled === 0;
    if (isBetweenEntries && !this.#assembler.hasPending) return;
    const where = isBetweenEntries ? 'between an extension header and its entry' : truncatedAt[this.#state];
    const error = malformed(`truncated ${where}, at byte ${this.#offset}`);
    this.#failure = { error };
    throw error;
  }

  /** Read one part, or as much of it as the chunk has. @returns the offset of the next part */
  #readPiece(chunk: Buffer, at: number): number {
    switch (this.#state) {
      case 'header':
      case 'lone-zero':
        return this.#readBlock(chunk, at);
      case 'extension':
        return this.#readExtension(chunk, at);
      case 'content':
        return this.#readContent(chunk, at);
      case 'padding':
        return this.#skipPadding(chunk, at);
      case 'ended':
        return chunk.length;
    }
  }

  #readBlock(chunk: Buffer, at: number): number {
    if (this.#filled === 0 && chunk.length - at >= blockBytes) {
      this.#header(chunk, at, at + blockBytes);
      return at + blockBytes;
    }
    const end = this.#gather(chunk, at);
    if (this.#filled === blockBytes) {
      this.#filled = 0;
      this.#header(this.#block, 0, end);
    }
    return end;
  }

  /** Copy the available bytes of a part that spans chunks. @returns the offset after them */
  #gather(chunk: Buffer, at: number): number {
    const end = Math.min(at + this.#gathered.length - this.#filled, chunk.length);
    this.#filled += chunk.copy(this.#gathered, this.#filled, at, end);
    return end;
  }

  /** @param end offset of the block's end in the current chunk */
  #header(bytes: Buffer, start: number, end: number): void {
    const found = this.#parseHeader(bytes, start, end);
    if (found === undefined) return;
    this.#padding = -found.size & (blockBytes - 1);
    if (found.type === 'extension') {
      this.#gathered = Buffer.allocUnsafe(found.size);
      this.#state = 'extension';
      if (found.size === 0) this.#extension(this.#gathered, end);
      return;
    }
    this.#remaining = found.size;
    this.#state = found.size === 0 ? 'header' : 'content';
    this.#handler.onEntry(found);
    if (found.size === 0) this.#handler.onEntryEnd();
  }

  #parseHeader(bytes: Buffer, start: number, end: number): TarEntry | ExtensionHeader | undefined {
    try {
      const isZero = checkBlock(bytes, start) === 'zero';
      if (!isZero && this.#state === 'header') return this.#assembler.readHeader(bytes, start);
      if (!isZero) throw malformed('a single zero block is followed by data, want two at the end');
      if (this.#assembler.hasPending) throw malformed('an extension header is not followed by its entry');
      this.#state = this.#state === 'header' ? 'lone-zero' : 'ended';
      return undefined;
    } catch (error) {
      throw located(error, 'header', this.#offset + end);
    }
  }

  #readExtension(chunk: Buffer, at: number): number {
    const size = this.#gathered.length;
    const isWhole = this.#filled === 0 && chunk.length - at >= size;
    const end = isWhole ? at + size : this.#gather(chunk, at);
    if (isWhole) this.#extension(chunk.subarray(at, end), end);
    else if (this.#filled === size) this.#extension(this.#gathered, end);
    return end;
  }

  #extension(bytes: Buffer, end: number): void {
    this.#gathered = this.#block;
    this.#filled = 0;
    this.#enterPadding();
    try {
      this.#assembler.addExtension(bytes);
    } catch (error) {
      throw located(error, 'extension header', this.#offset + end);
    }
  }

  #readContent(chunk: Buffer, at: number): number {
    const end = Math.min(at + this.#remaining, chunk.length);
    this.#remaining -= end - at;
    this.#handler.onContent(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end));
    if (this.#remaining === 0) {
      this.#enterPadding();
      this.#handler.onEntryEnd();
    }
    return end;
  }

  #enterPadding(): void {
    this.#remaining = this.#padding;
    this.#state = this.#padding === 0 ? 'header' : 'padding';
  }

  #skipPadding(chunk: Buffer, at: number): number {
    const end = Math.min(at + this.#remaining, chunk.length);
    this.#remaining -= end - at;
    if (this.#remaining === 0) this.#state = 'header';
    return end;
  }
}

function located(error: unknown, what: string, end: number): unknown {
  if (!isOutboardError(error)) return error;
  const { kind, message, code } = error;
  return new OutboardError(kind, `${message}, in the ${what} that ends at byte ${end}`, {
    cause: error,
    code,
  });
}
