/**
 * `outboard logs`
 */
import type { IncomingMessage } from 'node:http';
import { type Frame, readFrames } from '../client/multiplexed-stream.ts';
import { openCalls, openLogs } from '../client/outboard-api.ts';
import { throwReadError } from '../client/read-body.ts';
import { CommandError } from '../command-error.ts';
import { parseFormat } from '../output/output-format.ts';
import { escapeText } from '../terminal/escape-text.ts';
import { writeAll } from '../terminal/write-all.ts';
import { formatCall } from './call-records.ts';
import type { CommandContext } from './command-context.ts';

/** Flags of `outboard logs`. */
export interface LogsOptions {
  readonly follow?: boolean | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly tail: string;
  readonly timestamps?: boolean | undefined;
  /** Calls in place of output. */
  readonly calls?: boolean | undefined;
  /** In the form of `parseFormat`; for calls only. */
  readonly format?: string | undefined;
}

/**
 * Print the output of a plugin, or the calls of other programs to it or to all.
 * @throws {CommandError} exit code 125 when options do not fit together
 */
export async function logs(
  context: CommandContext,
  name: string | undefined,
  options: LogsOptions,
): Promise<void> {
  const { client } = context;
  if (options.calls === true) return await showCalls(context, name, options);
  if (options.format !== undefined) throw wrongUse('--format is for --calls only');
  if (name === undefined) throw wrongUse('name a PLUGIN, or use --calls for the calls of all plugins');
  await print(context, await openLogs(client, name, toQuery(options)), (text, isTerminal) =>
    isTerminal ? printable(text) : text,
  );
}

/**
 * Print the output of an enabled plugin, across its restarts, until it is disabled or the answer is destroyed.
 * @param options.tail lines before now, or `all`
 * @param options.onOpen receives the answer
 */
export async function followOutput(
  context: CommandContext,
  name: string,
  { tail, onOpen }: { readonly tail: string; readonly onOpen: (answer: IncomingMessage) => void },
): Promise<void> {
  const answer = await openLogs(context.client, name, { follow: '1', tail });
  onOpen(answer);
  await print(context, answer, (text, isTerminal) => (isTerminal ? printable(text) : text));
}

async function showCalls(
  context: CommandContext,
  plugin: string | undefined,
  options: LogsOptions,
): Promise<void> {
  if (options.timestamps === true)
    throw wrongUse('every call is shown with its time: leave out --timestamps');
  const format = parseFormat(options.format ?? 'table');
  const answer = await openCalls(context.client, { plugin, ...toQuery(options) });
  await print(context, answer, (text, _isTerminal, stream) =>
    stream === 'stdout' ? formatCall(text, format) : printable(text),
  );
}

function wrongUse(reason: string): CommandError {
  return new CommandError(`logs: ${reason}`, { exitCode: 125 });
}

/** The text of a frame as it is printed. */
type Show = (text: Buffer, isTerminal: boolean, stream: Frame['stream']) => Buffer | string;

/**
 * Print a stream: stdout to standard output, stderr to standard error. Pipes get the bytes of plugins unchanged; control
 * characters are escaped on terminals.
 */
async function print({ host, signal }: CommandContext, answer: IncomingMessage, show: Show): Promise<void> {
  try {
    for await (const frames of readFrames(answer)) {
      for (const { stream, text } of frames) {
        const output = host[stream];
        await writeAll(output, show(text, output.isTTY === true, stream), signal);
      }
    }
  } catch (error) {
    throwReadError(error, signal, 'the daemon closed the connection before its answer was complete');
  } finally {
    answer.destroy();
  }
}

function toQuery({ follow, since, until, tail, timestamps }: LogsOptions) {
  return {
    follow: follow === true ? '1' : undefined,
    since,
    until,
    timestamps: timestamps === true ? '1' : undefined,
    tail,
  };
}

/** A line, or a last fragment without a line end, with control characters other than tabs escaped. */
function printable(text: Buffer): string {
  const line = text.toString();
  const end = line.endsWith('\n') ? '\n' : '';
  const fields = line.slice(0, line.length - end.length).split('\t');
  return fields.map(escapeText).join('\t') + end;
}
