/**
 * `outboard create`
 * @see docker/cli cli/command/plugin/create.go (28.x)
 */
import { pipeline } from 'node:stream';
import { createGzip } from 'node:zlib';
import { requireOutboard } from '../client/own-route.ts';
import { createPlugin } from '../client/plugin-api.ts';
import { CommandError } from '../command-error.ts';
import { checkContext } from '../context/check-context.ts';
import { packContext } from '../context/pack-context.ts';
import type { OptionFlags } from '../options/option-flag.ts';
import { parseLocalName } from '../references/remote-reference.ts';
import { escapeText } from '../terminal/escape-text.ts';
import type { CommandContext } from './command-context.ts';
import type { FromImageFlags } from './create-from-image.ts';
import { applyOptions, readOptionFlags } from './update.ts';

/** Flags of `outboard create`. */
export interface CreateOptions extends OptionFlags, FromImageFlags {
  /** An image in place of a directory. */
  readonly fromImage?: string | undefined;
  readonly compress?: boolean | undefined;
  /** False for `--no-check`: create a plugin even if it can never be enabled. */
  readonly check?: boolean | undefined;
}

/**
 * Create a plugin.
 * @param directory holds `config.json` and `rootfs/`; undefined with `--from-image`
 * @throws {CommandError} exit code 125 when flags do not fit together
 */
export async function create(
  context: CommandContext,
  name: string,
  directory: string | undefined,
  options: CreateOptions,
): Promise<void> {
  const { fromImage } = options;
  // Checked before files are read; the daemon receives the name as typed.
  parseLocalName(name);
  const wanted = await readOptionFlags(context, options);
  if (options.format !== undefined) await requireOutboard(context.client, 'choose the format of a manifest');
  if (fromImage === undefined)
    await createFromDirectory(context, name, requireDirectory(directory, options), options);
  else {
    if (directory !== undefined) throw wrongUse('want a directory or --from-image, not both');
    const { createPluginFromImage } = await import('./create-from-image.ts');
    await createPluginFromImage(context, name, fromImage, options);
  }
  if (wanted !== undefined) await applyOptions(context, name, wanted);
  context.host.stdout.write(`${name}\n`);
}

function requireDirectory(directory: string | undefined, { config }: CreateOptions): string {
  if (directory === undefined)
    throw wrongUse('want a directory with config.json and rootfs/, or --from-image');
  if (config !== undefined) throw wrongUse('--config is for --from-image: a directory has its config.json');
  return directory;
}

function wrongUse(reason: string): CommandError {
  return new CommandError(`create: ${reason}`, { exitCode: 125 });
}

async function createFromDirectory(
  { client, host, signal }: CommandContext,
  name: string,
  directory: string,
  options: CreateOptions,
): Promise<void> {
  await checkContext(directory);
  if (options.platform !== undefined) await requireOutboard(client, 'record the platform of a plugin');
  const archive = packContext(directory, {
    onWarning: (message) => host.stderr.write(`warning: ${escapeText(message)}\n`),
    signal,
  });
  // The compressor passes errors of the archive on.
  const body = options.compress === true ? pipeline(archive, createGzip(), () => {}) : archive;
  const { check, platform, format } = options;
  const warnings = await createPlugin(client, name, body, { mustRun: check !== false, platform, format });
  for (const warning of warnings) host.stderr.write(`warning: ${escapeText(warning)}\n`);
}
