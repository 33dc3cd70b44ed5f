/**
 * The gate of one plugin: counts the calls in flight, and wakes those that wait.
 */
import { joinSignals, type Listeners, rejectOnAbort, withResolvers } from '@outboard/async';
import type { DrainOptions, GatePass } from './plugin-gates.ts';
import type { PreparedRun } from './prepare-run.ts';

const defaultCallsMs = 30_000;
const defaultStreamsMs = 5_000;

interface Call {
  isStreaming: boolean;
}

/** Knows nothing of the plugin's state: its owner decides when it is open, and notifies it of changes. */
export class PluginGate {
  /** The present run of the plugin. */
  run: PreparedRun | undefined;
  readonly #changes: Listeners<[]>;
  readonly #calls = new Set<Call>();
  #drains = 0;

  constructor(changes: Listeners<[]>) {
    this.#changes = changes;
  }

  /** True while an operation keeps it closed. */
  get isClosed(): boolean {
    return this.#drains > 0;
  }

  /** True when nothing would be lost with it. */
  get isUnused(): boolean {
    return this.#drains === 0 && this.#calls.size === 0 && this.#changes.size === 0;
  }

  /** Count a call. */
  enter(): GatePass {
    const call: Call = { isStreaming: false };
    this.#calls.add(call);
    return {
      streaming: () => {
        call.isStreaming = true;
        if (this.isClosed) this.notify();
      },
      [Symbol.dispose]: () => {
        this.#calls.delete(call);
        if (this.isClosed) this.notify();
      },
    };
  }

  /** Close it. @returns ends this closing; harmless when called again */
  close(): () => void {
    this.#drains += 1;
    let isOver = false;
    return () => {
      if (!isOver) this.#drains -= 1;
      isOver = true;
    };
  }

  /** Wait for the calls in flight, within bounds. @returns the number of those that have not ended */
  async untilIdle(options: DrainOptions): Promise<number> {
    const { callsMs = defaultCallsMs, streamsMs = defaultStreamsMs, signal } = options;
    const isWaited = (call: Call) => !call.isStreaming;
    await this.#until(() => this.#calls.size === 0, Math.min(streamsMs, callsMs), signal);
    await this.#until(() => ![...this.#calls].some(isWaited), Math.max(0, callsMs - streamsMs), signal);
    return this.#calls.size;
  }

  /** Wait for the next notice. @throws the signal's reason */
  async changed(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = withResolvers<void>();
    const stop = this.#changes.add(resolve);
    try {
      await rejectOnAbort(promise, signal);
    } finally {
      stop();
    }
  }

  /** Wake everything that waits for a change. */
  notify(): void {
    this.#changes.notify();
  }

  /** Wait until a condition holds, for a time at most. @throws the signal's reason */
  async #until(holds: () => boolean, timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    using limit = joinSignals([signal], { timeoutMs, timeoutReason: () => timedOut });
    while (!holds()) {
      try {
        await this.changed(limit.signal);
      } catch (error) {
        if (error === timedOut) return;
        throw error;
      }
    }
  }
}

const timedOut = Symbol('calls are still in flight');
