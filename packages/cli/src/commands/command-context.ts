/**
 * Client, streams and cancellation of a command.
 */
import type { Command } from 'commander';
import type { EngineClient } from '../client/engine-client.ts';
import { CommandError, messageOf } from '../command-error.ts';
import type { CommandHost } from '../command-host.ts';

/** Context of a running command. */
export interface CommandContext {
  /** Made when it is first read. @throws {CommandError} if the address of the daemon is wrong */
  readonly client: EngineClient;
  readonly host: CommandHost;
  /** Aborted by SIGINT and SIGTERM, and when the output cannot be written. */
  readonly signal: AbortSignal;
  /** Version of this program. */
  readonly version: string;
  /** The whole command line, for completions. */
  readonly program: Command;
}

/**
 * Run a step for each name, continue after failures, and report all failures at the end.
 * @throws {CommandError} one line per failure
 */
export async function forEachName(
  names: readonly string[],
  { signal }: CommandContext,
  step: (name: string) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  for (const name of names) {
    try {
      await step(name);
    } catch (error) {
      signal.throwIfAborted();
      failures.push(error);
    }
  }
  if (failures.length > 0) {
    throw new CommandError(failures.map(messageOf).join('\n'), { cause: failures[0] });
  }
}
