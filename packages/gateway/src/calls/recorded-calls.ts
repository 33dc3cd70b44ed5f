/**
 * The record of calls on disk, one line for each call, in files of each plugin.
 */
import { type Clock, createListeners } from '@outboard/async';
import type { LogLine, PluginCallLines } from '@outboard/engine';
import type { Logger } from 'pino';
import type { CallLoad } from '../protection/call-guard.ts';
import { isKnownMethod } from '../translation/method-rules.ts';
import { CallFollower } from './call-follower.ts';
import { encodeCall } from './call-line.ts';
import type { CalledPlugin, CallLog, CallQuery, EndedCall } from './call-log.ts';
import { CallCounter, type CallTotals } from './call-totals.ts';
import { lastLines, mergeByTime } from './merge-lines.ts';

/** Parts of a call log. */
export interface CallLogDeps {
  /** Keeps the lines. */
  readonly lines: PluginCallLines;
  readonly plugins: {
    all(): readonly CalledPlugin[];
    /** @param plugin name, ID or unique ID prefix. @throws {OutboardError} not-found */
    find(plugin: string): CalledPlugin;
  };
  readonly clock: Pick<Clock, 'now'>;
  readonly logger: Logger;
}

/** Start with no figures, and with the lines that are on disk. */
export function createCallLog(deps: CallLogDeps): CallLog {
  return new RecordedCalls(deps);
}

class RecordedCalls implements CallLog {
  readonly #deps: CallLogDeps;
  readonly #counters = new Map<string, CallCounter>();
  readonly #loads = new Map<string, CallLoad>();
  readonly #listeners = createListeners<[CalledPlugin, LogLine]>((error) =>
    this.#deps.logger.error({ err: error }, 'a reader of calls failed'),
  );
  /** Of the last line: no two lines have the same time, so that a time separates old lines from new ones. */
  #lastNano = 0n;

  constructor(deps: CallLogDeps) {
    this.#deps = deps;
  }

  record(call: EndedCall): void {
    const { plugin, method, outcome, durationMs } = call;
    this.#counter(plugin.id).add(isKnownMethod(method) ? method : 'other', outcome, durationMs / 1000);
    const timeNano = this.#nextNano();
    const line = encodeCall(call);
    this.#deps.lines.append(plugin.id, timeNano, line);
    if (this.#listeners.size === 0) return;
    this.#listeners.notify(plugin, {
      stream: 'stdout',
      timeNano,
      content: Buffer.from(line),
      isComplete: true,
    });
  }

  read(query: CallQuery, { signal }: { readonly signal: AbortSignal }): AsyncIterable<readonly LogLine[]> {
    const { plugin } = query;
    const only = plugin === undefined ? undefined : this.#deps.plugins.find(plugin);
    return query.follow === true ? this.#follow(query, only, signal) : this.#kept(query, only, signal);
  }

  totalsOf(pluginId: string): CallTotals {
    return this.#counters.get(pluginId)?.totals() ?? [];
  }

  watch(pluginId: string, load: CallLoad): void {
    this.#loads.set(pluginId, load);
  }

  loadOf(pluginId: string): CallLoad | undefined {
    return this.#loads.get(pluginId);
  }

  forget(pluginId: string): void {
    this.#counters.delete(pluginId);
    this.#loads.delete(pluginId);
  }

  async *#follow(
    query: CallQuery,
    only: CalledPlugin | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<readonly LogLine[], void> {
    const { sinceNano = 0n, untilNano } = query;
    const follower = new CallFollower();
    const stop = this.#listeners.add((plugin, line) => {
      const isWanted = only === undefined || plugin.id === only.id;
      if (isWanted && line.timeNano >= sinceNano && isUpTo(line, untilNano)) follower.add(line);
    });
    try {
      // Lines from now on have a later time, and come to the listener.
      const keptUntil = this.#nextNano();
      const isEarlier = untilNano !== undefined && untilNano < keptUntil;
      yield* this.#kept({ ...query, untilNano: isEarlier ? untilNano : keptUntil }, only, signal);
      for (;;) {
        const waitMs = this.#msUntil(untilNano);
        const lines = await follower.take(waitMs, signal);
        if (lines.length > 0) yield lines;
        else if (waitMs <= 0) return;
      }
    } finally {
      stop();
    }
  }

  /** Lines on disk. */
  async *#kept(
    { tail, sinceNano, untilNano }: CallQuery,
    only: CalledPlugin | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<readonly LogLine[], void> {
    const { lines, plugins } = this.#deps;
    const chosen = only === undefined ? plugins.all() : [only];
    const logs = chosen.map(({ id }) => lines.read(id, { tail, sinceNano, untilNano }, { signal }));
    const merged = mergeByTime(logs);
    if (tail === undefined || chosen.length === 1) yield* merged;
    else yield await lastLines(merged, tail);
  }

  #counter(pluginId: string): CallCounter {
    const known = this.#counters.get(pluginId);
    if (known !== undefined) return known;
    const counter = new CallCounter();
    this.#counters.set(pluginId, counter);
    return counter;
  }

  #nextNano(): bigint {
    const now = this.#nowNano();
    this.#lastNano = now > this.#lastNano ? now : this.#lastNano + 1n;
    return this.#lastNano;
  }

  #nowNano(): bigint {
    return BigInt(this.#deps.clock.now().getTime()) * 1_000_000n;
  }

  #msUntil(untilNano: bigint | undefined): number {
    if (untilNano === undefined) return Number.POSITIVE_INFINITY;
    // A line may still come within the last millisecond.
    return Number((untilNano - this.#nowNano()) / 1_000_000n) + 1;
  }
}

function isUpTo({ timeNano }: LogLine, untilNano: bigint | undefined): boolean {
  return untilNano === undefined || timeNano <= untilNano;
}
