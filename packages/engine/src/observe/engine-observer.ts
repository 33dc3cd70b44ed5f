/**
 * The contract of measuring: what an engine tells whoever counts. The engine itself keeps no figures and knows no
 * metrics format.
 */

export const observedOperations = [
  ...(['privileges', 'pull', 'create', 'push', 'upgrade'] as const),
  ...(['enable', 'disable', 'restart', 'set', 'update', 'remove', 'repair', 'collect-garbage'] as const),
] as const;

export type ObservedOperation = (typeof observedOperations)[number];

/** `cancelled`: its caller gave up, or the engine was closed. */
export type OperationOutcome = 'success' | 'failure' | 'cancelled';

/** One operation that has ended, in whatever way. */
export interface OperationMeasurement {
  readonly operation: ObservedOperation;
  readonly outcome: OperationOutcome;
  /** The plugin that it was about; absent when there is no such plugin, or none any more. */
  readonly pluginId?: string;
  /** From the call to the end, waiting for other operations on the plugin included. */
  readonly seconds: number;
  /** Bytes of layers that came from registries. */
  readonly receivedBytes: number;
  /** Bytes of blobs that went to registries. */
  readonly sentBytes: number;
  /** How long the unpack jail was given layers and flushed them; layers arrive meanwhile. */
  readonly unpackSeconds: number;
}

export interface EngineObserver {
  /** Told once of every operation, after it has ended; an error that it throws is logged and changes nothing. */
  operationEnded(measurement: OperationMeasurement): void;
}
