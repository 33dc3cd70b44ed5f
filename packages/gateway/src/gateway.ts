/**
 * The contract of the gateway: one listening socket for each plugin that is enabled by wish, at a path that stays the same.
 * `openGateway` makes one.
 */
import type { RequestListener } from 'node:http';

/** A plugin that gets a socket. */
export interface GatewayPlugin {
  readonly id: string;
  /** Full local name, such as `acme/p:latest`. */
  readonly name: string;
}

/** The plugins that are enabled by wish, and notice of changes. */
export interface PluginSource<Plugin extends GatewayPlugin> {
  all(): readonly Plugin[];
  /** Call a listener after a plugin was enabled, disabled, removed, upgraded or changed. @returns removes the listener */
  onChange(listener: () => void): () => void;
}

/** Owner and mode of the gateway's sockets. */
export interface GatewayAccess {
  /** Permission bits, such as 0o660. */
  readonly mode: number;
  /** Number of the group that owns the sockets; absent for root's. */
  readonly gid?: number | undefined;
}

/** Makes the handler of a plugin's socket. Called once for each plugin and each change of it. */
export type CreatePluginHandler<Plugin extends GatewayPlugin> = (plugin: Plugin) => RequestListener;

/** A plugin's socket. */
export interface GatewayEndpoint {
  readonly pluginId: string;
  readonly pluginName: string;
  /** File name of the socket without `.sock`. */
  readonly alias: string;
  /** Path of the socket. */
  readonly path: string;
  /** Present while the socket does not listen: the reason, for people. */
  readonly problem?: string | undefined;
}

/** An open gateway. Disposing it is the same as `close()`. */
export interface Gateway extends AsyncDisposable {
  /** Sockets of all plugins of the source, sorted by alias. */
  endpoints(): readonly GatewayEndpoint[];
  /** Call a listener after the endpoints were brought in line with the plugins. @returns removes the listener */
  onChange(listener: () => void): () => void;
  /** Accept no connection, wait for the calls in flight, remove the sockets. */
  close(): Promise<void>;
}
