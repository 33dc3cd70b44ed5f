/**
 * `outboard create --from-image`
 */
import { readFile } from 'node:fs/promises';
import { createFromImage } from '../client/image-api.ts';
import { CommandError, messageOf } from '../command-error.ts';
import { explainRefusal } from '../credentials/explain-refusal.ts';
import { showProgress } from '../progress/show-progress.ts';
import type { AuthFileFlag } from './auth-file-flag.ts';
import type { CommandContext } from './command-context.ts';
import { openPlugin } from './open-plugin.ts';
import type { PlatformFlag } from './platform-flag.ts';

/** Flags of a creation from an image. */
export interface FromImageFlags extends AuthFileFlag, PlatformFlag {
  /** Path of `config.json`; default: the label of the image. */
  readonly config?: string | undefined;
  /** Of the manifest: `docker` or `oci`. */
  readonly format?: string | undefined;
  /** False for `--no-check`. */
  readonly check?: boolean | undefined;
}

/** Make a plugin of an image. @param image a reference in a registry, a file or a directory, as `openPlugin` takes them */
export async function createPluginFromImage(
  context: CommandContext,
  name: string,
  image: string,
  flags: FromImageFlags,
): Promise<void> {
  const { client, host, signal } = context;
  const { config, check, format } = flags;
  const bytes = config === undefined ? undefined : await readConfig(config);
  const { authfile, platform } = flags;
  // An image of a file may have no name.
  await using opened = await openPlugin(image, context, { authfile, platform, alias: name });
  const { plugin } = opened;
  await explainRefusal(plugin.registryAuth.note, async () => {
    const request = { name, image: plugin, config: bytes, mustRun: check !== false, format };
    await showProgress(await createFromImage(client, request), host, signal);
  });
}

async function readConfig(file: string): Promise<Buffer> {
  return await readFile(file).catch((cause: unknown) => {
    throw new CommandError(`cannot read --config: ${messageOf(cause)}`, { cause });
  });
}
