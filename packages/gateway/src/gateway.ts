/**
 * The contract of the gateway: one listening socket for each plugin that is enabled by wish, at a path that stays the same.
 * `openGateway` makes one.
 */
import type { RequestListener } from 'node:http';
import type { PluginOptions } from '@outboard/engine';

/** A plugin that gets a socket, unless its options say no. */
export interface GatewayPlugin {
  readonly id: string;
  /** Full local name, such as `acme/p:latest`. */
  readonly name: string;
  /** Options in force. */
  readonly options?: Pick<PluginOptions, 'gateway'> | undefined;
}

/** The plugins of an engine. */
export interface PluginSource<Plugin extends GatewayPlugin> {
  /** Those that are enabled by wish, also while they do not run. */
  all(): readonly Plugin[];
  /** All that are installed: a disabled plugin keeps its name. */
  installed(): readonly GatewayPlugin[];
  /** Call a listener after a plugin was enabled, disabled, removed, upgraded or changed. @returns removes the listener */
  onChange(listener: (change: { readonly plugin: Pick<GatewayPlugin, 'id'> }) => void): () => void;
}

/** Owner and mode of the gateway's sockets. */
export interface GatewayAccess {
  /** Permission bits, such as 0o660. */
  readonly mode: number;
  /** Number of the owner; absent for root. */
  readonly uid?: number | undefined;
  /** Number of the group that owns the sockets; absent for root's. */
  readonly gid?: number | undefined;
}

/** Makes the handler of a plugin's socket. Called once for each plugin, and again after it was upgraded or changed. */
export type CreatePluginHandler<Plugin extends GatewayPlugin> = (plugin: Plugin) => RequestListener;

/** A plugin's socket. */
export interface GatewayEndpoint {
  readonly pluginId: string;
  readonly pluginName: string;
  /** File name of the socket without `.sock`; '' while the plugin has no name. */
  readonly alias: string;
  /** Path of the socket; '' while the plugin has no name. */
  readonly path: string;
  /** Present while the socket does not listen: the reason, for people. */
  readonly problem?: string | undefined;
}

/** An open gateway. Disposing it is the same as `close()`. */
export interface Gateway extends AsyncDisposable {
  /** Sockets of all plugins of the source, sorted by alias. */
  endpoints(): readonly GatewayEndpoint[];
  /** The socket of one plugin by its whole ID; undefined while it is disabled, and without a socket by its options. */
  endpoint(pluginId: string): GatewayEndpoint | undefined;
  /** True for a path, without links, at which this gateway listens. */
  isOwnSocket(path: string): boolean;
  /** Call a listener after the endpoints were brought in line with the plugins. @returns removes the listener */
  onChange(listener: () => void): () => void;
  /**
   * Check a name that an operator chose for a plugin.
   * @throws {OutboardError} conflict when it is another plugin's; invalid when the path of the socket gets too long. Both
   *   suggest another name
   */
  admitAlias(plugin: Pick<GatewayPlugin, 'name'>, alias: string): void;
  /** Resolves when the sockets are as the source says now. */
  settled(): Promise<void>;
  /**
   * Accept no connection, and answer the requests in flight, which are cut after 10 s. With a descriptor store the sockets and
   * idle connections stay for the next process; without one the sockets are deleted. Closing twice is the same as once.
   */
  close(): Promise<void>;
}
