/**
 * Reads the answers of a daemon, with upper bounds.
 */
import type { IncomingMessage } from 'node:http';
import { CommandError } from '../command-error.ts';

/** Read a whole answer. @throws {CommandError} once it is larger than `maxBytes` */
export async function readBody(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop early destroys the response.
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw new CommandError(`the daemon's answer is larger than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * Throw for an error while an answer was read.
 * @param message for a broken connection
 * @throws the signal's reason when aborted; a `CommandError` unchanged; {CommandError} with the message for other errors
 */
export function throwReadError(error: unknown, signal: AbortSignal, message: string): never {
  signal.throwIfAborted();
  if (error instanceof CommandError) throw error;
  throw new CommandError(message, { cause: error });
}

/**
 * Split an answer into lines as they arrive, without line ends and empty lines.
 * @throws {CommandError} once a line is longer than `maxBytes`
 */
export async function* readLines(response: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  for await (const chunk of response) {
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      const line = Buffer.concat([...rest, chunk.subarray(start, end)])
        .toString('utf8')
        .trim();
      rest = [];
      restBytes = 0;
      start = end + 1;
      if (line !== '') yield line;
    }
    restBytes += chunk.length - start;
    if (restBytes > maxBytes) {
      throw new CommandError(`a line of the daemon's answer is longer than ${maxBytes} bytes`);
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
  }
  const last = Buffer.concat(rest).toString('utf8').trim();
  if (last !== '') yield last;
}
