/**
 * Runs operations within the scope of an engine and tells its observer how they ended.
 */

import type { OperationScope } from '@outboard/async';
import type { Logger } from 'pino';
import type { PluginStore } from '../store/plugin-store.ts';
import type { EngineObserver, ObservedOperation, OperationOutcome } from './engine-observer.ts';
import { createOperationMeter, type OperationMeter } from './operation-meter.ts';

export interface OperationRunnerParts {
  readonly scope: OperationScope;
  readonly store: Pick<PluginStore, 'find' | 'get'>;
  readonly observer: EngineObserver | undefined;
  readonly logger: Logger;
}

/** What an operation is, for those who count. */
export interface RunnableOperation<Result> {
  readonly operation: ObservedOperation;
  /** Name or ID of the plugin that it is about, as typed. */
  readonly plugin?: string;
  /** The ID of the plugin that came of it. */
  readonly made?: (result: Result) => string;
  readonly signal?: AbortSignal | undefined;
}

/** Run one operation; its errors are the caller's. */
export type RunOperation = <Result>(
  operation: RunnableOperation<Result>,
  work: (signal: AbortSignal, meter: OperationMeter) => Promise<Result>,
) => Promise<Result>;

export function createOperationRunner(parts: OperationRunnerParts): RunOperation {
  const { scope, store, observer, logger } = parts;
  return async (operation, work) => {
    const meter = createOperationMeter();
    const startedAt = performance.now();
    let pluginId = operation.plugin === undefined ? undefined : findId(store, operation.plugin);
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
      const plugin = pluginId === undefined ? undefined : store.get(pluginId);
      const measurement = {
        operation: operation.operation,
        outcome,
        ...(plugin !== undefined && { pluginId: plugin.id }),
        seconds: (performance.now() - startedAt) / 1000,
        ...meter.counts(),
      };
      try {
        observer?.operationEnded(measurement);
      } catch (error) {
        // A listener's mistake must not change what becomes of the operation.
        logger.error({ err: error }, 'the observer of operations failed');
      }
    }
  };
}

function findId(store: Pick<PluginStore, 'find'>, typed: string): string | undefined {
  try {
    return store.find(typed).id;
  } catch {
    // The operation itself says that there is no such plugin.
    return undefined;
  }
}
