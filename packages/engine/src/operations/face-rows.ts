/**
 * One row per operation of a face: its name in measurements and the function that runs it. `bindFace` gives every row
 * its context, its scope, its meter and its signal.
 */
import type { OperationMeter } from '../observe/operation-meter.ts';
import type { EngineContext } from './engine-context.ts';
import type { RunOperation } from './run-operation.ts';

type Method = (...args: never[]) => unknown;

/** Parts of one run of an operation. */
export interface OperationCall extends EngineContext {
  /** Aborted by the caller's signal and by the end of the engine. */
  readonly signal: AbortSignal;
  readonly meter: OperationMeter;
}

/** An operation that answers from memory, or that ends by itself when the engine does. */
interface DirectRow<Call extends Method> {
  readonly direct: (context: EngineContext, ...args: Parameters<Call>) => ReturnType<Call>;
}

/** An operation that the end of the engine aborts, as does the `signal` of its last argument. */
interface ScopedRow<Call extends Method> {
  /** Name in measurements; absent: not measured. */
  readonly measured?: string;
  /** Finds the plugin that the measurement names: a name or ID, as typed. */
  readonly plugin?: (...args: Parameters<Call>) => string;
  /** Finds the ID of the plugin that the operation made, for the measurement. */
  readonly made?: (result: Awaited<ReturnType<Call>>) => string;
  readonly run: (call: OperationCall, ...args: Parameters<Call>) => ReturnType<Call>;
}

/** A row for every method of a face. */
export type FaceRows<Face> = {
  readonly [Name in keyof Face]: Face[Name] extends Method
    ? DirectRow<Face[Name]> | ScopedRow<Face[Name]>
    : never;
};

/** The methods of a face, which run its rows. */
export function bindFace<Face>(rows: FaceRows<Face>, context: EngineContext, run: RunOperation): Face {
  const methods = Object.entries<DirectRow<Method> | ScopedRow<Method>>(rows).map(([name, row]) => [
    name,
    bindRow(row, context, run),
  ]);
  // Each entry has the name and the type of the face's method, by the type of the rows.
  return Object.fromEntries(methods) as Face;
}

/** The names of the measured rows. */
export function measuredNames(rows: Readonly<Record<string, object>>): readonly string[] {
  return Object.values(rows).flatMap((row) =>
    'measured' in row && typeof row.measured === 'string' ? [row.measured] : [],
  );
}

function bindRow(
  row: DirectRow<Method> | ScopedRow<Method>,
  context: EngineContext,
  run: RunOperation,
): Method {
  if ('direct' in row) return (...args) => row.direct(context, ...args);
  const { measured, made } = row;
  return (...args) =>
    run({ measured, made, plugin: row.plugin?.(...args), signal: findSignal(args) }, async (signal, meter) =>
      row.run({ ...context, signal, meter }, ...args),
    );
}

/** Callers pass their signal in the last argument, an object of options or a request. */
function findSignal(args: readonly unknown[]): AbortSignal | undefined {
  const last = args.at(-1);
  if (typeof last !== 'object' || last === null || !('signal' in last)) return undefined;
  return last.signal instanceof AbortSignal ? last.signal : undefined;
}
