/**
 * `outboard exec`
 * @see docker/cli cli/command/container/exec.go (28.x)
 */
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { openExec } from '../client/container-api.ts';
import type { UpgradedConnection } from '../client/engine-client.ts';
import { inputFrames, readMessages, resizeFrame, type TerminalSize } from '../client/exec-stream.ts';
import { CommandError, CommandExit, DaemonError } from '../command-error.ts';
import type { CommandHost } from '../command-host.ts';
import type { CommandContext } from './command-context.ts';

export interface ExecOptions {
  readonly interactive?: boolean;
  readonly tty?: boolean;
  readonly user?: string;
  readonly workdir?: string;
  /** `NAME=VALUE`, or `NAME` for the value that it has here. */
  readonly env?: readonly string[];
}

/**
 * Run a command in a plugin and end as it ends.
 * @throws {CommandExit} with its exit code, unless that is 0; 126 and 127 when it cannot be run
 */
export async function exec(
  { client, host, signal }: CommandContext,
  name: string,
  command: readonly string[],
  options: ExecOptions,
): Promise<void> {
  const { tty = false, interactive = false } = options;
  if (tty && interactive && host.stdin.isTTY !== true)
    throw new CommandError('the input device is not a TTY');
  const body = {
    Cmd: command,
    Env: (options.env ?? []).flatMap((variable) => withValue(variable, host.env)),
    User: options.user ?? '',
    WorkingDir: options.workdir ?? '',
    AttachStdin: interactive,
    Tty: tty,
    ...(tty && { ConsoleSize: sizeOf(host) }),
  };
  const opened = await openExec(client, name, body).catch(toExit);
  const exitCode = await converse(opened, host, { tty, interactive, signal });
  if (exitCode !== 0) throw new CommandExit(exitCode);
}

interface Conversation {
  readonly tty: boolean;
  readonly interactive: boolean;
  readonly signal: AbortSignal;
}

/** @returns the exit code */
async function converse(
  { connection, first }: UpgradedConnection,
  host: CommandHost,
  { tty, interactive, signal }: Conversation,
): Promise<number> {
  const { stdin, stdout } = host;
  if (first.length > 0) connection.unshift(first);
  const resize = (): void => void connection.write(resizeFrame(sizeOf(host)));
  const leave = (): void => void connection.destroy();
  signal.addEventListener('abort', leave);
  if (tty) stdout.on('resize', resize);
  // Keys go to the command as they are, Ctrl-C too.
  if (tty && interactive) stdin.setRawMode?.(true);
  if (interactive) void passInput(stdin, connection);
  try {
    for await (const message of readMessages(connection)) {
      if ('exitCode' in message) return message.exitCode;
      const output = host[message.stream];
      if (!output.write(message.data)) await once(output, 'drain', { signal });
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CommandError) throw error;
    throw new CommandError('the daemon ended the connection before the command ended', { cause: error });
  } finally {
    if (tty && interactive) stdin.setRawMode?.(false);
    stdout.off('resize', resize);
    signal.removeEventListener('abort', leave);
    connection.destroy();
    // It would keep the process waiting for a key.
    if (interactive) stdin.destroy();
  }
  signal.throwIfAborted();
  throw new CommandError('the daemon ended the connection before the command ended');
}

/** Never rejects: without input the command goes on. */
async function passInput(stdin: CommandHost['stdin'], connection: Duplex): Promise<void> {
  try {
    for await (const chunk of stdin) {
      for (const frame of inputFrames(Buffer.from(chunk))) {
        if (!connection.write(frame)) await once(connection, 'drain');
      }
    }
  } catch {
    // The command has ended, or nothing more can be read: both are the end of input.
  }
  if (connection.writable) for (const frame of inputFrames(Buffer.alloc(0))) connection.write(frame);
}

/** A terminal that does not tell has the size that the first ones had. */
function sizeOf({ stdout }: CommandHost): TerminalSize {
  return { Width: stdout.columns ?? 80, Height: stdout.rows ?? 24 };
}

function withValue(variable: string, env: CommandHost['env']): readonly string[] {
  if (variable.includes('=')) return [variable];
  const value = env[variable];
  return value === undefined ? [] : [`${variable}=${value}`];
}

/** The exit codes of shells, by the words of the OCI runtime, as Docker's client has them. */
function toExit(error: unknown): never {
  if (!(error instanceof DaemonError) || !error.message.includes('OCI runtime exec failed')) throw error;
  // runc: `executable file not found in $PATH`; crun: "executable file `sh` not found in $PATH".
  const isMissing = /executable file .*not found|no such file or directory/i.test(error.message);
  throw new CommandError(error.message, { exitCode: isMissing ? 127 : 126, cause: error });
}
