/**
 * The contract of exec: commands that run in a container beside its own program.
 */
import type { TerminalSize } from '../linux/pseudo-terminal.ts';

/** A command. It never gets more privileges than the container's program. */
export interface ExecRequest {
  /** Program and arguments. */
  readonly command: readonly string[];
  /** `NAME=VALUE`, added to the environment of the container's program, or replacing variables of it. */
  readonly env?: readonly string[] | undefined;
  /** `NAME|UID[:GROUP|GID]` of the container; default that of the container's program. */
  readonly user?: string | undefined;
  /** Absolute; default that of the container's program. */
  readonly workingDirectory?: string | undefined;
  /** True when it reads data of `write`; default false: its standard input is empty. */
  readonly hasInput?: boolean | undefined;
  /** True to give it the tools of the host's static busybox, after those of the container. */
  readonly hasTools?: boolean | undefined;
  /** Size of its terminal; absent: it gets pipes. */
  readonly terminal?: TerminalSize | undefined;
}

/** A command among the programs of the host, in the namespaces of a container. */
export interface DebugRequest
  extends Pick<ExecRequest, 'command' | 'env' | 'workingDirectory' | 'hasInput' | 'terminal'> {
  /** Name of the link to the container's root, in the root directory of the command. */
  readonly rootName: string;
}

/** A command that runs. The caller reads all of its output, or kills it. */
export interface ExecSession {
  /** Standard output; with a terminal, all output. */
  readonly stdout: AsyncIterable<Buffer>;
  readonly stderr?: AsyncIterable<Buffer> | undefined;
  /** Resolves when there is room for more. Data is dropped after the command ended, and without `hasInput`. */
  write(data: Uint8Array): Promise<void>;
  /** Close the input. Does nothing on a terminal, where the user types an end-of-file character. */
  endInput(): void;
  /** Change the size of the terminal; does nothing without one. */
  resize(size: TerminalSize): void;
  /**
   * Resolves with the exit code, or 128 plus the signal number, when the command and all processes that it started
   * have ended. Never rejects.
   */
  readonly ended: Promise<number>;
  /** Kill it and all processes that it started. Idempotent; `ended` resolves when that is done. */
  kill(): void;
}
