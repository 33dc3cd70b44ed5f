/**
 * `outboard enable`
 */
import { enablePlugin } from '../client/plugin-api.ts';
import { CommandError } from '../command-error.ts';
import type { OptionFlags } from '../options/option-flag.ts';
import type { CommandContext } from './command-context.ts';
import { applyOptions, readOptionFlags } from './update.ts';

/** Flags of `outboard enable`. */
export interface EnableOptions extends OptionFlags {
  readonly timeout: string;
}

/**
 * Start a plugin and print its name.
 * @param options.timeout limit for calls to the plugin in seconds, 0 for none
 * @param options.createMounts applies to this start only; the other flags are stored
 */
export async function enable(context: CommandContext, name: string, options: EnableOptions): Promise<void> {
  if (!/^-?\d{1,9}$/.test(options.timeout)) {
    throw new CommandError(`invalid timeout "${options.timeout}": it must be whole seconds`, {
      exitCode: 125,
    });
  }
  const seconds = Number(options.timeout);
  if (seconds < 0) throw new CommandError(`negative timeout ${seconds} is invalid`);
  const { createMounts, ...kept } = options;
  const wanted = await readOptionFlags(context, kept);
  if (wanted !== undefined) await applyOptions(context, name, wanted);
  await enablePlugin(context.client, name, seconds, { createMounts: createMounts === true });
  context.host.stdout.write(`${name}\n`);
}
