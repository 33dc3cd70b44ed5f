/**
 * The capabilities of a plugin: Docker's default ones, and those that its config names and the operator granted.
 */
import { canonicalCapability, containerDefaults } from '@outboard/container';
import type { PluginConfig } from '../config/plugin-config.ts';

/**
 * List the capabilities of a plugin, each once.
 * @throws {OutboardError} invalid for an unknown name
 */
export function pluginCapabilities(config: PluginConfig): readonly string[] {
  return [
    ...new Set([
      ...containerDefaults.capabilities,
      ...(config.linux.capabilities ?? []).map(canonicalCapability),
    ]),
  ];
}
