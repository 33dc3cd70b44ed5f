/**
 * Shows a progress stream to its end, redrawn on terminals and as plain lines elsewhere.
 */
import type { IncomingMessage } from 'node:http';
import { readLines, throwReadError } from '../client/read-body.ts';
import type { CommandHost } from '../command-host.ts';
import { redraws } from '../terminal/redraws.ts';
import { createPlainProgress } from './plain-progress.ts';
import { parseProgressLine } from './progress-line.ts';
import { createTerminalProgress } from './terminal-progress.ts';

const maxLineBytes = 1024 * 1024;

/**
 * Show progress until the operation has ended.
 * @throws {CommandError} with the daemon's reason if the operation fails; if the connection breaks before its end
 */
export async function showProgress(
  response: IncomingMessage,
  host: Pick<CommandHost, 'stdout' | 'env'>,
  signal: AbortSignal,
): Promise<void> {
  const view = redraws(host)
    ? createTerminalProgress(host.stdout, () => performance.now())
    : createPlainProgress(host.stdout);
  try {
    for await (const text of readLines(response, maxLineBytes)) view.show(parseProgressLine(text));
  } catch (error) {
    throwReadError(error, signal, 'the daemon closed the connection before the operation was complete');
  } finally {
    response.destroy();
  }
}
