/**
 * The part of a record that belongs to one version of a plugin.
 */
import type { PluginRecord, PreviousVersion } from '../../config/plugin-config.ts';

/** Everything that a roll-back restores. */
export function versionOf(record: PreviousVersion | PluginRecord): PreviousVersion {
  const { pluginReference, config, settings, overrides, privileges, verification } = record;
  const { configDigest, manifestDigest, manifestMediaType, blobDigests } = record;
  return {
    ...(pluginReference !== undefined && { pluginReference }),
    ...{ config, settings, overrides, privileges },
    ...(verification !== undefined && { verification }),
    ...{ configDigest, manifestDigest, manifestMediaType, blobDigests },
  };
}
