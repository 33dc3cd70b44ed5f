/**
 * The logs of all plugins of one engine.
 */

import { createListeners, joinSignals } from '@outboard/async';
import {
  type LogDestination,
  LogKeeper,
  type LogLine,
  type LogQuery,
  logLimits,
  readLog,
} from '@outboard/container';
import { OutboardError } from '@outboard/oci';
import type { Logger } from 'pino';
import { optionDefaults } from '../config/option-table.ts';
import { optionsOf } from '../config/options-in-force.ts';
import type { PluginRecord } from '../config/plugin-config.ts';
import type { PluginLayout } from '../store/plugin-layout.ts';
import type { PluginState } from '../supervise/supervisor.ts';
import type { PluginLogs, PluginOutput } from './plugin-logs.ts';

/** Logs and what the engine tells them. */
export interface EnginePluginLogs extends PluginLogs, AsyncDisposable {
  /**
   * Ready a plugin's log for another run.
   * @returns undefined, with a warning in the engine's log, when that cannot be done: the plugin runs all the same
   */
  startRun(id: string): Promise<LogDestination | undefined>;
  /** A plugin's state has changed: while it may run, its log is kept. */
  stateChanged(id: string, state: PluginState): void;
}

export interface PluginLogsOptions {
  readonly layout: PluginLayout;
  /** Knows the plugins. */
  readonly store: {
    /** @throws {OutboardError} not-found; invalid when an ID prefix is ambiguous */
    find(plugin: string): PluginRecord;
    get(id: string): PluginRecord | undefined;
  };
  readonly logger: Logger;
}

export function createPluginLogs(options: PluginLogsOptions): EnginePluginLogs {
  return new DiskLogs(options);
}

class DiskLogs implements EnginePluginLogs {
  readonly #options: PluginLogsOptions;
  readonly #keepers = new Map<string, LogKeeper>();
  readonly #closing = new Map<string, Promise<void>>();
  readonly #listeners = createListeners<[PluginOutput]>((error, { id }) =>
    this.#options.logger.error({ err: error, id }, 'a listener for the output of plugins failed'),
  );
  readonly #ended = new AbortController();

  constructor(options: PluginLogsOptions) {
    this.#options = options;
  }

  read(
    plugin: string,
    query: LogQuery = {},
    options: { readonly signal?: AbortSignal } = {},
  ): AsyncIterable<readonly LogLine[]> {
    const { id } = this.#options.store.find(plugin);
    return this.#readUntilEnded(id, query, options.signal);
  }

  /** As `readLog`, until the engine ends. */
  async *#readUntilEnded(
    id: string,
    query: LogQuery,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly LogLine[], void> {
    using joined = joinSignals([this.#ended.signal, signal]);
    yield* readLog(this.#directory(id), query, joined.signal);
  }

  onOutput(listener: (output: PluginOutput) => void): () => void {
    const stop = this.#listeners.add(listener);
    for (const keeper of this.#keepers.values()) keeper.check();
    return stop;
  }

  async startRun(id: string): Promise<LogDestination | undefined> {
    const record = this.#options.store.get(id);
    try {
      return await this.#keep(id).startRun(limitsOf(record));
    } catch (error) {
      const facts = { err: error, id, plugin: record?.name };
      this.#options.logger.warn(facts, 'the output of this run is not kept');
      return undefined;
    }
  }

  stateChanged(id: string, { status }: PluginState): void {
    if (status === 'disabled' || status === 'failed') this.#let(id);
    else this.#keep(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort(new OutboardError('unavailable', 'the plugin system was shut down'));
    for (const id of [...this.#keepers.keys()]) this.#let(id);
    await Promise.all(this.#closing.values());
  }

  #keep(id: string): LogKeeper {
    const known = this.#keepers.get(id);
    if (known !== undefined) return known;
    const after = this.#closing.get(id);
    const keeper = new LogKeeper({
      directory: this.#directory(id),
      limits: limitsOf(this.#options.store.get(id)),
      output: () => (this.#listeners.size === 0 ? undefined : (output) => this.#tell(id, output)),
      logger: this.#options.logger,
      ...(after !== undefined && { after }),
    });
    this.#keepers.set(id, keeper);
    return keeper;
  }

  #let(id: string): void {
    const keeper = this.#keepers.get(id);
    if (keeper === undefined) return;
    this.#keepers.delete(id);
    const closing = keeper.close().finally(() => {
      if (this.#closing.get(id) === closing) this.#closing.delete(id);
    });
    this.#closing.set(id, closing);
  }

  #tell(id: string, output: Pick<PluginOutput, 'lines' | 'skippedBytes'>): void {
    const name = this.#options.store.get(id)?.name ?? '';
    this.#listeners.notify({ id, name, ...output });
  }

  #directory(id: string): string {
    return this.#options.layout.plugin(id).logs;
  }
}

function limitsOf(record: PluginRecord | undefined) {
  return logLimits({ ...optionDefaults.log, ...(record && optionsOf(record).log) });
}
