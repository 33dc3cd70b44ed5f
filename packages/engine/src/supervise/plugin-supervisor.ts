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
import type { SupervisionDeps } from './restart-loop.ts';
import { SupervisedPlugin } from './supervised-plugin.ts';
import type { PluginState, StartOptions, StopOptions, Supervisor } from './supervisor.ts';
import { isRunning, UnmanagedContainers } from './unmanaged-containers.ts';
import type { ConnectSocket } from './wait-for-socket.ts';

/** Parts and options of a supervisor. */
export interface SupervisorDeps {
  readonly runtime: ContainerRuntime;
  readonly host: PluginHost;
  readonly failures: FailureFiles;
  readonly connect: ConnectSocket;
  readonly logger: Logger;
  readonly backOff?: Partial<BackOff> | undefined;
  readonly clock?: Clock | undefined;
  /** For the jitter of the back-off; default `Math.random`. */
  readonly random?: Random | undefined;
  /** Limit for sockets to accept connections unless the caller of `start` sets one, in milliseconds; default 30,000. */
  readonly timeoutMs?: number | undefined;
}

const defaultTimeoutMs = 30_000;
/** Several times the time to create a container: a creation that hangs longer gives its place to others. */
const limiterMs = 500;
/** Grace for a container that should not run: its start or stop was cut short, so that it has no users. */
const unwantedGraceMs = 1_000;

/** Limit of a shutdown that leaves plugins running on its wait for removals. */
const detachMs = 8_000;

/** Called after every change of a plugin's state. */
type StateListener = (id: string, state: PluginState, before: PluginState) => void;

/** A supervisor without plugins; `restore` adds those of an earlier process. */
export function createSupervisor(deps: SupervisorDeps): Supervisor {
  return new PluginSupervisor(deps);
}

class PluginSupervisor implements Supervisor {
  readonly #deps: SupervisorDeps;
  readonly #shared: SupervisionDeps;
  readonly #plugins = new Map<string, SupervisedPlugin>();
  /** Removals of containers and surroundings that an earlier process left and that should not run. */
  readonly #removals = new Map<string, Promise<void>>();
  /** Those that failed, with the container if there is one. */
  readonly #failedRemovals = new Map<string, Container | EndedContainer | undefined>();
  readonly #unmanaged = new UnmanagedContainers();
  readonly #listeners = createListeners<Parameters<StateListener>>((error, id) => this.#report(error, id));
  readonly #outOfMemoryListeners = createListeners<[id: string]>((error, id) => this.#report(error, id));
  #isShutDown = false;

  constructor(deps: SupervisorDeps) {
    this.#deps = deps;
    this.#shared = {
      host: deps.host,
      runtime: deps.runtime,
      connect: deps.connect,
      failures: deps.failures,
      logger: deps.logger,
      // Creating containers keeps the processors busy: more at a time would only take memory.
      limiter: createLimiter(2 * availableParallelism(), limiterMs),
      clock: deps.clock ?? systemClock,
      random: deps.random ?? Math.random,
      backOff: { ...defaultBackOff, ...deps.backOff },
      timeoutMs: deps.timeoutMs ?? defaultTimeoutMs,
    };
  }

  async start(record: PluginRecord, options: StartOptions = {}): Promise<void> {
    this.#refuseWhenShutDown(record);
    await this.#removalOf(record.id, options.signal);
    if (this.#failedRemovals.has(record.id))
      await this.#remove(record.id, this.#failedRemovals.get(record.id));
    await this.#plugin(record).start(options);
  }

  async restart(record: PluginRecord, options: StartOptions & StopOptions = {}): Promise<void> {
    this.#refuseWhenShutDown(record);
    try {
      await this.#plugins.get(record.id)?.stop({ ...options, mounts: 'dead' });
      await this.#removeUnmanaged(record.id);
    } catch (error) {
      // The next start removes what is left, and is repeated until that succeeds.
      this.#deps.logger.error({ err: error, id: record.id }, 'cannot stop a plugin that is to be restarted');
    }
    this.#refuseWhenShutDown(record);
    await this.#plugin(record).startWanted(options);
  }

  async stop(id: string, options: StopOptions = {}): Promise<void> {
    await this.#removals.get(id);
    if (this.#failedRemovals.has(id)) await this.#remove(id, this.#failedRemovals.get(id));
    await this.#plugins.get(id)?.stop(options);
    await this.#removeUnmanaged(id);
  }

  limitStops(id: string, graceMs: number): Disposable | undefined {
    return this.#plugins.get(id)?.limitStops(graceMs);
  }

  async restore(enabled: readonly PluginRecord[], damaged: ReadonlySet<string> = new Set()): Promise<void> {
    const { running, ended, unread } = await this.#deps.runtime.recover();
    const wanted = new Set(enabled.map(({ id }) => id));
    const present = await this.#deps.host.present();
    for (const record of enabled) {
      if (!unread.has(record.id)) this.#restoreOne(record, running.get(record.id), ended.get(record.id));
    }
    for (const id of unread) {
      const remedy = 'it is left alone; once its file can be read, restart the daemon or the plugin';
      this.#deps.logger.error({ id, remedy }, 'cannot find out whether a plugin runs');
    }
    for (const id of new Set([...running.keys(), ...ended.keys(), ...present])) {
      const left = running.get(id) ?? ended.get(id);
      if (damaged.has(id) || unread.has(id)) this.#unmanaged.add(id, left);
      else if (!wanted.has(id)) this.#removeInBackground(id, left);
    }
  }

  manage(record: PluginRecord): void {
    const { id } = record;
    const left = this.#unmanaged.get(id);
    this.#unmanaged.delete(id);
    if (isRunning(left)) this.#restoreOne(record, left, undefined);
    else this.#restoreOne(record, undefined, left);
  }

  update(record: PluginRecord): void {
    this.#plugins.get(record.id)?.update(record);
  }

  state(id: string): PluginState {
    return this.#plugins.get(id)?.state ?? this.#unmanaged.state(id) ?? { status: 'disabled' };
  }

  outOfMemoryKills(id: string): number {
    return this.#plugins.get(id)?.outOfMemoryKills ?? 0;
  }

  onOutOfMemory(listener: (id: string) => void): () => void {
    return this.#outOfMemoryListeners.add(listener);
  }

  async lastFailure(id: string): Promise<PluginFailure | undefined> {
    return this.#plugins.get(id)?.lastFailure ?? this.#deps.failures.read(id);
  }

  socketPath(record: PluginRecord): string {
    return this.#deps.host.socketPath(record);
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
        this.#end(id, () => (mode === 'stop' ? plugin.stop({}) : plugin.detach())),
      ),
    ]);
    if (mode === 'stop') await done;
    // The next process goes on with removals.
    else if (!(await settlesWithin(done, detachMs))) {
      this.#deps.logger.warn('removals of plugins are still under way');
    }
  }

  async #end(id: string, end: () => Promise<void>): Promise<void> {
    try {
      await end();
    } catch (error) {
      this.#deps.logger.error({ err: error, id }, 'cannot stop a plugin at shutdown');
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
    const plugin = new SupervisedPlugin(record, { ...this.#shared, onState, onOutOfMemory });
    this.#plugins.set(id, plugin);
    return plugin;
  }

  #announce(id: string, state: PluginState, before: PluginState): void {
    // Disabled plugins are not kept: a daemon may see any number of them.
    if (state.status === 'disabled') this.#plugins.delete(id);
    this.#listeners.notify(id, state, before);
  }

  #report(error: unknown, id: string): void {
    this.#deps.logger.error({ err: error, id }, 'a listener of the supervisor failed');
  }

  #restoreOne(record: PluginRecord, running: Container | undefined, ended: EndedContainer | undefined): void {
    const plugin = this.#plugin(record);
    if (running === undefined) {
      if (ended === undefined) plugin.startInBackground();
      else plugin.resume(isOtherVersion(record, ended) ? { ...ended, exit: undefined } : ended);
    } else if (this.#deps.host.isBoundToDaemon(record) || isOtherVersion(record, running)) {
      plugin.replaceInBackground(running);
    } else plugin.adopt(running);
  }

  /** Wait for the removal of what an earlier process left. @throws the signal's reason */
  async #removalOf(id: string, signal: AbortSignal | undefined): Promise<void> {
    const removal = this.#removals.get(id);
    if (removal === undefined) return;
    await rejectOnAbort(removal, signal);
  }

  #removeInBackground(id: string, left: Container | EndedContainer | undefined): void {
    const removal = this.#removeUnwanted(id, left).finally(() => this.#removals.delete(id));
    this.#removals.set(id, removal);
  }

  async #removeUnmanaged(id: string): Promise<void> {
    if (!this.#unmanaged.has(id)) return;
    await this.#remove(id, this.#unmanaged.get(id));
    this.#unmanaged.delete(id);
  }

  /** Never rejects. */
  async #removeUnwanted(id: string, left: Container | EndedContainer | undefined): Promise<void> {
    try {
      await this.#remove(id, left);
    } catch (error) {
      // Other plugins are restored all the same.
      this.#deps.logger.error({ err: error, id }, 'cannot remove a plugin that should not run');
    }
  }

  async #remove(id: string, left: Container | EndedContainer | undefined): Promise<void> {
    this.#failedRemovals.set(id, left);
    if (left !== undefined && 'exited' in left) await endContainer(left, unwantedGraceMs);
    await left?.remove();
    await this.#deps.host.cleanUp(id, { mounts: 'all' });
    this.#failedRemovals.delete(id);
  }
}

/** True for a container of a version whose upgrade or roll-back was interrupted before its commit. */
function isOtherVersion({ manifestDigest }: PluginRecord, { label }: Pick<Container, 'label'>): boolean {
  return label !== undefined && label !== manifestDigest;
}
