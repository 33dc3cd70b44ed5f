/**
 * What a plugin in a registry asks for. Fetches its manifest and config, never a layer.
 */
import type { Privilege } from '../config/plugin-config.ts';
import { computePrivileges } from '../config/privileges.ts';
import {
  type FetchOptions,
  fetchPluginImage,
  parseRemote,
  resolvePlugin,
} from '../distribution/plugin-image.ts';
import type { EngineContext } from './engine-context.ts';

/**
 * Compute the privileges of a remote plugin.
 * Every failure to find out is an error, never an empty list: whoever reads the list is about to consent to it.
 * @throws {OutboardError} invalid, not-found, unauthorized, unavailable
 */
export async function fetchPrivileges(
  context: Pick<EngineContext, 'registry' | 'workspaces'>,
  remote: string,
  options: FetchOptions,
): Promise<readonly Privilege[]> {
  const reference = parseRemote(remote);
  // Whoever asks is about to install it; what that needs gets ready while the registry is asked and they decide.
  context.workspaces.prepare();
  const found = await resolvePlugin(context.registry, reference, options);
  const image = await fetchPluginImage(reference, found, options.signal);
  return computePrivileges(image.config);
}
