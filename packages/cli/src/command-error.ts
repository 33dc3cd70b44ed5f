/**
 * Errors that end a command. Their text is written to standard error; their exit code goes to the shell.
 */

/** Options of `CommandError`. */
export interface CommandErrorOptions {
  /** Default 1. */
  readonly exitCode?: number | undefined;
  readonly cause?: unknown;
}

/** A failure with a message for the user. Other errors are shown in the same way, with exit code 1. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError';
  readonly exitCode: number;

  constructor(message: string, options: CommandErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.exitCode = options.exitCode ?? 1;
  }
}

/** Ends the command with the exit code of the program that it ran, without a message. */
export class CommandExit extends Error {
  override readonly name = 'CommandExit';
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`ended with exit code ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** Refusal of a request by the daemon. */
export class DaemonError extends CommandError {
  override readonly name = 'DaemonError';
  /** HTTP status. */
  readonly status: number;
  /** The daemon's message. */
  readonly reason: string;

  constructor(status: number, reason: string) {
    super(`Error response from daemon: ${reason}`);
    this.status = status;
    this.reason = reason;
  }
}

/** Message of any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Message for the user. A failed call of Node.js is described with the path first: `cannot open "/x": permission denied`,
 * where Node.js says `EACCES: permission denied, open '/x'`.
 */
export function describeFailure(error: unknown): string {
  const message = messageOf(error);
  if (error instanceof DaemonError && /^plugin "[^"]*" not found$/.test(error.reason))
    return `${message}: see outboard ls`;
  if (error instanceof CommandError || codeOf(error) === undefined) return message;
  const [, reason, call, path] = /^E[A-Z0-9]+: ([^,]+), (\w+)(?: '(.*)')?$/s.exec(message) ?? [];
  if (reason === undefined) return message;
  return `cannot ${call}${path === undefined ? '' : ` ${JSON.stringify(path)}`}: ${reason}`;
}

/** Code of a system error, such as `ENOENT`; undefined for other values. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
