/**
 * The handshake of legacy plugins. An engine trusts the interface types of a managed plugin's config; what the plugin
 * itself says is advice, for health checks and for configs without types.
 */
import { isMethodMissing } from './plugin-answer.ts';
import type { CallOptions, PluginClient } from './plugin-client.ts';

/**
 * Ask a plugin what it implements.
 * @returns names such as `VolumeDriver`; undefined when the plugin has no handshake (404)
 * @throws {OutboardError} as `PluginClient.call`
 */
export async function activate(
  client: PluginClient,
  options: Pick<CallOptions, 'signal' | 'timeoutMs' | 'isTriedOnce'> = {},
): Promise<readonly string[] | undefined> {
  try {
    const reply = await client.call('Plugin.Activate', undefined, { ...options, idempotent: true });
    return reply.texts('Implements');
  } catch (error) {
    if (isMethodMissing(error)) return undefined;
    throw error;
  }
}
