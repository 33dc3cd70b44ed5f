/**
 * Output with back-pressure.
 */
import { once } from 'node:events';
import type { OutputStream } from '../command-host.ts';

/** Write to a stream, and wait until it takes more. @throws the signal's reason when aborted while waiting */
export async function writeAll(
  output: OutputStream,
  data: string | Buffer,
  signal: AbortSignal,
): Promise<void> {
  if (!output.write(data)) await once(output, 'drain', { signal });
}
