/**
 * The contract of measuring. The engine reports each measured operation to one observer; it keeps no figures itself
 * and knows no metrics format.
 */

/** `cancelled`: the caller aborted it, or the engine was closed. */
export type OperationOutcome = 'success' | 'failure' | 'cancelled';

/** One operation that has ended. */
export interface OperationMeasurement {
  /** One of the engine's `observedOperations`, such as `pull` or `collect-garbage`. */
  readonly operation: string;
  readonly outcome: OperationOutcome;
  /** The plugin of the operation; absent when there is no such plugin, or none any more. */
  readonly pluginId?: string | undefined;
  /** From the call to the end, including the wait for other operations on the plugin. */
  readonly seconds: number;
  /** Bytes of layers received from registries. */
  readonly receivedBytes: number;
  /** Bytes of blobs sent to registries. */
  readonly sentBytes: number;
  /** Time in which the unpack jail took and flushed layers; the download of layers overlaps it. */
  readonly unpackSeconds: number;
}

/** Receives measurements. */
export interface EngineObserver {
  /** Called once for every measured operation, after its end; an error that it throws is logged and changes nothing. */
  operationEnded(measurement: OperationMeasurement): void;
}
