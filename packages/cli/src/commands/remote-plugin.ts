/**
 * A plugin in a registry, with its credentials.
 */
import type { RemotePlugin } from '../client/plugin-api.ts';
import { registryAuthFor } from '../credentials/registry-auth.ts';
import { formatReference, parseRemoteReference } from '../references/remote-reference.ts';
import type { CommandContext } from './command-context.ts';

/**
 * Parse a reference and find the credentials for its registry.
 * @param text reference as the user typed it; the daemon adds the tag
 * @param authFile value of `--authfile`
 * @throws {CommandError} if it is not a reference
 */
export async function toRemotePlugin(
  text: string,
  { host, signal }: CommandContext,
  authFile: string | undefined,
): Promise<RemotePlugin> {
  const reference = parseRemoteReference(text);
  return {
    remote: formatReference(reference),
    registryAuth: await registryAuthFor(reference, { host, signal, authFile }),
  };
}
