/**
 * `outboard update`, and the same flags in other commands.
 */
import { requireOptions, updateOptions } from '../client/runtime-api.ts';
import { CommandError } from '../command-error.ts';
import type { OptionFlags } from '../options/option-flag.ts';
import { toOptionsBody } from '../options/option-flags.ts';
import { escapeText } from '../terminal/escape-text.ts';
import { type CommandContext, forEachName } from './command-context.ts';

/** Change the options of plugins. */
export async function update(
  context: CommandContext,
  names: readonly string[],
  flags: OptionFlags,
): Promise<void> {
  const body = toOptionsBody(flags);
  if (body === undefined) {
    throw new CommandError('you must provide one or more flags when using this command');
  }
  await forEachName(names, context, async (name) => {
    await applyOptions(context, name, body);
    context.host.stdout.write(`${name}\n`);
  });
}

/**
 * Read the option flags of a command that creates or starts a plugin.
 * @returns undefined without such flags
 * @throws {CommandError} for an invalid value; if there are flags and the daemon does not support options
 */
export async function readOptionFlags(
  { client }: CommandContext,
  flags: OptionFlags,
): Promise<object | undefined> {
  const body = toOptionsBody(flags);
  // Checked first: a plugin must not run without the requested limits.
  if (body !== undefined) await requireOptions(client);
  return body;
}

/** Change options, and print warnings about changes that apply later. */
export async function applyOptions(
  { client, host }: CommandContext,
  name: string,
  body: object,
): Promise<void> {
  const warnings = await updateOptions(client, name, body);
  for (const warning of warnings) host.stderr.write(`${escapeText(warning)}\n`);
}
