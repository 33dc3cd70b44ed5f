/**
 * Keeps one plugin running: attempt after attempt, with back-off, as its restart policy says.
 */
import { pause, type Random } from '@outboard/async';
import type { Container } from '@outboard/container';
import { optionsOf } from '../config/options-in-force.ts';
import type { PluginRecord } from '../config/plugin-config.ts';
import { restartPolicy, stopGraceMs } from '../config/supervision-options.ts';
import { type BackOff, backOffMs } from './back-off.ts';
import type { FailureFiles } from './failure-file.ts';
import { createHealthProbe } from './health-check.ts';
import type { LaunchDeps, Launched } from './launch-plugin.ts';
import { PluginContainer, type StartAttempt } from './plugin-container.ts';
import type { PluginFailure } from './plugin-failure.ts';
import type { PluginMove } from './plugin-state.ts';
import { refuseRestart } from './restart-policy.ts';
import type { PluginState, StartOptions } from './supervisor.ts';
import { watchContainer } from './watch-container.ts';

/** Parts and options that all supervised plugins share. */
export interface SupervisionDeps extends LaunchDeps {
  readonly backOff: BackOff;
  /** For the jitter of the back-off. */
  readonly random: Random;
  readonly failures: FailureFiles;
  /** Limit for the socket to accept connections unless a caller sets one, in milliseconds. */
  readonly timeoutMs: number;
}

/** The plugin that a loop keeps running. */
export interface LoopedPlugin {
  /** As it is wanted now: a change of options replaces it. */
  record(): PluginRecord;
  state(): PluginState;
  move(move: PluginMove): void;
  /** The kernel killed a process of the plugin for lack of memory. */
  onOutOfMemory(): void;
}

/** A start of the plugin, for callers that set no limits of their own. */
export type LoopStart = Pick<StartAttempt, 'restarts' | 'signal' | 'isWanted'> &
  Pick<StartOptions, 'timeoutMs'>;

/** The restarts of one plugin, with its container. */
export class RestartLoop {
  readonly container: PluginContainer;
  /** Processes killed for lack of memory since the last start by an operator or a new daemon. */
  outOfMemoryKills = 0;
  readonly #deps: SupervisionDeps;
  readonly #plugin: LoopedPlugin;
  #lastFailure: PluginFailure | undefined;

  constructor(plugin: LoopedPlugin, deps: SupervisionDeps) {
    this.#plugin = plugin;
    this.#deps = deps;
    this.container = new PluginContainer(deps);
  }

  /** Of this process; earlier failures are on disk. */
  get lastFailure(): PluginFailure | undefined {
    return this.#lastFailure;
  }

  get graceMs(): number {
    return stopGraceMs(optionsOf(this.#record));
  }

  /** Start the container once. Never rejects. */
  launch(start: LoopStart): Promise<Launched> {
    return this.container.launch(this.#record, this.#attempt(start));
  }

  /** End a running container of an earlier process and start another. Never rejects. */
  replace(container: Container, start: LoopStart): Promise<Launched> {
    const attempt = { ...this.#attempt(start), graceMs: this.graceMs };
    return this.container.replace(this.#record, container, attempt);
  }

  /** Runs attempt after attempt until the signal is aborted or the policy ends it. Never rejects. */
  async keepRunning(first: Launched, restartsBefore: number, signal: AbortSignal): Promise<void> {
    const { clock, backOff } = this.#deps;
    let attempt = first;
    let restarts = restartsBefore;
    for (let failures = 1; ; failures += 1) {
      if ('container' in attempt) this.container.own(attempt.container);
      if (signal.aborted) return;
      const ranFrom = clock.monotonicMs();
      const failure =
        'container' in attempt ? await this.#run(attempt.container, restarts, signal) : attempt.failure;
      if (failure === undefined) return;
      if ('container' in attempt && failure.exit?.outOfMemory === true) this.#noteKills(attempt.container);
      if ('container' in attempt && clock.monotonicMs() - ranFrom >= backOff.healthyMs) failures = 1;
      await this.recordFailure(failure);
      if (signal.aborted) return;
      if (this.isGivenUp(failure, failures, restarts)) return this.container.tryRemove(this.#record.id);
      await this.#backOff({ failures, restarts, reason: failure.reason, signal });
      if (signal.aborted) return;
      restarts += 1;
      this.#plugin.move({ type: 'start', at: clock.now(), restarts });
      attempt = await this.launch({ restarts, signal, isWanted: true });
    }
  }

  /** Watch one run until it ends. @returns undefined when the signal was aborted before */
  #run(container: Container, restarts: number, signal: AbortSignal): Promise<PluginFailure | undefined> {
    const { host, connect, clock, logger } = this.#deps;
    const { pid, startedAt } = container;
    this.outOfMemoryKills = container.outOfMemoryKills;
    this.#plugin.move({ type: 'run', at: clock.now(), startedAt, pid, restarts });
    const { health: check } = optionsOf(this.#record);
    const probe = check && createHealthProbe(check, host.socketPath(this.#record), connect);
    return watchContainer(container, {
      health: check && probe && { check, probe },
      mayRestart: () => restartPolicy(optionsOf(this.#record)).name !== 'no',
      graceMs: () => this.graceMs,
      onUnhealthy: (reason) => {
        logger.warn({ id: this.#record.id, reason }, 'a plugin is unhealthy');
        // Health check and exec root watch may both report it.
        if (this.#plugin.state().status === 'running')
          this.#plugin.move({ type: 'mark-unhealthy', at: clock.now(), reason });
      },
      onHealthy: () => {
        if (this.#plugin.state().status === 'unhealthy')
          this.#plugin.move({ type: 'mark-healthy', at: clock.now() });
      },
      findDamage: (options) => host.findDamage(this.#record, options),
      onOutOfMemory: () => this.#noteKills(container),
      clock,
      logger,
      signal,
    });
  }

  #noteKills(container: Container): void {
    this.outOfMemoryKills = container.outOfMemoryKills;
    const { logger } = this.#deps;
    const { id } = this.#record;
    logger.warn({ id, kills: this.outOfMemoryKills }, 'a process of a plugin was killed: memory ran out');
    this.#plugin.onOutOfMemory();
  }

  /** A plugin that needed long for its first start gets as long for restarts, of which nobody waits. */
  #attempt(start: LoopStart): StartAttempt {
    const defaultMs = Math.max(this.#deps.timeoutMs, this.#record.timeoutSeconds * 1000);
    return { ...start, timeoutMs: start.timeoutMs ?? defaultMs, outOfMemoryKills: this.outOfMemoryKills };
  }

  /** True if the restart policy permits no further start; the plugin has failed then. */
  isGivenUp(failure: PluginFailure, failures: number, restarts: number): boolean {
    const refusal = refuseRestart(restartPolicy(optionsOf(this.#record)), failure, failures);
    if (refusal === undefined) return false;
    this.fail(`${failure.reason}; it is not started again: ${refusal}`, restarts);
    return true;
  }

  async #backOff(failed: {
    readonly failures: number;
    readonly restarts: number;
    readonly reason: string;
    readonly signal: AbortSignal;
  }): Promise<void> {
    const { failures, restarts, reason, signal } = failed;
    const { clock, random, backOff, logger } = this.#deps;
    const pauseMs = backOffMs(failures, random(), backOff);
    const at = clock.now();
    const retryAt = new Date(at.getTime() + pauseMs);
    logger.warn({ id: this.#record.id, reason, restarts, pauseMs }, 'a plugin does not run');
    this.#plugin.move({ type: 'back-off', at, restarts, retryAt, reason });
    await this.container.tryRemove(this.#record.id);
    await pause(pauseMs, signal);
  }

  /** Keep the failure for `lastFailure`, in memory and on disk. Never rejects. */
  async recordFailure(failure: PluginFailure): Promise<void> {
    this.#lastFailure = failure;
    try {
      await this.#deps.failures.write(this.#record.id, failure);
    } catch (error) {
      this.#deps.logger.warn({ err: error, id: this.#record.id }, 'cannot write why a plugin failed');
    }
  }

  /** End in the state "failed". */
  fail(reason: string, restarts: number): void {
    this.#deps.logger.warn({ id: this.#record.id, reason, restarts }, 'a plugin has failed');
    this.#plugin.move({ type: 'fail', at: this.#deps.clock.now(), restarts, reason });
  }

  get #record(): PluginRecord {
    return this.#plugin.record();
  }
}
