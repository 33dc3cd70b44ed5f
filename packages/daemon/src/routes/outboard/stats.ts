/**
 * `GET /outboard/v1/plugins/{name}/stats` and `GET /outboard/v1/stats`: resource usage of running plugins, once or, with
 * `stream=1`, as one line each second.
 */
import { totalmem } from 'node:os';
import { pause } from '@outboard/async';
import { isOutboardError, type PluginEngine, type PluginStats } from '@outboard/engine';
import type { Exchange } from '../../http/exchange.ts';
import { encodeStreamLine } from '../../http/json.ts';
import { isTrue } from '../../http/parameters.ts';
import { jsonContentType, jsonReply, type Reply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

const intervalMs = 1000;

/** Stats of one plugin, and of several. */
export function statsRoutes(engine: Pick<PluginEngine, 'stats'>): readonly Route[] {
  const answer = async (exchange: Exchange, names?: readonly string[]): Promise<Reply> => {
    const first = await engine.stats(names);
    if (!isTrue(exchange.query.get('stream'))) return jsonReply(200, toDocument(first));
    return {
      headers: { 'Content-Type': jsonContentType },
      async write(response) {
        const write = (stats: readonly PluginStats[]) =>
          response.write(`${encodeStreamLine(toDocument(stats))}\n`);
        write(first);
        await eachInterval(exchange.signal, async () => {
          // A slow client skips figures.
          if (!response.writableNeedDrain) write(await engine.stats(names));
        });
      },
    };
  };
  return [
    { method: 'GET', path: '/outboard/v1/stats', handle: (exchange) => answer(exchange, namesOf(exchange)) },
    {
      method: 'GET',
      path: '/outboard/v1/plugins/{name}/stats',
      handle: (exchange) => answer(exchange, [exchange.name]),
    },
  ];
}

/** The parameter `plugin` may be repeated; without it all plugins are included. */
function namesOf({ query }: Exchange): readonly string[] | undefined {
  const names = query.getAll('plugin');
  return names.length === 0 ? undefined : names;
}

/**
 * Repeat the work until the signal is aborted, or the plugin is removed.
 * @throws other errors of the work, so that the response does not look complete
 */
async function eachInterval(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await pause(intervalMs, signal);
    if (signal.aborted) return;
    try {
      await work();
    } catch (error) {
      // The plugin was removed, which ends the stream.
      if (isOutboardError(error, 'not-found')) return;
      throw error;
    }
  }
}

function toDocument(stats: readonly PluginStats[]): object {
  return {
    // Upper bound for plugins without a limit.
    HostMemoryBytes: totalmem(),
    Plugins: stats.map((plugin) => ({
      Id: plugin.id,
      Name: plugin.name,
      Read: plugin.readAt.toISOString(),
      CpuSeconds: plugin.cpuSeconds,
      MemoryBytes: plugin.memoryBytes,
      OOMKills: plugin.outOfMemoryKills,
      MemoryLimitBytes: plugin.memoryLimitBytes,
      Pids: plugin.tasks,
      PidsLimit: plugin.taskLimit,
      NetworkReceivedBytes: plugin.receivedBytes,
      NetworkSentBytes: plugin.sentBytes,
      BlockReadBytes: plugin.readBytes,
      BlockWriteBytes: plugin.writtenBytes,
    })),
  };
}
