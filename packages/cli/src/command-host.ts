/**
 * What a command may use of the process it runs in: streams and environment. `process` is one.
 */
import type { Readable, Writable } from 'node:stream';

/** A stream that people may look at. */
export interface OutputStream extends Writable {
  readonly isTTY?: boolean;
  /** Width in characters, on a terminal. */
  readonly columns?: number;
  /** Height in lines, on a terminal. */
  readonly rows?: number;
}

/** A stream that people may type into. */
export interface InputStream extends Readable {
  readonly isTTY?: boolean;
  /** On a terminal: whether keys are passed on as they are, without line editing and Ctrl-C. */
  setRawMode?(isRaw: boolean): unknown;
}

/** Streams are read late: touching `process.stdin` opens it. */
export interface CommandHost {
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}
