/**
 * Opens the plugin that a command names: in a registry, or in an archive that is sent to the daemon first.
 */
import { openArchiveBody } from '../archive/archive-body.ts';
import { archivedReference, choosePlugin } from '../archive/choose-plugin.ts';
import { dropArchive, stageArchive } from '../client/archive-api.ts';
import type { RemotePlugin } from '../client/plugin-api.ts';
import { encodeRegistryAuth } from '../credentials/registry-auth.ts';
import { parsePluginSource } from '../references/plugin-source.ts';
import type { AuthFileFlag } from './auth-file-flag.ts';
import type { CommandContext } from './command-context.ts';
import { checkPlatformFlag, type PlatformFlag } from './platform-flag.ts';
import { toRemotePlugin } from './remote-plugin.ts';

/** A plugin to install; disposing it drops its archive. */
export interface OpenedPlugin extends AsyncDisposable {
  readonly plugin: RemotePlugin;
  /** The local name to ask for; empty for the reference's own. */
  readonly localName: string;
}

/** No registry is asked, so that none gets credentials. */
export const noRegistryAuth = {
  header: encodeRegistryAuth(undefined, ''),
  note: 'the plugin comes from a file, and no credentials were sent',
};

/**
 * Open a plugin.
 * @param typed a reference, a file, a directory or `-`
 * @param alias value of `--alias`
 * @throws {CommandError} when it is none of them, or the archive does not hold exactly one plugin
 */
export async function openPlugin(
  typed: string,
  context: CommandContext,
  flags: AuthFileFlag & PlatformFlag & { readonly alias?: string | undefined },
): Promise<OpenedPlugin> {
  const source = parsePluginSource(typed);
  if (source.kind === 'registry') {
    const plugin = await toRemotePlugin(source.reference, context, flags);
    return { plugin, localName: flags.alias ?? '', [Symbol.asyncDispose]: async () => undefined };
  }
  const { client } = context;
  await checkPlatformFlag(client, flags);
  const archive = await stageArchive(client, await openArchiveBody(source, context));
  const drop = () => dropStaged(context, archive.id);
  try {
    const chosen = choosePlugin(archive, source.name);
    const remote = archivedReference(chosen, flags.alias);
    const plugin = { remote, registryAuth: noRegistryAuth, platform: flags.platform, archive: archive.id };
    return { plugin, localName: flags.alias ?? chosen.name, [Symbol.asyncDispose]: drop };
  } catch (error) {
    await drop();
    throw error;
  }
}

/** Drop an archive, also after a signal. The daemon drops it by itself in the end, so that a failure is none. */
export async function dropStaged({ client }: Pick<CommandContext, 'client'>, id: string): Promise<void> {
  const own = client.withSignal(AbortSignal.timeout(5000));
  try {
    await dropArchive(own, id);
  } catch {
    // It is dropped after an hour.
  } finally {
    await own.close();
  }
}
