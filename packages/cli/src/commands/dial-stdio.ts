/**
 * `outboard dial-stdio`: the other end of an `ssh://` address, as `docker system dial-stdio`.
 */
import { pipeline } from 'node:stream/promises';
import { explainConnectionError } from '../client/connection-error.ts';
import { openConnection } from '../client/open-connection.ts';
import type { CommandContext } from './command-context.ts';

/**
 * Connect standard input and output with the daemon, until it ends the connection.
 * @throws {CommandError} if there is no daemon, or the connection breaks
 */
export async function dialStdio({ client, host, signal }: CommandContext): Promise<void> {
  const { address } = client;
  try {
    const connection = await openConnection(address, signal);
    // The end of the input ends one direction only: the daemon may still answer.
    const sent = pipeline(host.stdin, connection, { signal }).catch(() => {});
    await pipeline(connection, host.stdout, { signal, end: false });
    connection.destroy();
    host.stdin.destroy();
    await sent;
  } catch (error) {
    signal.throwIfAborted();
    throw explainConnectionError(error, address);
  } finally {
    // An open input would keep the process alive.
    host.stdin.destroy();
  }
}
