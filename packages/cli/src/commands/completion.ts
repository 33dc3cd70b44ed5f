/**
 * `outboard completion`
 */
import { CommandError } from '../command-error.ts';
import { shellScripts } from '../completion/shell-scripts.ts';
import type { CommandContext } from './command-context.ts';

const wrongUsage = 125;

/** Print the script of a shell. @throws {CommandError} for another shell */
export async function completion({ host }: CommandContext, shell: string): Promise<void> {
  const script = Object.hasOwn(shellScripts, shell) ? shellScripts[shell] : undefined;
  if (script === undefined) {
    const message = `no completion for the shell "${shell}": it must be ${Object.keys(shellScripts).join(', ')}`;
    throw new CommandError(message, { exitCode: wrongUsage });
  }
  host.stdout.write(script);
}
