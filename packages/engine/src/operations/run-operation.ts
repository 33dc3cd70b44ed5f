/**
 * Runs operations within the scope of an engine and reports their measurements to its observer.
 */

import type { OperationScope } from '@outboard/async';
import type { Logger } from 'pino';
import type { EngineObserver, OperationOutcome } from '../observe/engine-observer.ts';
import { createOperationMeter, type OperationMeter } from '../observe/operation-meter.ts';
import type { PluginStore } from '../store/plugin-store.ts';

/** Parts that running takes. */
export interface OperationRunnerDeps {
  readonly scope: OperationScope;
  readonly store: Pick<PluginStore, 'find' | 'get'>;
  readonly observer: EngineObserver | undefined;
  readonly logger: Logger;
}

/** An operation as its measurement describes it. */
export interface RunnableOperation<Result> {
  /** Name in the measurement; absent: it is not measured. */
  readonly measured?: string | undefined;
  /** Name or ID of its plugin, as typed. */
  readonly plugin?: string | undefined;
  /** Finds the ID of the plugin that it made. */
  readonly made?: ((result: Result) => string) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Runs one operation and passes its result and errors on. */
export type RunOperation = <Result>(
  operation: RunnableOperation<Result>,
  work: (signal: AbortSignal, meter: OperationMeter) => Promise<Result>,
) => Promise<Result>;

/** @returns runs operations until the scope is closed */
export function createOperationRunner(deps: OperationRunnerDeps): RunOperation {
  const { scope, store } = deps;
  return async (operation, work) => {
    const meter = createOperationMeter();
    if (operation.measured === undefined) {
      return scope.run((signal) => work(signal, meter), operation.signal);
    }
    const startedAt = performance.now();
    let pluginId = findId(store, operation.plugin);
    let outcome: OperationOutcome = 'success';
    let stopped: AbortSignal | undefined;
    try {
      const result = await scope.run((signal) => {
        stopped = signal;
        return work(signal, meter);
      }, operation.signal);
      pluginId = operation.made?.(result) ?? pluginId;
      return result;
    } catch (error) {
      outcome = stopped?.aborted === true ? 'cancelled' : 'failure';
      throw error;
    } finally {
      report(deps, {
        operation: operation.measured,
        outcome,
        pluginId: pluginId === undefined ? undefined : store.get(pluginId)?.id,
        seconds: (performance.now() - startedAt) / 1000,
        ...meter.counts(),
      });
    }
  };
}

/** The operation has ended: an observer that fails must not change its result. */
function report(
  { observer, logger }: Pick<OperationRunnerDeps, 'observer' | 'logger'>,
  measurement: Parameters<EngineObserver['operationEnded']>[0],
): void {
  try {
    observer?.operationEnded(measurement);
  } catch (error) {
    logger.error({ err: error }, 'the observer of operations failed');
  }
}

function findId(store: Pick<PluginStore, 'find'>, typed: string | undefined): string | undefined {
  if (typed === undefined) return undefined;
  try {
    return store.find(typed).id;
  } catch {
    // The operation itself fails with not-found.
    return undefined;
  }
}
