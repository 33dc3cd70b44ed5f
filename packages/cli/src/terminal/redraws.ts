/**
 * Terminals whose text can be replaced.
 */
import type { CommandHost } from '../command-host.ts';

/** True if standard output is a terminal that moves its cursor: one with the type "dumb" prints what it gets. */
export function redraws({ stdout, env }: Pick<CommandHost, 'stdout' | 'env'>): boolean {
  return stdout.isTTY === true && env.TERM !== 'dumb';
}
