/**
 * The supervisor: one `SupervisedPlugin` for each plugin that runs or should run.
 */
import { availableParallelism } from 'node:os';
import { OutboardError } from '@outboard/oci';
import type { Logger } from 'pino';
import type { PluginRecord } from '../config/plugin-config.ts';
import type { Container, ContainerRuntime } from '../runtime/container.ts';
import { type BackOff, defaultBackOff } from './back-off.ts';
import type { PluginHost } from './launch-plugin.ts';
import { createLimiter } from './limiter.ts';
import { type Chance, SupervisedPlugin, type SupervisedPluginParts } from './supervised-plugin.ts';
import type { PluginState, Supervisor } from './supervisor.ts';
import type { ConnectSocket } from './wait-for-socket.ts';

export interface SupervisorOptions {
  readonly runtime: ContainerRuntime;
  readonly host: PluginHost;
  readonly connect: ConnectSocket;
  readonly logger: Logger;
  readonly backOff?: Partial<BackOff>;
  readonly chance?: Partial<Chance>;
  /** How long a plugin's socket may take, in milliseconds, unless the caller of `start` says; default 30,000. */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 30_000;
const defaultGraceMs = 10_000;

/** For a plugin found running that no one wants: its start or stop was cut short, so no one relies on it. */
const unwantedGraceMs = 1_000;

const realChance: Chance = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  random: Math.random,
};

export function createSupervisor(options: SupervisorOptions): Supervisor {
  return new PluginSupervisor(options);
}

class PluginSupervisor implements Supervisor {
  readonly #options: SupervisorOptions;
  readonly #parts: Omit<SupervisedPluginParts, 'onState'>;
  readonly #plugins = new Map<string, SupervisedPlugin>();
  readonly #listeners = new Set<(id: string, state: PluginState) => void>();
  #isShutDown = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#parts = {
      host: options.host,
      runtime: options.runtime,
      connect: options.connect,
      logger: options.logger,
      // Creating a container is work for the processors; more at a time would only take memory.
      limiter: createLimiter(2 * availableParallelism()),
      chance: { ...realChance, ...options.chance },
      backOff: { ...defaultBackOff, ...options.backOff },
      restartTimeoutMs: options.timeoutMs ?? defaultTimeoutMs,
    };
  }

  async start(
    record: PluginRecord,
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    if (this.#isShutDown) {
      throw new OutboardError(
        'unavailable',
        `cannot start plugin "${record.name}": the plugin system shuts down`,
      );
    }
    const timeoutMs = options.timeoutMs ?? this.#options.timeoutMs ?? defaultTimeoutMs;
    const { signal } = options;
    await this.#plugin(record.id).start(record, { timeoutMs, ...(signal && { signal }) });
  }

  async stop(id: string, options: { readonly graceMs?: number } = {}): Promise<void> {
    await this.#plugins.get(id)?.stop({ graceMs: options.graceMs ?? defaultGraceMs });
  }

  async restore(enabled: readonly PluginRecord[]): Promise<void> {
    const containers = await this.#options.runtime.recover();
    const wanted = new Map(enabled.map((record) => [record.id, record]));
    const present = await this.#options.host.present();
    const unwanted = new Set([...containers.keys(), ...present].filter((id) => !wanted.has(id)));
    for (const record of enabled) this.#restoreOne(record, containers.get(record.id));
    await Promise.all([...unwanted].map((id) => this.#removeUnwanted(id, containers.get(id))));
  }

  state(id: string): PluginState {
    return this.#plugins.get(id)?.state ?? { status: 'stopped' };
  }

  socketPath(record: PluginRecord): string {
    return this.#options.host.socketPath(record);
  }

  async readLogTail(id: string, lines: number): Promise<readonly string[]> {
    return (await this.#plugins.get(id)?.readLogTail(lines)) ?? [];
  }

  onChange(listener: (id: string, state: PluginState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async shutdown(mode: 'leave-running' | 'stop'): Promise<void> {
    this.#isShutDown = true;
    const plugins = [...this.#plugins.entries()];
    await Promise.all(
      plugins.map(async ([id, plugin]) => {
        try {
          await (mode === 'stop' ? plugin.stop({ graceMs: defaultGraceMs }) : plugin.letGo());
        } catch (error) {
          this.#options.logger.error({ err: error, id }, 'cannot stop a plugin at shutdown');
        }
      }),
    );
    this.#options.runtime.release();
  }

  #plugin(id: string): SupervisedPlugin {
    const known = this.#plugins.get(id);
    if (known !== undefined) return known;
    const onState = (state: PluginState): void => this.#announce(id, state);
    const plugin = new SupervisedPlugin(id, { ...this.#parts, onState });
    this.#plugins.set(id, plugin);
    return plugin;
  }

  #announce(id: string, state: PluginState): void {
    // What does not run is not kept: plugins come and go for as long as the daemon lives.
    if (state.status === 'stopped') this.#plugins.delete(id);
    for (const listener of this.#listeners) {
      try {
        listener(id, state);
      } catch (error) {
        // A listener's mistake must not change what becomes of the plugin.
        this.#options.logger.error({ err: error, id }, 'a listener of plugin states failed');
      }
    }
  }

  #restoreOne(record: PluginRecord, container: Container | undefined): void {
    const plugin = this.#plugin(record.id);
    if (container === undefined) plugin.startInBackground(record);
    else if (this.#options.host.isBoundToDaemon(record)) plugin.replaceInBackground(record, container);
    else plugin.adopt(record, container);
  }

  async #removeUnwanted(id: string, container: Container | undefined): Promise<void> {
    try {
      await container?.kill('SIGTERM');
      if (container !== undefined) await endOrTimeout(container, unwantedGraceMs);
      await container?.remove();
      await this.#options.host.cleanUp(id);
    } catch (error) {
      // One plugin's failure concerns no other.
      this.#options.logger.error({ err: error, id }, 'cannot remove a plugin that should not run');
    }
  }
}

async function endOrTimeout(container: Container, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([container.exited, timeout]);
  clearTimeout(timer);
}
