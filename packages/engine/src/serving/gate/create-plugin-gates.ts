/**
 * Gates over the states of the supervisor.
 */
import { type Cancellable, createListeners, joinSignals, rejectOnAbort } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import type { Logger } from 'pino';
import type { PluginStore } from '../../store/plugin-store.ts';
import { hasProcess, type PluginState, type Supervisor } from '../../supervise/supervisor.ts';
import { findObstacle, type Obstacle } from './obstacle.ts';
import { PluginGate } from './plugin-gate.ts';
import type { BeforeServing, PluginGates } from './plugin-gates.ts';
import { prepareRun } from './prepare-run.ts';

/** Parts of gates. */
export interface PluginGatesDeps {
  readonly store: Pick<PluginStore, 'get' | 'onChange'>;
  readonly supervisor: Pick<Supervisor, 'state' | 'onChange'>;
  readonly logger: Logger;
}

/** In milliseconds. */
const longestWaitMs = 60_000;

/** Open the gates; must be made before other listeners of the supervisor that call plugins. */
export function createPluginGates(deps: PluginGatesDeps): PluginGates {
  return new SupervisedGates(deps);
}

class SupervisedGates implements PluginGates {
  readonly #deps: PluginGatesDeps;
  readonly #gates = new Map<string, PluginGate>();
  readonly #works = new Set<{ readonly work: BeforeServing }>();
  readonly #stops: readonly (() => void)[];
  #isClosed = false;

  constructor(deps: PluginGatesDeps) {
    this.#deps = deps;
    this.#stops = [
      deps.supervisor.onChange((id, state, before) => this.#stateChanged(id, state, before)),
      deps.store.onChange(({ id }) => this.#recheck(id)),
    ];
  }

  async enter(id: string, { signal, waitMs = longestWaitMs }: Parameters<PluginGates['enter']>[1] = {}) {
    const bound = Math.min(waitMs, longestWaitMs);
    if (this.#obstacle(id) === undefined) return this.#gate(id).enter();
    using limit = joinSignals([signal], { timeoutMs: bound, timeoutReason: () => timedOut });
    return await this.#whenOpen(id, bound, limit.signal, () => this.#gate(id).enter());
  }

  async untilOpen(id: string, { signal }: Cancellable = {}): Promise<void> {
    await this.#whenOpen(id, undefined, signal, () => undefined);
  }

  async drain(id: string, options: Parameters<PluginGates['drain']>[1] = {}) {
    const gate = this.#gate(id);
    const reopen = gate.close();
    const end = () => {
      reopen();
      this.#recheck(id);
    };
    try {
      const unfinished = await gate.untilIdle(options);
      return { unfinished, [Symbol.dispose]: end };
    } catch (error) {
      end();
      throw error;
    }
  }

  onBeforeServing(work: BeforeServing): () => void {
    const entry = { work };
    this.#works.add(entry);
    return () => void this.#works.delete(entry);
  }

  async prepared(id: string, { signal }: Cancellable = {}): Promise<void> {
    const { run } = this.#gate(id);
    if (run === undefined) throw unavailable('plugin-not-ready', `plugin ${this.#nameOf(id)} does not run`);
    await rejectOnAbort(run.prepared, signal);
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    for (const stop of this.#stops) stop();
    for (const [id, gate] of this.#gates) {
      gate.run?.end(this.#closed());
      this.#recheck(id);
    }
  }

  /**
   * @param boundMs for the error's text
   * @param open called at the instant at which the gate is open, before anything can close it again
   */
  async #whenOpen<Result>(
    id: string,
    boundMs: number | undefined,
    signal: AbortSignal | undefined,
    open: () => Result,
  ): Promise<Result> {
    for (;;) {
      const obstacle = this.#obstacle(id);
      if (obstacle === undefined) return open();
      if (obstacle.error !== undefined) throw obstacle.error;
      if (boundMs === 0) throw this.#notReady(id, obstacle, boundMs);
      try {
        await this.#gate(id).changed(signal);
      } catch (error) {
        throw error === timedOut ? this.#notReady(id, this.#obstacle(id) ?? obstacle, boundMs) : error;
      }
    }
  }

  #obstacle(id: string): Obstacle | undefined {
    if (this.#isClosed) return { reason: 'the plugin system shuts down', error: this.#closed() };
    const { store, supervisor } = this.#deps;
    const gate = this.#gates.get(id);
    return findObstacle(store.get(id), supervisor.state(id), {
      isDrained: gate?.isClosed === true,
      isPreparing: gate?.run?.isPreparing === true,
    });
  }

  #stateChanged(id: string, state: PluginState, before: PluginState): void {
    if (hasProcess(state) && !hasProcess(before)) this.#begin(id);
    if (!hasProcess(state) && hasProcess(before)) {
      const reason = `plugin ${this.#nameOf(id)} ended while it was being prepared`;
      this.#gates.get(id)?.run?.end(unavailable('plugin-not-ready', reason));
    }
    this.#recheck(id);
  }

  #begin(id: string): void {
    const works = [...this.#works].map(({ work }) => work);
    const gate = this.#gate(id);
    const run = prepareRun(id, works, this.#deps.logger);
    gate.run = run;
    void run.settled.then(() => this.#recheck(id));
  }

  #gate(id: string): PluginGate {
    const known = this.#gates.get(id);
    if (known !== undefined) return known;
    const listeners = createListeners<[]>((error) =>
      this.#deps.logger.error({ err: error, id }, 'a gate failed'),
    );
    const gate = new PluginGate(listeners);
    this.#gates.set(id, gate);
    return gate;
  }

  #recheck(id: string): void {
    const gate = this.#gates.get(id);
    if (gate === undefined) return;
    gate.notify();
    if (gate.isUnused && !hasProcess(this.#deps.supervisor.state(id))) this.#gates.delete(id);
  }

  #notReady(id: string, { reason }: Obstacle, boundMs: number | undefined): OutboardError {
    const within = boundMs === undefined || boundMs === 0 ? '' : ` within ${boundMs / 1000} s`;
    return unavailable('plugin-not-ready', `plugin ${this.#nameOf(id)} was not ready${within}: ${reason}`);
  }

  #nameOf(id: string): string {
    return this.#deps.store.get(id)?.name ?? id.slice(0, 12);
  }

  #closed(): OutboardError {
    return unavailable('plugin-not-ready', 'the plugin system shuts down');
  }
}

const timedOut = Symbol('the plugin was not ready in time');

function unavailable(code: string, message: string): OutboardError {
  return new OutboardError('unavailable', message, { code });
}
