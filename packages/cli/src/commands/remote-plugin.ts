/**
 * A plugin in a registry, with its credentials.
 */
import type { RemotePlugin } from '../client/plugin-api.ts';
import { registryAuthFor } from '../credentials/registry-auth.ts';
import { formatReference, parseRemoteReference } from '../references/remote-reference.ts';
import type { AuthFileFlag } from './auth-file-flag.ts';
import type { CommandContext } from './command-context.ts';
import { checkPlatformFlag, type PlatformFlag } from './platform-flag.ts';

/**
 * Parse a reference and find the credentials for its registry.
 * @param text reference as the user typed it; the daemon adds the tag
 * @throws {CommandError} if it is not a reference, or the daemon cannot choose the platform
 */
export async function toRemotePlugin(
  text: string,
  { client, host, signal }: CommandContext,
  flags: AuthFileFlag & PlatformFlag,
): Promise<RemotePlugin> {
  const reference = parseRemoteReference(text);
  await checkPlatformFlag(client, flags);
  return {
    remote: formatReference(reference),
    registryAuth: await registryAuthFor(reference, { host, signal, authFile: flags.authfile }),
    platform: flags.platform,
  };
}
