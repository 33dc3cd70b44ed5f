/**
 * `outboard logs`
 */
import { once } from 'node:events';
import { readFrames } from '../client/multiplexed-stream.ts';
import { openLogs } from '../client/plugin-api.ts';
import { CommandError } from '../command-error.ts';
import type { OutputStream } from '../command-host.ts';
import { escapeText } from '../terminal/escape-text.ts';
import type { CommandContext } from './command-context.ts';

export interface LogsOptions {
  readonly follow?: boolean;
  readonly since?: string;
  readonly until?: string;
  readonly tail: string;
  readonly timestamps?: boolean;
}

/**
 * Print what a plugin wrote: its stdout on standard output, its stderr on standard error. A pipe gets the bytes as they are,
 * a terminal none of the plugin's own controls.
 */
export async function logs(
  { client, host, signal }: CommandContext,
  name: string,
  options: LogsOptions,
): Promise<void> {
  const answer = await openLogs(client, name, toQuery(options));
  try {
    for await (const frames of readFrames(answer)) {
      for (const { stream, text } of frames) await print(host[stream], text, signal);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CommandError) throw error;
    throw new CommandError('the daemon ended the connection before its answer was complete', {
      cause: error,
    });
  } finally {
    answer.destroy();
  }
}

function toQuery({ follow, since, until, tail, timestamps }: LogsOptions): Readonly<Record<string, string>> {
  return {
    ...(follow === true && { follow: '1' }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(timestamps === true && { timestamps: '1' }),
    tail,
  };
}

async function print(output: OutputStream, text: Buffer, signal: AbortSignal): Promise<void> {
  if (output.write(output.isTTY === true ? printable(text) : text)) return;
  await once(output, 'drain', { signal });
}

/** Of a line, or of what was written last without a line end. Tabs do no harm. */
function printable(text: Buffer): string {
  const line = text.toString();
  const end = line.endsWith('\n') ? '\n' : '';
  const fields = line.slice(0, line.length - end.length).split('\t');
  return fields.map(escapeText).join('\t') + end;
}
