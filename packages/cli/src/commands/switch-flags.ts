/**
 * Flags of the commands that switch a plugin to another version.
 */
import type { SwitchFlags } from '../client/plugin-api.ts';
import { CommandError } from '../command-error.ts';
import { option } from './command-row.ts';

/** The flags, for the table of commands. */
export const switchOptions = [
  option('--timeout <seconds>', 'for the start of the other version; default: as it was enabled, or 30'),
  option('-f, --force', 'also while it is in use in a way that the switch breaks'),
];

/** Check the flags before anything is asked of the daemon. @throws {CommandError} for a time that is not whole seconds */
export function parseSwitchFlags({ timeout, force }: SwitchFlags): SwitchFlags {
  if (timeout !== undefined && !/^\d{1,5}$/.test(timeout)) {
    const text = `invalid timeout ${JSON.stringify(timeout)}: it must be whole seconds, 0 for the default`;
    throw new CommandError(text, { exitCode: 125 });
  }
  return { timeout, force };
}
