/**
 * The contract of exchanges: what the handler of a plugin's socket needs, and what it reports.
 */
import type { Cancellable, Clock } from '@outboard/async';
import type { Consumer, HostLogPipes, PluginDriver, PluginOptions } from '@outboard/engine';
import type { Logger } from 'pino';
import type { EndedCall } from '../calls/call-log.ts';
import type { CallLoad } from '../protection/call-guard.ts';
import type { OpenStreams } from './open-streams.ts';

/** The plugin behind a socket. */
export interface HandledPlugin {
  readonly id: string;
  /** Full local name, such as `acme/p:latest`. */
  readonly name: string;
  /** Interface types of its config, such as `docker.volumedriver/1.0`. */
  readonly interfaceTypes: readonly string[];
  /** Options in force. */
  readonly options: Pick<PluginOptions, 'gateway'>;
  readonly driver: PluginDriver;
}

/** Mounts of volumes with their holders: the engine's, which the API and the command line use as well. */
export interface CountedMounts {
  /** @returns the path on the host, which was checked */
  mount(volume: string, id: string, options: MountOptions): Promise<string>;
  /** Undo one mount; an unknown ID changes nothing. */
  unmount(volume: string, id: string, options: MountOptions): Promise<void>;
  /**
   * Let a consumer remove a volume.
   * @param call its call, which is not made while somebody holds the volume
   * @throws {OutboardError} conflict, code `in-use`; as `call`
   */
  removeBy<Result>(
    volume: string,
    options: Pick<MountOptions, 'driver' | 'signal'>,
    call: () => Promise<Result>,
  ): Promise<Result>;
  /**
   * The path on the host for a path that the driver reports.
   * @throws {OutboardError} system, code `mount-lost`, when the host does not see the driver's mount there
   */
  locate(driver: PluginDriver, path: string, options: Cancellable): Promise<string>;
  /** Paths of a list; undefined for one that the host does not see as the driver does. */
  locateAll(
    driver: PluginDriver,
    paths: readonly string[],
    options: Cancellable,
  ): Promise<readonly (string | undefined)[]>;
}

/** The plugin and the holder of a mount. */
export interface MountOptions extends Cancellable {
  /** Full name of the plugin. */
  readonly driver: string;
  /** Time limit of each call to the plugin. */
  readonly timeoutMs: number;
  readonly consumer?: Consumer | undefined;
}

/** Parts of handlers. */
export interface PluginHandlerDeps {
  readonly mounts: CountedMounts;
  /** Shows FIFOs of a Docker Engine to log drivers; absent: none are shown. */
  readonly logPipes?: HostLogPipes | undefined;
  /** Counts the answers that are being streamed; absent: they are not counted. */
  readonly streams?: Pick<OpenStreams, 'open'> | undefined;
  /** Waits until calls can be made. @throws {OutboardError} unavailable, with the reason, when none can be made any more */
  readonly ready: (pluginId: string, options: Cancellable) => Promise<void>;
  readonly onCall?: ((call: EndedCall) => void) | undefined;
  /** Receives the figures of a plugin's calls, which change with them; new ones replace those of before. */
  readonly onGuard?: ((pluginId: string, load: CallLoad) => void) | undefined;
  readonly clock: Pick<Clock, 'now' | 'monotonicMs'>;
  readonly logger: Logger;
}
