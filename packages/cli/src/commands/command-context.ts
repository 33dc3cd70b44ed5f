/**
 * What every command works with.
 */
import type { EngineClient } from '../client/engine-client.ts';
import { CommandError, messageOf } from '../command-error.ts';
import type { CommandHost } from '../command-host.ts';

export interface CommandContext {
  readonly client: EngineClient;
  readonly host: CommandHost;
  /** Ctrl-C. */
  readonly signal: AbortSignal;
  /** Of this program. */
  readonly version: string;
}

/**
 * Do something with each name, go on after failures, and fail in the end with all reasons.
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
