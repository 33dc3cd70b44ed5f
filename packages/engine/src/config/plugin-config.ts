/**
 * The documents of a plugin, one table each: its `config.json`, its settings, its privileges, and the plugin object that
 * holds them. Types, readers, writers and field names are derived from these tables; a new field is one row here.
 * Rows are in the order in which Docker writes the fields (Go's encoder, by name). `null` and `[]` differ on purpose:
 * Docker keeps a missing array as null and shows it so.
 * @see Docker Engine API v1.51, definitions Plugin, PluginConfig and PluginPrivilege
 */
import { codec, type Digest, type ValueOf } from '@outboard/oci';
import { formatInterfaceType, parseInterfaceType } from './interface-type.ts';
import type { PluginOverrides } from './plugin-options.ts';
import type { SourceImageFacts } from './source-image-facts.ts';
import type { Verification } from './verification.ts';

const { field, flag, list, listOrEmpty, object, text, textOrNull } = codec;

const texts = list(text);
const userOrGroupId = codec.wholeNumber(0, 0xffffffff);

const mountCodec = object({
  description: field('Description', text),
  destination: field('Destination', text),
  name: field('Name', text),
  options: field('Options', texts),
  settable: field('Settable', texts),
  /** Path on the host; null when the operator must name it. */
  source: field('Source', textOrNull),
  type: field('Type', text),
});

const deviceCodec = object({
  description: field('Description', text),
  name: field('Name', text),
  path: field('Path', textOrNull),
  settable: field('Settable', texts),
});

const envCodec = object({
  description: field('Description', text),
  name: field('Name', text),
  /** True when the author calls the value a secret. Docker ignores the field. */
  secret: codec.optionalField('Secret', flag),
  settable: field('Settable', texts),
  value: field('Value', textOrNull),
});

/** Arguments after the entrypoint. */
export const argsCodec = object({
  description: field('Description', text),
  name: field('Name', text),
  settable: field('Settable', texts),
  value: field('Value', texts),
});

/** A plugin's `config.json`, less the options of its author. */
export const configCodec = object({
  args: field('Args', argsCodec),
  description: field('Description', text),
  dockerVersion: codec.optionalField('DockerVersion', codec.textIfAny),
  documentation: field('Documentation', text),
  entrypoint: field('Entrypoint', texts),
  env: field('Env', list(envCodec)),
  interface: field(
    'Interface',
    object({
      protocolScheme: codec.fieldUnlessEmpty('ProtocolScheme', text),
      socket: field('Socket', text),
      types: field(
        'Types',
        list(codec.formatted(parseInterfaceType, formatInterfaceType, ['docker.volumedriver/1.0', '.x/'])),
      ),
    }),
  ),
  ipcHost: field('IpcHost', flag),
  linux: field(
    'Linux',
    object({
      allowAllDevices: field('AllowAllDevices', flag),
      capabilities: field('Capabilities', texts),
      devices: field('Devices', list(deviceCodec)),
    }),
  ),
  mounts: field('Mounts', list(mountCodec)),
  network: field('Network', object({ type: field('Type', text) })),
  pidHost: field('PidHost', flag),
  propagatedMount: field('PropagatedMount', text),
  user: field(
    'User',
    object({
      gid: codec.fieldUnlessEmpty('GID', userOrGroupId),
      uid: codec.fieldUnlessEmpty('UID', userOrGroupId),
    }),
  ),
  workDir: field('WorkDir', text),
  /** Read by `parseAuthorOptions`. Docker ignores the field. */
  authorOptions: codec.fieldPassedOver('outboard'),
  rootfs: codec.optionalField(
    'rootfs',
    object({ diffIds: field('diff_ids', listOrEmpty(codec.digest)), type: field('type', text) }),
  ),
});

/** Settings in force. Lists are never null in it. */
export const settingsCodec = object({
  args: field('Args', listOrEmpty(text)),
  devices: field('Devices', listOrEmpty(deviceCodec)),
  /** `NAME=VALUE`, in order. */
  env: field('Env', listOrEmpty(text)),
  mounts: field('Mounts', listOrEmpty(mountCodec)),
  /** Names of settings that the operator declared not to be secret. This field and the next two are not Docker's. */
  notSecret: codec.optionalField('NotSecret', listOrEmpty(text)),
  /** Names of settings that the operator declared secret. */
  secret: codec.optionalField('Secret', listOrEmpty(text)),
  /** Names of variables that have a source of their value in `env`, such as `@file:/run/secrets/x`. */
  sourced: codec.optionalField('Sourced', listOrEmpty(text)),
});

/** One privilege. Descriptions never count in comparisons. */
export const privilegeCodec = object({
  name: field('Name', text),
  description: field('Description', text),
  value: field('Value', listOrEmpty(text)),
});

/** A plugin as `GET /plugins` shows it and as its record on disk holds it. */
export const pluginCodec = object({
  config: field('Config', configCodec),
  enabled: field('Enabled', flag),
  /** 64 lower-case hex digits. */
  id: field('Id', codec.textLike(/^[a-f0-9]{64}$/, ['0123456789abcdef'.repeat(4)])),
  /** Familiar local name with tag, such as `acme/p:latest`. */
  name: field('Name', codec.nonEmptyText),
  /** Fully qualified reference that it was pulled from; absent when unknown. */
  pluginReference: codec.optionalField('PluginReference', codec.textIfAny),
  settings: field('Settings', settingsCodec),
});

/** A mount of a plugin. */
export type PluginMount = ValueOf<typeof mountCodec>;

/** A device of the host that a plugin may use. */
export type PluginDevice = ValueOf<typeof deviceCodec>;

/** A plugin's config as its author wrote it. Immutable: an operator's changes are in `PluginSettings`. */
export interface PluginConfig extends ValueOf<typeof configCodec> {
  /** Requests of the author under the key `outboard`, which Docker ignores; in force where the operator decided nothing. */
  readonly authorOptions?: PluginOverrides;
}

/** Values in force for one plugin: the config's, changed by `set`. */
export type PluginSettings = ValueOf<typeof settingsCodec>;

/** One permission on the host, as Docker names it. */
export type Privilege = ValueOf<typeof privilegeCodec>;

/** A plugin as clients see it. */
export interface Plugin extends ValueOf<typeof pluginCodec> {
  readonly config: PluginConfig;
}

/** The facts about the content of one version of a plugin. */
interface VersionContent {
  readonly configDigest: Digest;
  readonly manifestDigest: Digest;
  /** Media type of the manifest when it was pulled, and when it is pushed. */
  readonly manifestMediaType: string;
  /** Layers as stored, in manifest order. */
  readonly blobDigests: readonly Digest[];
  /**
   * Platform in the form of `platformText`, such as `linux/arm64`: of the entry of an index, or as the operator named it.
   * Absent when neither told it.
   */
  readonly platform?: string | undefined;
  /** The index that the manifest was chosen from; absent for a manifest that was named directly. */
  readonly indexDigest?: Digest | undefined;
  /** Privileges that the operator granted, as computed from the installed config. */
  readonly privileges: readonly Privilege[];
  /** Signatures that were verified before it was installed; absent when there was no signature policy. */
  readonly verification?: Verification | undefined;
  /** The image that it was made of; absent for a plugin that was made of no image, or installed. */
  readonly sourceImage?: SourceImageFacts | undefined;
}

/** The version of a plugin before its last upgrade or roll-back, which is kept with its tree. */
export interface PreviousVersion
  extends VersionContent,
    Pick<Plugin, 'config' | 'pluginReference' | 'settings'> {
  /** Options that the operator had decided for it. */
  readonly overrides: PluginOverrides;
}

/** A plugin with the facts about its content that the store keeps. */
export interface PluginRecord extends Plugin, VersionContent {
  /** Time limit of a client for the plugin's answers, in seconds; 0 for none. Docker calls it the enable timeout. */
  readonly timeoutSeconds: number;
  /** Options that the operator decided. */
  readonly overrides: PluginOverrides;
  /** The version that a roll-back returns to; absent when there was no upgrade, or when garbage collection took it. */
  readonly previous?: PreviousVersion | undefined;
}
