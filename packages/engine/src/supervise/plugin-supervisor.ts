/**
 * The supervisor: one `SupervisedPlugin` for each plugin that runs or should run.
 */
import { availableParallelism } from 'node:os';
import {
  type Clock,
  createLimiter,
  createListeners,
  type Random,
  rejectOnAbort,
  settlesWithin,
  systemClock,
} from '@outboard/async';
import type { Container, ContainerRuntime, EndedContainer } from '@outboard/container';
import { OutboardError } from '@outboard/oci';
import type { Logger } from 'pino';
import type { PluginRecord } from '../config/plugin-config.ts';
import { type BackOff, defaultBackOff } from './back-off.ts';
import { endContainer } from './end-container.ts';
import type { FailureFiles } from './failure-file.ts';
import type { PluginHost } from './host/plugin-host.ts';
import type { PluginFailure } from './plugin-failure.ts';
import { SupervisedPlugin, type SupervisedPluginParts } from './supervised-plugin.ts';
import type { PluginState, StartOptions, StopOptions, Supervisor } from './supervisor.ts';
import { isRunning, SparedContainers } from './unmanaged-containers.ts';
import type { ConnectSocket } from './wait-for-socket.ts';

export interface SupervisorOptions {
  readonly runtime: ContainerRuntime;
  readonly host: PluginHost;
  readonly failures: FailureFiles;
  readonly connect: ConnectSocket;
  readonly logger: Logger;
  readonly backOff?: Partial<BackOff> | undefined;
  readonly clock?: Clock | undefined;
  /** For the jitter of the back-off; default `Math.random`. */
  readonly random?: Random | undefined;
  /** How long a plugin's socket may take, in milliseconds, unless the caller of `start` says; default 30,000. */
  readonly timeoutMs?: number | undefined;
}

const defaultTimeoutMs = 30_000;
/** Several times what creating a container takes; one that takes longer hangs, and is to hold up nobody else. */
const placeMs = 500;
/** For a plugin found running that no one wants: its start or stop was cut short, so no one relies on it. */
const unwantedGraceMs = 1_000;

/** How long a shutdown that leaves plugins running waits for the end of what is being undone or removed. */
const letGoMs = 8_000;

/** Told of every change of a plugin's state, with the one before. */
type StateListener = (id: string, state: PluginState, before: PluginState) => void;

export function createSupervisor(options: SupervisorOptions): Supervisor {
  return new PluginSupervisor(options);
}

class PluginSupervisor implements Supervisor {
  readonly #options: SupervisorOptions;
  readonly #parts: Omit<SupervisedPluginParts, 'onState' | 'onOutOfMemory'>;
  readonly #plugins = new Map<string, SupervisedPlugin>();
  /** What an earlier process left of plugins that should not run, while it is being removed. */
  readonly #removals = new Map<string, Promise<void>>();
  /** The same, when it could not be removed. */
  readonly #remains = new Map<string, Container | EndedContainer | undefined>();
  /** Of plugins whose records cannot be used. */
  readonly #spared = new SparedContainers();
  readonly #listeners = createListeners<Parameters<StateListener>>((error, id) => this.#report(error, id));
  readonly #outOfMemoryListeners = createListeners<[id: string]>((error, id) => this.#report(error, id));
  #isShutDown = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#parts = {
      host: options.host,
      runtime: options.runtime,
      connect: options.connect,
      failures: options.failures,
      logger: options.logger,
      // Creating a container is work for the processors; more at a time would only take memory.
      limiter: createLimiter(2 * availableParallelism(), placeMs),
      clock: options.clock ?? systemClock,
      random: options.random ?? Math.random,
      backOff: { ...defaultBackOff, ...options.backOff },
      timeoutMs: options.timeoutMs ?? defaultTimeoutMs,
    };
  }

  async start(record: PluginRecord, options: StartOptions = {}): Promise<void> {
    this.#refuseWhenShutDown(record);
    await this.#removalOf(record.id, options.signal);
    if (this.#remains.has(record.id)) await this.#remove(record.id, this.#remains.get(record.id));
    await this.#plugin(record).start(options);
  }

  async restart(record: PluginRecord, options: StartOptions & StopOptions = {}): Promise<void> {
    this.#refuseWhenShutDown(record);
    try {
      await this.#plugins.get(record.id)?.stop({ ...options, mounts: 'dead' });
      await this.#removeSpared(record.id);
    } catch (error) {
      // It is wanted: what is left of it is removed before the next start, which is tried until that is done.
      this.#options.logger.error(
        { err: error, id: record.id },
        'cannot stop a plugin that is to be restarted',
      );
    }
    this.#refuseWhenShutDown(record);
    await this.#plugin(record).startWanted(options);
  }

  async stop(id: string, options: StopOptions = {}): Promise<void> {
    await this.#removals.get(id);
    if (this.#remains.has(id)) await this.#remove(id, this.#remains.get(id));
    await this.#plugins.get(id)?.stop(options);
    await this.#removeSpared(id);
  }

  limitStops(id: string, graceMs: number): Disposable | undefined {
    return this.#plugins.get(id)?.limitStops(graceMs);
  }

  async restore(enabled: readonly PluginRecord[], spared: ReadonlySet<string> = new Set()): Promise<void> {
    const { running, ended, unread } = await this.#options.runtime.recover();
    const wanted = new Set(enabled.map(({ id }) => id));
    const present = await this.#options.host.present();
    for (const record of enabled) {
      if (!unread.has(record.id)) this.#restoreOne(record, running.get(record.id), ended.get(record.id));
    }
    for (const id of unread) {
      const remedy =
        'it is left alone; once its file can be read, start the daemon anew, or restart the plugin';
      this.#options.logger.error({ id, remedy }, 'nobody can tell whether a plugin runs');
    }
    for (const id of new Set([...running.keys(), ...ended.keys(), ...present])) {
      const left = running.get(id) ?? ended.get(id);
      if (spared.has(id) || unread.has(id)) this.#spared.add(id, left);
      else if (!wanted.has(id)) this.#removeInBackground(id, left);
    }
  }

  takeBack(record: PluginRecord): void {
    const { id } = record;
    const left = this.#spared.get(id);
    this.#spared.delete(id);
    if (isRunning(left)) this.#restoreOne(record, left, undefined);
    else this.#restoreOne(record, undefined, left);
  }

  update(record: PluginRecord): void {
    this.#plugins.get(record.id)?.update(record);
  }

  state(id: string): PluginState {
    return this.#plugins.get(id)?.state ?? this.#spared.state(id) ?? { status: 'disabled' };
  }

  outOfMemoryKills(id: string): number {
    return this.#plugins.get(id)?.outOfMemoryKills ?? 0;
  }

  onOutOfMemory(listener: (id: string) => void): () => void {
    return this.#outOfMemoryListeners.add(listener);
  }

  async lastFailure(id: string): Promise<PluginFailure | undefined> {
    return this.#plugins.get(id)?.lastFailure ?? this.#options.failures.read(id);
  }

  socketPath(record: PluginRecord): string {
    return this.#options.host.socketPath(record);
  }

  async readLogTail(id: string, lines: number): Promise<readonly string[]> {
    return (await this.#plugins.get(id)?.readLogTail(lines)) ?? [];
  }

  onChange(listener: StateListener): () => void {
    return this.#listeners.add(listener);
  }

  async shutdown(mode: 'leave-running' | 'stop'): Promise<void> {
    this.#isShutDown = true;
    const plugins = [...this.#plugins.entries()];
    const done = Promise.all([
      ...this.#removals.values(),
      ...plugins.map(([id, plugin]) =>
        this.#end(id, () => (mode === 'stop' ? plugin.stop({}) : plugin.letGo())),
      ),
    ]);
    if (mode === 'stop') await done;
    // What is being removed is found again by the next process.
    else if (!(await settlesWithin(done, letGoMs))) {
      this.#options.logger.warn('what is left of plugins is still being removed');
    }
  }

  async #end(id: string, end: () => Promise<void>): Promise<void> {
    try {
      await end();
    } catch (error) {
      this.#options.logger.error({ err: error, id }, 'cannot stop a plugin at shutdown');
    }
  }

  #refuseWhenShutDown({ name }: PluginRecord): void {
    if (!this.#isShutDown) return;
    throw new OutboardError('unavailable', `cannot start plugin "${name}": the plugin system shuts down`);
  }

  #plugin(record: PluginRecord): SupervisedPlugin {
    const { id } = record;
    const known = this.#plugins.get(id);
    if (known !== undefined) return known;
    const onState = (state: PluginState, before: PluginState): void => this.#announce(id, state, before);
    const onOutOfMemory = (): void => this.#outOfMemoryListeners.notify(id);
    const plugin = new SupervisedPlugin(record, { ...this.#parts, onState, onOutOfMemory });
    this.#plugins.set(id, plugin);
    return plugin;
  }

  #announce(id: string, state: PluginState, before: PluginState): void {
    // What does not run is not kept: plugins come and go for as long as the daemon lives.
    if (state.status === 'disabled') this.#plugins.delete(id);
    this.#listeners.notify(id, state, before);
  }

  #report(error: unknown, id: string): void {
    this.#options.logger.error({ err: error, id }, 'a listener of the supervisor failed');
  }

  #restoreOne(record: PluginRecord, running: Container | undefined, ended: EndedContainer | undefined): void {
    const plugin = this.#plugin(record);
    if (running === undefined) {
      if (ended === undefined) plugin.startInBackground();
      else plugin.resume(ended);
    } else if (this.#options.host.isBoundToDaemon(record)) plugin.replaceInBackground(running);
    else plugin.adopt(running);
  }

  /** Waits for what an earlier process left of a plugin to be removed. @throws the signal's reason */
  async #removalOf(id: string, signal: AbortSignal | undefined): Promise<void> {
    const removal = this.#removals.get(id);
    if (removal === undefined) return;
    await rejectOnAbort(removal, signal);
  }

  #removeInBackground(id: string, left: Container | EndedContainer | undefined): void {
    const removal = this.#removeUnwanted(id, left).finally(() => this.#removals.delete(id));
    this.#removals.set(id, removal);
  }

  async #removeSpared(id: string): Promise<void> {
    if (!this.#spared.has(id)) return;
    await this.#remove(id, this.#spared.get(id));
    this.#spared.delete(id);
  }

  /** Never rejects. */
  async #removeUnwanted(id: string, left: Container | EndedContainer | undefined): Promise<void> {
    try {
      await this.#remove(id, left);
    } catch (error) {
      // One plugin's failure concerns no other.
      this.#options.logger.error({ err: error, id }, 'cannot remove a plugin that should not run');
    }
  }

  async #remove(id: string, left: Container | EndedContainer | undefined): Promise<void> {
    this.#remains.set(id, left);
    if (left !== undefined && 'exited' in left) await endContainer(left, unwantedGraceMs);
    await left?.remove();
    await this.#options.host.cleanUp(id, { mounts: 'all' });
    this.#remains.delete(id);
  }
}
