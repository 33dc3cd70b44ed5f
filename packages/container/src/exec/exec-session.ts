/**
 * The contract of commands that run in a plugin's container beside its own program.
 */
import type { TerminalSize } from '../linux/pseudo-terminal.ts';

/** What to run. It never has more privileges than the plugin. */
export interface ExecRequest {
  /** Program and arguments. */
  readonly command: readonly string[];
  /** `NAME=VALUE`, in place of or beside those of the plugin. */
  readonly env?: readonly string[] | undefined;
  /** `NAME|UID[:GROUP|GID]`, of the container; default root, as the plugin. */
  readonly user?: string | undefined;
  /** Absolute; default the plugin's. */
  readonly workingDirectory?: string | undefined;
  /** Whether it gets what is written to `input`; default nothing. */
  readonly hasInput?: boolean | undefined;
  /** Of the terminal that it gets; absent: pipes. */
  readonly terminal?: TerminalSize | undefined;
}

/** A command that runs. Whoever has it reads its output, all of it, or ends it. */
export interface ExecSession {
  /** With a terminal, both streams of output in one. */
  readonly stdout: AsyncIterable<Buffer>;
  readonly stderr?: AsyncIterable<Buffer> | undefined;
  /** Resolves when there is room for more. What comes after its end, or without `hasInput`, is lost. */
  write(data: Uint8Array): Promise<void>;
  /** No more input. On a terminal this does nothing: it is for whoever types to say so. */
  endInput(): void;
  /** Without a terminal this does nothing. */
  resize(size: TerminalSize): void;
  /**
   * Resolves with the exit code, or 128 and the number of the signal, when the command and all that it has started have
   * gone. Never rejects.
   */
  readonly ended: Promise<number>;
  /** Kill it and all that it has started. Idempotent; `ended` tells when that is done. */
  kill(): void;
}
