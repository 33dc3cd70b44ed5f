/**
 * `outboard logs`
 */
import { readFrames } from '../client/multiplexed-stream.ts';
import { openLogs } from '../client/outboard-api.ts';
import { throwReadError } from '../client/read-body.ts';
import { escapeText } from '../terminal/escape-text.ts';
import { writeAll } from '../terminal/write-all.ts';
import type { CommandContext } from './command-context.ts';

/** Flags of `outboard logs`. */
export interface LogsOptions {
  readonly follow?: boolean | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly tail: string;
  readonly timestamps?: boolean | undefined;
}

/**
 * Print the output of a plugin: its stdout to standard output, its stderr to standard error. Pipes get the bytes unchanged;
 * control characters are escaped on terminals.
 */
export async function logs(
  { client, host, signal }: CommandContext,
  name: string,
  options: LogsOptions,
): Promise<void> {
  const answer = await openLogs(client, name, toQuery(options));
  try {
    for await (const frames of readFrames(answer)) {
      for (const { stream, text } of frames) {
        const output = host[stream];
        await writeAll(output, output.isTTY === true ? printable(text) : text, signal);
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
