/**
 * The contract of a kind of consumer: a program that uses plugins, and the files of its configuration that make it do so.
 * A kind says which files there must be; `createConsumers` writes, replaces and removes them.
 */
import type { Cancellable } from '@outboard/async';
import { codec, type ValueOf } from '@outboard/oci';

/** The table of the options of a connection, in the API and on disk. Each kind accepts some of them. */
export const connectOptionsCodec = codec.object({
  /** Root directory of another system, such as an image; absolute. Default this one. */
  prefix: codec.optionalField('Prefix', codec.textIfAny),
  /** Directory of the files in place of the kind's own; absolute. */
  configDir: codec.optionalField('ConfigDir', codec.textIfAny),
  /** Version of the program, where it cannot be asked. */
  version: codec.optionalField('Version', codec.textIfAny),
  /** Limit for each of the consumer's calls to a plugin, in seconds; 0 for none. */
  timeout: codec.optionalField('Timeout', codec.wholeNumber(0, 86_400)),
  /** The user whose consumer it is, by name or number; absent for root's. */
  user: codec.optionalField('User', codec.textIfAny),
  /** The plugins for this user, by the names of their sockets or their full names. */
  shares: codec.optionalField('Shares', codec.listOrEmpty(codec.nonEmptyText)),
});

/** Options of a connection. */
export type ConnectOptions = ValueOf<typeof connectOptionsCodec>;

/** A plugin with a socket of the gateway. */
export interface ConnectablePlugin {
  readonly id: string;
  /** Full local name. */
  readonly name: string;
  /** Name of the socket: what the consumer calls the plugin. */
  readonly alias: string;
  /** Path of the socket. */
  readonly socket: string;
  /** The kinds of calls that it serves, such as `volumedriver`. */
  readonly capabilities: readonly string[];
}

/** Numbers of a user. */
export type FileOwner = ValueOf<typeof fileOwnerCodec>;

/** The table of an owner on disk. */
export const fileOwnerCodec = codec.object({
  uid: codec.field('Uid', codec.wholeNumber(1, 0xffff_fffe)),
  gid: codec.field('Gid', codec.wholeNumber(0, 0xffff_fffe)),
});

/** A file of a consumer's configuration. */
export interface ConsumerFile {
  readonly path: string;
  readonly content: string;
  /** A program, which everyone may run. Default false. */
  readonly isExecutable?: boolean | undefined;
  /** The user whose file it is: it is written by a process of this user. Absent for root's. */
  readonly owner?: FileOwner | undefined;
  /** The plugin that it is for: the file stays while this one is installed, and goes with it. */
  readonly pluginId: string;
}

/** The files of a connection. */
export interface ConsumerPlan {
  readonly files: readonly ConsumerFile[];
  /** For people: plugins that the consumer cannot take and why, and all that is left to do by hand. */
  readonly notes: readonly string[];
}

/** A consumer on this host or below a prefix, once its version is known. */
export interface ExaminedConsumer {
  /** For people, such as `Podman 4.3.1`. */
  readonly description: string;
  /** Computes the files for the plugins of the moment. */
  plan(plugins: readonly ConnectablePlugin[]): ConsumerPlan;
}

/** One kind of consumer. */
export interface ConsumerKind {
  /** As in `outboard connect podman`. */
  readonly name: string;
  /** The options that it accepts; others are refused. */
  readonly accepts: readonly (keyof ConnectOptions)[];
  /**
   * Bring options into the form in which they are recorded, such as a user's number into the name. Default: they stay as they are.
   * @throws {OutboardError} invalid or not-found for a user
   */
  normalise?(options: ConnectOptions, cancellable: Cancellable): Promise<ConnectOptions>;
  /**
   * Look at the host. Bounded in time.
   * @throws {OutboardError} invalid for options that do not fit; conflict when the consumer cannot be connected, with what to
   *   do by hand
   */
  examine(options: ConnectOptions, cancellable: Cancellable): Promise<ExaminedConsumer>;
}
