/**
 * Stops calls to a plugin that does not answer. After some failures in a row every call fails at once, but one in each pause,
 * which tries whether the plugin answers again.
 */
import type { Clock } from '@outboard/async';
import { OutboardError } from '@outboard/oci';

/** Limits of a circuit breaker. */
export interface CircuitBreakerOptions {
  /** Failures in a row that open it; 0 for never. */
  readonly failures: number;
  /** Time between attempts while it is open, in milliseconds. */
  readonly pauseMs: number;
}

/** `trial`: one call tries whether the plugin answers again. */
export type CircuitState = 'closed' | 'open' | 'trial';

/** One admitted call. The first of its methods that is called counts. */
export interface AdmittedCall {
  /** The plugin answered, be it with an error. */
  answered(): void;
  /** The plugin did not answer in time, or lost the connection. @param reason for the errors of the calls that are stopped */
  failed(reason: string): void;
  /** The call ended without telling anything about the plugin, such as one that its caller left. */
  left(): void;
}

/** Admits calls. */
export interface CircuitBreaker {
  readonly state: CircuitState;
  /** Refuse a call that `admit` would refuse now. @throws {OutboardError} unavailable, code `circuit-open` */
  check(): void;
  /** @throws as `check` */
  admit(): AdmittedCall;
  /** Forget all failures: the plugin was started anew. Calls admitted before count no more. */
  reset(): void;
}

/**
 * Start closed.
 * @param plugin its name, for errors
 */
export function createCircuitBreaker(
  plugin: string,
  options: CircuitBreakerOptions,
  clock: Pick<Clock, 'monotonicMs'>,
): CircuitBreaker {
  return new CountingCircuitBreaker(plugin, options, clock);
}

class CountingCircuitBreaker implements CircuitBreaker {
  readonly #plugin: string;
  readonly #options: CircuitBreakerOptions;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  /** In a row. */
  #failures = 0;
  #lastReason = '';
  #nextTrialAt = 0;
  #trial: object | undefined;
  /** Counts resets, so that calls from before one are recognized. */
  #generation = 0;

  constructor(plugin: string, options: CircuitBreakerOptions, clock: Pick<Clock, 'monotonicMs'>) {
    this.#plugin = plugin;
    this.#options = options;
    this.#clock = clock;
  }

  get state(): CircuitState {
    if (!this.#isOpen()) return 'closed';
    return this.#trial === undefined ? 'open' : 'trial';
  }

  check(): void {
    if (!this.#isOpen()) return;
    const waitMs = this.#nextTrialAt - this.#clock.monotonicMs();
    if (this.#trial !== undefined || waitMs > 0) throw this.#refusal(waitMs);
  }

  admit(): AdmittedCall {
    this.check();
    const call = {};
    if (this.#isOpen()) this.#trial = call;
    const admittedIn = this.#generation;
    let isOver = false;
    const end = (count: () => void): void => {
      if (isOver || admittedIn !== this.#generation) return;
      isOver = true;
      count();
      if (this.#trial === call) this.#trial = undefined;
    };
    return {
      answered: () =>
        end(() => {
          this.#failures = 0;
        }),
      failed: (reason) => end(() => this.#countFailure(reason)),
      left: () => end(() => {}),
    };
  }

  reset(): void {
    this.#generation += 1;
    this.#failures = 0;
    this.#trial = undefined;
  }

  #isOpen(): boolean {
    const { failures: limit } = this.#options;
    return limit > 0 && this.#failures >= limit;
  }

  #countFailure(reason: string): void {
    this.#failures += 1;
    this.#lastReason = reason;
    this.#nextTrialAt = this.#clock.monotonicMs() + this.#options.pauseMs;
  }

  #refusal(waitMs: number): OutboardError {
    const next =
      waitMs > 0 ? `the next attempt is in ${Math.ceil(waitMs / 1000)} s` : 'one call tries it now';
    const message = `plugin ${this.#plugin} does not answer: ${this.#failures} calls in a row failed (${this.#lastReason}); ${next}`;
    return new OutboardError('unavailable', message, { code: 'circuit-open' });
  }
}
