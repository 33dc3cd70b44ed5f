/**
 * Brings the mounts of held volumes back whenever a process of their plugin begins to run: after a crash, a restart or an
 * upgrade of the plugin, and at the start of the daemon. The new mounts are put over the dead ones that containers hold.
 */
import { createOperationScope, joinSignals, pause } from '@outboard/async';
import { type GuardedMounts, hostMounts } from '@outboard/container';
import { isOutboardError, OutboardError } from '@outboard/oci';
import { createVolumeDriver } from '@outboard/protocol';
import type { Logger } from 'pino';
import type { PluginDriver } from '../drivers/plugin-drivers.ts';
import type { MountLedger, Remounted } from './mount-ledger.ts';

/** Parts of a keeper. */
export interface MountKeeperDeps {
  readonly ledger: Pick<MountLedger, 'held' | 'known' | 'remount'>;
  /** Directory for the dead mounts of a plugin. */
  readonly gravesOf: (pluginId: string) => string;
  /** Guards of directories below the mounts of a plugin. */
  readonly guardsOf: (pluginId: string) => GuardedMounts;
  /** Options of the creation of a volume; undefined when they are unknown. */
  readonly optionsOf: (driver: string, volume: string) => Readonly<Record<string, string>> | undefined;
  /** False: the driver mounts again by itself. */
  readonly mayRemount: (pluginId: string) => boolean;
  readonly logger: Logger;
}

/** Keeps mounts. Disposing it ends what is under way. */
export interface MountKeeper extends AsyncDisposable {
  /**
   * Mount the held volumes of a plugin again, before its first call. Volumes that cannot be mounted are tried again later,
   * and at their next mount.
   * @param plugin whose calls do not wait for the end of this
   * @throws {OutboardError} system, when a held volume cannot be mounted; the reason of the signal
   */
  restore(plugin: PluginDriver, signal: AbortSignal): Promise<void>;
}

/** Limit of one round for one plugin, in milliseconds. */
const roundMs = 60_000;
/** Pauses before further rounds for volumes that could not be mounted, in milliseconds. */
const retriesMs = [2_000, 10_000, 60_000];

/** Keep the mounts of all plugins. */
export function keepMounts(deps: MountKeeperDeps): MountKeeper {
  return new LedgerMountKeeper(deps);
}

class LedgerMountKeeper implements MountKeeper {
  readonly #deps: MountKeeperDeps;
  readonly #scope = createOperationScope(
    () => new OutboardError('unavailable', 'the plugin system shuts down'),
  );
  /** Rounds to come, by plugin. A new start of the plugin ends them. */
  readonly #retries = new Map<string, AbortController>();

  constructor(deps: MountKeeperDeps) {
    this.#deps = deps;
  }

  async restore(plugin: PluginDriver, signal: AbortSignal): Promise<void> {
    this.#retries.get(plugin.name)?.abort();
    this.#retries.delete(plugin.name);
    if (this.#deps.ledger.known(plugin.name).length === 0) {
      await this.#liftGuards(plugin, []);
      return;
    }
    const failed = await this.#scope.run((own) => this.#round(plugin, own), signal);
    const [first] = failed;
    if (first === undefined) return;
    const retries = new AbortController();
    this.#retries.set(plugin.name, retries);
    this.#retryLater(plugin, retries.signal);
    const volumes = failed.map(({ held }) => held.volume).join(', ');
    throw new OutboardError(
      'system',
      `held volumes cannot be mounted: ${volumes}: ${reasonOf(first.error)}`,
      {
        cause: first.error,
      },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const retries of this.#retries.values()) retries.abort();
    await this.#scope.close();
  }

  #retryLater(plugin: PluginDriver, stopped: AbortSignal): void {
    const { logger } = this.#deps;
    this.#scope
      .run(async (signal) => {
        for (const pauseMs of retriesMs) {
          await pause(pauseMs, signal);
          if (signal.aborted) return;
          using limit = joinSignals([signal], { timeoutMs: roundMs });
          if ((await this.#round(plugin, limit.signal)).length === 0) return;
        }
      }, stopped)
      .catch((error: unknown) => {
        if (!stopped.aborted && !isOutboardError(error, 'unavailable'))
          logger.error({ err: error, plugin: plugin.name }, 'cannot mount held volumes again');
      });
  }

  /** @returns the held volumes that are not mounted */
  async #round(plugin: PluginDriver, signal: AbortSignal): Promise<readonly Remounted[]> {
    const { ledger, logger, mayRemount, gravesOf, optionsOf } = this.#deps;
    const { name, pluginId = '' } = plugin;
    const driver = { plugin, calls: createVolumeDriver(plugin.client) };
    const results = await ledger.remount(driver, {
      mayCall: mayRemount(pluginId),
      optionsOf: (volume) => optionsOf(name, volume),
      signal,
    });
    const failed = results.filter(({ error }) => error !== undefined);
    for (const { held, error } of failed) {
      const holders = held.holders.map(({ id }) => id);
      logger.error(
        { err: error, plugin: name, volume: held.volume, holders },
        'a held volume is not mounted',
      );
    }
    const held = ledger.held(name).map(({ hostPath }) => hostPath);
    await hostMounts.forgetBuried(gravesOf(pluginId), held);
    await this.#liftGuards(plugin, held);
    return failed;
  }

  /** Never rejects. @param held paths on the host whose guards stay, for containers that have bound the directory below */
  async #liftGuards({ pluginId, name }: PluginDriver, held: readonly string[]): Promise<void> {
    if (pluginId === undefined) return;
    try {
      await hostMounts.liftGuards(this.#deps.guardsOf(pluginId), held);
    } catch (error) {
      this.#deps.logger.warn({ err: error, plugin: name }, 'the directory of a volume stays immutable');
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
