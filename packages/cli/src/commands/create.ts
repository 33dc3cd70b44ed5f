/**
 * `outboard create`
 * @see docker/cli cli/command/plugin/create.go (28.x)
 */
import { pipeline } from 'node:stream';
import { createGzip } from 'node:zlib';
import { createPlugin } from '../client/plugin-api.ts';
import { checkContext } from '../context/check-context.ts';
import { packContext } from '../context/pack-context.ts';
import type { OptionFlags } from '../options/option-flag.ts';
import { parseLocalName } from '../references/remote-reference.ts';
import { escapeText } from '../terminal/escape-text.ts';
import type { CommandContext } from './command-context.ts';
import { applyOptions, readOptionFlags } from './update.ts';

/** Flags of `outboard create`. */
export interface CreateOptions extends OptionFlags {
  readonly compress?: boolean | undefined;
  /** False for `--no-check`: create a plugin even if it can never be enabled. */
  readonly check?: boolean | undefined;
}

/** Create a plugin. @param directory holds `config.json` and `rootfs/` */
export async function create(
  context: CommandContext,
  name: string,
  directory: string,
  options: CreateOptions,
): Promise<void> {
  const { client, host, signal } = context;
  // Checked before files are read; the daemon receives the name as typed.
  parseLocalName(name);
  await checkContext(directory);
  const wanted = await readOptionFlags(context, options);
  const archive = packContext(directory, {
    onWarning: (message) => host.stderr.write(`warning: ${escapeText(message)}\n`),
    signal,
  });
  // The compressor passes errors of the archive on.
  const body = options.compress === true ? pipeline(archive, createGzip(), () => {}) : archive;
  const warnings = await createPlugin(client, name, body, { mustRun: options.check !== false });
  for (const warning of warnings) host.stderr.write(`warning: ${escapeText(warning)}\n`);
  if (wanted !== undefined) await applyOptions(context, name, wanted);
  host.stdout.write(`${name}\n`);
}
