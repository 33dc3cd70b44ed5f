/**
 * Which capabilities a plugin has: Docker's default ones, and those that its config names and the operator granted.
 */
import { canonicalCapability, containerDefaults } from '@outboard/container';
import type { PluginConfig } from '../config/plugin-config.ts';

/**
 * All of them, each once.
 * @throws {OutboardError} invalid for a name that is no capability's
 */
export function pluginCapabilities(config: PluginConfig): readonly string[] {
  return [
    ...new Set([
      ...containerDefaults.capabilities,
      ...(config.linux.capabilities ?? []).map(canonicalCapability),
    ]),
  ];
}
