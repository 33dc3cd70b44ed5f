/**
 * The contract of connections: which consumers use the plugins of this host, and the files that were written for them.
 */
import type { Cancellable } from '@outboard/async';
import type { ConnectOptions } from './consumer-kind.ts';

/** The result for a file: one that is `left` was changed by hand or belongs to someone else, and is as it was. */
export type FileState = 'written' | 'unchanged' | 'removed' | 'left' | 'failed';

/** One file after a change, or as it would be. */
export interface FileOutcome {
  readonly path: string;
  readonly state: FileState;
  /** Present for `left` and `failed`. */
  readonly reason?: string | undefined;
  /** Content that was written, or would be. */
  readonly content?: string | undefined;
}

/** Result of a change. */
export interface ConsumerReport {
  /** For people, such as `Podman 4.3.1`; empty for a disconnected one. */
  readonly description: string;
  readonly files: readonly FileOutcome[];
  readonly notes: readonly string[];
}

/** A connection and its files. */
export interface ConnectionStatus {
  readonly kind: string;
  readonly options: ConnectOptions;
  readonly since: Date;
  readonly files: readonly string[];
}

/** Choices of one change. */
export interface ChangeOptions extends Cancellable {
  /** Report what would be done, and do nothing. */
  readonly isDryRun?: boolean | undefined;
}

/** Connections of consumers. Changes run in turn. Disposing waits for the one under way. */
export interface Consumers extends AsyncDisposable {
  /** Names of the kinds. */
  readonly kinds: readonly string[];
  /** All connections, in the order in which they were made. */
  list(): readonly ConnectionStatus[];
  /**
   * Connect a consumer, or connect it again with other options: there is one connection for each kind, prefix,
   * directory and user.
   * @throws {OutboardError} not-found for an unknown kind; the errors of `ConsumerKind.examine`; system when the record
   *   cannot be written
   */
  connect(kind: string, options: ConnectOptions, change?: ChangeOptions): Promise<ConsumerReport>;
  /**
   * Remove all that was written for a connection and that no other one needs.
   * @throws {OutboardError} not-found when there is no such connection
   */
  disconnect(kind: string, options: ConnectOptions, change?: ChangeOptions): Promise<ConsumerReport>;
  /** Bring all files in line with the plugins. Never rejects: what could not be done is logged. */
  refresh(): Promise<void>;
  /** Call a listener after the connections may have changed. @returns removes the listener */
  onChange(listener: () => void): () => void;
  /** Resolves when the changes so far are done. */
  settled(): Promise<void>;
}
