/**
 * Supervises one plugin: starts it, restarts it with back-off for as long as it is wanted, and stops it.
 */

import { joinSignals, rejectOnAbort } from '@outboard/async';
import type { Container, EndedContainer } from '@outboard/container';
import { OutboardError } from '@outboard/oci';
import type { PluginRecord } from '../config/plugin-config.ts';
import { launchFailure, type PluginFailure } from './plugin-failure.ts';
import { movePlugin, type PluginMove } from './plugin-state.ts';
import { RestartLoop, type SupervisionDeps } from './restart-loop.ts';
import { StopLimits } from './stop-limits.ts';
import type { PluginState, StartOptions, StopOptions } from './supervisor.ts';
import { failureOf } from './watch-container.ts';

/** Parts of one supervised plugin. */
export interface SupervisedPluginDeps extends SupervisionDeps {
  readonly onState: (state: PluginState, before: PluginState) => void;
  /** The kernel killed a process of the plugin for lack of memory. */
  readonly onOutOfMemory: () => void;
}

/** One plugin from its first start until it is disabled. Starts and stops are serialised by the caller. */
export class SupervisedPlugin {
  readonly #deps: SupervisedPluginDeps;
  readonly #loop: RestartLoop;
  readonly #stopLimits: StopLimits;
  /** Replaced when the options change. */
  #record: PluginRecord;
  #state: PluginState = { status: 'disabled' };
  /** Aborted by a stop or a shutdown: ends the work that is under way. */
  #scope = new AbortController();
  #work: Promise<void> = Promise.resolve();

  constructor(record: PluginRecord, deps: SupervisedPluginDeps) {
    this.#record = record;
    this.#deps = deps;
    const plugin = {
      record: () => this.#record,
      state: () => this.#state,
      move: (move: PluginMove) => this.#move(move),
      onOutOfMemory: deps.onOutOfMemory,
    };
    this.#loop = new RestartLoop(plugin, deps);
    this.#stopLimits = new StopLimits(deps.clock);
  }

  get state(): PluginState {
    return this.#state;
  }

  /** Processes killed for lack of memory since the last start by an operator or a new daemon. */
  get outOfMemoryKills(): number {
    return this.#loop.outOfMemoryKills;
  }

  /** Since this object was made; earlier failures are on disk. */
  get lastFailure(): PluginFailure | undefined {
    return this.#loop.lastFailure;
  }

  /** Use a record with other options from now on. */
  update(record: PluginRecord): void {
    this.#record = record;
  }

  /**
   * Start it, wait until it is ready, and keep it running from then on.
   * @throws {OutboardError} the cause when it does not start; it is disabled then. conflict when it is not disabled
   */
  async start(options: StartOptions): Promise<void> {
    const stopped = this.#begin(0);
    using joined = joinSignals([stopped, options.signal]);
    const { signal } = joined;
    const timeoutMs = options.timeoutMs ?? this.#deps.timeoutMs;
    const launching = this.#loop.launch({ timeoutMs, signal, restarts: 0, isWanted: false });
    this.#work = launching.then((launched) => {
      if ('container' in launched) return this.#loop.keepRunning(launched, 0, stopped);
      return signal.aborted ? undefined : this.#loop.recordFailure(launched.failure);
    });
    const launched = await launching;
    if ('container' in launched) return;
    await this.#work;
    // A stop in between has changed the state already.
    if (this.#state.status === 'starting') this.#giveUp(launched.failure.reason);
    throw launched.error;
  }

  /**
   * Start it and keep trying. The caller may stop waiting for the first attempt.
   * @throws {OutboardError} the cause when the first attempt fails; the restart policy decides about further ones
   */
  async startWanted({ timeoutMs, signal }: StartOptions): Promise<void> {
    const stopped = this.#begin(0);
    const first = this.#loop.launch({ timeoutMs, restarts: 0, signal: stopped, isWanted: true });
    this.#work = first.then((attempt) => this.#loop.keepRunning(attempt, 0, stopped));
    const outcome = await rejectOnAbort(first, signal);
    if ('error' in outcome) throw outcome.error;
  }

  /** As `startWanted`, without a caller that waits. */
  startInBackground(): void {
    const signal = this.#begin(0);
    this.#work = this.#loop
      .launch({ restarts: 0, signal, isWanted: true })
      .then((first) => this.#loop.keepRunning(first, 0, signal));
  }

  /** Take over a running container of an earlier process. */
  adopt(container: Container): void {
    this.#scope = new AbortController();
    const { signal } = this.#scope;
    const { host, limiter } = this.#deps;
    // Rejects only when it is detached before its turn.
    const verified = limiter.run(() => host.verify(this.#record), { signal }).catch(() => undefined);
    this.#work = Promise.all([
      this.#loop.keepRunning({ container }, container.restarts, signal),
      verified,
    ]).then(() => undefined);
  }

  /** Take over a container that ended while no process watched it: its policy applies, without a pause. */
  resume(ended: EndedContainer): void {
    this.#loop.container.own(ended);
    const { exit } = ended;
    if (exit === undefined) {
      this.startInBackground();
      return;
    }
    const restarts = ended.restarts + 1;
    const signal = this.#begin(restarts);
    this.#loop.outOfMemoryKills = ended.outOfMemoryKills;
    if (exit.outOfMemory) this.#deps.onOutOfMemory();
    this.#work = failureOf(ended, exit, this.#deps).then(async (failure) => {
      await this.#loop.recordFailure(failure);
      if (signal.aborted) return;
      if (this.#loop.isGivenUp(failure, 1, ended.restarts))
        return this.#loop.container.tryRemove(this.#record.id);
      const next = await this.#loop.launch({ restarts, signal, isWanted: true });
      return this.#loop.keepRunning(next, restarts, signal);
    });
  }

  /** End a running container of an earlier process, start another in the background and keep trying. */
  replaceInBackground(container: Container): void {
    this.#loop.container.own(container);
    const signal = this.#begin(0);
    this.#work = this.#loop
      .replace(container, { restarts: 0, signal, isWanted: true })
      .then((first) => this.#loop.keepRunning(first, 0, signal));
  }

  /**
   * End it and remove it from the host. Idempotent. A plugin that cannot be stopped has failed; it can be stopped or
   * started again.
   */
  async stop(options: StopOptions): Promise<void> {
    if (this.#state.status === 'disabled') return;
    this.#move({ type: 'stop', at: this.#deps.clock.now() });
    try {
      await this.#haltWork('the plugin was stopped while it was being started');
      const graceMs = options.graceMs ?? this.#loop.graceMs;
      if (options.mounts === 'dead') await this.#deps.host.keepServedMounts(this.#record.id);
      await this.#stopLimits.during((graceEnd) => this.#loop.container.end(graceMs, graceEnd));
      await this.#loop.container.remove(this.#record.id, options.mounts ?? 'all');
    } catch (error) {
      const { reason } = launchFailure(error, this.#deps.clock.now());
      this.#loop.fail(`the plugin could not be stopped: ${reason}`, 0);
      throw error;
    }
    this.#move({ type: 'end' });
  }

  /** Bound the grace of stops, including one that is under way, until the result is disposed. */
  limitStops(graceMs: number): Disposable {
    return this.#stopLimits.limit(graceMs);
  }

  /** End the supervision and leave the plugin running. A start that is under way is undone. */
  detach(): Promise<void> {
    return this.#haltWork('the plugin system was shut down while the plugin was being started');
  }

  /** The last lines of its output; none when it does not run. */
  readLogTail(lines: number): Promise<readonly string[]> {
    return this.#loop.container.readLogTail(lines);
  }

  /** @returns aborted by a stop or a shutdown */
  #begin(restarts: number): AbortSignal {
    this.#move({ type: 'start', at: this.#deps.clock.now(), restarts });
    this.#scope = new AbortController();
    this.#loop.outOfMemoryKills = 0;
    return this.#scope.signal;
  }

  async #haltWork(reason: string): Promise<void> {
    this.#scope.abort(new OutboardError('conflict', reason));
    await this.#work;
  }

  /** An operator's start has failed: the plugin is disabled as before, unless something of it is left on the host. */
  #giveUp(reason: string): void {
    if (this.#loop.container.needsCleanUp) this.#loop.fail(reason, 0);
    else this.#move({ type: 'give-up' });
  }

  #move(move: PluginMove): void {
    const before = this.#state;
    this.#state = movePlugin(before, move);
    this.#deps.onState(this.#state, before);
  }
}
