/**
 * The handshake of legacy plugins. An engine trusts the interface types of a managed plugin's config; what the plugin
 * itself says is advice, for health checks and for configs without types.
 */
import type { JsonValue } from '@outboard/oci';
import { isMethodMissing } from '../calls/plugin-answer.ts';
import type { CallOptions, PluginClient } from '../calls/plugin-client.ts';

/**
 * Ask a plugin what it implements.
 * @returns names such as `VolumeDriver`, without entries that are none; undefined when the plugin has no handshake (404)
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
