/**
 * The versions of a plugin that a check looks at: the installed one, and the one that a roll-back returns to.
 */
import type { Digest } from '@outboard/oci';
import type { PluginRecord } from '../../config/plugin-config.ts';
import type { PluginStore } from '../../store/plugin-store.ts';

/** One version of a plugin, with its place. */
export interface CheckedVersion
  extends Pick<
    PluginRecord,
    ('name' | 'pluginReference' | 'manifestDigest' | 'manifestMediaType') | ('configDigest' | 'blobDigests')
  > {
  readonly plugin: { readonly id: string; readonly name: string };
  /** Path of the plugin's record. */
  readonly recordPath: string;
  /** Path of this version's root filesystem. */
  readonly rootfs: string;
  /** True for the version that a roll-back returns to. */
  readonly isPrevious: boolean;
}

/** The versions that a record names, the installed one first. */
export function versionsOf(
  store: Pick<PluginStore, 'paths'>,
  record: PluginRecord,
): readonly CheckedVersion[] {
  const { id, name, previous } = record;
  const paths = store.paths(id);
  const common = { plugin: { id, name }, name, recordPath: paths.record };
  const installed = { ...pick(record), ...common, rootfs: paths.rootfs, isPrevious: false };
  if (previous === undefined) return [installed];
  return [installed, { ...pick(previous), ...common, rootfs: paths.previousRootfs, isPrevious: true }];
}

/** The digests of all blobs of a version. */
export function namedBlobs({
  manifestDigest,
  configDigest,
  blobDigests,
}: Pick<CheckedVersion, 'manifestDigest' | 'configDigest' | 'blobDigests'>): readonly Digest[] {
  return [manifestDigest, configDigest, ...blobDigests];
}

function pick(version: Pick<PluginRecord, Exclude<keyof CheckedVersion & keyof PluginRecord, 'name'>>) {
  const { pluginReference, manifestDigest, manifestMediaType, configDigest, blobDigests } = version;
  const content = { manifestDigest, manifestMediaType, configDigest, blobDigests };
  return pluginReference === undefined ? content : { ...content, pluginReference };
}
