/**
 * Counters of operations and requests since the start of the daemon. They are kept even if metrics are not read; their
 * memory is a few numbers for each plugin.
 */
import {
  type EngineObserver,
  type OperationMeasurement,
  type OperationOutcome,
  observedOperations,
} from '@outboard/engine';

/** Operations with one name and one outcome. */
export interface OperationTotal {
  readonly operation: string;
  readonly outcome: OperationOutcome;
  readonly count: number;
  readonly seconds: number;
}

/** Amounts that operations transferred and unpacked. */
export interface TransferTotals {
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly unpackSeconds: number;
}

/** Totals of one plugin, or of all. */
export interface Totals extends TransferTotals {
  readonly operations: readonly OperationTotal[];
}

/** Durations of operations with one name. */
export interface DurationHistogram {
  readonly operation: string;
  /** For each of `durationBounds`: the number of operations up to that duration. */
  readonly atMost: readonly number[];
  readonly count: number;
  readonly seconds: number;
}

/** Answered requests with one method and one status. */
export interface RequestTotal {
  readonly method: string;
  readonly status: number;
  readonly count: number;
}

/** The counters; the engine reports operations to them as their observer. */
export interface Measurements extends EngineObserver {
  /** Count a request to the API; unknown methods are counted as `other`. */
  requestAnswered(request: { readonly method: string; readonly status: number }): void;
  /** Drop the counters of a removed plugin; the totals keep its share. */
  forget(pluginId: string): void;
  /** Over all plugins. */
  totals(): Totals;
  /** Zero for an unknown plugin. */
  totalsOf(pluginId: string): Totals;
  durations(): readonly DurationHistogram[];
  requests(): readonly RequestTotal[];
}

/** Upper bounds of the histogram in seconds, from the shortest operations (set) over starts to downloads. */
export const durationBounds = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300] as const;

const outcomes: readonly OperationOutcome[] = ['success', 'failure', 'cancelled'];
/** Other methods are counted together: clients must not be able to create series. */
const knownMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']);

/** Create counters at zero, with a series for every operation and outcome. */
export function createMeasurements(): Measurements {
  const all = createTally();
  for (const operation of observedOperations) for (const outcome of outcomes) all.expect(operation, outcome);
  const plugins = new Map<string, Tally>();
  const histograms = new Map(observedOperations.map((operation) => [operation, emptyHistogram(operation)]));
  const requests = new Map<string, { method: string; status: number; count: number }>();

  return {
    operationEnded(measurement) {
      all.add(measurement);
      const { operation, pluginId, seconds } = measurement;
      if (pluginId !== undefined) {
        const known = plugins.get(pluginId) ?? createTally();
        known.add(measurement);
        plugins.set(pluginId, known);
      }
      const before = histograms.get(operation) ?? emptyHistogram(operation);
      histograms.set(operation, {
        operation,
        atMost: before.atMost.map(
          (count, index) => count + (seconds <= (durationBounds[index] ?? 0) ? 1 : 0),
        ),
        count: before.count + 1,
        seconds: before.seconds + seconds,
      });
    },
    requestAnswered({ method: asked, status }) {
      const method = knownMethods.has(asked) ? asked : 'other';
      const key = `${method} ${status}`;
      requests.set(key, { method, status, count: (requests.get(key)?.count ?? 0) + 1 });
    },
    forget: (pluginId) => void plugins.delete(pluginId),
    totals: all.totals,
    totalsOf: (pluginId) => plugins.get(pluginId)?.totals() ?? createTally().totals(),
    durations: () => [...histograms.values()],
    requests: () => [...requests.values()],
  };
}

interface Tally {
  /** Have a series with value 0 before the first operation. */
  expect(operation: string, outcome: OperationOutcome): void;
  add(measurement: OperationMeasurement): void;
  totals(): Totals;
}

function createTally(): Tally {
  const operations = new Map<string, OperationTotal>();
  let transfer: TransferTotals = { receivedBytes: 0, sentBytes: 0, unpackSeconds: 0 };

  function addOperation(
    operation: string,
    outcome: OperationOutcome,
    more: Pick<OperationTotal, 'count' | 'seconds'>,
  ): void {
    const key = `${operation} ${outcome}`;
    const before = operations.get(key) ?? { count: 0, seconds: 0 };
    const count = before.count + more.count;
    operations.set(key, { operation, outcome, count, seconds: before.seconds + more.seconds });
  }

  return {
    expect: (operation, outcome) => addOperation(operation, outcome, { count: 0, seconds: 0 }),
    add({ operation, outcome, seconds, receivedBytes, sentBytes, unpackSeconds }) {
      addOperation(operation, outcome, { count: 1, seconds });
      transfer = {
        receivedBytes: transfer.receivedBytes + receivedBytes,
        sentBytes: transfer.sentBytes + sentBytes,
        unpackSeconds: transfer.unpackSeconds + unpackSeconds,
      };
    },
    totals: () => ({ operations: [...operations.values()], ...transfer }),
  };
}

function emptyHistogram(operation: string): DurationHistogram {
  return { operation, atMost: durationBounds.map(() => 0), count: 0, seconds: 0 };
}
