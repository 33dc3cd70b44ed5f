/**
 * The logs of all plugins of one engine, on disk.
 */
import { join } from 'node:path';
import { type Cancellable, createListeners, joinSignals } from '@outboard/async';
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
import { CallLineWriters, type PluginCallLines } from './plugin-call-lines.ts';
import type { PluginLogs, PluginOutput } from './plugin-logs.ts';

/** Logs with the calls by which the engine maintains them. */
export interface EnginePluginLogs extends PluginLogs, AsyncDisposable {
  /**
   * Prepare a plugin's log for a run.
   * @returns undefined on failure, which is logged: the plugin runs without a log
   */
  startRun(id: string): Promise<LogDestination | undefined>;
  /** Start or stop maintaining the log when a plugin starts or stops. */
  stateChanged(id: string, state: PluginState): void;
}

/** Parts of plugin logs. */
export interface PluginLogsDeps {
  readonly layout: PluginLayout;
  readonly store: {
    /** @throws {OutboardError} not-found; invalid when an ID prefix is ambiguous */
    find(plugin: string): PluginRecord;
    get(id: string): PluginRecord | undefined;
  };
  readonly logger: Logger;
}

/** Start without maintaining any log. */
export function createPluginLogs(deps: PluginLogsDeps): EnginePluginLogs {
  return new DiskLogs(deps);
}

class DiskLogs implements EnginePluginLogs {
  readonly #deps: PluginLogsDeps;
  readonly #keepers = new Map<string, LogKeeper>();
  readonly #closing = new Map<string, Promise<void>>();
  readonly #listeners = createListeners<[PluginOutput]>((error, { id }) =>
    this.#deps.logger.error({ err: error, id }, 'a listener for the output of plugins failed'),
  );
  readonly #ended = new AbortController();
  readonly #callLines: CallLineWriters;
  readonly calls: PluginCallLines;

  constructor(deps: PluginLogsDeps) {
    this.#deps = deps;
    const { store, layout, logger } = deps;
    const directory = (id: string) => store.get(id) && join(layout.plugin(id).logs, 'calls');
    this.#callLines = new CallLineWriters({ directory, logger });
    this.calls = {
      append: (id, timeNano, line) => this.#callLines.append(id, timeNano, line),
      read: (plugin, query = {}, { signal } = {}) => {
        const { id } = store.find(plugin);
        return this.#untilEnded((joined) => this.#callLines.read(id, query, joined), signal);
      },
    };
  }

  read(
    plugin: string,
    query: LogQuery = {},
    { signal }: Cancellable = {},
  ): AsyncIterable<readonly LogLine[]> {
    const { id } = this.#deps.store.find(plugin);
    return this.#untilEnded((joined) => readLog(this.#directory(id), query, joined), signal);
  }

  /** Read until the engine ends. */
  async *#untilEnded(
    read: (signal: AbortSignal) => AsyncIterable<readonly LogLine[]>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly LogLine[], void> {
    using joined = joinSignals([this.#ended.signal, signal]);
    yield* read(joined.signal);
  }

  onOutput(listener: (output: PluginOutput) => void): () => void {
    const stop = this.#listeners.add(listener);
    for (const keeper of this.#keepers.values()) keeper.check();
    return stop;
  }

  async startRun(id: string): Promise<LogDestination | undefined> {
    const record = this.#deps.store.get(id);
    try {
      return await this.#keep(id).startRun(limitsOf(record));
    } catch (error) {
      const facts = { err: error, id, plugin: record?.name };
      this.#deps.logger.warn(facts, 'the output of this run is not kept');
      return undefined;
    }
  }

  stateChanged(id: string, { status }: PluginState): void {
    if (status === 'disabled' || status === 'failed') this.#stopKeeping(id);
    else this.#keep(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort(new OutboardError('unavailable', 'the plugin system was shut down'));
    for (const id of [...this.#keepers.keys()]) this.#stopKeeping(id);
    await Promise.all([...this.#closing.values(), this.#callLines.flush()]);
  }

  #keep(id: string): LogKeeper {
    const known = this.#keepers.get(id);
    if (known !== undefined) return known;
    const after = this.#closing.get(id);
    const keeper = new LogKeeper({
      directory: this.#directory(id),
      limits: limitsOf(this.#deps.store.get(id)),
      output: () => (this.#listeners.size === 0 ? undefined : (output) => this.#notify(id, output)),
      logger: this.#deps.logger,
      after,
    });
    this.#keepers.set(id, keeper);
    return keeper;
  }

  #stopKeeping(id: string): void {
    this.#callLines.release(id);
    const keeper = this.#keepers.get(id);
    if (keeper === undefined) return;
    this.#keepers.delete(id);
    const closing = keeper.close().finally(() => {
      if (this.#closing.get(id) === closing) this.#closing.delete(id);
    });
    this.#closing.set(id, closing);
  }

  #notify(id: string, output: Pick<PluginOutput, 'lines' | 'skippedBytes'>): void {
    const name = this.#deps.store.get(id)?.name ?? '';
    this.#listeners.notify({ id, name, ...output });
  }

  #directory(id: string): string {
    return this.#deps.layout.plugin(id).logs;
  }
}

function limitsOf(record: PluginRecord | undefined) {
  return logLimits({ ...optionDefaults.log, ...(record && optionsOf(record).log) });
}
