/**
 * `outboard update`: change how plugins run, and what other commands do with the same flags.
 */
import { requireOptions, updateOptions } from '../client/container-api.ts';
import { CommandError } from '../command-error.ts';
import type { OptionFlags } from '../options/option-flag.ts';
import { toOptionsBody } from '../options/option-flags.ts';
import { escapeText } from '../terminal/escape-text.ts';
import { type CommandContext, forEachName } from './command-context.ts';

/** Change the options of each plugin that the flags name. */
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
 * What to change of a plugin that is to be made or started.
 * @returns undefined when no flag asks for anything
 * @throws {CommandError} for a wrong value; if flags ask for something and the daemon knows no options
 */
export async function readOptionFlags(
  { client }: CommandContext,
  flags: OptionFlags,
): Promise<object | undefined> {
  const body = toOptionsBody(flags);
  // Before anything is done: a plugin without the limits that were asked for must not run.
  if (body !== undefined) await requireOptions(client);
  return body;
}

/** Change options, and say on standard error what is not in force yet. */
export async function applyOptions(
  { client, host }: CommandContext,
  name: string,
  body: object,
): Promise<void> {
  const warnings = await updateOptions(client, name, body);
  for (const warning of warnings) host.stderr.write(`${escapeText(warning)}\n`);
}
