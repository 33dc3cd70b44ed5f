/**
 * The document of a plugin's record: the fields that Docker writes, and those of Outboard alone under a key of their own.
 * A checksum protects the records that Outboard wrote; Docker's have none.
 * @see moby daemon/pkg/plugin/v2/plugin.go, type Plugin
 */
import {
  canonicalizeFields,
  codec,
  decodeDocument,
  digestOf,
  type JsonObject,
  mediaTypes,
  OutboardError,
  type ValueOf,
} from '@outboard/oci';
import { overridesCodec } from '../config/parse-plugin-options.ts';
import {
  configCodec,
  type PluginConfig,
  type PluginRecord,
  type PreviousVersion,
  pluginCodec,
  privilegeCodec,
  settingsCodec,
} from '../config/plugin-config.ts';
import type { PluginOverrides } from '../config/plugin-options.ts';
import { computePrivileges } from '../config/privileges.ts';
import { sourceImageCodec } from '../config/source-image-facts.ts';
import { verificationCodec } from '../config/verification.ts';
import type { PluginPaths } from './plugin-layout.ts';

const recordVersion = 1;

const { field, listOrEmpty, object, text } = codec;

/** The version before, with the fields that the record holds of the installed one. */
const previousCodec = object({
  pluginReference: codec.optionalField('PluginReference', codec.requiredText),
  config: field('Config', configCodec),
  settings: field('Settings', settingsCodec),
  configDigest: field('ConfigDigest', codec.digest),
  blobDigests: field('Blobsums', listOrEmpty(codec.digest)),
  manifestDigest: field('Manifest', codec.digest),
  manifestMediaType: field('ManifestMediaType', codec.requiredText),
  platform: codec.optionalField('Platform', codec.requiredText),
  indexDigest: codec.optionalField('Index', codec.digest),
  privileges: field('Privileges', listOrEmpty(privilegeCodec)),
  overrides: field('Options', overridesCodec),
  authorOptions: codec.optionalField('AuthorOptions', overridesCodec),
  verification: codec.optionalField('Verification', verificationCodec),
  sourceImage: codec.optionalField('SourceImage', sourceImageCodec),
});

const ownCodec = object({
  version: field('Version', codec.constant(recordVersion)),
  privileges: field('Privileges', listOrEmpty(privilegeCodec)),
  timeoutSeconds: field('TimeoutSeconds', codec.wholeNumber(0, Number.MAX_SAFE_INTEGER)),
  manifestMediaType: field('ManifestMediaType', codec.requiredText),
  platform: codec.optionalField('Platform', codec.requiredText),
  indexDigest: codec.optionalField('Index', codec.digest),
  overrides: field('Options', overridesCodec),
  authorOptions: codec.optionalField('AuthorOptions', overridesCodec),
  verification: codec.optionalField('Verification', verificationCodec),
  sourceImage: codec.optionalField('SourceImage', sourceImageCodec),
  previous: codec.optionalField('Previous', previousCodec),
  /** sha256 of the document as written, less this field. */
  checksum: codec.optionalField('Checksum', codec.requiredText),
});

/** The record's table. */
export const recordCodec = object({
  plugin: field('plugin', pluginCodec),
  /** Path on the host; empty for a plugin without. Written for Docker, and not read. */
  propagatedMountPath: field('PropagatedMount', text),
  /** Path on the host. Written for Docker, and not read. */
  rootfsPath: field('Rootfs', text),
  configDigest: field('Config', codec.digest),
  blobDigests: field('Blobsums', listOrEmpty(codec.digest)),
  manifestDigest: field('Manifest', codec.digest),
  swarmServiceId: field('SwarmServiceID', text),
  own: codec.optionalField('Outboard', ownCodec),
});

/**
 * Encode a record.
 * @param home paths of the plugin once it is installed, which the record names
 */
export function encodeRecord(record: PluginRecord, home: PluginPaths): Buffer {
  const { config, configDigest, blobDigests, manifestDigest, privileges, overrides } = record;
  const { authorOptions } = config;
  const document = codec.encodeObject(recordCodec, {
    plugin: record,
    propagatedMountPath: config.propagatedMount === '' ? '' : home.propagatedMount,
    rootfsPath: home.rootfs,
    configDigest,
    blobDigests,
    manifestDigest,
    swarmServiceId: '',
    own: {
      version: recordVersion,
      privileges,
      timeoutSeconds: record.timeoutSeconds,
      manifestMediaType: record.manifestMediaType,
      ...(record.platform !== undefined && { platform: record.platform }),
      ...(record.indexDigest !== undefined && { indexDigest: record.indexDigest }),
      overrides,
      ...(authorOptions && { authorOptions }),
      ...(record.verification && { verification: record.verification }),
      ...(record.sourceImage && { sourceImage: record.sourceImage }),
      ...(record.previous && { previous: toPreviousDocument(record.previous) }),
    },
  });
  return Buffer.from(`${JSON.stringify(withChecksum(document))}\n`);
}

/** @throws {Error} for a text that is not a complete record with the right checksum */
export function decodeRecord(recordText: string): PluginRecord {
  const document = JSON.parse(recordText);
  const canonical = canonicalizeFields(document, recordCodec, 'record');
  const { plugin, own, ...content } = decodeDocument(recordCodec, canonical, 'record');
  if (own !== undefined) verifyChecksum(document, own.checksum);
  return {
    ...plugin,
    config: withAuthorOptions(plugin.config, own?.authorOptions),
    configDigest: content.configDigest,
    manifestDigest: content.manifestDigest,
    manifestMediaType: own?.manifestMediaType ?? mediaTypes.dockerManifest,
    blobDigests: content.blobDigests,
    ...(own?.platform !== undefined && { platform: own.platform }),
    ...(own?.indexDigest !== undefined && { indexDigest: own.indexDigest }),
    // A record that Docker wrote holds no privileges: its installer agreed to those of the config.
    privileges: own?.privileges ?? computePrivileges(plugin.config),
    timeoutSeconds: own?.timeoutSeconds ?? 0,
    overrides: own?.overrides ?? {},
    ...(own?.verification && { verification: own.verification }),
    ...(own?.sourceImage && { sourceImage: own.sourceImage }),
    ...(own?.previous && { previous: fromPreviousDocument(own.previous) }),
  };
}

function toPreviousDocument(previous: PreviousVersion): ValueOf<typeof previousCodec> {
  const { platform, indexDigest, verification, sourceImage, ...version } = previous;
  const { authorOptions } = version.config;
  return {
    ...version,
    ...(platform !== undefined && { platform }),
    ...(indexDigest !== undefined && { indexDigest }),
    ...(authorOptions && { authorOptions }),
    ...(verification && { verification }),
    ...(sourceImage && { sourceImage }),
  };
}

function fromPreviousDocument({ authorOptions, ...version }: ValueOf<typeof previousCodec>): PreviousVersion {
  return { ...version, config: withAuthorOptions(version.config, authorOptions) };
}

/** The options of a config's author stand beside the config, which has Docker's fields alone. */
function withAuthorOptions(config: PluginConfig, authorOptions: PluginOverrides | undefined): PluginConfig {
  return authorOptions === undefined ? config : { ...config, authorOptions };
}

/** The checksum stands last, so that the document without it has the bytes that were summed. */
function withChecksum(document: JsonObject): JsonObject {
  const own = document.Outboard as JsonObject; // as just encoded
  return { ...document, Outboard: { ...own, Checksum: checksumOf(document) } };
}

/** @param document as parsed: keys keep their order through JSON.parse */
function verifyChecksum(document: { readonly Outboard: JsonObject }, checksum: string | undefined): void {
  const { Checksum: _checksum, ...own } = document.Outboard;
  const expected = checksumOf({ ...document, Outboard: own });
  if (checksum !== expected) throw new OutboardError('system', `checksum is ${checksum}, want ${expected}`);
}

function checksumOf(document: object): string {
  return digestOf(Buffer.from(JSON.stringify(document)));
}
