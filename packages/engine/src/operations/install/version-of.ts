/**
 * The part of a record that belongs to one version of a plugin, and its replacement by another one's.
 */
import type { PluginRecord, PreviousVersion } from '../../config/plugin-config.ts';

/** Everything that a roll-back restores. */
export function versionOf(record: PreviousVersion | PluginRecord): PreviousVersion {
  const { pluginReference, config, settings, overrides, privileges, verification, sourceImage } = record;
  const { configDigest, manifestDigest, manifestMediaType, blobDigests, platform, indexDigest } = record;
  return {
    ...(pluginReference !== undefined && { pluginReference }),
    ...{ config, settings, overrides, privileges },
    ...(verification !== undefined && { verification }),
    ...(sourceImage !== undefined && { sourceImage }),
    ...{ configDigest, manifestDigest, manifestMediaType, blobDigests },
    ...(platform !== undefined && { platform }),
    ...(indexDigest !== undefined && { indexDigest }),
  };
}

/** The record with another version in place of its own; facts that only the replaced one had, such as its platform, go. */
export function withVersion<Version extends Pick<PluginRecord, 'manifestDigest'>>(
  record: PluginRecord,
  version: Version,
) {
  const { pluginReference: _reference, platform: _platform, indexDigest: _index, ...other } = record;
  // The proof of the version before says nothing about this one.
  const { verification: _verification, sourceImage: _sourceImage, ...kept } = other;
  return { ...kept, ...version };
}
