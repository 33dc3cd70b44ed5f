/**
 * The typed shape of a plugin's `config.json` and of the settings an operator made. Only the parser makes a config.
 * In these types `null` and `[]` differ on purpose: Docker keeps a missing array as null and shows it so.
 * @see Docker Engine API v1.51, definition PluginConfig
 */
import type { Digest } from '@outboard/oci';
import type { PluginOptions, PluginOverrides } from './plugin-options.ts';

/** A capability that a plugin serves, such as `docker.volumedriver/1.0`. */
export interface InterfaceType {
  readonly prefix: string;
  readonly capability: string;
  readonly version: string;
}

export interface PluginMount {
  readonly name: string;
  readonly description: string;
  /** Path on the host; null when the operator must name it. */
  readonly source: string | null;
  readonly destination: string;
  readonly type: string;
  readonly options: readonly string[] | null;
  readonly settable: readonly string[] | null;
}

export interface PluginDevice {
  readonly name: string;
  readonly description: string;
  readonly path: string | null;
  readonly settable: readonly string[] | null;
}

export interface PluginEnv {
  readonly name: string;
  readonly description: string;
  readonly value: string | null;
  readonly settable: readonly string[] | null;
}

export interface PluginArgs {
  readonly name: string;
  readonly description: string;
  readonly value: readonly string[] | null;
  readonly settable: readonly string[] | null;
}

/** A plugin's config as its author wrote it. Immutable: what an operator sets lives in `PluginSettings`. */
export interface PluginConfig {
  readonly description: string;
  readonly documentation: string;
  readonly interface: {
    readonly types: readonly InterfaceType[] | null;
    readonly socket: string;
    readonly protocolScheme: string;
  };
  readonly entrypoint: readonly string[] | null;
  readonly workDir: string;
  readonly user: { readonly uid: number; readonly gid: number };
  readonly network: { readonly type: string };
  readonly ipcHost: boolean;
  readonly pidHost: boolean;
  readonly propagatedMount: string;
  readonly mounts: readonly PluginMount[] | null;
  readonly env: readonly PluginEnv[] | null;
  readonly args: PluginArgs;
  readonly linux: {
    readonly capabilities: readonly string[] | null;
    readonly allowAllDevices: boolean;
    readonly devices: readonly PluginDevice[] | null;
  };
  readonly rootfs?: { readonly type: string; readonly diffIds: readonly Digest[] };
  readonly dockerVersion?: string;
  /** What the author asks for under the key `outboard`, which Docker ignores; in force where the operator says nothing. */
  readonly authorOptions?: PluginOverrides;
}

/** What is in force for one plugin: the config's values, changed by `set`. */
export interface PluginSettings {
  readonly mounts: readonly PluginMount[];
  readonly devices: readonly PluginDevice[];
  /** `NAME=VALUE`, in order. */
  readonly env: readonly string[];
  readonly args: readonly string[];
}

/** One thing that a plugin may do to its host, as Docker names it. Descriptions never count in comparisons. */
export interface Privilege {
  readonly name: string;
  readonly description: string;
  readonly value: readonly string[];
}

/** A plugin as clients see it. */
export interface Plugin {
  /** 64 lower-case hex digits. */
  readonly id: string;
  /** Familiar local name with tag, such as `acme/p:latest`. */
  readonly name: string;
  readonly enabled: boolean;
  /** Where it was pulled from, fully qualified; absent when unknown. */
  readonly pluginReference?: string;
  readonly settings: PluginSettings;
  readonly config: PluginConfig;
}

/** A plugin with what the store knows about its content. */
export interface PluginRecord extends Plugin {
  readonly configDigest: Digest;
  readonly manifestDigest: Digest;
  /** The media type under which the manifest came, and goes when it is pushed. */
  readonly manifestMediaType: string;
  /** Layers as stored, in manifest order. */
  readonly blobDigests: readonly Digest[];
  /** What the operator agreed to, as computed from the config that is installed. */
  readonly privileges: readonly Privilege[];
  /** Seconds a client waits for the plugin's answers; 0 means for ever. Docker calls it the enable timeout. */
  readonly timeoutSeconds: number;
  /** What the operator decided. */
  readonly overrides: PluginOverrides;
  /** What is in force: made of the config and `overrides` by `withOptions`. */
  readonly options: PluginOptions;
}
