/**
 * Privileges: those that a remote plugin asks for, from its manifest and config; no layer is fetched.
 */
import type { Privilege } from '../../config/plugin-config.ts';
import { computePrivileges } from '../../config/privileges.ts';
import { fetchPluginImage } from '../../distribution/plugin-image.ts';
import { type FetchOptions, parseRemote, resolvePlugin } from '../../distribution/resolve-plugin.ts';
import type { EngineContext } from '../engine-context.ts';
import { requireTrust } from './require-trust.ts';

/**
 * Compute the privileges of a remote plugin. Every failure is an error, never an empty list: an operator is about to
 * consent to the list.
 * @throws {OutboardError} invalid, not-found, unauthorized, unavailable
 */
export async function fetchPrivileges(
  context: Pick<EngineContext, 'registry' | 'archives' | 'policy' | 'workspaces'>,
  remote: string,
  options: FetchOptions,
): Promise<readonly Privilege[]> {
  const reference = parseRemote(remote);
  // An installation usually follows: its unpack jail starts while the registry answers and the operator decides.
  context.workspaces.prepare();
  const found = await resolvePlugin(context, reference, options);
  // Nobody is asked to consent to what the policy refuses.
  await requireTrust(context, reference, { ...found, archive: options.archive, signal: options.signal });
  const image = await fetchPluginImage(reference, found, options.signal);
  return computePrivileges(image.config);
}
