/**
 * The activation handshake. For managed plugins the engine relies on the interface types of the config instead; it uses
 * the handshake for legacy plugins, for health checks and for configs without types.
 */
import type { JsonValue } from '@outboard/oci';
import { isMethodMissing } from '../calls/plugin-answer.ts';
import type { CallOptions, PluginClient } from '../calls/plugin-client.ts';

/**
 * Ask a plugin which interfaces it implements (`Plugin.Activate`).
 * @returns names such as `VolumeDriver`; entries that are not strings are left out. Undefined when the plugin does not
 *   implement the handshake (404)
 * @throws {OutboardError} as `PluginClient.call`
 */
export async function activate(
  client: PluginClient,
  options: Pick<CallOptions, 'signal' | 'timeoutMs' | 'isTriedOnce'> = {},
): Promise<readonly string[] | undefined> {
  try {
    const reply = await client.call('Plugin.Activate', undefined, { ...options, idempotent: true });
    return readNames(reply.raw('Implements'));
  } catch (error) {
    if (isMethodMissing(error)) return undefined;
    throw error;
  }
}

function readNames(list: JsonValue | undefined): readonly string[] {
  return Array.isArray(list) ? list.filter((name) => typeof name === 'string') : [];
}
