/**
 * The fields of a record that come with a version of a plugin.
 */
import type { PluginRecord } from '../../config/plugin-config.ts';

/** The part of a record that a version brings. */
export type InstalledParts = Pick<
  PluginRecord,
  | 'pluginReference'
  | 'config'
  | 'configDigest'
  | 'manifestDigest'
  | 'manifestMediaType'
  | 'blobDigests'
  | 'platform'
  | 'indexDigest'
  | 'privileges'
  | 'verification'
  | 'sourceImage'
>;
