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
import type { PlatformFlag } from './platform-flag.ts';
import { toRemotePlugin } from './remote-plugin.ts';

/** Flags of a creation from an image. */
export interface FromImageFlags extends AuthFileFlag, PlatformFlag {
  /** Path of `config.json`; default: the label of the image. */
  readonly config?: string | undefined;
  /** False for `--no-check`. */
  readonly check?: boolean | undefined;
}

/** Make a plugin of an image. @param image reference in a registry */
export async function createPluginFromImage(
  context: CommandContext,
  name: string,
  image: string,
  flags: FromImageFlags,
): Promise<void> {
  const { client, host, signal } = context;
  const { config, check } = flags;
  const bytes = config === undefined ? undefined : await readConfig(config);
  const remote = await toRemotePlugin(image, context, flags);
  await explainRefusal(remote.registryAuth.note, async () => {
    const request = { name, image: remote, config: bytes, mustRun: check !== false };
    await showProgress(await createFromImage(client, request), host, signal);
  });
}

async function readConfig(file: string): Promise<Buffer> {
  return await readFile(file).catch((cause: unknown) => {
    throw new CommandError(`cannot read --config: ${messageOf(cause)}`, { cause });
  });
}
