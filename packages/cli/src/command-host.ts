/**
 * Streams and environment of a command. `process` implements it.
 */
import type { Readable, Writable } from 'node:stream';

/** An output stream, possibly a terminal. */
export interface OutputStream extends Writable {
  readonly isTTY?: boolean | undefined;
  /** Width of a terminal in characters. */
  readonly columns?: number | undefined;
  /** Height of a terminal in lines. */
  readonly rows?: number | undefined;
}

/** An input stream, possibly a terminal. */
export interface InputStream extends Readable {
  readonly isTTY?: boolean | undefined;
  /** Set or reset the raw mode of a terminal, which passes keys on without line editing and Ctrl-C. */
  setRawMode?(isRaw: boolean): unknown;
}

/** Streams and environment of a command. Access `stdin` only when needed: that opens it. */
export interface CommandHost {
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}
