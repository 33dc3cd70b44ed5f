/**
 * `outboard exec`
 * @see docker/cli cli/command/container/exec.go (28.x)
 */
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { UpgradedConnection } from '../client/engine-client.ts';
import { inputFrames, readMessages, resizeFrame, type TerminalSize } from '../client/exec-stream.ts';
import { throwReadError } from '../client/read-body.ts';
import { openExec } from '../client/runtime-api.ts';
import { CommandError, CommandExit, DaemonError } from '../command-error.ts';
import type { CommandHost } from '../command-host.ts';
import { writeAll } from '../terminal/write-all.ts';
import type { CommandContext } from './command-context.ts';

const endedEarly = 'the daemon closed the connection before the command ended';

/** Flags of `outboard exec`. */
export interface ExecOptions {
  readonly interactive?: boolean | undefined;
  readonly tty?: boolean | undefined;
  readonly user?: string | undefined;
  readonly workdir?: string | undefined;
  /** `NAME=VALUE`, or `NAME` for its value in the environment of this process. */
  readonly env?: readonly string[] | undefined;
  /** Give the command the tools of the host's static busybox. */
  readonly tools?: boolean | undefined;
}

/** Flags of commands whose streams are connected. */
export type StreamFlags = Pick<ExecOptions, 'interactive' | 'tty' | 'workdir' | 'env'>;

/**
 * Run a command in a plugin, and end with its exit code.
 * @throws {CommandExit} with an exit code other than 0; {CommandError} with 126 or 127 when the command cannot be run
 */
export async function exec(
  context: CommandContext,
  name: string,
  command: readonly string[],
  options: ExecOptions,
): Promise<void> {
  const own = { User: options.user ?? '', ...(options.tools && { Tools: true }) };
  await runConnected(context, command, options, (body) => {
    return openExec(context.client, name, { ...body, ...own });
  });
}

/**
 * Run a command whose streams are those of this process, and end with its exit code.
 * @param open starts it. @throws as `exec`
 */
export async function runConnected(
  { host, signal }: CommandContext,
  command: readonly string[],
  options: StreamFlags,
  open: (body: object) => Promise<UpgradedConnection>,
): Promise<void> {
  const { tty = false, interactive = false } = options;
  if (tty && interactive && host.stdin.isTTY !== true)
    throw new CommandError('the input device is not a TTY');
  const body = {
    Cmd: command,
    Env: (options.env ?? []).flatMap((variable) => withValue(variable, host.env)),
    WorkingDir: options.workdir ?? '',
    AttachStdin: interactive,
    Tty: tty,
    ...(tty && { ConsoleSize: sizeOf(host) }),
  };
  const opened = await open(body).catch(toExit);
  const exitCode = await attach(opened, host, { tty, interactive, signal });
  if (exitCode !== 0) throw new CommandExit(exitCode);
}

/** Streams to connect, and cancellation. */
interface AttachOptions {
  readonly tty: boolean;
  readonly interactive: boolean;
  readonly signal: AbortSignal;
}

/** Connect the host's streams to the command until it ends. @returns its exit code */
async function attach(
  { connection, first }: UpgradedConnection,
  host: CommandHost,
  { tty, interactive, signal }: AttachOptions,
): Promise<number> {
  const { stdin, stdout } = host;
  if (first.length > 0) connection.unshift(first);
  const resize = (): void => void connection.write(resizeFrame(sizeOf(host)));
  const detach = (): void => void connection.destroy();
  signal.addEventListener('abort', detach);
  if (tty) stdout.on('resize', resize);
  // The command receives all keys, including Ctrl-C.
  if (tty && interactive) stdin.setRawMode?.(true);
  if (interactive) void sendInput(stdin, connection);
  try {
    for await (const message of readMessages(connection)) {
      if ('exitCode' in message) return message.exitCode;
      await writeAll(host[message.stream], message.data, signal);
    }
  } catch (error) {
    throwReadError(error, signal, endedEarly);
  } finally {
    if (tty && interactive) stdin.setRawMode?.(false);
    stdout.off('resize', resize);
    signal.removeEventListener('abort', detach);
    connection.destroy();
    // An open terminal would keep the process alive.
    if (interactive) stdin.destroy();
  }
  signal.throwIfAborted();
  throw new CommandError(endedEarly);
}

/** Send input until it ends. Never rejects: without input the command continues. */
async function sendInput(stdin: CommandHost['stdin'], connection: Duplex): Promise<void> {
  try {
    for await (const chunk of stdin) {
      for (const frame of inputFrames(Buffer.from(chunk))) {
        if (!connection.write(frame)) await once(connection, 'drain');
      }
    }
  } catch {
    // Either the command has ended or the input cannot be read; both end the input.
  }
  if (connection.writable) for (const frame of inputFrames(Buffer.alloc(0))) connection.write(frame);
}

/** Size of the terminal; 80 x 24 if unknown. */
function sizeOf({ stdout }: CommandHost): TerminalSize {
  return { Width: stdout.columns ?? 80, Height: stdout.rows ?? 24 };
}

function withValue(variable: string, env: CommandHost['env']): readonly string[] {
  if (variable.includes('=')) return [variable];
  const value = env[variable];
  return value === undefined ? [] : [`${variable}=${value}`];
}

/** Exit codes of shells, by the message of the OCI runtime, as in Docker's client. */
function toExit(error: unknown): never {
  if (!(error instanceof DaemonError) || !error.message.includes('OCI runtime exec failed')) throw error;
  // runc: `executable file not found in $PATH`; crun: "executable file `sh` not found in $PATH".
  const isMissing = /executable file .*not found|no such file or directory/i.test(error.message);
  throw new CommandError(error.message, { exitCode: isMissing ? 127 : 126, cause: error });
}
