/**
 * Keeps one plugin as it should be: starts it, restarts it with back-off for as long as it is wanted, and stops it.
 */

import { joinSignals, pause, type Random, rejectOnAbort } from '@outboard/async';
import type { Container, EndedContainer } from '@outboard/container';
import { OutboardError } from '@outboard/oci';
import { optionsOf } from '../config/options-in-force.ts';
import type { PluginRecord } from '../config/plugin-config.ts';
import { restartPolicy, stopGraceMs } from '../config/supervision-options.ts';
import { type BackOff, backOffMs } from './back-off.ts';
import { endContainer } from './end-container.ts';
import type { FailureFiles } from './failure-file.ts';
import { createHealthProbe } from './health-check.ts';
import type { MountsToRemove } from './host/plugin-host.ts';
import { type Launched, type LaunchParts, launchPlugin } from './launch-plugin.ts';
import { launchFailure, type PluginFailure } from './plugin-failure.ts';
import { movePlugin, type PluginMove } from './plugin-state.ts';
import { refuseRestart } from './restart-policy.ts';
import { StopLimits } from './stop-limits.ts';
import type { PluginState } from './supervisor.ts';
import { failureOf, watchContainer } from './watch-container.ts';

export interface SupervisedPluginParts extends LaunchParts {
  readonly backOff: BackOff;
  /** For the jitter of the back-off. */
  readonly random: Random;
  readonly failures: FailureFiles;
  /** How long the socket may take unless a caller says, in milliseconds. */
  readonly timeoutMs: number;
  readonly onState: (state: PluginState, before: PluginState) => void;
  /** A process of it was killed for want of memory. */
  readonly onOutOfMemory: () => void;
}

export class SupervisedPlugin {
  readonly #parts: SupervisedPluginParts;
  /** As it is wanted; a change of its options replaces it. */
  #record: PluginRecord;
  #state: PluginState = { status: 'disabled' };
  /** Present from a start until all of it is removed. */
  #container: Container | EndedContainer | undefined;
  /** Whether something around the container could not be removed. */
  #hasRemains = false;
  /** Since someone last asked for it to run. */
  #outOfMemoryKills = 0;
  #lastFailure: PluginFailure | undefined;
  readonly #stopLimits: StopLimits;
  /** What is under way; aborted by a stop. */
  #scope = new AbortController();
  #work: Promise<void> = Promise.resolve();

  constructor(record: PluginRecord, parts: SupervisedPluginParts) {
    this.#record = record;
    this.#parts = parts;
    this.#stopLimits = new StopLimits(parts.clock);
  }

  get state(): PluginState {
    return this.#state;
  }

  /** How many of its processes were killed for want of memory since someone last asked for it to run. */
  get outOfMemoryKills(): number {
    return this.#outOfMemoryKills;
  }

  /** Of this life; one of an earlier life is on disk. */
  get lastFailure(): PluginFailure | undefined {
    return this.#lastFailure;
  }

  /** Its options have changed. */
  update(record: PluginRecord): void {
    this.#record = record;
  }

  /**
   * Start it, wait until it is ready, and keep it running from then on.
   * @throws {OutboardError} why it did not start; it is disabled then. conflict when it is not disabled
   */
  async start(options: {
    readonly timeoutMs?: number | undefined;
    readonly signal?: AbortSignal | undefined;
  }): Promise<void> {
    const stopped = this.#begin(0);
    using joined = joinSignals([stopped, options.signal]);
    const { signal } = joined;
    const timeoutMs = options.timeoutMs ?? this.#parts.timeoutMs;
    const launching = this.#attempt({ timeoutMs, signal, restarts: 0, isWanted: false });
    this.#work = launching.then((launched) => {
      if ('container' in launched) return this.#keepRunning(launched, 0, stopped);
      return signal.aborted ? undefined : this.#remember(launched.failure);
    });
    const launched = await launching;
    if ('container' in launched) return;
    await this.#work;
    // A stop that came in between has moved on already.
    if (this.#state.status === 'starting') this.#giveUp(launched.failure.reason);
    throw launched.error;
  }

  /**
   * Start it and keep trying. Whoever waits for the first try may stop waiting.
   * @throws {OutboardError} why the first try failed; it is tried again as its policy says
   */
  async startWanted(options: {
    readonly timeoutMs?: number | undefined;
    readonly signal?: AbortSignal | undefined;
  }): Promise<void> {
    const stopped = this.#begin(0);
    const { timeoutMs } = options;
    const first = this.#attempt({
      restarts: 0,
      signal: stopped,
      isWanted: true,
      ...(timeoutMs !== undefined && { timeoutMs }),
    });
    this.#work = first.then((attempt) => this.#keepRunning(attempt, 0, stopped));
    const { signal } = options;
    const outcome = await rejectOnAbort(first, signal);
    if ('error' in outcome) throw outcome.error;
  }

  /** As `startWanted`, with nobody who waits. */
  startInBackground(): void {
    const signal = this.#begin(0);
    this.#work = this.#attempt({ restarts: 0, signal, isWanted: true }).then((first) =>
      this.#keepRunning(first, 0, signal),
    );
  }

  /** Take over a container that an earlier process started, and keep it running. */
  adopt(container: Container): void {
    this.#scope = new AbortController();
    const { signal } = this.#scope;
    const { host, limiter } = this.#parts;
    // Rejects only when it is let go of before its turn.
    const verified = limiter.run(() => host.verify(this.#record), { signal }).catch(() => undefined);
    this.#work = Promise.all([this.#keepRunning({ container }, container.restarts, signal), verified]).then(
      () => undefined,
    );
  }

  /** Go on with one that ended while there was no process to see it: as its policy says, without a pause. */
  resume(ended: EndedContainer): void {
    this.#container = ended;
    const { exit } = ended;
    if (exit === undefined) {
      this.startInBackground();
      return;
    }
    const restarts = ended.restarts + 1;
    const signal = this.#begin(restarts);
    this.#outOfMemoryKills = ended.outOfMemoryKills;
    if (exit.outOfMemory) this.#parts.onOutOfMemory();
    this.#work = failureOf(ended, exit, this.#parts).then(async (failure) => {
      await this.#remember(failure);
      if (signal.aborted) return;
      if (this.#isGivenUp(failure, 1, ended.restarts)) return this.#tidy();
      const next = await this.#attempt({ restarts, signal, isWanted: true });
      return this.#keepRunning(next, restarts, signal);
    });
  }

  /** End a container that an earlier process started, then start it anew in the background and keep trying. */
  replaceInBackground(container: Container): void {
    this.#container = container;
    const signal = this.#begin(0);
    this.#work = this.#replace(container, signal).then((first) => this.#keepRunning(first, 0, signal));
  }

  /**
   * End it and remove it from the host. Idempotent. One that cannot be stopped has failed, and may be stopped or started
   * again.
   * @param options.mounts default all
   */
  async stop(options: {
    readonly graceMs?: number | undefined;
    readonly mounts?: MountsToRemove | undefined;
  }): Promise<void> {
    if (this.#state.status === 'disabled') return;
    this.#move({ type: 'stop', at: this.#parts.clock.now() });
    try {
      await this.#haltWork('the plugin was stopped while it was being started');
      const container = this.#container;
      if (container !== undefined && 'exited' in container) {
        const graceMs = options.graceMs ?? this.#graceMs();
        await this.#stopLimits.during((graceEnd) => endContainer(container, graceMs, { graceEnd }));
      }
      await this.#discard(options.mounts ?? 'all');
    } catch (error) {
      const { reason } = launchFailure(error, this.#parts.clock.now());
      this.#fail(`the plugin could not be stopped: ${reason}`, 0);
      throw error;
    }
    this.#move({ type: 'end' });
  }

  /** Until it is disposed of, a stop takes that long to SIGKILL at most, also one that is under way. */
  limitStops(graceMs: number): Disposable {
    return this.#stopLimits.limit(graceMs);
  }

  /** Keep it running no more, and leave it running. A start under way is undone. */
  letGo(): Promise<void> {
    return this.#haltWork('the plugin system was shut down while the plugin was being started');
  }

  /** The last lines of its output; none when it does not run. */
  async readLogTail(lines: number): Promise<readonly string[]> {
    return (await this.#container?.readLogTail(lines)) ?? [];
  }

  /** @returns aborted by whoever ends what begins here */
  #begin(restarts: number): AbortSignal {
    this.#move({ type: 'start', at: this.#parts.clock.now(), restarts });
    this.#scope = new AbortController();
    this.#outOfMemoryKills = 0;
    return this.#scope.signal;
  }

  async #haltWork(reason: string): Promise<void> {
    this.#scope.abort(new OutboardError('conflict', reason));
    await this.#work;
  }

  /** Runs until the signal is aborted or the policy ends it, through one attempt after another. Never rejects. */
  async #keepRunning(first: Launched, restartsBefore: number, signal: AbortSignal): Promise<void> {
    const { clock, backOff } = this.#parts;
    let attempt = first;
    let restarts = restartsBefore;
    for (let failures = 1; ; failures += 1) {
      if ('container' in attempt) this.#container = attempt.container;
      if (signal.aborted) return;
      const ranFrom = clock.monotonicMs();
      const failure =
        'container' in attempt ? await this.#run(attempt.container, restarts, signal) : attempt.failure;
      if (failure === undefined) return;
      if ('container' in attempt && failure.exit?.outOfMemory === true) this.#noteKills(attempt.container);
      if ('container' in attempt && clock.monotonicMs() - ranFrom >= backOff.healthyMs) failures = 1;
      await this.#remember(failure);
      if (signal.aborted) return;
      if (this.#isGivenUp(failure, failures, restarts)) return this.#tidy();
      await this.#backOff({ failures, restarts, reason: failure.reason, signal });
      if (signal.aborted) return;
      restarts += 1;
      this.#move({ type: 'start', at: clock.now(), restarts });
      attempt = await this.#attempt({ restarts, signal, isWanted: true });
    }
  }

  /** Watch one run to its end. @returns undefined when the signal was aborted before */
  #run(container: Container, restarts: number, signal: AbortSignal): Promise<PluginFailure | undefined> {
    const { host, connect, clock, logger } = this.#parts;
    const { pid, startedAt } = container;
    this.#outOfMemoryKills = container.outOfMemoryKills;
    this.#move({ type: 'run', at: clock.now(), startedAt, pid, restarts });
    const { health: check } = optionsOf(this.#record);
    const probe = check && createHealthProbe(check, host.socketPath(this.#record), connect);
    return watchContainer(container, {
      ...(check && probe && { health: { check, probe } }),
      maySacrifice: () => restartPolicy(optionsOf(this.#record)).name !== 'no',
      graceMs: () => this.#graceMs(),
      onUnhealthy: (reason) => {
        logger.warn({ id: this.#record.id, reason }, 'a plugin is unhealthy');
        // More than one thing may be wrong with it.
        if (this.#state.status === 'running') this.#move({ type: 'sicken', at: clock.now(), reason });
      },
      onHealthy: () => {
        if (this.#state.status === 'unhealthy') this.#move({ type: 'recover', at: clock.now() });
      },
      findDamage: (options) => host.findDamage(this.#record, options),
      onOutOfMemory: () => this.#noteKills(container),
      clock,
      logger,
      signal,
    });
  }

  #noteKills(container: Container): void {
    this.#outOfMemoryKills = container.outOfMemoryKills;
    const { logger, onOutOfMemory } = this.#parts;
    const { id } = this.#record;
    logger.warn({ id, kills: this.#outOfMemoryKills }, 'a process of a plugin was killed: memory ran out');
    onOutOfMemory();
  }

  /** One try to start it. Never rejects. */
  async #attempt(start: {
    readonly restarts: number;
    readonly signal: AbortSignal;
    readonly timeoutMs?: number | undefined;
    /** Whether it stays wanted when it does not start, and nobody has looked whether it can. */
    readonly isWanted: boolean;
  }): Promise<Launched> {
    const { restarts, signal, timeoutMs = this.#readyTimeoutMs(), isWanted } = start;
    const mounts = isWanted ? 'dead' : 'all';
    try {
      // What could not be removed after the last run must be gone before the next.
      if (this.#container !== undefined || this.#hasRemains) await this.#discard(mounts);
      if (isWanted) await this.#parts.host.check(this.#record, { signal });
    } catch (error) {
      return { failure: launchFailure(error, this.#parts.clock.now()), error };
    }
    const launched = await launchPlugin(this.#record, this.#parts, {
      ...{ timeoutMs, signal, restarts, mounts },
      outOfMemoryKills: this.#outOfMemoryKills,
    });
    if (!('container' in launched) && launched.remains !== undefined) {
      this.#container = launched.remains.container;
      this.#hasRemains = true;
    }
    return launched;
  }

  async #replace(container: Container, signal: AbortSignal): Promise<Launched> {
    try {
      await endContainer(container, this.#graceMs(), { signal });
      // Let go of meanwhile: what is left of it is for whoever comes next.
      signal.throwIfAborted();
    } catch (error) {
      return { failure: launchFailure(error, this.#parts.clock.now()), error };
    }
    return this.#attempt({ restarts: 0, signal, isWanted: true });
  }

  /** Whether its policy ends it here; it has failed then. */
  #isGivenUp(failure: PluginFailure, failures: number, restarts: number): boolean {
    const refusal = refuseRestart(restartPolicy(optionsOf(this.#record)), failure, failures);
    if (refusal === undefined) return false;
    this.#fail(`${failure.reason}; it is not started again: ${refusal}`, restarts);
    return true;
  }

  /** A start that someone waited for has failed. It is as if it had never been, unless something of it is left. */
  #giveUp(reason: string): void {
    if (this.#hasRemains) this.#fail(reason, 0);
    else this.#move({ type: 'give-up' });
  }

  #fail(reason: string, restarts: number): void {
    this.#parts.logger.warn({ id: this.#record.id, reason, restarts }, 'a plugin has failed');
    this.#move({ type: 'fail', at: this.#parts.clock.now(), restarts, reason });
  }

  async #backOff(failed: {
    readonly failures: number;
    readonly restarts: number;
    readonly reason: string;
    readonly signal: AbortSignal;
  }): Promise<void> {
    const { failures, restarts, reason, signal } = failed;
    const { clock, random, backOff, logger } = this.#parts;
    const pauseMs = backOffMs(failures, random(), backOff);
    const at = clock.now();
    const retryAt = new Date(at.getTime() + pauseMs);
    logger.warn({ id: this.#record.id, reason, restarts, pauseMs }, 'a plugin does not run');
    this.#move({ type: 'back-off', at, restarts, retryAt, reason });
    await this.#tidy();
    await pause(pauseMs, signal);
  }

  /** Keep why it failed, for whoever asks later. */
  async #remember(failure: PluginFailure): Promise<void> {
    this.#lastFailure = failure;
    try {
      await this.#parts.failures.write(this.#record.id, failure);
    } catch (error) {
      this.#parts.logger.warn({ err: error, id: this.#record.id }, 'cannot write why a plugin failed');
    }
  }

  /** As `#discard`; what cannot be removed now is removed before the next start, or by a stop. */
  async #tidy(): Promise<void> {
    try {
      await this.#discard('dead');
    } catch (error) {
      this.#parts.logger.error({ err: error, id: this.#record.id }, 'cannot remove what a plugin left');
    }
  }

  /** Remove the container, if any, and what was made around it. */
  async #discard(mounts: MountsToRemove): Promise<void> {
    this.#hasRemains = true;
    await this.#container?.remove();
    await this.#parts.host.cleanUp(this.#record.id, { mounts });
    this.#container = undefined;
    this.#hasRemains = false;
  }

  /** For a start that no one waits for: one that needed long at its first start needs long again. */
  #readyTimeoutMs(): number {
    return Math.max(this.#parts.timeoutMs, this.#record.timeoutSeconds * 1000);
  }

  #graceMs(): number {
    return stopGraceMs(optionsOf(this.#record));
  }

  #move(move: PluginMove): void {
    const before = this.#state;
    this.#state = movePlugin(before, move);
    this.#parts.onState(this.#state, before);
  }
}
