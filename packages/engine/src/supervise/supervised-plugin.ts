/**
 * Keeps one plugin as it should be: starts it, restarts it with back-off for as long as it is wanted, and stops it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { OutboardError } from '@outboard/oci';
import type { PluginRecord } from '../config/plugin-config.ts';
import type { Container, ContainerExit } from '../runtime/container.ts';
import { type BackOff, backOffMs } from './back-off.ts';
import { describeExit, describeLog } from './describe-failure.ts';
import { type LaunchParts, launchPlugin } from './launch-plugin.ts';
import { movePlugin, type PluginMove } from './plugin-state.ts';
import type { PluginState } from './supervisor.ts';

/** Time and chance, so that tests can choose them. */
export interface Chance {
  readonly now: () => Date;
  /** Milliseconds that never go backwards, for measuring how long something lasted. */
  readonly monotonicMs: () => number;
  /** From 0 to below 1. */
  readonly random: () => number;
}

export interface SupervisedPluginParts extends LaunchParts {
  readonly chance: Chance;
  readonly backOff: BackOff;
  /** How long the socket may take in a restart, in milliseconds. */
  readonly restartTimeoutMs: number;
  readonly onState: (state: PluginState) => void;
}

/** How long a container may take to end after SIGKILL before its cgroup is swept. */
const killWaitMs = 2_000;

/** How long a plugin that is replaced may take to end after SIGTERM. */
const replaceGraceMs = 10_000;

/** What came of one try to start it. */
type Attempt = { readonly container: Container } | { readonly reason: string };

export class SupervisedPlugin {
  readonly #id: string;
  readonly #parts: SupervisedPluginParts;
  #state: PluginState = { status: 'stopped' };
  /** Present from a start until all of it is removed. */
  #container: Container | undefined;
  /** What is under way; aborted by a stop. */
  #scope = new AbortController();
  #work: Promise<void> = Promise.resolve();

  constructor(id: string, parts: SupervisedPluginParts) {
    this.#id = id;
    this.#parts = parts;
  }

  get state(): PluginState {
    return this.#state;
  }

  /**
   * Start it, wait until it is ready, and keep it running from then on.
   * @throws {OutboardError} why it did not start; it is stopped then. conflict when it is not stopped
   */
  async start(
    record: PluginRecord,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<void> {
    this.#move({ type: 'start', at: this.#parts.chance.now() });
    this.#scope = new AbortController();
    const { signal: stopped } = this.#scope;
    const signal = options.signal === undefined ? stopped : AbortSignal.any([stopped, options.signal]);
    const started = launchPlugin(record, this.#parts, { timeoutMs: options.timeoutMs, signal });
    this.#work = started.then(
      (container) => this.#keepRunning(record, { container }, stopped),
      // Reported to whoever waits below.
      () => undefined,
    );
    try {
      await started;
    } catch (error) {
      // A stop that came in between has moved on already.
      if (this.#state.status === 'starting') this.#move({ type: 'give-up' });
      throw error;
    }
  }

  /** Take over a container that an earlier process started, and keep it running. */
  adopt(record: PluginRecord, container: Container): void {
    this.#scope = new AbortController();
    this.#work = this.#keepRunning(record, { container }, this.#scope.signal);
  }

  /** Start it in the background and keep trying. */
  startInBackground(record: PluginRecord): void {
    this.#move({ type: 'start', at: this.#parts.chance.now() });
    this.#scope = new AbortController();
    const { signal } = this.#scope;
    this.#work = this.#attempt(record, signal).then((first) => this.#keepRunning(record, first, signal));
  }

  /** End a container that an earlier process started, then start it anew in the background and keep trying. */
  replaceInBackground(record: PluginRecord, container: Container): void {
    this.#container = container;
    this.#move({ type: 'start', at: this.#parts.chance.now() });
    this.#scope = new AbortController();
    const { signal } = this.#scope;
    this.#work = this.#replace(record, container, signal).then((first) =>
      this.#keepRunning(record, first, signal),
    );
  }

  /** End it and remove all of it from the host. Idempotent; one that failed may be tried again. */
  async stop(options: { readonly graceMs: number }): Promise<void> {
    if (this.#state.status === 'stopped') return;
    this.#move({ type: 'stop', at: this.#parts.chance.now() });
    await this.#haltWork('the plugin was stopped while it was being started');
    const container = this.#container;
    if (container !== undefined) await endContainer(container, options.graceMs);
    await this.#discard();
    this.#move({ type: 'end' });
  }

  /** Keep it running no more, and leave it running. A start under way is undone. */
  letGo(): Promise<void> {
    return this.#haltWork('the plugin system was shut down while the plugin was being started');
  }

  /** The last lines of its output; none when it does not run. */
  async readLogTail(lines: number): Promise<readonly string[]> {
    return (await this.#container?.readLogTail(lines)) ?? [];
  }

  async #haltWork(reason: string): Promise<void> {
    this.#scope.abort(new OutboardError('conflict', reason));
    await this.#work;
  }

  /** Runs until the signal is aborted, through one attempt after another. Never rejects. */
  async #keepRunning(record: PluginRecord, first: Attempt, signal: AbortSignal): Promise<void> {
    const { chance, backOff } = this.#parts;
    let attempt = first;
    let restarts = 0;
    for (let failures = 1; ; failures += 1) {
      if ('container' in attempt) this.#container = attempt.container;
      if (signal.aborted) return;
      let reason: string;
      if ('container' in attempt) {
        const { container } = attempt;
        this.#move({ type: 'run', at: chance.now(), pid: container.pid, restarts });
        const ranFrom = chance.monotonicMs();
        const exit = await untilAborted(container.exited, signal);
        if (exit === undefined) return;
        if (chance.monotonicMs() - ranFrom >= backOff.healthyMs) failures = 1;
        reason = await this.#describeEnd(container, exit);
      } else {
        reason = attempt.reason;
      }
      const pauseMs = backOffMs(failures, chance.random(), backOff);
      await this.#backOff({ pauseMs, restarts, reason, signal });
      if (signal.aborted) return;
      this.#move({ type: 'start', at: chance.now() });
      attempt = await this.#attempt(record, signal);
      if ('container' in attempt) restarts += 1;
    }
  }

  async #attempt(record: PluginRecord, signal: AbortSignal): Promise<Attempt> {
    try {
      // What could not be removed after the last run must be gone before the next.
      if (this.#container !== undefined) await this.#discard();
      const timeoutMs = this.#parts.restartTimeoutMs;
      return { container: await launchPlugin(record, this.#parts, { timeoutMs, signal }) };
    } catch (error) {
      return { reason: error instanceof Error ? error.message : String(error) };
    }
  }

  async #replace(record: PluginRecord, container: Container, signal: AbortSignal): Promise<Attempt> {
    try {
      await endContainer(container, replaceGraceMs, signal);
    } catch (error) {
      return { reason: error instanceof Error ? error.message : String(error) };
    }
    // Let go of meanwhile: what is left of it is for whoever comes next.
    return signal.aborted ? { reason: 'it was let go of' } : this.#attempt(record, signal);
  }

  async #backOff(pause: {
    readonly pauseMs: number;
    readonly restarts: number;
    readonly reason: string;
    readonly signal: AbortSignal;
  }): Promise<void> {
    const { pauseMs, restarts, reason, signal } = pause;
    if (signal.aborted) return;
    const at = this.#parts.chance.now();
    const retryAt = new Date(at.getTime() + pauseMs);
    this.#parts.logger.warn({ id: this.#id, reason, restarts, pauseMs }, 'a plugin does not run');
    this.#move({ type: 'back-off', at, restarts, retryAt, reason });
    try {
      await this.#discard();
    } catch (error) {
      this.#parts.logger.error({ err: error, id: this.#id }, 'cannot remove what a plugin left');
    }
    try {
      // Without a reference: waiting to restart a plugin is no reason for a program not to end.
      await delay(pauseMs, undefined, { signal, ref: false });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #describeEnd(container: Container, exit: ContainerExit): Promise<string> {
    try {
      return `the plugin ${describeExit(exit)}${describeLog(await container.readLogTail(20))}`;
    } catch (error) {
      this.#parts.logger.warn({ err: error, id: this.#id }, 'cannot read the log of a plugin');
      return `the plugin ${describeExit(exit)}`;
    }
  }

  /** Remove the container, if any, and what was made around it. */
  async #discard(): Promise<void> {
    await this.#container?.remove();
    await this.#parts.host.cleanUp(this.#id);
    this.#container = undefined;
  }

  #move(move: PluginMove): void {
    this.#state = movePlugin(this.#state, move);
    this.#parts.onState(this.#state);
  }
}

/**
 * SIGTERM, after the grace SIGKILL; a container that ends neither way is left to its removal, which sweeps the cgroup.
 * @param signal stops the wait, and what would follow it
 */
async function endContainer(container: Container, graceMs: number, signal?: AbortSignal): Promise<void> {
  await container.kill('SIGTERM');
  if ((await endsWithin(container, graceMs, signal)) || signal?.aborted === true) return;
  await container.kill('SIGKILL');
  await endsWithin(container, killWaitMs, signal);
}

async function endsWithin(container: Container, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
  const scope = new AbortController();
  const stop = signal === undefined ? scope.signal : AbortSignal.any([scope.signal, signal]);
  // A timer of our own, since that of AbortSignal.timeout would not keep a waiting program alive.
  const timer = setTimeout(() => scope.abort(), timeoutMs);
  try {
    return (await untilAborted(container.exited, stop)) !== undefined;
  } finally {
    clearTimeout(timer);
  }
}

/** The promise's value, or undefined when the signal is aborted before it comes. */
function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value | undefined> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => resolve(undefined);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
