/**
 * The surroundings of plugins on Linux: the directory of the socket, the propagated mount, the network, and the runtime
 * spec that ties them to the container.
 */
import {
  type BridgeOptions,
  type CgroupDriver,
  checkRootfs,
  createAppArmor,
  createCniNetworks,
  createFileSystemProbe,
  hostMounts,
  type RunningContainers,
  type SpecMount,
} from '@outboard/container';
import { makeDirectories } from '@outboard/oci';
import type { Logger } from 'pino';
import type { PluginRecord } from '../../config/plugin-config.ts';
import { servedCapabilities } from '../../config/served-capabilities.ts';
import type { ValueSurroundings } from '../../config/value-source.ts';
import type { Preflight } from '../../preflight/preflight.ts';
import { placeContainerInit } from '../../spec/container-init.ts';
import { isPluginId, type PluginLayout } from '../../store/plugin-layout.ts';
import { matchTree } from '../../store/upgrade-journal.ts';
import {
  type DescribeContainerDeps,
  type DescribedContainer,
  describeContainer,
} from './describe-container.ts';
import { createExecRootWatch, type ExecRootWatch } from './exec-root-watch.ts';
import type { LogDirectories } from './log-directories.ts';
import type { MountsToRemove, PluginHost, ProbeSignal } from './plugin-host.ts';
import { SocketDirectories } from './socket-directories.ts';
import { keepServedMounts, mountedPlugins, unmountPlugin, unmountRuntimeMounts } from './unmount-plugin.ts';

/** Parts and options of a plugin host. */
export interface PluginHostDeps {
  readonly layout: PluginLayout;
  readonly execRoot: string;
  /** The daemon's socket with its metrics, mounted into plugins that collect them; absent: none. */
  readonly metricsSocket?: string | undefined;
  /** Directories of FIFOs of log drivers; absent: they are in the root filesystems. */
  readonly logDirectories?: LogDirectories | undefined;
  /** Options of the network of plugins that ask for `bridge`. */
  readonly bridge?: BridgeOptions | undefined;
  /** Creator of the cgroups of plugins that are started from now on. */
  readonly cgroupDriver: CgroupDriver;
  readonly containers: Pick<RunningContainers, 'sharesMountNamespace'>;
  readonly preflight: Pick<Preflight, 'clear'>;
  /** Credentials and environment that values of settings can come from; default nothing. */
  readonly values?: ValueSurroundings | undefined;
  readonly logger: Logger;
}

/**
 * The surroundings of plugins below a data root and an exec root.
 * @throws {OutboardError} invalid for wrong options of the bridge
 */
export function createPluginHost(deps: PluginHostDeps): PluginHost {
  return new LinuxPluginHost(deps);
}

class LinuxPluginHost implements PluginHost {
  readonly #deps: PluginHostDeps;
  readonly #container: DescribeContainerDeps;
  readonly #networks: ReturnType<typeof createCniNetworks>;
  readonly #sockets: SocketDirectories;
  readonly #watch: ExecRootWatch;

  constructor(deps: PluginHostDeps) {
    const { execRoot, cgroupDriver, metricsSocket } = deps;
    this.#deps = deps;
    const { values = {} } = deps;
    const appArmor = createAppArmor(`${execRoot}/apparmor`);
    this.#container = { appArmor, cgroupDriver, metricsSocket, values };
    this.#networks = createCniNetworks(deps);
    this.#sockets = new SocketDirectories(execRoot);
    this.#watch = createExecRootWatch(execRoot);
  }

  socketPath(record: PluginRecord): string {
    return this.#sockets.socketPath(record);
  }

  check(record: PluginRecord, { signal }: ProbeSignal): Promise<void> {
    return this.#deps.preflight.clear(record, { signal });
  }

  async prepare(
    record: PluginRecord,
    options: ProbeSignal & { readonly mounts: MountsToRemove },
  ): Promise<object> {
    const { id, name, config } = record;
    const probe = createFileSystemProbe({ signal: options.signal });
    const paths = this.#deps.layout.plugin(id);
    const attachNetwork = async () =>
      config.network.type === 'bridge' ? this.#networks.attach(id, { signal: options.signal }) : undefined;
    const logDirectory = this.#deps.logDirectories?.directory(id);
    const socketDirectory = this.#sockets.directory(id);
    const { signal } = options;
    const surroundings = { paths, attachNetwork, socketDirectory, logDirectory, signal };
    const described = await describeContainer(record, surroundings, this.#container, probe);
    await this.#makeTreesReady(record, described.spec.mounts, options.mounts);
    const { mounts, process } = described.spec;
    await checkRootfs(paths.rootfs, { mounts, workDir: process.cwd }, probe);
    for (const notice of described.notices) this.#deps.logger.info({ id, plugin: name }, notice);
    await this.#makeSurroundings(record, described);
    return described.spec;
  }

  findDamage(record: PluginRecord, options: ProbeSignal): Promise<string | undefined> {
    return this.#watch.findDamage(record.id, this.socketPath(record), options);
  }

  /**
   * A bind mount keeps the metrics socket that it was made of, which ended with the daemon that listened there. A plugin
   * that serves other capabilities as well is not replaced: it has users.
   */
  isBoundToDaemon({ config }: PluginRecord): boolean {
    return (
      this.#deps.metricsSocket !== undefined &&
      (config.interface.types ?? []).every(({ capability }) => capability === 'metricscollector') &&
      servedCapabilities(config).includes('metricscollector')
    );
  }

  async verify(record: PluginRecord): Promise<void> {
    const { id, name, config } = record;
    const { logger } = this.#deps;
    await this.#warnOfOtherNamespace(id, name);
    try {
      // A daemon of an earlier version made no link, and a cleaner of the exec root may have deleted it.
      await this.#sockets.link(record);
    } catch (error) {
      logger.warn({ err: error, id, plugin: name }, "cannot link to a plugin's socket by a short path");
    }
    if (config.network.type !== 'bridge') return;
    try {
      await this.#networks.check(id);
    } catch (error) {
      const remedy =
        'the network of a plugin is not as it was made; disable the plugin, then enable it again';
      logger.warn({ err: error, id, plugin: name }, remedy);
    }
  }

  keepServedMounts(id: string): Promise<void> {
    return keepServedMounts(this.#deps.layout.plugin(id), this.#deps.logger);
  }

  async cleanUp(id: string, { mounts }: { readonly mounts: MountsToRemove }): Promise<void> {
    const paths = this.#deps.layout.plugin(id);
    // Dead mounts stay until the next start: without them, their paths would lead to empty directories of the host.
    if (mounts === 'all') await unmountPlugin(paths, mounts, this.#deps.logger);
    else await hostMounts.unmountBelow(paths.rootfs);
    this.#watch.forget(id);
    await this.#sockets.remove(id);
    await this.#deps.logDirectories?.remove(id);
    await this.#networks.release(id);
  }

  async present(): Promise<readonly string[]> {
    const mounted = await mountedPlugins(this.#deps.layout.pluginsDirectory);
    const found = [...mounted, ...(await this.#sockets.present()), ...(await this.#networks.present())];
    return [...new Set(found)].filter(isPluginId);
  }

  /** Bring the plugin's directory into the state of a first start. */
  async #makeTreesReady(
    { id, manifestDigest, config }: PluginRecord,
    mounts: readonly Pick<SpecMount, 'destination'>[],
    toRemove: MountsToRemove,
  ): Promise<void> {
    const paths = this.#deps.layout.plugin(id);
    // An upgrade or roll-back that failed on a failing disk may have left the tree of the other version in place.
    await matchTree(paths, { manifestDigest });
    // Mounts of an earlier run that ended with the daemon.
    await unmountPlugin(paths, toRemove, this.#deps.logger);
    await unmountRuntimeMounts(paths, config.propagatedMount, mounts);
  }

  async #makeSurroundings(record: PluginRecord, { init }: DescribedContainer): Promise<void> {
    const { id, config } = record;
    await this.#sockets.make(id);
    if (init !== undefined) await placeContainerInit(init, this.#sockets.directory(id));
    await this.#sockets.link(record);
    await this.#watch.add(id);
    if (servedCapabilities(config).includes('logdriver')) await this.#deps.logDirectories?.make(id);
    if (config.propagatedMount === '') return;
    const { propagatedMount } = this.#deps.layout.plugin(id);
    await makeDirectories(propagatedMount, { mode: 0o755 });
    await hostMounts.makeShared(propagatedMount);
  }

  async #warnOfOtherNamespace(id: string, plugin: string): Promise<void> {
    if ((await this.#deps.containers.sharesMountNamespace(id)) !== false) return;
    const remedy =
      'a plugin was started in another mount namespace than the daemon has now: its mounts are not visible here; ' +
      'restart it';
    this.#deps.logger.warn({ id, plugin }, remedy);
  }
}
